"""The steps in which a channel is cut: decided once, for the source, and taken by each rendition.

So all renditions have the same segments: names, numbers, beginnings, lengths, discontinuities.
Times called `shown` are when pictures are shown and sound is heard; the others are times of
decoding of the source: lengths are counted by those.
"""

from dataclasses import dataclass
from typing import Protocol

from streaming.hls import fmp4


@dataclass(frozen=True, slots=True)
class Open:
    """A segment begins. `key`: with a keyframe of the source."""

    msn: int
    name: str
    start: float
    shown: float
    key: bool
    discontinuity: int


@dataclass(frozen=True, slots=True)
class Part:
    """The next part of it ends; `sound` is what is heard in it, if anything is."""

    until: float
    shown: float
    sound: fmp4.Run | None


@dataclass(frozen=True, slots=True)
class Close:
    """It ends with its last part."""

    until: float
    shown: float


Step = Open | Part | Close


class Rendition(Protocol):
    """Another quality of the same channel."""

    def take(self, step: Step) -> None:
        """Take the next step, now or when the pictures are there: whoever cuts never waits."""
