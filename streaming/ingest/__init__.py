"""Studios in: each module turns one kind of publisher into packets on the broadcast clock."""

from collections.abc import Callable
from typing import Literal, Protocol

from streaming.clock import SourceClock
from streaming.errors import StreamingError
from streaming.packet import Packet


class Malformed(StreamingError):
    """Bytes that are not what their protocol says; the message tells the log where."""


class Source(Protocol):
    """A studio's place in a channel: what an ingest fills while its publisher is there.

    `on_evicted` is set by the ingest and called when somebody else takes the place: nothing that
    is handed over afterwards goes on air.
    """

    on_evicted: Callable[[], None] | None

    @property
    def timeline(self) -> SourceClock:
        """The mapping of the publisher's own time, one for all its tracks."""

    def video(self, packet: Packet) -> None: ...

    def sound(self, packet: Packet, codec: Literal["aac", "opus"]) -> None: ...

    def advise(self, sentences: list[str]) -> None:
        """Tell the crew, in French, what to change; replaces what was said before."""

    def close(self, reason: str) -> None:
        """The publisher is gone. Closing twice, or after an eviction, changes nothing."""
