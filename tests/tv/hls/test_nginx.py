"""No request changes what others get through nginx, whose configuration is the one that we ship.

Each test sends what an attacker would, byte by byte (clients tidy up addresses), then asks as a
viewer does, and compares with what Fabrique TV answers directly.
"""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from streaming.hls.window import Stopped, Window
from tests.edge import edge
from tests.streaming.hls.test_window import init, segment
from tests.tv.hls.site import NoAnswers, Site, serving
from tests.waiting import when
from tv.connections import keeping
from tv.hls import Hls
from tv.tasks import running

PATIENCE = 20.0  # seconds for a busy machine
ENCODINGS = ("identity", "gzip, deflate, br")
NEXT = "_HLS_msn=4&_HLS_part=2"  # what players ask for: parts 0 and 1 of segment 4 are there
PLAYLISTS = ("index.m3u8", "media.m3u8", f"media.m3u8?{NEXT}")
MEDIA = ("1-3.m4s", "1-3.1.m4s", "a.mp4", "1-0.vtt")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def ask(
    port: int, target: str, headers: str = "", method: str = "GET", body: str = ""
) -> Answer:
    """The answer to a request as it stands; `headers` are lines."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.closing(writer):
        head = f"{method} {target} HTTP/1.1\r\nHost: tv.example\r\nConnection: close\r\n"
        writer.write(f"{head}{headers}\r\n{body}".encode())
        async with asyncio.timeout(PATIENCE):
            received = await reader.read()
    top, _, content = received.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    fields = {name: value for name, _, value in (line.lower().partition(": ") for line in lines)}
    assert len(fields) == len(lines), lines  # none twice
    return Answer(int(status.split()[1]), fields, content)


def accepting(encoding: str) -> str:
    return f"Accept-Encoding: {encoding}\r\n"


@dataclass
class Stand:
    """A site behind nginx: `port` is nginx's, `direct` the server's own."""

    site: Site
    windows: dict[str, Window]
    direct: int
    port: int

    async def same(self, name: str, encoding: str) -> bool:
        """True if a viewer receives the server's own answer through nginx."""
        lines = accepting(encoding)
        through = await ask(self.port, f"/plateau/{name}", lines)
        zipped = accepting("gzip") if "gzip" in encoding else ""
        own = await ask(self.direct, f"/plateau/{name}", f"X-Fabrique-Edge: 1\r\n{zipped}")
        return own.status == 200 and (through.status, through.body) == (own.status, own.body)


@pytest.fixture
async def stand(site: Site) -> AsyncIterator[Stand]:
    site.fill()
    windows = {"plateau": site.window}
    app = Hls(windows, site.heard, site.read_clock)
    async with serving(app, app) as (_, port):
        with contextlib.ExitStack() as stack:
            nginx = await asyncio.to_thread(stack.enter_context, edge(port))
            yield Stand(site, windows, port, nginx.port)


