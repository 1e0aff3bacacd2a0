"""Low-latency HLS viewers, thousands to a process: each reloads, fetches what is new, reloads."""

import asyncio
import math
import re
import struct
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import cast

SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
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


class Seen:
    """What all viewers saw: when, of which part."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, int], float] = {}
        self.listed: dict[tuple[int, int], list[float]] = defaultdict(list)
        self.fetched: dict[tuple[int, int], list[float]] = defaultdict(list)
        self.requests = self.errors = 0


class Viewer(Client):
    """One that is late fetches all that was listed meanwhile, as players do (up to five parts)."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.wanted: tuple[int, int] | None = None  # the part that the next playlist has
        self.new: list[tuple[int, int, int]] = []  # parts to fetch: epoch, segment, part

    def begin(self) -> None:
        self.get("/plateau/media.m3u8")

    def answered(self, status: int, head: bytes, tail: bytes) -> None:
        self.seen.requests += 1
        hint = _HINT.search(tail)
        if status != 200 or (not self.new and hint is None):
            self.seen.errors += 1
            self.wanted, self.new = None, []
            asyncio.get_running_loop().call_later(1.0, self.begin)
        elif self.new:
            self._take(head)
        else:
            assert hint is not None
            self._read(tail, (int(hint[2]), int(hint[3])))

    def _take(self, head: bytes) -> None:
        _, *part = self.new.pop(0)
        key = part[0], part[1]
        self.seen.made[key] = STAMP.unpack(head)[0]
        self.seen.fetched[key].append(time.monotonic())
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
