"""Low-latency HLS viewers, thousands to a process: each reloads, fetches what is new, reloads."""

import asyncio
import math
import re
import struct
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, cast

PART_SECONDS = 0.5
PARTS = 4  # of a segment
SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
OF_AN_ADDRESS = 1000  # viewers: deploy/nginx.conf lets an address have a few thousand
RETRY = 1.0  # seconds after which a player tries again
STAMP = struct.Struct("!d")  # CLOCK_MONOTONIC, the same in all processes of this machine

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HINT = re.compile(rb'PRELOAD-HINT:TYPE=PART,URI="(\d+)-(\d+)\.(\d+)\.m4s"')
_PART = re.compile(rb'EXT-X-PART:[^\n]*URI="(\d+)-(\d+)\.(\d+)\.m4s"')
_buffer = bytearray(1 << 18)
_view = memoryview(_buffer)


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


Part = tuple[int, int]  # segment, part


class Seen:
    """What all viewers saw: when, of which part. `made` is read from parts that are `stamped`."""

    def __init__(self, stamped: bool = True) -> None:
        self.stamped = stamped
        self.made: dict[Part, float] = {}
        self.listed: dict[Part, list[float]] = defaultdict(list)
        self.fetched: dict[Part, list[float]] = defaultdict(list)
        self.requests = self.errors = self.lost = 0  # lost: connections
        self.longest_gap = 0.0  # seconds between two parts of a viewer

    def take(self, part: Part, head: bytes, since: float) -> float:
        """Note a part that is there now; the viewer's last one was there `since`."""
        now = time.monotonic()
        if self.stamped:
            self.made[part] = STAMP.unpack(head)[0]
        self.fetched[part].append(now)
        self.longest_gap = max(self.longest_gap, now - since)
        return now


class Viewer(Client):
    """One that is late fetches all that was listed meanwhile, as players do (up to five parts)."""

    def __init__(self, seen: Seen, lost: Callable[["Viewer"], None] = lambda viewer: None) -> None:
        self.seen = seen
        self.wanted: Part | None = None  # the part that the next playlist has
        self.new: list[tuple[int, int, int]] = []  # parts to fetch: epoch, segment, part
        self.since = time.monotonic()  # when its last part was there
        self._lost = lost

    def begin(self) -> None:
        self.get("/plateau/media.m3u8")

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self)

    def answered(self, status: int, head: bytes, tail: bytes) -> None:
        self.seen.requests += 1
        hint = _HINT.search(tail)
        if status != 200 or (not self.new and hint is None):
            self.seen.errors += 1
            self.wanted, self.new = None, []
            asyncio.get_running_loop().call_later(RETRY, self._begin_anew)
        elif self.new:
            self._take(head)
        else:
            assert hint is not None
            self._read(tail, (int(hint[2]), int(hint[3])))

    def _begin_anew(self) -> None:
        if not self.transport.is_closing():
            self.begin()

    def _take(self, head: bytes) -> None:
        _, *part = self.new.pop(0)
        self.since = self.seen.take((part[0], part[1]), head, self.since)
        self._go_on()

    def _read(self, tail: bytes, hinted: tuple[int, int]) -> None:
        now = time.monotonic()
        if self.wanted is not None:
            parts = [(int(a), int(b), int(c)) for a, b, c in _PART.findall(tail)]
            self.new = [part for part in parts if part[1:] >= self.wanted]
            for _, msn, index in self.new:
                self.seen.listed[msn, index].append(now)
        self.wanted = hinted
        self._go_on()

    def _go_on(self) -> None:
        if self.new:
            self.get("/plateau/{}-{}.{}.m4s".format(*self.new[0]))
        elif self.wanted is not None:
            query = "_HLS_msn={}&_HLS_part={}&_HLS_skip=YES".format(*self.wanted)
            self.get(f"/plateau/media.m3u8?{query}")


class Crowd:
    """Viewers who stay: whose connection is lost comes back, and is counted as lost."""

    def __init__(self, port: int, seen: Seen) -> None:
        self.seen = seen
        self._port = port
        self._here: dict[int, Viewer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False

    async def come(self, count: int) -> None:
        for number in range(len(self._here), len(self._here) + count):
            await self._connect(number, time.monotonic())

    def begin(self) -> None:
        """Count from now on."""
        self.seen.requests = self.seen.errors = self.seen.lost = 0
        self.seen.longest_gap = 0.0

    def longest_gap(self) -> float:
        """Seconds between two parts that any had; those who still wait for one count."""
        now = time.monotonic()
        return max([self.seen.longest_gap, *(now - each.since for each in self._here.values())])

    def leave(self) -> None:
        self._over = True
        for task in self._tasks:
            task.cancel()
        for viewer in self._here.values():
            viewer.transport.abort()

    async def _connect(self, number: int, since: float) -> None:
        _, viewer = await asyncio.get_running_loop().create_connection(
            lambda: Viewer(self.seen, lambda viewer: self._come_back(number, viewer)),
            "127.0.0.1",
            self._port,
            local_addr=own_address(number),
        )
        viewer.since = since
        self._here[number] = viewer

    def _come_back(self, number: int, viewer: Viewer) -> None:
        if self._over:
            return
        self.seen.lost += 1
        task = asyncio.create_task(self._insist(number, viewer.since))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _insist(self, number: int, since: float) -> None:
        while True:
            await asyncio.sleep(RETRY)
            with suppress(OSError):
                await self._connect(number, since)
                return


def delivery(seen: Seen, viewers: int, began: float, seconds: float) -> dict[str, Any]:
    """What of the parts that were made in this time has come to so many viewers, and how late."""
    whole = [key for key, made in seen.made.items() if began < made < began + seconds - 0.5]
    listed = [at - seen.made[key] for key in whole for at in seen.listed[key]]
    fetched = [at - seen.made[key] for key in whole for at in seen.fetched[key]]
    numbers = [msn * PARTS + index for msn, index in whole]
    made = max(numbers) - min(numbers) + 1 if numbers else 0
    # One may fall on an edge of this time; none at all for a while is a loss.
    due = viewers * max(made, int((seconds - 0.5) / PART_SECONDS) - 1)
    return {
        "delivered": round(len(fetched) / max(1, due), 4),
        "playlist_ms": milliseconds(listed),
        "part_ms": milliseconds(fetched),
    }


def own_address(number: int) -> tuple[str, int]:
    """Where a viewer comes from: an address may have so many connections and no more."""
    return f"127.0.1.{1 + number // OF_AN_ADDRESS}", 0


def milliseconds(
    values: Sequence[float], at: Mapping[str, float] = MappingProxyType(SHARES)
) -> dict[str, float]:
    """What so many of the values, in seconds, are no higher than."""
    ordered = sorted(values)
    return {
        name: round(1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
        for name, share in at.items()
        if ordered
    }
