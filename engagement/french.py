"""What French words are about: without accents, empty words and endings, synonyms as one."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from engagement.vocabulary import EMPTY, NOTIONS, ODD

WORDS = 120  # of one text that are looked at
LONGEST = 24  # letters of a word
STEM = 8  # letters: what follows seldom tells apart
ITSELF = 0.35  # what a word counts beside the notion that it names

_WORD = re.compile(r"[a-z0-9]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})

# Endings of plural, gender, conjugation and derivation, and the letters that each must leave.
_LONG = """
issements issement isations isation ications ication ations ation itions ition ements ement atrices
atrice ateurs ateur euses euse eurs eur antes ante ants ant ances ance entes ente ents ent ences
ence ables able ibles ible ites ite istes iste ismes isme ives ive ifs iques ique elles elle ales
ale aux aient erons erez eront erait eraient erai eras ions iez irons iront irait issent issons
issez isse ures ure ages age
"""
_SHORT = "els el al if ees ee es er ez e ait ais ai era ons ira is it ir ies ie i res re s x t"
_ENDINGS = sorted(
    [(ending, 4) for ending in _LONG.split()] + [(ending, 3) for ending in _SHORT.split()],
    key=lambda pair: -len(pair[0]),
)

_EMPTY = frozenset(EMPTY.split())
_ODD = dict(pair.split(":") for pair in ODD.split())


def folded(text: str) -> str:
    """Small letters without accents."""
    letters = unicodedata.normalize("NFD", text.lower().translate(_LIGATURES))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    """The words of `text` that say what it is about, folded, in their order."""
    found = _WORD.findall(folded(text))[:WORDS]
    return [_ODD.get(word, word)[:LONGEST] for word in found if word not in _EMPTY]


# Whoever writes chooses the words, so what is remembered has an end.
@lru_cache(16_384)
def stem(word: str) -> str:
    """A folded word without its ending."""
    for ending, left in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= left:
            word = word[: -len(ending)]
            break
    # « appell- », « appel- »: French doubles the last letter at will.
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word[:STEM]


def about(words: list[str]) -> dict[str, float]:
    """What `words` are about, and how much it counts: notions (`#` and a number), and stems.

    A word that names a notion counts less by itself: another word would have done as well.
    """
    found: dict[str, float] = {}
    for word in words:
        stemmed = stem(word)
        if notion := _NOTIONS.get(_alike(word)) or _NOTIONS.get(stemmed):
            found[notion] = 1.0
        found[stemmed] = ITSELF if notion else 1.0
    for one, next in pairwise(words):
        if notion := _NOTIONS.get(f"{stem(one)} {stem(next)}"):
            found[notion] = 1.0
    return found


def _alike(word: str) -> str:
    """A word as it is written in any number and gender, marked so that no stem is taken for it."""
    return "=" + word.rstrip("sx").rstrip("e")


def _numbered() -> dict[str, str]:
    """The notion of each word, of its stem, and of two in a row; the first that names it has it."""
    known: dict[str, str] = {}
    for number, line in enumerate(NOTIONS.strip().splitlines()):
        for written in line.split():
            named = words(written.replace("_", " "))
            if len(named) == 1:
                known.setdefault(_alike(named[0]), f"#{number}")
            if named:
                known.setdefault(" ".join(map(stem, named)), f"#{number}")
    return known


_NOTIONS = _numbered()
