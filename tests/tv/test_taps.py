"""What comes in storms meets its endpoint directly, and is answered as it would be otherwise."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engagement.polls import BallotCast
from tests.servers import StoreServer
from tests.tv.house import SECRET
from tests.tv.test_api import opened_poll
from tv import serving
from tv.auth import Authentication, Passes, Role
from tv.folder import Folder
from tv.follower import Follower
from tv.journal import Journal, read
from tv.limits import Limits
from tv.networks import Networks
from tv.pages.api_polls import Desk
from tv.proxies import Clients
from tv.settings import Limits as Rates
from tv.settings import Store, load
from tv.storms import endpoint
from tv.taps import Taps
from tv.upstream import Upstream
from tv.voting_codes import VotingCodes
from tv.writing import Writer

PASSES = Passes(SECRET)
OTHER_WAY = "?by=starlette"  # an address with a query is nobody's tap


@dataclass
class Web:
    """A web process as it is served, and a poll that is open."""

    host: str
    port: int
    poll: str

    @property
    def ballot(self) -> str:
        return f"/api/v1/polls/{self.poll}/ballot"

    def client(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        if token:
            headers["authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(base_url=f"http://{self.host}:{self.port}", headers=headers)


@pytest.fixture
async def web(
    redis: Redis, _shared_store_server: StoreServer, tmp_path: Path
) -> AsyncIterator[Web]:
    folder = Folder(tmp_path)
    folder.make()
    store = Store(url=_shared_store_server.url)
    settings = msgspec.structs.replace(load(None, {}), store=store)
    listening = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(serving.run(folder, settings, SECRET, listening))
    host, port = listening.getsockname()
    served = Web(host, port, "")
    try:
        async with served.client(PASSES.issue(Role.OPERATOR)) as crew:
            served.poll = (await opened_poll(crew))["id"]
        yield served
    finally:
        running.cancel()
        await asyncio.wait([running])


def said(answer: httpx.Response) -> tuple[int, dict[str, str], Any]:
    """An answer without what differs each time."""
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, answer.json()


async def test_both_ways_answer_the_same(web: Web) -> None:
    _, token = PASSES.welcome()
    vote = {"round": 1, "choices": ["o1"]}
    unsigned = token[:-3] + "abc"
    cookie = {"cookie": f"fabrique_participant={token}"}
    asked: list[tuple[int, dict[str, str], dict[str, Any]]] = [
        (401, {}, {"json": vote}),
        (401, {"authorization": f"Bearer {unsigned}"}, {"json": vote}),
        (403, cookie | {"origin": "https://elsewhere.example"}, {"json": vote}),
        (403, {"authorization": f"Bearer {PASSES.issue(Role.SCREEN)}"}, {"json": vote}),
        (400, {"authorization": f"Bearer {token}"}, {"content": b"{"}),
        (422, {"authorization": f"Bearer {token}"}, {"json": {"choices": 7}}),
        (422, {"authorization": f"Bearer {token}"}, {"json": {"choices": ["o9"]}}),
        (409, {"authorization": f"Bearer {token}"}, {"json": vote | {"round": 2}}),
        (413, {"authorization": f"Bearer {token}"}, {"content": b" " * 9_000}),
    ]
    async with web.client() as client:
        for status, headers, body in asked:
            one = await client.put(web.ballot, headers=headers, **body)
            other = await client.put(web.ballot + OTHER_WAY, headers=headers, **body)
            assert one.status_code == status, one.text
            assert said(one) == said(other)
        unknown = "/api/v1/polls/nowhere/ballot"
        one, other = [
            await client.put(address, headers=cookie, json=vote)
            for address in (unknown, unknown + OTHER_WAY)
        ]
        assert (one.status_code, said(one)) == (404, said(other))


async def test_vote_says_from_which_network_it_comes_both_ways(web: Web, redis: Redis) -> None:
    networks = Networks(SECRET)
    event = load(None, {}).event.slug
    stream = f"fabrique:{{{event}}}:journal"
    for way in ("", OTHER_WAY):
        for far in ("198.51.100.7", "2001:db8:1:2::3"):
            _, token = PASSES.welcome()
            async with web.client(token, **{"x-forwarded-for": far}) as client:
                vote = {"round": 1, "choices": ["o1"]}
                voted = await client.put(web.ballot + way, json=vote)
            assert voted.status_code == 200
            ((position, entry),) = await redis.xrevrange(stream, count=1)
            cast = read(position.decode(), entry[b"e"])
            assert isinstance(cast, BallotCast)
            assert cast.origin is not None
            assert cast.origin.network == networks.tag(far)
            assert cast.origin.joined == PASSES.participant(token).joined


async def test_support_and_reactions_are_answered_the_same_both_ways(web: Web) -> None:
    talk = "/api/v1/talks/direct"
    _, token = PASSES.welcome()
    async with web.client(PASSES.issue(Role.OPERATOR)) as crew, web.client(token) as ann:
        asked = (await crew.post(f"{talk}/questions:room", json={"body": "Et demain ?"})).json()
        support = f"/api/v1/questions/{asked['id']}/support"
        reaction = {"kind": "heart", "media_time": 0.0}
        one, other = [
            await ann.post(f"{talk}/reactions{way}", json=reaction) for way in ("", OTHER_WAY)
        ]
        assert (one.status_code, said(one)) == (409, said(other))
        (await crew.post(f"{talk}:start")).raise_for_status()
        for kind, status in (("heart", 202), ("rage", 422)):
            one, other = [
                await ann.post(f"{talk}/reactions{way}", json=reaction | {"kind": kind})
                for way in ("", OTHER_WAY)
            ]
            assert one.status_code == status, one.text
            assert said(one)[:2] == said(other)[:2]
        for method in ("PUT", "DELETE"):
            one, other = [
                await ann.request(method, support + way, headers={"idempotency-key": method})
                for way in ("", OTHER_WAY)
            ]
            assert one.status_code == 200, one.text
            assert said(one) == said(other)


async def test_key_makes_it_one_act_whichever_way_it_comes(web: Web) -> None:
    _, token = PASSES.welcome()
    vote = {"round": 1, "choices": ["o2"]}
    async with web.client(token, **{"idempotency-key": "a"}) as ann:
        first = await ann.put(web.ballot, json=vote)
        again = await ann.put(web.ballot + OTHER_WAY, json=vote)
        assert first.status_code == 200
        assert said(first) == said(again)
        assert first.headers["etag"] == f'"{first.json()["version"]}"'
        other = await ann.put(web.ballot, json=vote | {"choices": ["o1"]})
        assert other.json()["type"] == "urn:fabrique-tv:problem:key-reused"


async def test_requests_sent_ahead_and_in_pieces_are_answered_in_their_order(web: Web) -> None:
    _, token = PASSES.welcome()

    def ballot(choice: str, more: str = "") -> bytes:
        body = msgspec.json.encode({"round": 1, "choices": [choice]})
        head = (
            f"PUT {web.ballot} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
            f"content-length: {len(body)}\r\n{more}\r\n"
        )
        return head.encode() + body

    reader, writer = await asyncio.open_connection(web.host, web.port)
    try:
        whole = ballot("o1")
        writer.write(whole[:30])
        await writer.drain()
        writer.write(whole[30:-5])
        await writer.drain()
        talks = b"GET /api/v1/talks HTTP/1.1\r\nhost: x\r\n\r\n"
        writer.write(whole[-5:] + ballot("o2") + talks + ballot("o9", "connection: close\r\n"))
        async with asyncio.timeout(10):
            answers = await reader.read(-1)  # to the end of the connection
    finally:
        writer.close()
    heads = [part.split(b"\r\n")[0] for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert heads == [b"200 OK", b"200 OK", b"200 OK", b"422 Unprocessable Entity"]
    choices = [b'"choices":["o1"]', b'"choices":["o2"]', b'"items":', b"unknown-option"]
    places = [answers.index(each) for each in choices]
    assert places == sorted(places)


async def test_vote_whose_page_left_counts_and_harms_nobody(web: Web) -> None:
    _, token = PASSES.welcome()
    _, writer = await asyncio.open_connection(web.host, web.port)
    body = b'{"round":1,"choices":["o1"]}'
    writer.write(
        f"PUT {web.ballot} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n"
        f"content-length: {len(body)}\r\n\r\n".encode()
        + body
    )
    await writer.drain()
    writer.close()
    async with asyncio.timeout(10), web.client(PASSES.issue(Role.OPERATOR)) as crew:
        counted = 0
        while counted != 1:
            poll = (await crew.get(f"/api/v1/polls/{web.poll}")).json()
            counted = poll["ballots"]


def test_only_what_comes_in_storms_is_taken_and_only_once_the_journal_is_folded() -> None:
    async def create(request: Request) -> Response:
        return Response("ok")

    follower = Follower(Journal(Redis(), "nobody-writes-this"))
    writer = Writer(follower, Upstream(Path("nowhere"), []), Limits("test", Rates()))
    path = "/api/v1/polls/{poll}/ballot"
    vote = endpoint(Desk(follower, writer, VotingCodes(b"secret", "test")).vote, writer)
    routes = [Route(path, vote, methods=["PUT"]), Route("/api/v1/polls", create, methods=["POST"])]
    folded = asyncio.Event()
    authentication = Authentication(Starlette(), PASSES, Networks(b"secret"))
    taps = Taps(routes, authentication, writer, folded, Clients(()))
    assert taps.taking(b"PUT", b"/api/v1/polls/p/ballot") is None
    folded.set()
    assert taps.taking(b"PUT", b"/api/v1/polls/p/ballot") is not None
    assert taps.taking(b"GET", b"/api/v1/polls/p/ballot") is None
    assert taps.taking(b"PUT", b"/api/v1/polls/p/ballot?x") is None
    assert taps.taking(b"PUT", b"/api/v1/polls/p/q/ballot") is None
    assert taps.taking(b"POST", b"/api/v1/polls") is None
    for number in range(3_000):  # named by whoever asks: they do not pile up
        taps.taking(b"PUT", b"/api/v1/polls/%d/ballot" % number)
    assert len(taps._known) <= 1_000