def odd_spellings(name: str) -> list[str]:
    """Addresses that nginx takes for `/plateau/{name}`."""
    path, _, query = name.partition("?")
    stem, _, suffix = path.rpartition(".")
    query = f"?{query}" if query else ""
    return [
        f"/plateau/{stem}%2e{suffix}{query}",
        f"/plateau/%{ord(path[0]):x}{path[1:]}{query}",
        f"/plateau%2F{path}{query}",
        f"//plateau/{path}{query}",
        f"/plateau//{path}{query}",
        f"/./plateau/./{path}{query}",
        f"/x/../plateau/{path}{query}",
        f"/api/../plateau/{path}{query}",
        f"/plateau/{path}#x{query}",
        f"/plateau/{path}%0a{query}",
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_odd_spelling_leaves_nothing_in_the_cache(stand: Stand, encoding: str) -> None:
    lines = accepting(encoding)
    for name in (*PLAYLISTS, *MEDIA):
        for spelled in odd_spellings(name):
            await ask(stand.port, spelled, lines)
    stand.site.apply(segment(4)[3])
    stand.site.now += 60.0  # captions are out
    for name in (*PLAYLISTS, *MEDIA):
        assert await stand.same(name, encoding), name


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_what_is_asked_for_too_early_is_there_when_it_comes(
    stand: Stand, encoding: str
) -> None:
    lines = accepting(encoding)
    coming = ("1-4.3.m4s", "1-5.0.m4s", "1-4.m4s", "b.mp4", "480p/media.m3u8", "480p/1-3.m4s")
    for name in coming:
        assert (await ask(stand.port, f"/plateau/{name}", lines)).status == 404
    await ask(stand.port, "/plateau/1-3.vtt", lines)
    stand.site.apply(segment(4)[3:], init("b"), segment(5))
    stand.windows["plateau/480p"] = stand.site.window
    stand.site.now += 60.0
    for name in (*coming, "1-3.vtt"):
        assert await stand.same(name, encoding), name


# Queries that nginx, or Fabrique TV, once took for others.
MISREAD = (
    "_hls_msn=4&_hls_part=2",
    "_Hls_Msn=4&_HLS_part=2",
    "%5FHLS_msn=4&%5FHLS_part=2",
    "_HLS%5Fskip=YES",
    "_HLS_msn=1&%5FHLS_skip=YES",
    "_HLS_skip&_HLS_skip=YES",
    "_HLS_skip=NO&_HLS_skip=YES",
    "_HLS_skip=YES;x",
    "_HLS_msn=04&_HLS_part=02",
    "_HLS_msn=%34&_HLS_part=2",
    "_HLS_msn=1&_HLS_msn=4&_HLS_part=2",
    "_HLS_msn=&_HLS_msn=4&_HLS_part=2",
    "_HLS_part=2",
    "_HLS_msn=99999999999999999999&_HLS_part=2",
    f"x_HLS_msn=1&{NEXT}x",
    "?_HLS_msn=1",
    "&&x=1&_HLS_skip=",
)
PECULIAR = (  # what an answer must not depend on, or not be kept with
    "Range: bytes=1-1\r\nIf-None-Match: *\r\nIf-Modified-Since: Mon, 30 Nov 2026 00:00:00 GMT\r\n"
    "X-Fabrique-Edge: 0\r\nX-Forwarded-For: 203.0.113.7\r\nCookie: fabrique_pass=x\r\n"
)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_misread_query_changes_no_playlist(stand: Stand, encoding: str) -> None:
    site, lines = stand.site, accepting(encoding)
    site.apply(segment(4)[3:], *(segment(msn) for msn in range(5, 30)))
    site.apply(segment(30, parts=2, closed=False))
    for query in MISREAD:
        await ask(stand.port, f"/plateau/media.m3u8?{query}", lines)
    queries = ("", "?_HLS_skip=YES", "?_HLS_msn=4", "?_HLS_msn=4&_HLS_part=2", "?_HLS_msn=1")
    for name in (*(f"media.m3u8{query}" for query in queries), "1-29.m4s", "1-30.1.m4s", "a.mp4"):
        await ask(stand.port, f"/plateau/{name}", lines + PECULIAR, method="HEAD")
        assert await stand.same(name, encoding), name


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_reload_is_held_whatever_was_asked_before(stand: Stand, encoding: str) -> None:
    site, lines = stand.site, accepting(encoding)
    for query in ("_hls_msn=4&_hls_part=2", "_hls_msn=4&_HLS_part=2", "_Hls_Msn=4"):
        await ask(stand.port, f"/plateau/media.m3u8?{query}", lines)
    target = f"/plateau/media.m3u8?token=1&{NEXT}"
    held = asyncio.create_task(ask(stand.port, target, lines))
    async with asyncio.timeout(PATIENCE):
        await when(lambda: site.window._wakers or held.done())
    assert not held.done()
    site.apply(segment(4)[3])
    assert (await held).status == 200
    assert await stand.same(f"media.m3u8?{NEXT}", encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_query_that_means_nothing_makes_no_other_copy(stand: Stand, encoding: str) -> None:
    lines = accepting(encoding)
    answers = [
        await ask(stand.port, f"/plateau/{name}{query}", lines)
        for name in ("media.m3u8?_HLS_msn=1", "1-3.m4s?_HLS_skip=YES")
        for query in ("", "&", "&a=1", "&_hls_part=3", "&a=1&_HLS_skip=maybe")
    ]
    assert [each.headers["x-cache"] for each in answers] == 2 * ["miss", *4 * ["hit"]]


async def test_crowd_is_told_of_the_end_at_once(stand: Stand) -> None:
    target = f"/plateau/media.m3u8?{NEXT}"
    held = [asyncio.create_task(ask(stand.port, target)) for _ in range(20)]
    async with asyncio.timeout(PATIENCE):
        await when(lambda: stand.site.window._wakers)
        stand.site.apply(Stopped())
        answers = await asyncio.gather(*held)
    assert {each.status for each in answers} == {404}
    assert {each.headers["cache-control"] for each in answers} == {"public, max-age=1"}


CACHE_CONTROL = {
    "none": "no-store",
    "private": "private, max-age=60",
    "public": "public, max-age=60",
}


REFUSALS = (301, 400, 403, 410, 500, 503)


class Told:
    """A server that answers what an address says, and counts: `…/{status}-{cache}.jpg`."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.read = 0  # bytes of bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked[scope["path"]] += 1
        if scope["method"] == "POST":
            while (message := await receive()).get("more_body"):
                self.read += len(message["body"])
        status, _, cache = scope["path"].rpartition("/")[2].removesuffix(".jpg").partition("-")
        headers = {"cache-control": CACHE_CONTROL.get(cache, "no-store")}
        await Response("x", int(status) if status.isdigit() else 200, headers)(scope, receive, send)


@pytest.fixture
async def told() -> AsyncIterator[tuple[Told, int]]:
    """It, and the port of the nginx before it; who stands still is cut off soon."""
    app = Told()
    async with serving(app, NoAnswers()) as (server, port):
        watching = keeping(server.server_state.connections, 0.5)
        with contextlib.ExitStack() as stack:
            nginx = await asyncio.to_thread(stack.enter_context, edge(port))
            async with running(watching()):
                yield app, nginx.port


@pytest.mark.parametrize("place", ["/x/replay", "/x"])
async def test_refusals_and_private_answers_are_not_kept(
    told: tuple[Told, int], place: str
) -> None:
    app, port = told
    names = [f"{status}-{cache}" for status in REFUSALS for cache in CACHE_CONTROL]
    names += ["200-none", "200-private", "404-none", "404-private"]
    for name in (*names, "200-public"):
        for _ in range(2):
            await ask(port, f"{place}/{name}.jpg")
    asked = {name: app.asked[f"{place}/{name}.jpg"] for name in names}
    assert asked == dict.fromkeys(names, 2)
    assert app.asked[f"{place}/200-public.jpg"] == 1


async def test_odd_request_is_refused_before_it_reaches_the_server(told: tuple[Told, int]) -> None:
    app, port = told
    for name in ("200-public.m3u8", "200-public.jpg", "replay/200-public.jpg"):
        for spelled in odd_spellings(name):
            answer = await ask(port, spelled)
            assert answer.status == 400, spelled
            assert answer.headers["cache-control"] == "no-store"
            assert json.loads(answer.body)["type"] == "urn:fabrique-tv:problem:odd-request"
    for line, body in (
        ("Content-Length: 2\r\n", "{}"),
        ("Transfer-Encoding: chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
    ):
        assert (await ask(port, "/x/200-public.jpg", line, body=body)).status == 400
    socket = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    for line in (f"Upgrade: WebSocket\r\n{socket}", 4 * f"X-Long: {5000 * 'a'}\r\n"):
        assert (await ask(port, "/x/200-public.jpg", line)).status == 400
    assert not app.asked
    for line in ("Content-Length: 0\r\n", "Upgrade: h2c\r\n"):
        assert (await ask(port, "/x/200-public.jpg", line)).status == 200


async def test_body_that_drips_is_cut_off(told: tuple[Told, int]) -> None:
    app, port = told
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.closing(writer):
        writer.write(b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n")

        async def drip() -> None:
            while True:  # as long as nginx waits for more
                writer.write(b" ")
                await asyncio.sleep(0.1)

        async with asyncio.timeout(PATIENCE), running(drip()):
            answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert 0 < app.read < 5000


async def test_types_are_not_guessed_whoever_answers(told: tuple[Told, int]) -> None:
    _, port = told
    for target in ("/x/200-public.jpg", "/x%2f200-public.jpg", "/%", "/x"):
        assert (await ask(port, target)).headers["x-content-type-options"] == "nosniff", target
