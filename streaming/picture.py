"""A channel's picture as one line of frames without holes: what is on air, else the slate."""

import math

from streaming.packet import Packet
from streaming.ring import Ring
from streaming.slate import FRAME_RATE, Loop, Slate

LATEST = 1.0  # seconds: a keyframe stamped this long before the last output is not taken
SQUEEZED = 0.001  # seconds between frames that come too late for their own times
STEP = 1 / FRAME_RATE
MOST = 250  # frames of the slate at a time: readers of a ring must be able to follow


class PictureLine:
    """Puts frames into `ring`, each later than the one before.

    The slate begins right after the last frame and is drawn out by `fill`. A source that follows
    takes over where the slate then is: what is missing up to its first frame is filled.
    """

    def __init__(self, ring: Ring[Packet], slate: Slate, start: float) -> None:
        self.until = start  # the latest time of a frame that is out
        self._ring = ring
        self._slate = slate
        self._size = (0, 0)
        self._interval = STEP  # seconds between the frames of what was on air
        self._dts = -math.inf  # of the last frame that is out
        self._loop: Loop | None = None
        self._index = 0
        self._slate_at = start  # when the slate's next frame is due

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

    def has_room_for(self, key: Packet, reorders: bool) -> bool:
        """Whether the line can go on with this keyframe.

        One that is a little late may be squeezed in, unless frames after it are shown in another
        order than they come.
        """
        late = self.until - key.dts
        return late < 0 or (late < LATEST and not reorders)

    def begin(self) -> None:
        """Let a source's frames follow."""
        self._dts = self.until

    def jumps_to(self, packet: Packet) -> float:
        """Seconds from the last frame to this one."""
        return packet.dts - self._dts if math.isfinite(self._dts) else 0.0

    def put(self, packet: Packet) -> None:
        """Put out a frame of the source on air, at its time, or as soon after the last as can be.

        A frame that comes too late keeps nothing of its own time: the few of them pass in a blink,
        and those that follow are in step with their sound.
        """
        step = packet.dts - self._dts
        if step <= 0:
            dts = self._dts + SQUEEZED
            pts = packet.pts + (dts - packet.dts)
            packet = Packet(packet.data, dts, pts, packet.key, packet.config)
        elif step < 0.1:
            self._interval = step
        self._put(packet)

    def _put(self, packet: Packet) -> None:
        self._dts = packet.dts
        self.until = max(self.until, packet.pts)
        self._ring.append(packet)
