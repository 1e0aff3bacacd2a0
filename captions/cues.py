"""Words, and the cues they are laid out in to be read."""

import msgspec

NARROW_SPACE, SPACE = "\u202f", "\u00a0"  # that do not break
SPACED = dict.fromkeys("?!;»", NARROW_SPACE) | {":": SPACE}  # marks with a space before them


class Word(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A word that does not change any more; punctuation alone joins the word before it.

    `start` and `end` are when it was heard, `settled` is when it could be shown, all on the
    broadcast clock; `settled` is 0.0 when nobody noted it.
    """

    text: str
    start: float
    end: float
    probability: float
    settled: float = 0.0


class Cue(msgspec.Struct, frozen=True):
    """Words laid out to be read, from `start` to `end` on the broadcast clock.

    A correction is the same `id` with a higher `revision`; a person made it when `corrected` says
    so. What is `hidden` is kept, and shown to nobody but the crew.
    """

    id: str
    revision: int
    start: float
    end: float
    lines: tuple[str, ...]
    words: tuple[Word, ...] = ()
    speaker: str = ""
    hidden: bool = False
    corrected: bool = False
