"""What it costs to tell many open pages the same thing, with and without frames made once.

    python -m benchmarks.engagement [--sockets 1000] [--messages 40] [--json engagement.json]

A web process over a real store has one topic, which changes `--messages` times, a little slower
than pages are told. Real sockets on loopback, in another process, count what comes.
Every row is a web process of its own in this same run: by ASGI alone, as any server would send, and
by our own protocol (tv/sockets.py), each on asyncio and on uvloop.
"""

import argparse
import asyncio
import json
import math
import multiprocessing
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.middleware import Middleware
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from captions.cues import Cue
from captions.wording.events import CueWritten
from tv import journal, store
from tv.auth import Authentication, Passes
from tv.folder import Folder
from tv.follower import Follower
from tv.live import DEFAULT_PACE, Live
from tv.settings import load
from tv.sockets import Sockets
from tv.tasks import running
from tv.upstream import Upstream

LINE = "mot " * 40  # a cue of about 300 bytes on the wire
TOPIC = "captions:plateau"
CLOCK = time.CLOCK_MONOTONIC  # the same in all processes of this machine


async def serve(address: str, messages: int, told: Any, direct: bool) -> None:
    """A web process: say its port, wait until pages are there, then change the topic."""
    settings = load(None, {})
    upstream = Upstream(Path("/nowhere"), list(settings.channels))
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    async with store.connected(address) as client, journal.opened(client, "bench") as events:
        follower = Follower(events)
        live = Live(follower, upstream, client, settings)
        app = Starlette(
            routes=live.routes(),
            middleware=[Middleware(Authentication, passes=Passes(b"benchmark" * 4))],
        )
        config = uvicorn.Config(
            app,
            ws=Sockets if direct else WebSocketsSansIOProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws_per_message_deflate=False,
            ws_ping_interval=None,
        )
        server = uvicorn.Server(config)
        async with running(follower.run(), live.run()):
            serving = asyncio.create_task(server._serve([listening]))
            told.send(listening.getsockname()[1])
            await asyncio.to_thread(told.recv)  # all pages have their first view
            before = time.process_time()
            for number in range(messages):
                await asyncio.sleep(1.2 * DEFAULT_PACE.interval)
                cue = Cue(f"plateau-{number}", 1, number, number + 1.0, (LINE,))
                await events.append(CueWritten("plateau", cue))
                told.send(time.clock_gettime(CLOCK))
                await asyncio.to_thread(told.recv)  # every page has it
            told.send(time.process_time() - before)
            server.should_exit = True
            await serving


def start(address: str, messages: int, told: Any, direct: bool, loop: str) -> None:
    work = serve(address, messages, told, direct)
    if loop == "uvloop":
        uvloop.run(work)
    else:
        asyncio.run(work)


class Page(asyncio.Protocol):
    """The client's end: says hello, then counts bytes and notes when a message is whole."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._buffer = bytearray()
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._open:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            del self._buffer[: head + 4]
            self._open = True
            hello = msgspec.json.encode({"type": "hello", "version": 1, "topics": {TOPIC: ""}})
            self._transport.write(bytes((0x81, 0x80 | len(hello), 0, 0, 0, 0)) + hello)
        while (size := self._size()) and len(self._buffer) >= size:
            if b'"type":"view"' in self._buffer[:40]:
                self._crowd.heard()
            del self._buffer[:size]

    def _size(self) -> int:
        """The bytes of the first frame, 0 when its head is not there yet."""
        if len(self._buffer) < 4:
            return 0
        short = self._buffer[1]
        return 2 + short if short < 126 else 4 + int.from_bytes(self._buffer[2:4])


class Crowd:
    """All pages: when the last of them, and each, had a message."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self.times: list[float] = []
        self.all = asyncio.Event()

    def heard(self) -> None:
        self.times.append(time.clock_gettime(CLOCK))
        if len(self.times) >= self._pages:
            self.all.set()

    def again(self) -> None:
        self.times.clear()
        self.all.clear()


async def watch(pages: int, messages: int, told: Any) -> tuple[float, list[float]]:
    """Open the pages, take part in the run; return the server's CPU seconds and all delays."""
    loop = asyncio.get_running_loop()
    port = await asyncio.to_thread(told.recv)
    crowd = Crowd(pages)
    transports = []
    for _ in range(pages):
        transport, _ = await loop.create_connection(lambda: Page(crowd), "127.0.0.1", port)
        transports.append(transport)
    async with asyncio.timeout(60):
        await crowd.all.wait()
    delays: list[float] = []
    crowd.again()
    told.send("go")
    for _ in range(messages):
        sent = await asyncio.to_thread(told.recv)
        async with asyncio.timeout(30):
            await crowd.all.wait()
        delays += [at - sent for at in crowd.times]
        crowd.again()
        told.send("next")
    spent: float = await asyncio.to_thread(told.recv)
    for transport in transports:
        transport.close()
    return spent, delays


@contextmanager
def running_store() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="fabrique-") as name:
        folder = Folder(Path(name))
        folder.make()
        process = subprocess.Popen(store.server_command(folder))
        try:
            yield store.address(folder, "")
        finally:
            process.kill()
            process.wait()


async def ready(address: str) -> None:
    async with asyncio.timeout(10), store.connected(address) as client:
        while not await store.answers(client):  # noqa: ASYNC110  # another process: ask
            await asyncio.sleep(0.05)
        await client.flushall()


def measure(direct: bool, loop: str, pages: int, messages: int) -> dict[str, Any]:
    with running_store() as address:
        asyncio.run(ready(address))
        ours, theirs = multiprocessing.Pipe()
        arguments = (address, messages, theirs, direct, loop)
        process = multiprocessing.get_context("spawn").Process(target=start, args=arguments)
        process.start()
        try:
            spent, delays = uvloop.run(watch(pages, messages, ours))
        finally:
            process.join(10)
            if process.is_alive():
                process.kill()
    delays.sort()
    return {
        "sends": "one frame for all" if direct else "ASGI",
        "loop": loop,
        "sockets": pages,
        "messages": messages,
        "cpu_us_per_message": round(spent / (pages * messages) * 1e6, 2),
        "p50_ms": round(delays[len(delays) // 2] * 1e3, 1),
        "p99_ms": round(delays[math.ceil(len(delays) * 0.99) - 1] * 1e3, 1),
        "delivered": len(delays),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--messages", type=int, default=40)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    sockets = min(asked.sockets, 5_000)
    rows = []
    print(
        f"{'sends':<20}{'loop':<10}{'CPU µs/message':>16}{'p50 ms':>10}{'p99 ms':>10}", flush=True
    )
    for loop in ("asyncio", "uvloop"):
        for direct in (False, True):
            row = measure(direct, loop, sockets, min(asked.messages, 500))
            rows.append(row)
            print(
                f"{row['sends']:<20}{loop:<10}{row['cpu_us_per_message']:>16}"
                f"{row['p50_ms']:>10}{row['p99_ms']:>10}",
                flush=True,
            )
    if asked.json:
        asked.json.write_text(json.dumps({"fan_out": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
