"""Readers of HLS that no player is: odd names, floods, half-open and standing connections.

One server on loopback, which has little patience here; a well-behaved viewer beside them notices
nothing.
"""

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import psutil
import pytest

from streaming.hls.window import PartAdded, SegmentClosed, SegmentOpened, Window
from tests.streaming.hls.test_window import START, init
from tests.tv.hls.site import Site, serving
from tv.connections import Standing, allow_connections, keeping, most_connections, stands_still
from tv.hls import Hls
from tv.serving import Server
from tv.tasks import running

PATIENCE = 0.6  # seconds; 10 in earnest
PART = bytes(2_000_000)
SLOW, SILENT = 36, 300
HELD = 64_000_000  # bytes that slow readers may cost in all; a copy for each would be 288 MB
ENOUGH = 20.0  # seconds for a busy machine


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}  # as web processes have it


@dataclass
class Served:
    port: int
    window: Window
    server: Server
    client: httpx.AsyncClient


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    site = Site()
    site.apply(init())
    for msn in (0, 1):
        site.apply(SegmentOpened(msn, f"1-{msn}", START + 2.0 * msn, "a", 0))
        site.apply(*(PartAdded(msn, number, 0.5, number == 0, PART) for number in range(4)))
        site.apply(SegmentClosed(msn, 2.0))
    app = Hls({"plateau": site.window}, site.heard, site.read_clock)
    async with serving(app, app) as (server, port):
        watching = keeping(server.server_state.connections, PATIENCE)
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=ENOUGH) as client,
            running(watching()),
        ):
            yield Served(port, site.window, server, client)


async def connect(port: int, said: bytes) -> socket.socket:
    """A connection that has said this, and has hardly any room for an answer."""
    loop = asyncio.get_running_loop()
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.setblocking(False)
    await loop.sock_connect(one, ("127.0.0.1", port))
    await loop.sock_sendall(one, said)
    return one


async def is_cut_off(one: socket.socket) -> None:
    """Read a byte now and then until the server has ended the connection."""
    with contextlib.suppress(ConnectionError), one:
        while not one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            with contextlib.suppress(BlockingIOError):
                if not one.recv(1):
                    return
            await asyncio.sleep(PATIENCE / 3)


async def watch(client: httpx.AsyncClient, over: asyncio.Event) -> list[float]:
    """A viewer; how long each of its requests took, in seconds."""
    took = []
    while not over.is_set():
        for address in ("/plateau/media.m3u8", "/plateau/1-1.3.m4s"):
            began = time.monotonic()
            (await client.get(address)).raise_for_status()
            took.append(time.monotonic() - began)
        await asyncio.sleep(0.05)
    return took


async def test_readers_that_take_next_to_nothing_are_ended(served: Served) -> None:
    (await served.client.get("/plateau/1-1.3.m4s")).raise_for_status()  # ready, from now on
    process, over = psutil.Process(), asyncio.Event()
    before = process.memory_info().rss
    viewer = asyncio.create_task(watch(served.client, over))
    wanted = (b"1-1.m4s", b"1-1.3.m4s", b"1-0.m4s")  # whole, kept ready, whole and then no more
    ends = (b"", b"", b"Connection: close\r\n")
    slow = [
        await connect(
            served.port,
            b"GET /plateau/%b HTTP/1.1\r\nHost: x\r\n%b\r\n" % (wanted[n % 3], ends[n % 3]),
        )
        for n in range(SLOW)
    ]
    async with asyncio.timeout(ENOUGH):
        ended = asyncio.gather(*map(is_cut_off, slow))
        while served.server.server_state.connections and not ended.done():
            assert process.memory_info().rss - before < HELD
            await asyncio.sleep(0.05)
        await ended
    over.set()
    assert max(await viewer) < 2.0


