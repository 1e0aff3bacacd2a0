"""A source's picture on its way to the channel: as it came, or by way of the ladder."""

import math
from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec.structs import replace

from streaming.errors import UnsupportedMedia
from streaming.h264 import recovers
from streaming.ingest import advice
from streaming.ladder import Ladder
from streaming.packet import Packet
from streaming.rung import Rung

HEIGHTS = (1080, 720, 480)  # lines: the next one when the machine does not keep up
FRAME_RATE = 30.0  # per second, at most
LONGEST_GOP = 3.0  # seconds between keyframes with which HLS still keeps its promises
FAR = 6.0  # seconds between keyframes that are no accident
REMEMBERED = 8  # intervals between keyframes
GAP = 1.5  # seconds without a frame: the studio was away
HELD = 300  # frames that may wait for the first one that the ladder makes


class Reencoding:
    """Gives to `show` what one source sends, as viewers can be shown it.

    H.264 passes untouched until its keyframes turn out to be too far apart: then, from the next one
    on, the ladder makes frames of it, if it has room; poor beats slate (decisions/0012). One that
    was lost on the way does not count, and when they come often again the picture passes untouched
    again, without what the ladder had in hand (a fifth of a second). Anything else goes to the
    ladder from its first keyframe on, or is refused.
    """

    def __init__(self, ladder: Ladder, name: str, show: Callable[[Packet], None]) -> None:
        self._ladder = ladder
        self._show = show
        self._rung = Rung(
            ladder,
            name,
            heights=HEIGHTS,
            frame_rate=FRAME_RATE,
            on_packet=self._take,
            on_lost=self._lose,
        )
        # "begun": a job has frames, `_held` has them too, in case nothing comes of it.
        # "broken": a job that was shown has ended, and what it had is not to be had otherwise.
        self._state: Literal["untouched", "begun", "encoded", "broken"] = "untouched"
        self._why = ""
        self._dts = self._key_dts = math.nan
        self._intervals: deque[float] = deque(maxlen=REMEMBERED)  # seconds between keyframes
        self._since_key = 0.0
        self._held: list[Packet] = []

    @property
    def why(self) -> str:
        """Why the picture is encoded again, in French for the crew; "" while it is not."""
        return self._why if self._state == "encoded" else ""

    def video(self, packet: Packet) -> None:
        """Take a frame of H.264 that browsers play."""
        self._measure(packet)
        if self._is_rare() and (self._rung.busy or _begins(packet)):
            self._why = advice.keyframes_encoded(max((*self._intervals, self._since_key)))
            begins = not self._rung.busy
            given = replace(packet, key=True) if begins and not packet.key else packet
            if self._rung.put(given, "h264"):
                self._hold(packet, begins)
                return
        elif self._rung.busy:  # keyframes come often again, or another kind came before
            self._rung.end()
            self._lose()
        if self._state == "broken" and packet.key:
            self._state = "untouched"
        if self._state == "untouched":
            self._show(packet)

    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        """Take a frame of another kind. Raises UnsupportedMedia when nothing can be made of it."""
        self._dts, self._why = math.nan, why
        self._intervals.clear()
        self._held.clear()
        if self._state in ("untouched", "begun"):
            self._state = "broken"
        if self._rung.put(packet, codec):
            return
        if (failure := self._rung.failure) is not None:
            raise UnsupportedMedia(f"{failure.sentence} {advice.not_as_it_is(codec)}")
        if packet.key and not self._ladder.coming:
            raise UnsupportedMedia(f"{advice.NO_ROOM} {advice.not_as_it_is(codec)}")

    def want_key(self) -> bool:
        """Ask the ladder for a keyframe; False when what is shown is not the ladder's."""
        if self._state == "encoded":
            self._rung.want_key()
        return self._state == "encoded"

    def close(self) -> None:
        """The source is gone."""
        self._rung.end()
        self._held.clear()

    def _measure(self, packet: Packet) -> None:
        """Learn how far apart keyframes are; where the studio was away, nobody knows."""
        step, self._dts = packet.dts - self._dts, packet.dts
        if not 0 <= step < GAP:  # nor is there a step before the first
            self._key_dts = packet.dts
        self._since_key = packet.dts - self._key_dts
        if packet.key:
            self._intervals.append(self._since_key)
            self._key_dts, self._since_key = packet.dts, 0.0

    def _is_rare(self) -> bool:
        """Whether keyframes are too far apart; once they are, until none of late has been."""
        long = [each for each in (*self._intervals, self._since_key) if each > LONGEST_GOP]
        if not self._intervals or self._rung.busy:  # none has come yet, or they were rare
            return bool(long)
        return len(long) > 1 or max(long, default=0.0) > FAR

    def _hold(self, packet: Packet, begins: bool) -> None:
        """Keep a frame until the ladder has shown that it can do without it."""
        if begins and self._state != "encoded":
            self._state = "begun"
        if self._state == "begun":
            self._held.append(packet)
            if len(self._held) > HELD:
                self._held.clear()
                self._state = "broken"

    def _take(self, packet: Packet) -> None:
        """Show what the ladder has made."""
        self._state = "encoded"
        self._held.clear()
        self._show(packet)

    def _lose(self) -> None:
        held, self._held = self._held, []
        if self._state == "begun":
            self._state = "untouched"
            for packet in held:
                self._show(packet)
        else:
            self._state = "broken"


def _begins(packet: Packet) -> bool:
    """Whether a decoder may begin with this frame: keyframes need not be there for that."""
    try:
        return packet.key or recovers(packet.data)
    except UnsupportedMedia:
        return False
