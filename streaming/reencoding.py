"""A source's picture on its way to the channel: as it came, or by way of the ladder."""

import math
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
HELD = 300  # frames that may wait for the first one that the ladder makes


class Reencoding:
    """Gives to `show` what one source sends, as viewers can be shown it.

    H.264 passes untouched until its keyframes turn out to be too far apart: then, from the next one
    on, the ladder makes frames of it, if it has room; poor beats slate (decisions/0012). Anything
    else goes to the ladder from its first keyframe on, or is refused.
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
        self._key_dts = math.nan
        self._longest = 0.0  # seconds between two keyframes, as far as is known
        self._held: list[Packet] = []

    @property
    def why(self) -> str:
        """Why the picture is encoded again, in French for the crew; "" while it is not."""
        return self._why if self._state == "encoded" else ""

    def video(self, packet: Packet) -> None:
        """Take a frame of H.264 that browsers play."""
        self._measure(packet)
        if self._longest > LONGEST_GOP and (self._rung.busy or _begins(packet)):
            self._why = advice.keyframes_encoded(self._longest)
            begins = not self._rung.busy
            given = replace(packet, key=True) if begins and not packet.key else packet
            if self._rung.put(given, "h264"):
                self._hold(packet, begins)
                return
        elif self._rung.busy:  # another kind came before
            self._rung.end()
            self._state = "broken"
        if self._state == "broken" and packet.key:
            self._state = "untouched"
        if self._state == "untouched":
            self._show(packet)

    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        """Take a frame of another kind. Raises UnsupportedMedia when nothing can be made of it."""
        self._key_dts, self._longest, self._why = math.nan, 0.0, why
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
        if packet.dts > self._key_dts:
            self._longest = max(self._longest, packet.dts - self._key_dts)
        if packet.key or math.isnan(self._key_dts):
            self._key_dts = packet.dts

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