async def test_reader_that_is_merely_slow_gets_everything(served: Served) -> None:
    one = await connect(served.port, b"GET /plateau/1-1.m4s HTTP/1.1\r\nHost: x\r\n\r\n")
    loop, received, began = asyncio.get_running_loop(), 0, time.monotonic()
    with one:
        async with asyncio.timeout(ENOUGH):
            while received < 4 * len(PART):
                received += len(await loop.sock_recv(one, 65_536))
                # 2 MB/s: it takes longer than the server's patience, and reads on all the time.
                await asyncio.sleep(max(0.0, began + received / 2e6 - time.monotonic()))
    assert time.monotonic() - began > 3 * PATIENCE


async def test_half_open_connections_are_ended(served: Served) -> None:
    over = asyncio.Event()
    viewer = asyncio.create_task(watch(served.client, over))
    sayings = (
        b"",
        b"GET /plateau/media.m3u8 HTTP/1.1\r\nHost: x\r\nX-And-",
        b"POST /plateau/media.m3u8 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nonly this",
        b"GET /plateau/media.m3u8 HTTP/1.1\r\nHost: x\r\n\r\nGET /plat",
    )
    silent = [await connect(served.port, sayings[n % len(sayings)]) for n in range(SILENT)]
    async with asyncio.timeout(ENOUGH):
        await asyncio.gather(*map(is_cut_off, silent))
    over.set()
    assert max(await viewer) < 2.0


async def test_body_that_comes_byte_by_byte_has_no_more_time_than_another(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"POST /plateau/480p/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n")
    with contextlib.closing(writer), contextlib.suppress(ConnectionError):
        async with asyncio.timeout(ENOUGH):
            answer = asyncio.create_task(reader.read())
            while not answer.done():
                writer.write(b" ")
                await asyncio.wait([answer], timeout=PATIENCE / 5)
            await answer


async def test_crowd_that_waits_for_the_same_is_answered_one_by_one(served: Served) -> None:
    held = b"GET /plateau/media.m3u8?_HLS_msn=2&_HLS_part=0 HTTP/1.1\r\nHost: x\r\n\r\n"
    behind = b"GET /plateau/1-77.m4s HTTP/1.1\r\nHost: x\r\n\r\n"
    crowd = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(30)]
    for _, writer in crowd:
        writer.write(held + behind)
    gone = crowd.pop()[1]
    await served.client.get("/plateau/media.m3u8")  # the server has read them all
    gone.transport.abort()
    served.window.apply(SegmentOpened(2, "1-2", START + 4.0, "a", 0))
    served.window.apply(PartAdded(2, 0, 0.5, True, PART))
    async with asyncio.timeout(ENOUGH):
        for reader, writer in crowd:
            with contextlib.closing(writer):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
                assert b"1-2.0.m4s" in await reader.readuntil(b" 404 ")


async def test_answers_keep_the_order_of_what_was_asked_at_once(served: Served) -> None:
    """Large ones go past the loop's own buffer, straight to the kernel."""
    asked = ("media.m3u8", "1-1.3.m4s", "media.m3u8", "1-1.2.m4s", "media.m3u8")
    for name in set(asked):
        (await served.client.get(f"/plateau/{name}")).raise_for_status()  # ready, from now on
    said = "".join(f"GET /plateau/{name} HTTP/1.1\r\nHost: x\r\n\r\n" for name in asked)
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(said.encode())
    async with asyncio.timeout(ENOUGH):
        for name in asked:
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(size)
            assert body.startswith(b"#EXTM3U" if name.endswith("m3u8") else PART)
    writer.close()
    await writer.wait_closed()


async def test_held_request_is_no_standing_one(served: Served) -> None:
    held = asyncio.create_task(served.client.get("/plateau/media.m3u8?_HLS_msn=2&_HLS_part=0"))
    await asyncio.sleep(4 * PATIENCE)
    served.window.apply(SegmentOpened(2, "1-2", START + 4.0, "a", 0))
    served.window.apply(PartAdded(2, 0, 0.5, True, PART))
    assert (await held).status_code == 200


