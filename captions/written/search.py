"""Words found in what was said: accents, case and apostrophes make no difference.

A query is words, all of which must be in one sentence, in any order; each stands for the words that
begin with it ("quartier" finds "quartiers"). Words in quotation marks, or held together by an
apostrophe or a hyphen, must follow each other.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from captions.cues import Word

LONGEST = 200  # characters of a query that are looked at
TERMS = 12  # of a query that are looked for

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
_TERM = re.compile(r'["«“](?P<phrase>[^"»”]*)["»”]?|(?P<word>[^\s"«»“”]+)')
_PIECE = re.compile(r"[^\W_]+")

Term = tuple[str, ...]
Pieces = list[tuple[str, int]]  # letters between apostrophes and hyphens, and in which word


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence, by its number, and which of its words were asked for."""

    sentence: int
    words: tuple[int, ...]


def folded(text: str) -> str:
    """Without accents or case, however its letters are coded (Unicode, D147)."""
    lower = _apart(_apart(text).casefold()).translate(_LETTERS)
    return "".join(character for character in lower if not unicodedata.combining(character))


def terms(query: str) -> tuple[Term, ...]:
    """What a query asks for: pieces of words that follow each other, for each of its terms."""
    found = (
        tuple(_PIECE.findall(folded(match["phrase"] or match["word"] or "")))
        for match in _TERM.finditer(query[:LONGEST])
    )
    return tuple(dict.fromkeys(term for term in found if term))[:TERMS]


def pieces(sentence: Sequence[Word]) -> Pieces:
    """What of a sentence can be found."""
    return [
        (piece, index)
        for index, word in enumerate(sentence)
        for piece in _PIECE.findall(folded(word.text))
    ]


def search(sentences: Iterable[Pieces], query: str) -> list[Found]:
    """The sentences that hold all that `query` asks for, in order; none for an empty query."""
    wanted = terms(query)
    found: list[Found] = []
    for number, sentence in enumerate(sentences if wanted else ()):
        hits = [_hits(sentence, term) for term in wanted]
        if all(hits):
            found.append(Found(number, tuple(sorted(set().union(*hits)))))
    return found


def _hits(sentence: Pieces, term: Term) -> set[int]:
    """The words in which `term` is; its last piece may be the beginning of a longer one."""
    *whole, last = term
    hits: set[int] = set()
    for first in range(len(sentence) - len(whole)):
        here = sentence[first : first + len(term)]
        if here[-1][0].startswith(last) and [piece for piece, _ in here[:-1]] == whole:
            hits.update(index for _, index in here)
    return hits


def _apart(text: str) -> str:
    """Letters and their accents as characters of their own."""
    return unicodedata.normalize("NFKD", text)
