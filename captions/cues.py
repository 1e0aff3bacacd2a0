"""Words, and the cues they are laid out in to be read."""

import msgspec


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A settled word, times on the broadcast clock; punctuation alone joins the word before it."""

    text: str
    start: float
    end: float
    probability: float


class Cue(msgspec.Struct, frozen=True):
    """Words laid out to be read, from `start` to `end` on the broadcast clock.

    A correction is the same `id` with a higher `revision`.
    """

    id: str
    revision: int
    start: float
    end: float
    lines: tuple[str, ...]
    words: tuple[Word, ...] = ()
    speaker: str = ""


class CueWritten(msgspec.Struct, frozen=True, tag=True):
    """The journal's event for a new cue, or for a new revision of one."""

    channel: str
    cue: Cue