def test_only_what_does_nothing_useful_stands_still() -> None:
    asking, held = Standing(1, True, 0), Standing(1, False, 0)
    assert stands_still(asking, asking, 10.0)
    assert not stands_still(held, held, 10.0)
    assert not stands_still(asking, Standing(2, True, 0), 10.0)
    half, whole = Standing(1, True, 500_000), Standing(1, True, 1_000_000)
    assert not stands_still(whole, half, 10.0)
    assert stands_still(half, Standing(1, True, 420_001), 10.0)
    assert not stands_still(half, Standing(1, True, 420_000), 10.0)
    assert not stands_still(half, asking, 10.0)  # it has read everything: a new time begins


def test_process_takes_as_many_connections_as_the_system_lets_it() -> None:
    allow_connections()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
    assert soft - 1000 < most_connections() < soft


ODD = [
    (b"/plateau/../plateau/media.m3u8", 404),
    (b"/plateau/..%2f..%2fetc%2fpasswd.m4s", 404),
    (b"/../../etc/passwd.m4s", 404),
    (b"/%2e%2e/%2e%2e/etc/passwd.m3u8", 404),
    (b"/plateau%2fmedia.m3u8%00.m4s", 404),
    (b"/plateau//media.m3u8", 404),
    (b"/plateau/a/b/c/media.m3u8", 404),
    (b"/plateau/\\..\\media.m3u8", 404),
    (b"/plateau/%c3%a9%ff.m4s", 404),
    (b"/plateau/" + b"a" * 8000 + b".m4s", 404),
    (b"/plateau/1-99999999999999999999999999.m4s", 404),
    (b"/plateau/1--1.m4s", 404),
    (b"/plateau/1-1.-1.m4s", 404),
    (b"/plateau/1-1.999999999999999.m4s", 404),
    (b"/plateau/1-1.1.1.m4s", 404),
    (b"/plateau/1e0-1.m4s", 404),
    (b"/plateau/media.m3u8?_HLS_msn=-1", 400),
    (b"/plateau/media.m3u8?_HLS_msn=1e3", 400),
    (b"/plateau/media.m3u8?_HLS_msn=" + b"9" * 400, 400),
    (b"/plateau/media.m3u8?_HLS_msn=999999999", 400),
    (b"/plateau/media.m3u8?_HLS_msn=2&_HLS_part=999999999999999", 400),
    (b"/plateau/media.m3u8?_HLS_msn=%d9%a1", 400),
    (b"/plateau/media.m3u8?_HLS_part=0", 400),
]


async def test_odd_names_are_refused(served: Served) -> None:
    for target, status in ODD:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        with contextlib.closing(writer):
            writer.write(b"GET %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
            async with asyncio.timeout(5):
                answer = await reader.read()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert int(head.split()[1]) == status, (target, head)
        assert b"application/problem+json" in head
        assert len(body) < 1000 + len(target)


async def test_head_without_end_is_refused(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    with contextlib.closing(writer):
        writer.write(b"GET /plateau/media.m3u8 HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40_000)
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
    reply = await served.client.get("/plateau/media.m3u8", headers={"x-long": "a" * 20_000})
    assert reply.status_code == 200


async def test_body_larger_than_a_head_may_be_is_read(served: Served) -> None:
    reply = await served.client.post("/plateau/media.m3u8", content=bytes(200_000))
    assert reply.status_code == 405


async def test_thousand_requests_for_what_is_missing_are_cheap(served: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    used = time.process_time()
    with contextlib.closing(writer):
        for number in range(1000):
            writer.write(b"GET /nosuch%d/media.m3u8 HTTP/1.1\r\nHost: x\r\n\r\n" % number)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 404 " in head.splitlines()[0]
            assert b"cache-control: no-store" in head
            await reader.readexactly(int(head.split(b"content-length: ")[1].split()[0]))
    assert time.process_time() - used < 3.0  # both sides of it
