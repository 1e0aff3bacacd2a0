"""Words that are still open, on their way from the captions process straight to the pages."""

from typing import Literal

import msgspec

from captions.wording.events import Source

PARTIALS = "fabrique:partial"  # where they are published in the store, and never kept


class OpenWord(msgspec.Struct, frozen=True):
    """A word that may still change."""

    text: str
    start: float
    end: float


class Partial(msgspec.Struct, frozen=True):
    """What pages are told between two cues: the words still open, and how captions fare.

    `reason`, for the crew, is why there are none, in French. It comes at least every second, from
    whoever writes a channel's captions: the machine, or the `source` that a person has.
    """

    channel: str
    words: list[OpenWord] = []
    state: Literal["on", "late", "interrupted"] = "on"
    at: float = 0.0
    reason: str = ""
    source: Literal["machine"] | Source = "machine"
