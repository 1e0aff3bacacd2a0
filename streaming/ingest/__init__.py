"""Studios in: each module turns one kind of publisher into packets on the broadcast clock."""

from collections.abc import Callable
from typing import Protocol

from streaming.clock import SourceClock
from streaming.errors import StreamingError
from streaming.packet import Packet


class Malformed(StreamingError):
    """Bytes that are not what their protocol says; the message tells the log where."""


class Source(Protocol):
    """A studio's place in a channel: what an ingest fills while its publisher is there.

    `on_evicted` is set by the ingest and called, with the reason in French, when the publisher is
    put out: nothing that is handed over afterwards goes on air. `on_key_wanted` is set by one whose
    publisher can be asked for a keyframe, and called when viewers have lost the picture.
    """

    on_evicted: Callable[[str], None] | None
    on_key_wanted: Callable[[], None] | None

    @property
    def timeline(self) -> SourceClock:
        """The mapping of the publisher's own time, one for all its tracks."""

    @property
    def watched(self) -> bool:
        """Whether somebody sees frames as they come: then none may wait for the next."""

    @property
    def rest(self) -> float:
        """Seconds for which nobody needs what its publisher sends: it may be left unread."""

    def video(self, packet: Packet) -> None:
        """Take a frame of H.264 that browsers play, in decoding order."""

    def reencode(self, packet: Packet, codec: str, why: str) -> None:
        """Take a frame that viewers cannot be shown as it is: the ladder makes H.264 of it.

        `packet` is as libav's decoder `codec` takes it, with its extradata in `config`; `why` is
        told to the crew, in French. Raises UnsupportedMedia, with the setting to change, when the
        ladder has no room for it, or is not there.
        """

    def sound(self, packet: Packet, codec: str) -> None:
        """Take a packet of sound in one of the codecs of `streaming.sound.CODECS`."""

    def advise(self, sentences: list[str]) -> None:
        """Tell the crew, in French, what to change; replaces what was said before."""

    def announce(self, frame_rate: float) -> None:
        """Note how many frames per second the publisher says that it sends."""

    def transport(self, lost: int, round_trip: float) -> None:
        """Note what the network does: packets lost for good, and the way there and back, in s."""

    def close(self, reason: str) -> None:
        """The publisher is gone. Closing twice, or after an eviction, changes nothing."""
