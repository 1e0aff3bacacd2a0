"""What waits for one target: pictures and sound in the order of their times, and not for long."""

import asyncio
import heapq
import math
from collections import deque
from itertools import count

from streaming.packet import Packet

LONGEST = 2.0  # seconds that may wait for a slow target; then whole groups of pictures are lost
LATE = 1.0  # seconds that pictures wait for the sound that belongs to them
MOST = 4096  # packets that may wait for their turn, however strange their times


class Outbox:
    """Begins at a keyframe, and again after each loss.

    Pictures and sound come each in order, but sound comes later: it was encoded in between. Nothing
    is given twice, nor before what was given: times never go back, though media was restarted.
    """

    def __init__(self) -> None:
        self.dropped = 0  # pictures
        self._early: list[tuple[float, int, str, Packet]] = []  # a heap: the other track is awaited
        self._ready: deque[tuple[str, Packet]] = deque()
        self._reached = {"h264": -math.inf, "aac": -math.inf}
        self._given = dict(self._reached)  # the newest of each that went into `_ready`
        self._count = count()
        self._keyed = False
        self._filled = asyncio.Event()

    def put(self, codec: str, packet: Packet) -> None:
        """Take an H.264 or AAC packet."""
        self._reached[codec] = packet.dts
        heapq.heappush(self._early, (packet.dts, next(self._count), codec, packet))
        due = max(min(self._reached.values()), max(self._reached.values()) - LATE)
        while self._early and (self._early[0][0] <= due or len(self._early) > MOST):
            _, _, codec, packet = heapq.heappop(self._early)
            self._queue(codec, packet)
        if self._ready:
            if self._ready[-1][1].dts - self._ready[0][1].dts > LONGEST or len(self._ready) > MOST:
                self._lose()
            self._filled.set()

    async def next(self) -> tuple[str, Packet]:
        """The next packet with its codec, once there is one."""
        while not self._ready:
            self._filled.clear()
            await self._filled.wait()
        return self._ready.popleft()

    def _queue(self, codec: str, packet: Packet) -> None:
        if packet.dts <= self._given[codec]:
            self._keyed = self._keyed and codec != "h264"  # what follows may need it
            return
        if not self._keyed:
            if not _is_key(codec, packet):
                self.dropped += codec == "h264" and self._given[codec] > -math.inf
                return
            self._keyed = True
            self._given["aac"] = max(self._given["aac"], packet.dts - 0.001)
        self._given[codec] = packet.dts
        self._ready.append((codec, packet))

    def _lose(self) -> None:
        """Go on at the newest keyframe that waits, else at the next one to come."""
        keys = [index for index, item in enumerate(self._ready) if _is_key(*item)]
        end = keys[-1] if keys and keys[-1] > 0 else len(self._ready)
        lost = [self._ready.popleft() for _ in range(end)]
        self.dropped += sum(codec == "h264" for codec, _ in lost)
        self._keyed = bool(self._ready)


def _is_key(codec: str, packet: Packet) -> bool:
    return codec == "h264" and packet.key
