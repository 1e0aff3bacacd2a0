"""WHEP's extension for server-sent events (4.10, and webrtc-http-egress-events), over real HTTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from streaming.webrtc.events import PER_SESSION
from tests.tv.webrtc.whep.conftest import SDP, House, problem, serving, web_process
from tv.upstream import Upstream

JSON = {"content-type": "application/json"}
REL = "urn:ietf:params:whep:ext:core:server-sent-events"


class Reader:
    """Who reads an event stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> tuple[str, object]:
        """The next event and its data."""
        event = ""
        async for line in self._lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return event, json.loads(line.removeprefix("data: "))
        raise EOFError

    async def end(self) -> None:
        """Read until the end, where nothing is left."""
        with pytest.raises(EOFError):
            await self.next()


@asynccontextmanager
async def reading(client: httpx.AsyncClient, path: str) -> AsyncIterator[Reader]:
    async with asyncio.timeout(20), client.stream("GET", path) as response:
        yield Reader(response)


@pytest.fixture
async def http(upstream: Upstream) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a web process that listens."""
    async with serving(upstream) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture
async def elsewhere(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client of another web process."""
    async with (
        web_process(house) as upstream,
        serving(upstream) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        yield client


@pytest.fixture
async def session(http: httpx.AsyncClient, offer: str) -> httpx.Response:
    """The answer to a viewer."""
    reply = await http.post("/plateau/whep", content=offer, headers=SDP)
    assert reply.status_code == 201
    return reply


@pytest.fixture
def entry(session: httpx.Response) -> str:
    """Where streams of that viewer's are made."""
    found = re.search(rf'<([^>]+)>; rel="{REL}"', session.headers["link"])
    assert found
    return found[1]


async def make(client: httpx.AsyncClient, entry: str, *events: str) -> str:
    reply = await client.post(entry, json=list(events)) if events else await client.post(entry)
    assert reply.status_code == 201, reply.text
    where: str = reply.headers["location"]
    assert where.startswith(f"{entry}/")
    return where


async def test_4_10_the_extension_is_advertised_in_the_201(session: httpx.Response) -> None:
    """Section 4.10: one Link for each extension, its rel the URN; with the events there are."""
    links = session.headers.get_list("link")
    (events,) = [link for link in links if f'rel="{REL}"' in link]
    assert 'events="active,inactive,viewercount,layers"' in events
    assert not any("ext:core:layer" in link for link in links)


async def test_4_10_nobody_needs_the_extension(
    http: httpx.AsyncClient, session: httpx.Response
) -> None:
    """Section 4.10: usage must not be required."""
    assert (await http.delete(session.headers["location"])).status_code == 200


async def test_a_stream_tells_what_happens_as_it_happens(
    http: httpx.AsyncClient, entry: str, house: House
) -> None:
    """Server Sent Events extension: the type in "event", JSON in a single "data" line."""
    where = await make(http, entry, "active", "inactive", "viewercount")
    async with reading(http, where) as reader:
        assert reader.response.status_code == 200
        assert reader.response.headers["content-type"].startswith("text/event-stream")
        assert reader.response.headers["cache-control"] == "no-store"
        assert reader.response.headers["access-control-allow-origin"] == "*"
        assert await reader.next() == ("viewercount", {"viewercount": 0})
        house.say("primary", viewers=3)
        assert await reader.next() == ("active", {})
        assert await reader.next() == ("viewercount", {"viewercount": 3})
        house.say("slate", viewers=3)
        assert await reader.next() == ("inactive", {})


async def test_there_is_no_initial_inactive(
    http: httpx.AsyncClient, entry: str, house: House
) -> None:
    """inactive event: MUST NOT be sent when there is no publication at the beginning."""
    house.say("slate")
    where = await make(http, entry, "active", "inactive")
    async with reading(http, where) as reader:
        house.say("primary")
        assert await reader.next() == ("active", {})


@pytest.mark.parametrize("events", [["reconnect"], ["active", "scte35"], ["ACTIVE"], [""]])
async def test_an_event_that_is_not_supported_is_400_and_makes_no_stream(
    http: httpx.AsyncClient, entry: str, house: House, events: list[str]
) -> None:
    """Server Sent Events extension: each type MUST be validated; what is wrong may be told."""
    reply = await http.post(entry, json=events)
    problem(reply, 400, "unknown-event")
    assert reply.json()["unknown"] == [e for e in events if e not in ("active", "inactive")]
    assert not house.media.audience.events._streams


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"content-type": "text/plain"}, b'["active"]', 415, "not-json"),
        (JSON, b"[", 400, "invalid-json"),
        (JSON, b'{"active": 1}', 422, "invalid-body"),
        (JSON, b"[1]", 422, "invalid-body"),
        (JSON, b'["' + b"a" * 2000 + b'"]', 413, "body-too-large"),
    ],
)
async def test_a_list_that_is_none_is_refused(
    http: httpx.AsyncClient,
    entry: str,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str,
) -> None:
    problem(await http.post(entry, content=body, headers=headers), status, code)


