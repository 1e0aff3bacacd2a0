"""Two hearings of the same speech, and which of them is believed where they differ.

After Fiscus, "A post-processing system to yield reduced word error rates: Recognizer Output Voting
Error Reduction (ROVER)" (1997), section 2: both are aligned word by word, and where they differ the
one that is surer of its words wins. The times, and what each cue begins and ends with, stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.hearing.agreement import key
from captions.written.layout import joined, lines
from captions.written.spoken import whole

NOTHING = 0.5  # how sure one is of having heard nothing where the other heard words
MARGIN = 0.05  # by which the second hearing must be surer: what was shown stands unless it is clear
AWAY = 0.7  # seconds before or after a cue shows: what was said there is not the cue's
FEWEST = 3  # words that make a cue where there was none


@dataclass(frozen=True)
class Verdict:
    """The cues whose words are others now, each with its next revision; and words of no cue."""

    changed: tuple[Cue, ...]
    missed: tuple[Word, ...]
    words: int  # that were exchanged, left out or added


@dataclass
class _Difference:
    """Words [first, last) of the first hearing, and what the second has in their place."""

    first: int
    last: int
    second: Sequence[Word]
    exchanged: bool = False


def vote(
    cues: Sequence[Cue],
    second: Sequence[Word],
    before: Sequence[Word] = (),
    after: Sequence[Word] = (),
) -> Verdict:
    """Weigh the `second` hearing against `cues`, which are those of the same time, in order.

    `before` and `after` are words of the cues around them: live times may be wrong by a second, and
    what a cue there has already is written in no other. What a person wrote is never exchanged:
    they are surer than any machine. A cue keeps a word at least, whatever the second hearing says:
    it is never taken back once it was shown.
    """
    first = [(word, number) for number, cue in enumerate(cues) for word in whole(cue.words)]
    second = _own(second, [word for word, _ in first], before)
    second = _own(second[::-1], [word for word, _ in first[::-1]], after[::-1])[::-1]
    matcher = SequenceMatcher(
        None, [key(word.text) for word, _ in first], [key(word.text) for word in second], False
    )
    kept: dict[int, Word] = {}  # words of the first hearing in the second's spelling
    differences: list[_Difference] = []
    for kind, low, high, begin, end in matcher.get_opcodes():
        if kind == "equal":
            for offset in range(high - low):
                word, number = first[low + offset]
                if not _by_hand(cues[number]):
                    kept[low + offset] = replace(word, text=second[begin + offset].text)
        else:
            differences.append(_Difference(low, high, second[begin:end]))
    for each in differences:
        of = [first[place] for place in range(each.first, each.last)]
        each.exchanged = not any(_by_hand(cues[number]) for _, number in of) and (
            _sure([word for word, _ in of]) + MARGIN < _sure(each.second)
        )
    while True:
        said, missed = _composed(cues, first, kept, differences)
        empty = {number for number, words in enumerate(said) if not words and cues[number].words}
        if not empty:
            break
        for each in differences:
            if any(first[place][1] in empty for place in range(each.first, each.last)):
                each.exchanged = False
    changed = tuple(
        replace(cue, revision=cue.revision + 1, words=_ordered(words), lines=lines(words))
        for cue, words in zip(cues, said, strict=True)
        if joined(words) != joined(cue.words)
    )
    count = sum(
        max(each.last - each.first, len(each.second)) for each in differences if each.exchanged
    )
    believed = missed if len(missed) >= FEWEST and _sure(missed) > NOTHING else []
    return Verdict(changed, tuple(believed), count)


def _own(second: Sequence[Word], first: Sequence[Word], before: Sequence[Word]) -> Sequence[Word]:
    """`second` without the words at its beginning that `before` ends with, unless `first` has them.

    The same backwards, when all are given backwards.
    """
    heard, known = ([key(word.text) for word in each] for each in (second, first))
    there = [key(word.text) for word in before if key(word.text)]
    for count in range(min(len(heard), len(there)), 0, -1):
        if heard[:count] == there[-count:] and heard[:count] != known[:count]:
            return second[count:]
    return second


def _composed(
    cues: Sequence[Cue],
    first: Sequence[tuple[Word, int]],
    kept: dict[int, Word],
    differences: Sequence[_Difference],
) -> tuple[list[list[Word]], list[Word]]:
    """Each cue's words by what is believed, and the words that no cue can have."""
    said: list[list[Word]] = [[] for _ in cues]
    missed: list[Word] = []
    place = 0
    for each in (*differences, _Difference(len(first), len(first), ())):
        for before in range(place, each.last if not each.exchanged else each.first):
            word, number = first[before]
            said[number].append(kept.get(before, word))
        place = each.last
        if each.exchanged:
            low = first[each.first - 1][1] if each.first else 0
            high = first[each.last][1] if each.last < len(first) else len(cues) - 1
            for word in each.second:
                found = _cue_of(word, cues, low, high)
                if found is None:
                    missed.append(word)
                else:
                    low = found  # words stay in order
                    said[found].append(_within(word, cues[found]))
    return said, missed


def _cue_of(word: Word, cues: Sequence[Cue], low: int, high: int) -> int | None:
    """Which of the cues [low, high] a word was said in; None for a time that is none's."""
    middle = (word.start + word.end) / 2
    near: list[tuple[float, int]] = []
    for number in range(low, high + 1):
        cue = cues[number]
        if cue.words and not _by_hand(cue):
            near.append((max(cue.start - middle, middle - cue.end), number))
    distance, number = min(near, default=(AWAY, -1))
    return number if distance < AWAY else None


def _within(word: Word, cue: Cue) -> Word:
    """The word with times that its cue encloses."""
    start = min(max(word.start, cue.start), cue.end)
    return replace(word, start=start, end=min(max(word.end, start), cue.end))


def _ordered(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words of two hearings, which time them a little differently: none begins after the next."""
    ordered: list[Word] = []
    latest = float("inf")
    for word in reversed(words):
        latest = min(latest, word.start)
        ordered.append(word if word.start == latest else replace(word, start=latest))
    return tuple(reversed(ordered))


def _sure(words: Sequence[Word]) -> float:
    return sum(word.probability for word in words) / len(words) if words else NOTHING


def _by_hand(cue: Cue) -> bool:
    """Whether a person wrote it: the model is never quite sure."""
    return bool(cue.words) and all(word.probability == 1.0 for word in cue.words)
