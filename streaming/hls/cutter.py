"""Where a live stream is cut into parts and segments, decided from its frames' times alone."""

from dataclasses import dataclass
from typing import Literal

from streaming.packet import Packet

# Parts may be this much longer than asked for: with 25 frames a second and parts of 0.5 s, four
# parts of 13 frames fill a segment of 2 s, where 12 frames each would leave a crumb.
STRETCH = 1.05
# RFC 8216bis, 4.4.4.9: a part is at most as long as PART-TARGET, and at least 85 % of it.
PART_TARGET = 1.06  # of `part`: a little more than STRETCH
SHORTEST = 0.85 * PART_TARGET
LONGEST_SEGMENT = 3.45  # seconds: rounds to TARGETDURATION 3
HOLE = 2.0  # seconds without a frame: the timeline is interrupted


@dataclass(frozen=True, slots=True)
class Cut:
    """A part ends at `time` (a dts); unless `kind` is "part", its segment ends with it.

    `first` is the frame that begins what comes next. After a "break" players start their decoders
    anew: another `config`, or a hole in time.
    """

    time: float
    kind: Literal["part", "segment", "break"]
    first: Packet


class Cutter:
    """Follows the frames of one picture. Segments begin at keyframes of it, about every `segment`.

    A GOP longer than `LONGEST_SEGMENT` is cut all the same, into segments that do not begin with a
    keyframe: a player that joins waits for the next, but nobody stops.
    """

    def __init__(self, part: float, segment: float) -> None:
        self._part = part
        self._segment = segment
        self._last: Packet | None = None
        self._part_start = self._segment_start = self._key_time = 0.0
        self._independent = True  # the open segment begins with a keyframe
        self._intervals = (0.0, 0.0)  # seconds between the last keyframes
        self._frames = 0  # since the last keyframe
        self._frame = 1 / 30  # seconds between the last two frames

    @property
    def due(self) -> float:
        """When the part under way is as long as it should be; it ends soon after, or at a key."""
        return self._part_start + self._part

    def add(self, packet: Packet) -> list[Cut] | None:
        """Take the next frame; return the cuts before it. None: the frame must be left out."""
        last = self._last
        if last is None:
            if not packet.key:
                return None
            self._restart(packet)
            return []
        step = packet.dts - last.dts
        if step <= 0:
            return None
        hole = step > HOLE
        if hole or packet.config != last.config:
            if not packet.key:
                return None
            end = last.dts + self._frame if hole else packet.dts
            cuts = [*self._parts(end, packet), Cut(end, "break", packet)]
            self._restart(packet)
            return cuts
        self._frames += 1
        if packet.key:
            # The first frames of a studio come in a burst: the next ones take longer than those.
            usual = self._frames * min(step, self._frame)
            self._intervals = (self._intervals[1], max(packet.dts - self._key_time, usual))
            self._key_time, self._frames = packet.dts, 0
        cuts = []
        if packet.dts - self._segment_start > LONGEST_SEGMENT:  # after a stall
            cuts += self._close(last.dts + min(step, self._frame), packet)
        if self._ends_segment(packet, step):
            cuts += self._close(packet.dts, packet)
            self._independent = packet.key
        else:
            cuts += self._parts(packet.dts, packet)
            length = packet.dts - self._part_start
            if length >= SHORTEST * self._part and length + step > STRETCH * self._part:
                cuts.append(Cut(packet.dts, "part", packet))
                self._part_start = packet.dts
        self._frame, self._last = step, packet
        return cuts

    def _ends_segment(self, packet: Packet, step: float) -> bool:
        length = packet.dts - self._segment_start
        interval = max(self._intervals)
        if packet.key:
            return (
                length >= 0.75 * self._segment
                or length + interval > LONGEST_SEGMENT
                or not self._independent
            )
        # Once GOPs are known to be too long, cut them at the usual length.
        longest = self._segment if interval > LONGEST_SEGMENT else LONGEST_SEGMENT
        return length + step > longest and length >= SHORTEST * self._part

    def _close(self, time: float, first: Packet) -> list[Cut]:
        cuts = [*self._parts(time, first), Cut(time, "segment", first)]
        self._part_start = self._segment_start = time
        self._independent = False
        return cuts

    def _parts(self, time: float, first: Packet) -> list[Cut]:
        """Cuts between two frames that are further apart than a part may be long."""
        cuts = []
        while time - self._part_start > STRETCH * self._part:
            self._part_start += self._part
            cuts.append(Cut(self._part_start, "part", first))
        return cuts

    def _restart(self, packet: Packet) -> None:
        self._last = packet
        self._part_start = self._segment_start = self._key_time = packet.dts
        self._intervals = (0.0, 0.0)
        self._frames = 0
        self._independent = True