async def test_who_names_no_events_gets_all(
    http: httpx.AsyncClient, entry: str, house: House
) -> None:
    where = await make(http, entry)
    house.say("primary")
    async with reading(http, where) as reader:
        assert {(await reader.next())[0] for _ in range(2)} == {"viewercount", "active"}


async def test_what_happens_while_nobody_reads_is_kept_for_the_next_reader(
    http: httpx.AsyncClient, elsewhere: httpx.AsyncClient, entry: str, house: House
) -> None:
    """Server Sent Events extension: events are enqueued; a reader may come by any web process."""
    where = await make(http, entry, "active", "inactive")
    house.say("primary")
    async with reading(elsewhere, where) as reader:
        assert await reader.next() == ("active", {})
    streams = house.media.audience.events._streams
    async with asyncio.timeout(10):
        while any(stream.tell for stream in streams.values()):
            await elsewhere.get("/plateau/whep")  # until it has noticed
    house.say("slate")
    async with reading(http, where) as reader:
        assert await reader.next() == ("inactive", {})


async def test_a_second_reader_takes_over(
    http: httpx.AsyncClient, elsewhere: httpx.AsyncClient, entry: str, house: House
) -> None:
    where = await make(http, entry, "active")
    async with reading(http, where) as first, reading(elsewhere, where) as second:
        await first.end()
        house.say("primary")
        assert await second.next() == ("active", {})
        async with reading(elsewhere, where) as third:
            await second.end()
            house.say("slate")
            house.say("primary")
            assert await third.next() == ("active", {})


async def test_delete_drops_what_waits_and_then_there_is_nothing_to_read(
    http: httpx.AsyncClient, elsewhere: httpx.AsyncClient, entry: str
) -> None:
    """Server Sent Events extension: 404 for any further request."""
    where = await make(http, entry)
    async with reading(http, where) as reader:
        assert (await elsewhere.delete(where)).status_code == 200
        await reader.next()  # what was sent before
        await reader.end()
    problem(await http.get(where), 404, "unknown-event-stream")
    problem(await http.delete(where), 404, "unknown-event-stream")


async def test_streams_end_with_their_session(
    http: httpx.AsyncClient, session: httpx.Response, entry: str
) -> None:
    """Server Sent Events extension: MUST be destroyed when the resource is terminated."""
    one, two = await make(http, entry, "active"), await make(http, entry, "active")
    async with reading(http, one) as first, reading(http, two) as second:
        assert (await http.delete(session.headers["location"])).status_code == 200
        await first.end()
        await second.end()
    for where in (one, two):
        problem(await http.get(where), 404, "unknown-session")
    problem(await http.post(entry), 404, "unknown-session")


async def test_streams_are_bounded(http: httpx.AsyncClient, entry: str) -> None:
    for _ in range(PER_SESSION):
        await make(http, entry)
    reply = await http.post(entry)
    problem(reply, 429, "too-many-event-streams")
    assert reply.headers["retry-after"] == "10"


async def test_a_stream_is_only_of_its_session(
    http: httpx.AsyncClient, entry: str, offer: str
) -> None:
    where = await make(http, entry)
    other = await http.post("/plateau/whep", content=offer, headers=SDP)
    stolen = f"{other.headers['location']}/events/{where.rpartition('/')[2]}"
    problem(await http.get(stolen), 404, "unknown-event-stream")
    problem(await http.delete(stolen), 404, "unknown-event-stream")


async def test_readers_are_told_the_end_when_media_goes_away(
    http: httpx.AsyncClient, entry: str, house: House, upstream: Upstream
) -> None:
    where = await make(http, entry, "active")
    async with reading(http, where) as reader:
        assert upstream._link
        upstream._link.close()
        await reader.end()
    assert not house.media.audience._ends
