"""How many low-latency HLS viewers one web process serves, and how fast beside nginx.

    python -m benchmarks.hls [--viewers 1000] [--seconds 20] [--json hls.json]

Viewers are real: each holds a blocking reload for the next part, fetches the part as soon as its
playlist names it, and asks again, over loopback. Times count from the moment the part was made.
Then the same parts are fetched as fast as they go, from us and, where it is installed, from nginx.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast

import psutil
import uvicorn
import uvloop

from streaming.hls.window import InitAdded, PartAdded, SegmentClosed, SegmentOpened, Window
from tv.hls import Hls

PART_BYTES = 125_000  # half a second of 2 Mbit/s
PARTS = 4
STAMP = struct.Struct("!d")  # CLOCK_MONOTONIC, the same in all processes of this machine
CONNECTIONS = 32

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HINT = re.compile(rb'PRELOAD-HINT:TYPE=PART,URI="(\d+)-(\d+)\.(\d+)\.m4s"')
_buffer = bytearray(1 << 18)
_view = memoryview(_buffer)


# The origin: the very application, fed with parts of noise.


async def serve() -> None:
    window = Window()
    app = Hls({"plateau": window}, lambda *_: (), time.time)
    config = uvicorn.Config(
        app, port=0, log_level="warning", lifespan="off", ws="none", access_log=False
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        group.create_task(feed(window))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)


async def feed(window: Window) -> None:
    noise = os.urandom(PART_BYTES - STAMP.size)
    window.apply(InitAdded("a", b"init", "avc1.64001f,mp4a.40.2", 1280, 720, time.time(), 0.53))
    loop = asyncio.get_running_loop()
    due, began = loop.time(), time.time() - 60
    for number in range(1 << 30):
        msn, index = 1 + number // PARTS, number % PARTS
        if index == 0:
            window.apply(SegmentOpened(msn, f"1-{msn}", began + 2 * msn, "a", 1))
        data = STAMP.pack(time.monotonic()) + noise
        window.apply(PartAdded(msn, index, 0.5, index == 0, data))
        if index == PARTS - 1:
            window.apply(SegmentClosed(msn, 2.0))
        if msn > 30:
            due += 0.5
            await asyncio.sleep(due - loop.time())


# The viewers.


class Client(asyncio.BufferedProtocol):
    """One HTTP/1.1 connection; `answered` is called with the status and the body's two ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.begin()

    def begin(self) -> None: ...

    def answered(self, status: int, head: bytes, tail: bytes) -> None: ...

    def get(self, path: str) -> None:
        self.left = -1
        self.received = self.tail = self.head = b""
        self.transport.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def get_buffer(self, sizehint: int) -> bytearray:
        return _buffer

    def buffer_updated(self, count: int) -> None:
        data = _view[:count]
        if self.left < 0:
            self.received += bytes(data)
            end = self.received.find(b"\r\n\r\n")
            length = _LENGTH.search(self.received[: end + 2]) if end >= 0 else None
            if length is None:
                return
            self.status = int(self.received[9:12])
            body = self.received[end + 4 :]
            self.left = int(length[1]) - len(body)
            self.head, self.tail = body[: STAMP.size], body[-400:]
        else:
            self.left -= count
            if len(self.head) < STAMP.size:
                self.head = (self.head + bytes(data[: STAMP.size]))[: STAMP.size]
            self.tail = (self.tail + bytes(data[-400:]))[-400:]
        if self.left == 0:
            self.answered(self.status, self.head, self.tail)


class Seen:
    """What all viewers saw: when, of which part."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, int], float] = {}
        self.listed: dict[tuple[int, int], list[float]] = defaultdict(list)
        self.fetched: dict[tuple[int, int], list[float]] = defaultdict(list)
        self.requests = self.errors = 0


class Viewer(Client):
    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.wanted: tuple[int, int] | None = None
        self.epoch, self.hinted = 0, (0, 0)
        self.fetching = False

    def begin(self) -> None:
        self.get("/plateau/media.m3u8")

    def answered(self, status: int, head: bytes, tail: bytes) -> None:
        now = time.monotonic()
        self.seen.requests += 1
        hint = _HINT.search(tail)
        if status != 200 or (not self.fetching and hint is None):
            self.seen.errors += 1
            self.wanted, self.fetching = None, False
            asyncio.get_running_loop().call_later(1.0, self.begin)
            return
        if self.fetching:
            assert self.wanted is not None
            self.seen.made[self.wanted] = STAMP.unpack(head)[0]
            self.seen.fetched[self.wanted].append(now)
            self.fetching, self.wanted = False, self.hinted
        else:
            assert hint is not None
            self.epoch, self.hinted = int(hint[1]), (int(hint[2]), int(hint[3]))
            if self.wanted is not None:
                self.seen.listed[self.wanted].append(now)
                self.fetching = True
                self.get("/plateau/{}-{}.{}.m4s".format(self.epoch, *self.wanted))
                return
            self.wanted = self.hinted
        msn, part = self.wanted
        self.get(f"/plateau/media.m3u8?_HLS_msn={msn}&_HLS_part={part}&_HLS_skip=YES")


class Crowd(Client):
    """Fetches one address over and over."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.count = 0

    def begin(self) -> None:
        self.get(self.path)

    def answered(self, status: int, head: bytes, tail: bytes) -> None:
        assert status == 200, status
        self.count += 1
        self.get(self.path)


