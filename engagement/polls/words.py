"""Words that people give, the same ones put together, the most frequent first."""

import unicodedata
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection

import msgspec

from engagement.french import folded

TOLD = 50  # words that pages are told of at every change

_AROUND = " '’\"«».,;:!?…()[]-–—\u00a0\u202f"


class Word(msgspec.Struct, frozen=True):
    """`key` is the same for all spellings; `text` is the one that was given most."""

    key: str
    text: str
    votes: int


def same(text: str) -> str:
    """What two spellings of a word have in common: neither case, accents, ligatures, nor marks
    around it."""
    bare = folded(unicodedata.normalize("NFKD", text.replace("’", "'")))
    return " ".join(bare.strip(_AROUND).split()) or text


class Cloud:
    """The words of one round. A word more or less costs no look at the others."""

    def __init__(self) -> None:
        self._spelled: dict[str, Counter[str]] = {}
        self._words: dict[str, Word] = {}
        self._ranked: list[tuple[int, str]] = []  # votes, below zero, and key: in order

    def replace(self, removed: Collection[str], added: Collection[str]) -> None:
        """Have what somebody gives now in place of what they gave before; twice counts once."""
        for key, text in _distinct(removed).items():
            self._count(key, text, -1)
        for key, text in _distinct(added).items():
            self._count(key, text, 1)

    def top(self, most: int, hidden: Collection[str] = ()) -> tuple[Word, ...]:
        """The words given most, without the hidden ones; as often given: in alphabetical order."""
        found: list[Word] = []
        for _, key in self._ranked:
            if len(found) == most:
                break
            if key not in hidden:
                found.append(self._words[key])
        return tuple(found)

    def _count(self, key: str, text: str, by: int) -> None:
        spelled = self._spelled.setdefault(key, Counter())
        spelled[text] += by
        if not spelled[text]:
            del spelled[text]
        if before := self._words.pop(key, None):
            del self._ranked[bisect_left(self._ranked, (-before.votes, key))]
        if not spelled:
            del self._spelled[key]
            return
        best = min(spelled, key=lambda spelling: (-spelled[spelling], spelling))
        word = self._words[key] = Word(key, best, spelled.total())
        insort(self._ranked, (-word.votes, key))


def _distinct(texts: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(same(text), text)
    return found
