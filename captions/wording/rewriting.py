"""Words exchanged for others on their way to the reader; what stands around them stays.

Two things exchange words: `rules` (what a person wants always written) and `glossary` (terms that
the model misheard). Both look at fragments, the letters between spaces, apostrophes and hyphens, so
that « l’apoule » holds « apoule », and both leave the marks around a phrase where they are.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from captions.cues import Word

HELD = 8  # settled words that may wait for the rest of a phrase

_FRAGMENT = re.compile(r"[^\W_]+")
_JOINS = frozenset(" \u00a0\u202f'’-‑\u00ad")  # what may stand inside a phrase


@dataclass(frozen=True, slots=True)
class Fragment:
    """Letters or figures in a word: `text[begin:end]` of the word of that number."""

    text: str
    word: int
    begin: int
    end: int
    apart: bool  # a comma, a full stop or the like stands before it: no phrase goes across
    probability: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """Fragments [first, last) that are to be written otherwise."""

    first: int
    last: int
    written: str


class Rewriter(Protocol):
    """Something that exchanges words."""

    def rewrite(self, words: Sequence[Word]) -> tuple[Word, ...]: ...

    def begun(self, words: Sequence[Word], before: int) -> int:
        """How many words before that of number `before` belong with some at or behind it.

        Words behind the last one count: they may still be said.
        """


class Rewriting:
    """One channel's words as they settle. Those that begin a phrase wait for the rest of it."""

    def __init__(self, *rewriters: Rewriter) -> None:
        self._rewriters = rewriters
        self._held: tuple[Word, ...] = ()

    def use(self, *rewriters: Rewriter) -> None:
        """Rewrite by these from now on, one after the other. Any thread may call this."""
        self._rewriters = rewriters

    def take(
        self, settled: Sequence[Word], partial: Sequence[Word] = (), *, ended: bool = False
    ) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
        """Return the settled and the partial words to show, in the order they were said.

        What waits is among the partial words. `ended` says that the speaker paused: nothing waits.
        """
        rewriters = self._rewriters
        words = (*self._held, *settled)
        count = 0
        if not ended:
            all_words = (*words, *partial)
            count = max((each.begun(all_words, len(words)) for each in rewriters), default=0)
        split = len(words) - min(count, HELD, len(words))
        self._held = words[split:]
        return (
            rewritten(words[:split], rewriters),
            rewritten((*self._held, *partial), rewriters),
        )


def rewritten(words: Sequence[Word], rewriters: Iterable[Rewriter]) -> tuple[Word, ...]:
    for each in rewriters:
        words = each.rewrite(words)
    return tuple(words)


def fragments(words: Iterable[Word]) -> list[Fragment]:
    """The fragments of `words`, in order."""
    found: list[Fragment] = []
    between = ""
    for number, word in enumerate(words):
        text = composed(word.text)
        position = 0
        for match in _FRAGMENT.finditer(text):
            between += text[position : match.start()]
            apart = not _JOINS.issuperset(between)
            found.append(
                Fragment(match[0], number, match.start(), match.end(), apart, word.probability)
            )
            between, position = "", match.end()
        between += text[position:]
    return found


def pieces(text: str) -> tuple[str, ...]:
    """The fragments of a text without its marks."""
    return tuple(_FRAGMENT.findall(composed(text)))


def ended(words: Sequence[Word]) -> bool:
    """Whether a mark behind the last word ends the phrase."""
    return bool(words) and not words[-1].text[-1:].isalnum() and words[-1].text[-1:] not in _JOINS


def composed(text: str) -> str:
    """An accent and its letter as one character."""
    return unicodedata.normalize("NFC", text)


def exchanged(
    words: Sequence[Word], found: Sequence[Fragment], exchanges: Iterable[Exchange]
) -> tuple[Word, ...]:
    """`words` with what `exchanges` write; these are in order and share no fragment.

    As many words as before keep their times, else they share the time of what they stand for.
    """
    result = list(words)
    for exchange in reversed(list(exchanges)):
        first, last = found[exchange.first], found[exchange.last - 1]
        heard = result[first.word : last.word + 1]
        before = composed(heard[0].text)[: first.begin]
        after = composed(heard[-1].text)[last.end :]
        written = _capital(exchange.written, first.text)
        texts = f"{before}{written}{after}".split(" ")
        result[first.word : last.word + 1] = _timed(texts, heard)
    return tuple(result)


def _capital(written: str, heard: str) -> str:
    """The beginning of a sentence keeps its capital."""
    if heard[:1].isupper() and written.split()[0].islower():
        return written[:1].upper() + written[1:]
    return written


def _timed(texts: Sequence[str], heard: Sequence[Word]) -> list[Word]:
    if len(texts) == len(heard):
        return [replace(word, text=text) for word, text in zip(heard, texts, strict=True)]
    begin, end = heard[0].start, heard[-1].end
    probability = min(word.probability for word in heard)
    total, before = sum(map(len, texts)), 0
    shared: list[Word] = []
    for text in texts:
        start = begin + (end - begin) * before / total
        before += len(text)
        stop = begin + (end - begin) * before / total
        times = {"start": round(start, 3), "end": round(stop, 3)}
        shared.append(replace(heard[-1], text=text, probability=probability, **times))
    return shared
