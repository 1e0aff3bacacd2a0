"""Words, and the cues they are laid out in to be read."""

import sys

import msgspec
from msgspec.structs import replace

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


_THOUSANDTHS = tuple(number / 1000 for number in range(1001))


def shared(cue: Cue, known: tuple[Word, ...] = ()) -> Cue:
    """The same cue, with what its words have in common held once, as a fold keeps them for days.

    They begin with those of `known` that they equal; texts, times and probabilities, each an object
    of its own as they are decoded, are shared. That is half of the memory.
    """
    times: dict[float, float] = {}

    def once(time: float) -> float:
        return times.setdefault(time, time)

    def one(word: Word) -> Word:
        probability = word.probability
        if 0.0 <= probability <= 1.0:
            rounded = _THOUSANDTHS[round(1000 * probability)]
            probability = rounded if rounded == probability else probability
        start, end, settled = once(word.start), once(word.end), once(word.settled)
        return Word(sys.intern(word.text), start, end, probability, settled)

    count = 0
    while count < min(len(known), len(cue.words)) and known[count] == cue.words[count]:
        count += 1
    if count == len(known) == len(cue.words):
        return replace(cue, words=known)
    return replace(cue, words=known[:count] + tuple(one(word) for word in cue.words[count:]))
