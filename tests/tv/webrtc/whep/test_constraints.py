"""What WHEP asks of an answer and of us (4.6 to 4.10), and whom we let in: limits and floods."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from aiortc.sdp import SessionDescription
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import Message

from streaming.webrtc import audience
from tests.streaming.webrtc import offers
from tests.tv.webrtc.whep.conftest import (
    SDP,
    House,
    Watch,
    client_of,
    credentials,
    offering,
    problem,
)
from tests.waiting import when
from tv import door, problems, supervisor
from tv.auth import Authentication, Passes, Role
from tv.folder import Folder
from tv.networks import Networks
from tv.settings import load
from tv.tasks import running
from tv.upstream import Upstream
from tv.webrtc import sdp_http, whep
from tv.webrtc.admission import JOINING, PEAK, Admission

# 4.6: WebRTC constraints.


async def test_4_6_1_the_answer_bundles_all_on_one_transport_with_rtcp(watch: Watch) -> None:
    """Section 4.6.1: max-bundle, rtcp-mux, and rtcp-mux-only in each section."""
    async with watch() as session:
        head, *sections = re.split(r"(?m)^(?=m=)", session.viewer.answer)
        assert "a=group:BUNDLE 0 1" in head
        assert len(sections) == 2
        for section in sections:
            assert section.count("a=rtcp-mux\r\n") == 1
            assert section.count("a=rtcp-mux-only\r\n") == 1
        assert len({credentials(section) for section in sections}) == 1


@pytest.mark.parametrize(
    "program", ["CHROME", "SAFARI", "FIREFOX", "GSTREAMER", "PION", "LIBDATACHANNEL"]
)
async def test_4_6_2_all_is_one_media_stream(client: httpx.AsyncClient, program: str) -> None:
    """Section 4.6.2: an msid with the same value in each section, whoever asks."""
    offer = getattr(offers, program)
    reply = await client.post("/plateau/whep", content=offer, headers=SDP)
    assert reply.status_code == 201, reply.text
    media = SessionDescription.parse(reply.text).media
    assert len({section.msid.split()[0] for section in media if section.msid}) == 1
    assert all(section.msid and section.port for section in media)
    assert sorted(section.kind for section in media) == ["audio", "video"]


async def test_sound_alone_may_be_asked_for(client: httpx.AsyncClient) -> None:
    async with offering("audio") as offer:
        reply = await client.post("/plateau/whep", content=offer, headers=SDP)
        assert reply.status_code == 201
        assert [m.kind for m in SessionDescription.parse(reply.text).media] == ["audio"]


# 4.7: load.


async def test_4_7_nothing_is_redirected(client: httpx.AsyncClient) -> None:
    """Section 4.7: 301 and 302 must not be used."""
    for path in ("/plateau/whep", "/plateau/whep/", "/nulle-part/whep", "/plateau/whep/any/"):
        for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS"):
            reply = await client.request(method, path, headers=SDP, follow_redirects=False)
            assert reply.status_code not in (301, 302)


async def test_4_7_a_full_channel_is_503_and_says_when_to_come_back(
    client: httpx.AsyncClient, house: House, offer: str
) -> None:
    """Section 4.7: 503 with Retry-After; a place that is left is free again."""
    house.admission = Admission(3, {"plateau": 2})
    sessions = [await client.post("/plateau/whep", content=offer, headers=SDP) for _ in range(2)]
    full = await client.post("/plateau/whep", content=offer, headers=SDP)
    assert "HLS" in problem(full, 503, "too-many-viewers")
    assert full.headers["retry-after"] == "30"
    other = await client.post("/atelier/whep", content=offer, headers=SDP)
    assert other.status_code == 201
    problem(await client.post("/atelier/whep", content=offer, headers=SDP), 503, "too-many-viewers")
    await client.delete(sessions[0].headers["location"])
    assert (await client.post("/plateau/whep", content=offer, headers=SDP)).status_code == 201
    assert house.media.audience.refused["too-many-viewers"] == 2


async def test_offers_without_a_connection_hold_half_of_the_places_for_an_address(
    client: httpx.AsyncClient, upstream: Upstream, house: House, offer: str
) -> None:
    house.admission = Admission(20, {})
    for _ in range(10):
        reply = await client.post("/plateau/whep", content=offer, headers=SDP)
        assert reply.status_code == 201
    full = await client.post("/plateau/whep", content=offer, headers=SDP)
    problem(full, 503, "busy")  # pages try again after a second
    assert full.headers["retry-after"] == "1"
    async with client_of(upstream, "192.0.2.8") as neighbour:
        other = await neighbour.post("/plateau/whep", content=offer, headers=SDP)
        assert other.status_code == 201
    await client.delete(reply.headers["location"])
    assert (await client.post("/plateau/whep", content=offer, headers=SDP)).status_code == 201


async def test_viewers_who_have_a_picture_are_not_counted_for_their_address(
    client: httpx.AsyncClient, house: House, offer: str, watch: Watch
) -> None:
    house.admission = Admission(2 * JOINING, {})
    async with watch(), watch():
        for _ in range(JOINING):
            reply = await client.post("/plateau/whep", content=offer, headers=SDP)
            assert reply.status_code == 201
        full = await client.post("/plateau/whep", content=offer, headers=SDP)
        problem(full, 503, "busy")


async def test_an_offer_that_is_refused_takes_no_place(
    client: httpx.AsyncClient, house: House, offer: str
) -> None:
    house.admission = Admission(1, {})
    for body in ("bonjour", offers.FIREFOX_ESR_OF_DEBIAN, offer.replace("recvonly", "inactive")):
        assert not (await client.post("/plateau/whep", content=body, headers=SDP)).is_success
    assert (await client.post("/plateau/whep", content=offer, headers=SDP)).status_code == 201


async def test_posts_at_a_rate_are_429_and_do_not_shut_others_out(
    client: httpx.AsyncClient, upstream: Upstream, house: House, offer: str
) -> None:
    """Section 5: a rate limit for POST. What nobody can answer counts as well."""
    house.admission = Admission(200, {}, lambda: 0.0)  # time stands still
    for _ in range(PEAK):
        reply = await client.post("/plateau/whep", content="bonjour", headers=SDP)
        assert reply.status_code == 400
    reply = await client.post("/plateau/whep", content=offer, headers=SDP)
    problem(reply, 429, "too-many-offers")
    assert reply.headers["retry-after"] == "1"
    assert house.media.audience.refused["too-many-offers"] == 1
    async with client_of(upstream, "192.0.2.8") as neighbour:
        reply = await neighbour.post("/plateau/whep", content=offer, headers=SDP)
        assert reply.status_code == 201


class Counting(Admission):
    """One that notes whom it counts."""

    def __init__(self) -> None:
        super().__init__(200, {})
        self.counted: set[str] = set()

    def ask(self, channel: str, who: str, there: Mapping[str, int], joining: int = 0) -> None:
        self.counted.add(who)


@pytest.mark.parametrize(
    ("host", "proxies", "counted"),
    [
        ("127.0.0.1", "", "127.0.0.2"),
        ("127.0.0.1", "127.0.0.2", "198.51.100.9"),
        ("::", "10.0.0.10, 127.0.0.0/24", "198.51.100.9"),
    ],
)
async def test_who_comes_to_an_edge_by_a_proxy_is_counted_where_that_is_named(
    house: House, tmp_path: Path, host: str, proxies: str, counted: str
) -> None:
    house.admission = Counting()
    settings = load(None, {"FABRIQUE_SERVER__PROXIES": proxies})
    proxy = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    with supervisor.listen(host, 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with (
            running(door.run(Folder(tmp_path), settings, listening)),
            httpx.AsyncClient(base_url=address, transport=proxy) as client,
        ):
            headers = SDP | {"x-forwarded-for": "198.51.100.9"}

            async def answered() -> bool:
                reply = await client.post("/plateau/whep", content="bonjour", headers=headers)
                return reply.status_code == 400  # 503: the door does not know media yet

            await when(answered)
    assert house.admission.counted == {counted}


async def test_edge_has_the_limits_of_a_web_process(house: House, tmp_path: Path) -> None:
    with supervisor.listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        async with (
            asyncio.timeout(20),
            running(door.run(Folder(tmp_path), load(None, {}), listening)),
        ):
            for head, status in ((b"", b"400"), (b"Host: x\r\n" + b"a: b\r\n" * 200, b"431")):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /livez HTTP/1.1\r\n" + head + b"\r\n")
                assert (await reader.read()).split()[1] == status
                writer.close()


async def test_too_many_offers_at_a_time_are_503(
    client: httpx.AsyncClient, house: House, offer: str
) -> None:
    house.media.audience._offers = audience.OFFERS  # as many are under way
    reply = await client.post("/plateau/whep", content=offer, headers=SDP)
    problem(reply, 503, "busy")
    assert reply.headers["retry-after"] == "1"


# 4.8: STUN and TURN.


async def test_4_8_each_server_has_a_link_with_what_it_asks_for(
    client: httpx.AsyncClient, watch: Watch
) -> None:
    """Section 4.8: rel="ice-server" as RFC 9725, 4.6 has it; in OPTIONS too, unless preflight."""
    expected = [
        '<stun:stun.example.org:3478>; rel="ice-server"',
        '<turn:turn.example.org?transport=udp>; rel="ice-server"; username="salle"; '
        'credential="mot"; credential-type="password"',
    ]
    async with watch() as session:
        assert ", ".join(expected) in session.reply.headers["link"]
    reply = await client.options("/plateau/whep")
    assert reply.headers["link"] == ", ".join(expected)


# 4.9: authentication.


async def test_4_9_a_bearer_token_is_taken_and_none_is_needed(
    upstream: Upstream, offer: str
) -> None:
    """Section 4.9: bearer tokens must be supported: whoever has one is not turned away with it."""
    passes = Passes(b"a secret of thirty-two bytes ...")
    app = Starlette(
        routes=whep.routes(upstream, ["plateau"]),
        middleware=[Middleware(Authentication, passes=passes, networks=Networks(b"secret"))],
        exception_handlers=problems.handlers,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tv") as client:
        for token in (passes.issue(role) for role in (Role.VIEWER, Role.SCREEN)):
            headers = SDP | {"authorization": f"Bearer {token}", "origin": "https://ailleurs"}
            reply = await client.post("/plateau/whep", content=offer, headers=headers)
            assert reply.status_code == 201
            assert (await client.delete(reply.headers["location"])).status_code == 200


# What comes in besides.


@pytest.mark.parametrize("announced", [True, False])
async def test_an_endless_offer_is_413_and_read_no_further(
    client: httpx.AsyncClient, announced: bool
) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 10_000:
            read += 1
            yield b"a" * 1000

    headers = SDP | ({"content-length": str(10_000_000)} if announced else {})
    reply = await client.post("/plateau/whep", content=endless(), headers=headers)
    problem(reply, 413, "offer-too-large")


async def test_an_offer_that_does_not_come_to_its_end_is_408() -> None:
    async def trickle() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"v", "more_body": True}

    request = Request({"type": "http", "method": "POST", "headers": []}, trickle)
    with pytest.raises(problems.Problem) as refusal:
        await sdp_http.read_text(request, patience=0.1)
    assert refusal.value.status == 408


async def test_an_answer_in_another_type_is_406(client: httpx.AsyncClient, offer: str) -> None:
    reply = await client.post("/plateau/whep", content=offer, headers=SDP | {"accept": "text/html"})
    problem(reply, 406, "sdp-not-accepted")


@pytest.mark.parametrize(
    ("feed", "status", "code"),
    [("third", 404, "unknown-feed"), ("delayed", 404, "unknown-feed"), ("live", 201, "")],
)
async def test_a_feed_that_there_is_not_is_404(
    client: httpx.AsyncClient, offer: str, feed: str, status: int, code: str
) -> None:
    """The channels here have no delayed feed; where there is one: tests/streaming/webrtc."""
    reply = await client.post(f"/plateau/whep?feed={feed}", content=offer, headers=SDP)
    if code:
        problem(reply, status, code)
    assert reply.status_code == status