async def watch(
    port: int, viewers: int, seconds: float, process: psutil.Process
) -> dict[str, object]:
    loop = asyncio.get_running_loop()
    seen = Seen()
    for _ in range(viewers):
        await loop.create_connection(lambda: Viewer(seen), "127.0.0.1", port)
    await asyncio.sleep(2.0)
    seen.requests = seen.errors = 0
    began, used = time.monotonic(), cpu(process)
    await asyncio.sleep(seconds)
    elapsed, used = time.monotonic() - began, cpu(process) - used
    requests, errors = seen.requests, seen.errors
    await asyncio.sleep(1.0)
    whole = [key for key, made in seen.made.items() if began < made < began + seconds - 0.5]
    listed = sorted(at - seen.made[key] for key in whole for at in seen.listed[key])
    fetched = sorted(at - seen.made[key] for key in whole for at in seen.fetched[key])
    return {
        "viewers": viewers,
        "requests_per_second": round(requests / elapsed),
        "errors": errors,
        "delivered": round(len(fetched) / max(1, viewers * len(whole)), 4),
        "origin_cpu": round(used / elapsed, 3),
        "playlist_ms": milliseconds(listed),
        "part_ms": milliseconds(fetched),
    }


async def saturate(
    port: int, path: str, seconds: float, process: psutil.Process
) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    crowd = [Crowd(path) for _ in range(CONNECTIONS)]
    transports = []
    for client in crowd:
        transport, _ = await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
        transports.append(transport)
    used, began = cpu(process), time.monotonic()
    before = sum(client.count for client in crowd)
    await asyncio.sleep(seconds)
    count = sum(client.count for client in crowd) - before
    elapsed, used = time.monotonic() - began, cpu(process) - used
    for transport in transports:
        transport.abort()
    return {
        "requests_per_second": round(count / elapsed),
        "requests_per_cpu_second": round(count / max(used, 1e-6)),
    }


def cpu(process: psutil.Process) -> float:
    """CPU seconds of a process and its workers."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        times = each.cpu_times()
        total += times.user + times.system
    return total


def milliseconds(ordered: list[float]) -> dict[str, float]:
    if not ordered:
        return {}
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        name: round(1000 * ordered[int(share * (len(ordered) - 1))], 1)
        for name, share in at.items()
    }


@contextmanager
def origin() -> Iterator[tuple[int, psutil.Process]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.hls", "--serve"], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout
        yield int(process.stdout.readline()), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """nginx with one worker that serves a folder."""
    port = 18_000 + os.getpid() % 1000
    (folder / "part.m4s").write_bytes(os.urandom(PART_BYTES))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr error;"
        "events { worker_connections 512; }"
        f"http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};"
        f" fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};"
        f" sendfile on; keepalive_requests 10000000;"
        f" server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"
    )
    os.chmod(folder, 0o755)  # the worker may run as another user
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        time.sleep(0.5)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def measure(viewers: list[int], seconds: float) -> dict[str, object]:
    results: dict[str, object] = {}
    rows = []
    for count in viewers:
        with origin() as (port, process):
            rows.append(await watch(port, count, seconds, process))
    results["viewers"] = rows
    with ExitStack() as stack:
        port, process = stack.enter_context(origin())
        ours = await saturate(port, "/plateau/1-31.0.m4s", min(seconds, 5.0), process)
        results["parts"] = ours
    if shutil.which("nginx"):
        with tempfile.TemporaryDirectory() as folder, nginx(Path(folder)) as (port, process):
            peer = await saturate(port, "/part.m4s", min(seconds, 5.0), process)
        results["parts_nginx"] = peer
        results["parts_ratio"] = {key: round(ours[key] / peer[key], 2) for key in ours}
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, nargs="+", default=[1000])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--json", type=Path, default=Path("hls.json"))
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve())
        return
    results = uvloop.run(measure(options.viewers, options.seconds))
    for row in results["viewers"]:
        print(
            f"{row['viewers']:>6} viewers  {row['requests_per_second']:>6} req/s  "
            f"origin {row['origin_cpu']:.2f} core  delivered {row['delivered']:.2%}  "
            f"errors {row['errors']}  playlist ms {row['playlist_ms']}  part ms {row['part_ms']}"
        )
    for name in ("parts", "parts_nginx", "parts_ratio"):
        if name in results:
            print(f"{name:>14}  {results[name]}")
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
