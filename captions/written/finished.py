"""Words laid out a second time, when all of them are known: for replays, films and exports.

Two lines of at most forty characters that break where the sense does, on the screen for as long as
they take to be read where the speaker leaves the time for it. Every word that was said is there
once: who speaks faster than one reads is not abridged.

The cuts of each stretch of speech are the cheapest of all, found as Knuth and Plass break
paragraphs, "Breaking Paragraphs into Lines" (1981).
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise, zip_longest

from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.written.breaks import DASHES, balanced, cost, ends_sentence, halved
from captions.written.layout import GAP, HANG, PAUSE
from captions.written.reading import characters, least, seconds
from captions.written.spoken import timed, turn

LONGEST = 6.0  # seconds of speech in a cue
SHORTEST = 1.2  # seconds a cue stays, if it can
MOST = 2 * 40 + 1  # characters in a cue
KEPT = 4096  # stretches of speech whose cuts are remembered: a few hours

# What makes one way to cut better than another; a bad line break costs 9.
_CUE = 3.0  # for each cue: fewer are calmer
_CUT = 2.5  # a break between cues, compared to one between lines
_FAST = 14.0  # for a cue that stays half as long as it takes to be read
_SHORT = 8.0  # for each second that a cue is too short
_MIXED = 4.0  # for a sentence that ends within a cue

Stretch = tuple[Word, ...]


def finished(cues: Iterable[Cue]) -> list[Cue]:
    """All of `cues`, in the order of time, laid out anew: what is corrected as it is corrected.

    The new cues have ids of their own, and revision 0: they are to be read, not to be corrected.
    """
    cues = list(cues)
    laid: list[Cue] = []
    known = ""
    for speaker, stretch in _stretches(cues):
        mark = turn(known, speaker)
        known = speaker or known
        for count in _cuts(stretch, len(mark)):
            words, stretch = stretch[:count], stretch[count:]
            laid.append(
                Cue(
                    id=f"{round(words[0].start * 1000)}",
                    revision=0,
                    start=words[0].start,
                    end=words[-1].end,
                    lines=balanced([word.text for word in words]),
                    words=words,
                    speaker=speaker,
                )
            )
    ends = max((cue.end for cue in cues), default=0.0)
    return [
        _stay(cue, after.start - GAP if after else ends)
        for cue, after in zip_longest(laid, laid[1:])
    ]


def _stay(cue: Cue, until: float) -> Cue:
    """The cue with the time that it has to be read, but not beyond `until`."""
    wanted = cue.start + max(SHORTEST, seconds(characters(cue)))
    end = min(max(cue.end, wanted), cue.end + HANG, until)
    return replace(cue, end=round(max(end, cue.start + 0.05), 3))


def _stretches(cues: Iterable[Cue]) -> Iterator[tuple[str, Stretch]]:
    """(speaker, words) of what one says without a pause."""
    said: list[Word] = []
    speaker = ""
    for cue in cues:
        for word in timed(cue):
            if said and (cue.speaker != speaker or _apart(said[-1], word)):
                yield speaker, tuple(said)
                said = []
            said.append(word)
            speaker = cue.speaker
    if said:
        yield speaker, tuple(said)


def _apart(before: Word, after: Word) -> bool:
    """Whether two words are never in one cue: one dashes who speaks even without a name."""
    pause = not before.start <= after.start <= before.end + PAUSE
    return pause or after.text.startswith(DASHES)


@lru_cache(KEPT)
def _cuts(stretch: Stretch, mark: int) -> tuple[int, ...]:
    """How many words are in each cue; `mark` is the length of what stands before the first."""
    texts = [word.text for word in stretch]
    lengths = [len(text) for text in texts]
    breaks = [*(cost(*pair) for pair in pairwise(texts)), 0]
    totals, begun = [0.0], [0]  # the cheapest cuts up to each word, and where its last cue begins
    for end in range(1, len(stretch) + 1):
        best, least_total = end - 1, float("inf")
        length = -1
        for start in range(end - 1, -1, -1):
            length += lengths[start] + 1
            alone = start == end - 1
            if not alone and (length > MOST or _spoken(stretch, start, end) > LONGEST):
                break
            total = totals[start] + _price(stretch, lengths, breaks, start, end, mark)
            if total < least_total:
                best, least_total = start, total
        totals.append(least_total)
        begun.append(best)
    counts: list[int] = []
    end = len(stretch)
    while end:
        counts.append(end - begun[end])
        end = begun[end]
    return tuple(reversed(counts))


def _spoken(stretch: Stretch, start: int, end: int) -> float:
    return stretch[end - 1].end - stretch[start].start


def _price(
    stretch: Stretch,
    lengths: Sequence[int],
    breaks: Sequence[int],
    start: int,
    end: int,
    mark: int,
) -> float:
    """What it costs that stretch[start:end] is one cue."""
    own, behind = lengths[start:end], breaks[start:end]
    if start == 0 and mark:
        own, behind = [mark, *own], [0, *behind]
    count, price = halved(own, behind)
    if not count:
        price = 1000.0  # a word longer than a line, or a name: it must go somewhere
    length = sum(own) + len(own) - 1
    last = stretch[end - 1].end
    until = stretch[end].start - GAP if end < len(stretch) else last + HANG
    stays = max(0.05, until - stretch[start].start)
    price += _CUE + _CUT * breaks[end - 1]
    price += _FAST * max(0.0, least(length) / stays - 1)
    price += _SHORT * max(0.0, SHORTEST - stays)
    within = sum(1 for word in stretch[start : end - 1] if ends_sentence(word.text))
    return price + _MIXED * within
