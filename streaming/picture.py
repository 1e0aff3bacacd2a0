"""A channel's picture as one line of frames without holes: what is on air, else the slate."""

import math
from collections.abc import Callable

from streaming.packet import Packet
from streaming.slate import FRAME_RATE, Loop, Slate

SQUEEZED = 0.001  # seconds: the least between two frames
HASTE = 1 / 40  # how fast time passes for frames that come too late for their own times
STEP = 1 / FRAME_RATE
MOST = 250  # frames of the slate at a time: readers of a ring must be able to follow


class PictureLine:
    """Gives frames to `show`, each later than the one before.

    The slate begins right after the last frame and is drawn out by `fill`. A source that follows
    takes over where the slate then is: what is missing up to its first frame is filled.
    """

    def __init__(self, show: Callable[[Packet], None], slate: Slate, start: float) -> None:
        self.until = start  # the latest time of a frame that is out
        self._show = show
        self._slate = slate
        self._size = (0, 0)
        self._interval = STEP  # seconds between the frames of what was on air
        self._dts = -math.inf  # of the last frame that is out
        self._loop: Loop | None = None
        self._index = 0
        self._slate_at = start  # when the slate's next frame is due
        self._late_from, self._late_at = 0.0, -math.inf  # where frames begin that come too late

    @property
    def slate_at(self) -> float:
        """When the slate's next frame is due."""
        return self._slate_at

    def begin_slate(self, now: float, reach: float, size: tuple[int, int]) -> None:
        """Let the slate follow, in the size of what was on air."""
        self._loop = None
        self._index = 0
        self._size = size
        self._slate_at = self.until + self._interval
        if now - self._slate_at > reach:
            self._slate_at = now

    def fill(self, until: float, most: int = MOST) -> None:
        """Put out what the slate shows up to `until`, at most so many frames."""
        if self._loop is None:
            self._loop = self._slate.loop(*self._size)
            if self._loop is None:
                return  # not drawn yet; the hole is filled when it is
        while self._slate_at <= until and most > 0:
            self._put(self._loop.packet(self._index, self._slate_at))
            self._index += 1
            self._slate_at += STEP
            most -= 1

    def late(self, key: Packet) -> float:
        """Seconds by which a keyframe comes too late to follow at its own time, if any."""
        return max(self.until - key.pts, self._dts - key.dts)

    def begin(self, key: Packet) -> None:
        """Let a source's frames follow, from this keyframe on."""
        self._squeeze(key)

    def jumps_to(self, packet: Packet) -> float:
        """Seconds from what is out to this frame, as it would be put out."""
        return max(self._fit(packet.dts) - self._dts, self._fit(packet.pts) - self.until)

    def put(self, packet: Packet) -> None:
        """Put out a frame of the source on air, at its time, or as soon after the last as can be.

        Frames that come too late keep nothing of their own times but their order: the few of them
        pass in a blink, and those that follow are in step with their sound.
        """
        dts, pts = self._fit(packet.dts), self._fit(packet.pts)
        if dts <= self._dts:
            self._squeeze(packet)
            dts, pts = self._fit(packet.dts), self._fit(packet.pts)
        step = dts - self._dts
        if SQUEEZED < step < 0.1 and dts == packet.dts:
            self._interval = step
        if (dts, pts) != (packet.dts, packet.pts):
            packet = Packet(packet.data, dts, pts, packet.key, packet.config)
        self._put(packet)

    def _squeeze(self, first: Packet) -> None:
        """Let time run slowly from `first` on, right after what is out, until it is its own."""
        self._late_from = first.dts
        self._late_at = max(
            self._dts + SQUEEZED,
            self.until + SQUEEZED - HASTE * (first.pts - first.dts),
        )

    def _fit(self, time: float) -> float:
        """`time` itself, unless it is too late: always later than that of an earlier time."""
        return max(time, self._late_at + HASTE * (time - self._late_from))

    def _put(self, packet: Packet) -> None:
        self._dts = packet.dts
        self.until = max(self.until, packet.pts)
        self._show(packet)
