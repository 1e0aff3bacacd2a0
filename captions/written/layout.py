"""Words laid out live, in cues that grow: at most three lines of forty characters.

A cue is revised until it is full. Lines break from the top, so that none changes once the next has
begun. What is laid out again when all words are known is in `captions/written/finished.py`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.hearing.agreement import key
from captions.written.breaks import (
    COMMAS,
    DASHES,
    OPENER,
    WIDTH,
    broken,
    cost,
    ends_sentence,
    glued,
    opening,
    units,
)
from captions.written.reading import SPEED

LINES = 3
READABLE = 76  # characters: two lines; from here on a cue ends at the next good break
CLAUSE = 56  # characters from which a cue may end at a comma
SENTENCE = 12  # characters from which it may end at a full stop
PAUSE = 1.0  # seconds between two words that never share a cue
LONGEST = 7.0  # seconds of speech in a cue
SHORTEST = 1.2  # seconds a cue stays, if nothing follows
HANG = 1.5  # seconds it may stay after its last word
GAP = 0.08  # seconds between two cues, two pictures of 25 fps: one sees that the text is another


def joined(words: Sequence[Word]) -> str:
    """The words as running text; a mark that came by itself stands at its word."""
    return " ".join(units(word.text for word in words))


def lines(words: Sequence[Word], width: int = WIDTH) -> tuple[str, ...]:
    """Break words into lines of at most `width`, unless a single word is longer."""
    return broken(units(word.text for word in words), width)


class Layout:
    """The cues of one channel as its words settle."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._words: list[Word] = []  # of the newest cue
        self._opened: list[Word] = []  # marks that wait for the word behind them
        self._speaker = ""
        self._revision = 0
        self._full = False
        self._newest: Cue | None = None

    def add(
        self, words: Sequence[Word], *, ended: bool = False, at: float = 0.0, speaker: str = ""
    ) -> list[Cue]:
        """Take settled words; return the cues that are new or changed, in order.

        `ended` says that the speaker paused: the newest cue may stay until it is read. `at` is when
        the words were settled, `speaker` who said them, if that is known.
        """
        changed: dict[str, Cue] = {}
        for word in words:
            self._take(replace(word, settled=at) if at else word, speaker, changed)
        if self._words and words:
            self._write(changed, self._words[-1].end)
        if ended and self._words:
            text = joined(self._words)
            last = self._words[-1].end
            wanted = self._words[0].start + max(SHORTEST, len(text) / SPEED)
            self._write(changed, min(max(last + 0.3, wanted), last + HANG))
            self._full = True
        return list(changed.values())

    def _take(self, word: Word, speaker: str, changed: dict[str, Cue]) -> None:
        if opening(word.text):
            self._opened.append(word)
            return
        if not self._words and not self._opened and not key(word.text):
            return  # a mark without a word
        group = [*self._opened, word]
        self._opened = []
        together = bool(self._words) and glued(group[0].text)
        if self._words and not together and not self._belongs(group, speaker):
            self._next(group[0], changed)
        if not self._words:
            self._speaker = speaker
        self._words += group
        self._full = _complete(units(word.text for word in self._words))

    def _belongs(self, group: Sequence[Word], speaker: str) -> bool:
        """Whether a word, with the marks before it, goes into the open cue."""
        if self._full or speaker != self._speaker or group[0].text.startswith(DASHES):
            return False
        first, last = self._words[0], self._words[-1]
        if group[0].start - last.end > PAUSE or group[-1].end - first.start > LONGEST:
            return False
        if len(lines([*self._words, *group])) > LINES:
            return False
        return len(joined(self._words)) < READABLE or cost(last.text, group[0].text) > OPENER

    def _next(self, word: Word, changed: dict[str, Cue]) -> None:
        last = self._words[-1].end
        end = self._newest.end if self._newest else last
        # It stayed to be read: what follows ends that, but cuts no word off.
        self._write(changed, min(end, max(word.start - GAP, min(last, word.start))))
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
            speaker=self._speaker,
        )
        known = self._newest
        if known and replace(known, revision=cue.revision) == cue:
            return
        if cue.id not in changed and known:
            self._revision += 1
        cue = replace(cue, revision=self._revision)
        changed[cue.id] = self._newest = cue


def _complete(parts: Sequence[str]) -> bool:
    length = len(" ".join(parts))
    if ends_sentence(parts[-1]) and length >= SENTENCE:
        return True
    return parts[-1].endswith(COMMAS) and length >= CLAUSE
