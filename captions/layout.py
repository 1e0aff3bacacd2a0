"""Words laid out in cues that can be read: where lines and cues break.

After the « Charte relative à la qualité du sous-titrage » (CSA, 2011): live cues have at most three
lines, of 40 characters here, and break where the sentence does: behind punctuation, else before a
conjunction or a preposition, never between an article and its noun or a pronoun and its verb.
"""

from collections.abc import Sequence

import msgspec

from captions.agreement import key
from captions.cues import Cue, Word

WIDTH = 40  # characters in a line
LINES = 3
READABLE = 76  # characters: two lines; from here on a cue ends at the next good break
CLAUSE = 56  # characters from which a cue may end at a comma
SENTENCE = 12  # characters from which it may end at a full stop
PAUSE = 1.0  # seconds between two words that never share a cue
LONGEST = 7.0  # seconds of speech in a cue
SHORTEST = 1.2  # seconds a cue stays, if nothing follows
HANG = 1.5  # seconds it may stay after its last word
SPEED = 15.0  # characters read per second

NARROW_SPACE = "\u202f"
STOPS, COMMAS = (".", "?", "!", "…"), (",", ";", ":")
_OPENERS = """
    et ou mais donc or ni car que qui dont où quand lorsque comme si puisque parce alors
    à dans de du des par pour en vers avec sans sous sur chez entre depuis pendant après avant
    jusqu'à contre selon afin
"""
_BINDERS = """
    le la les un une des du de d l au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre
    nos votre vos leur leurs je tu il elle on nous vous ils elles ne n se me te y en a à est sont
    ai as avons avez ont suis es sommes êtes été pas plus très si trop tout et ou mais que qui
    pour par dans sur avec sans chaque quel quelle
"""
OPENERS = frozenset(_OPENERS.split())  # a break before these reads well
BINDERS = frozenset(_BINDERS.split())  # a break behind these does not


def joined(words: Sequence[Word]) -> str:
    """The words as running text; a mark that came by itself stands behind its word."""
    return " ".join(_units(words))


def lines(words: Sequence[Word], width: int = WIDTH) -> tuple[str, ...]:
    """Break words into lines of at most `width`, unless a single word is longer."""
    units = _units(words)
    broken: list[str] = []
    while units:
        count = _line(units, width)
        broken.append(" ".join(units[:count]))
        units = units[count:]
    return tuple(broken)


class Layout:
    """The cues of one channel as its words settle. A cue is revised until it is full."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._words: list[Word] = []  # of the newest cue
        self._revision = 0
        self._full = False
        self._newest: Cue | None = None

    def add(self, words: Sequence[Word], *, ended: bool = False) -> list[Cue]:
        """Take settled words; return the cues that are new or changed, in order.

        `ended` says that the speaker paused: the newest cue may stay until it is read.
        """
        changed: dict[str, Cue] = {}
        for word in words:
            if self._words and not glued(word) and (self._full or not self._takes(word)):
                self._next(word, changed)
            if not self._words and not key(word.text):
                continue  # a mark without a word
            self._words.append(word)
            self._full = _complete(joined(self._words))
        if self._words and words:
            self._write(changed, self._words[-1].end)
        if ended and self._words:
            text = joined(self._words)
            last = self._words[-1].end
            wanted = self._words[0].start + max(SHORTEST, len(text) / SPEED)
            self._write(changed, min(max(last + 0.3, wanted), last + HANG))
            self._full = True
        return list(changed.values())

    def _takes(self, word: Word) -> bool:
        """Whether `word` belongs in the open cue."""
        first, last = self._words[0], self._words[-1]
        if word.start - last.end > PAUSE or word.end - first.start > LONGEST:
            return False
        if len(lines([*self._words, word])) > LINES:
            return False
        return len(joined(self._words)) < READABLE or _cost(last.text, word.text) > 2

    def _next(self, word: Word, changed: dict[str, Cue]) -> None:
        if self._newest and self._newest.end > word.start:
            self._write(changed, word.start)  # it stayed to be read: what follows ends that
        else:
            self._write(changed, self._newest.end if self._newest else self._words[-1].end)
        self._words, self._revision, self._full, self._newest = [], 0, False, None

    def _write(self, changed: dict[str, Cue], end: float) -> None:
        start = self._words[0].start
        cue = Cue(
            id=f"{self._channel}-{int(start * 1000)}",
            revision=self._revision,
            start=start,
            end=round(max(end, start + 0.05), 3),
            lines=lines(self._words),
            words=tuple(self._words),
        )
        known = self._newest
        if known and msgspec.structs.replace(known, revision=cue.revision) == cue:
            return
        if cue.id not in changed and known:
            self._revision += 1
        cue = msgspec.structs.replace(cue, revision=self._revision)
        changed[cue.id] = self._newest = cue


def _units(words: Sequence[Word]) -> list[str]:
    """What a line never breaks: words with the marks behind them."""
    units: list[str] = []
    for word in words:
        if units and glued(word):
            space = NARROW_SPACE if word.text[0] in "?!;:" else ""
            units[-1] += space + word.text
        else:
            units.append(word.text)
    return units


def glued(word: Word) -> bool:
    """Whether it is read as one with the word before it."""
    return word.text[:1] in ("-", "'", "’") or not key(word.text)


def _complete(text: str) -> bool:
    if text.endswith(STOPS) and len(text) >= SENTENCE:
        return True
    return text.endswith(COMMAS) and len(text) >= CLAUSE


def _line(units: Sequence[str], width: int) -> int:
    """How many of `units` stand in the first line."""
    fitting = length = 0
    for unit in units:
        length += len(unit) + (1 if fitting else 0)
        if length > width and fitting:
            break
        fitting += 1
    if fitting == len(units):
        return fitting
    best, least = fitting, float("inf")
    room = width
    for count in range(fitting, 0, -1):
        room = width - len(" ".join(units[:count]))
        if room > width // 2:
            break
        cost = _cost(units[count - 1], units[count]) + room / 5
        if cost < least:
            best, least = count, cost
    return best


def _cost(before: str, after: str) -> int:
    """How badly a break between two words reads."""
    if before.endswith(STOPS):
        return 0
    if before.endswith(COMMAS):
        return 1
    if before.endswith(("'", "’")) or before.lower() in BINDERS:
        return 9
    return 2 if after.lower() in OPENERS else 4
