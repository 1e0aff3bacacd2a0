"""A talk's own terms: shown to the model, and put right where it nearly wrote them.

A term is put right where what was written sounds nearly the same and the model was not sure of it.
Most of a term of several words must have been heard; a single word must be a name on both sides.
What is another number or gender of it (« locataire », « locataires ») stays. See decision 0028.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from captions.cues import Word
from captions.wording.phonetics import VOWELS, sounds, unlike
from captions.wording.rewriting import (
    Exchange,
    Fragment,
    composed,
    ended,
    exchanged,
    fragments,
    pieces,
)
from captions.written.breaks import BINDERS, OPENERS

TERMS = 200  # of a glossary that count
LONGEST = 80  # characters of a term
PHRASE = 8  # fragments of a term that is put right
SILENT = 0.4  # how unlike two spellings of one sound may be: « de » and « des »
FEWEST = 5  # sounds of a term that is put right: shorter ones are like too many others
CERTAIN = 0.85  # probability from which a word was heard
# (below which probability, what share of the sounds may differ), with a word of the term beside it
# that was heard, and without.
ANCHORED = ((0.6, 0.3), (CERTAIN, 0.12), (2.0, 0.0))
ALONE = ((0.6, 0.15), (CERTAIN, 0.0))
ANCHOR = 4  # letters of a word that counts as heard
KNOWN = 4096  # windows whose nearest term is remembered

_SMALL = BINDERS | OPENERS
# What is written with an apostrophe, and said with the word behind it, which begins with a vowel.
_ELIDED = {letter: letter for letter in "dlmnst"} | {"c": "s", "j": "Z", "qu": "k"}


def of_talk(title: str, speakers: Iterable[str], *glossaries: Iterable[str]) -> tuple[str, ...]:
    """The terms of a talk: those of its glossaries, then its own speakers and title."""
    terms = [term for glossary in glossaries for term in glossary]
    return cleaned([*terms, *speakers, title])


def cleaned(terms: Iterable[str]) -> tuple[str, ...]:
    """Terms as they count: each once, without needless spaces, none empty or too long."""
    tidy = (" ".join(composed(term).split()) for term in terms)
    return tuple(dict.fromkeys(term for term in tidy if 0 < len(term) <= LONGEST))[:TERMS]


def prompt(terms: Iterable[str]) -> str:
    """What the model is shown before what was said, or "". Names first: the end may be cut."""
    text = ", ".join(sorted(terms, key=lambda term: term.islower()))
    return f"{text}." if text else ""


@dataclass(frozen=True)
class Term:
    """A term and how each of its pieces is said."""

    text: str
    pieces: tuple[str, ...]
    keys: tuple[str, ...]
    stems: tuple[str, ...]
    sounds: tuple[str, ...]
    name: bool


@dataclass(frozen=True)
class Near:
    """A term that some fragments are near: all but `before` first and `after` last ones differ."""

    term: Term
    meant: str  # the sounds of the term instead of those
    apart: float
    share: float  # of the sounds that differ
    before: int
    after: int
    anchored: bool


class Repair:
    """Terms that the model nearly wrote, written as the glossary has them."""

    def __init__(self, terms: Iterable[str] = ()) -> None:
        known = (_term(text) for text in cleaned(terms))
        self._terms = [
            term
            for term in known
            if 0 < len(term.keys) <= PHRASE and sum(map(len, term.sounds)) >= FEWEST
        ]
        self._longest_first = sorted(self._terms, key=lambda term: -len(term.keys))
        # Most of a live transcript is what it was a second ago.
        self._nearest = lru_cache(KNOWN)(self._find)

    def rewrite(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """`words` with near misses of terms put right."""
        found = fragments(words)
        return exchanged(words, found, self._exchanges(found))

    def begun(self, words: Sequence[Word], before: int) -> int:
        found = fragments(words)
        exchanges = self._exchanges(found)
        starts = [
            exchange.first for exchange in exchanges if found[exchange.last - 1].word >= before
        ]
        if not ended(words):
            tail = range(max(0, len(found) - PHRASE), len(found))
            starts += [first for first in tail if self._begins(found[first:])]
        for start in sorted(starts):
            # What is to be put right is not cut in two.
            whole = (one.first for one in exchanges if one.first < start < one.last)
            first = found[min(whole, default=start)]
            if first.word < before:
                return before - first.word
        return 0

    def _exchanges(self, found: Sequence[Fragment]) -> list[Exchange]:
        """What is to be put right, in order; the nearest where several terms could be meant."""
        keys = [fragment.text.casefold() for fragment in found]
        stems = [_stem(key) for key in keys]
        standing: list[tuple[int, int]] = []  # terms that are there, but for their endings
        chosen: list[Exchange] = []
        for term in self._longest_first:
            count = len(term.keys)
            for first in range(len(found) - count + 1):
                last = first + count
                if tuple(stems[first:last]) != term.stems or not _free(first, last, standing):
                    continue
                standing.append((first, last))
                if _only_spelled_otherwise(term, found[first:last]):
                    chosen.append(Exchange(first, last, term.text))
        near = sorted(
            (near.apart, first - last, first, last, near.term.text)
            for first, last, near in self._candidates(found, standing)
        )
        for _, _, first, last, text in near:
            if _free(first, last, standing):
                standing.append((first, last))
                chosen.append(Exchange(first, last, text))
        return sorted(chosen, key=lambda exchange: exchange.first)

    def _candidates(
        self, found: Sequence[Fragment], standing: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[int, int, Near]]:
        for first in range(len(found) if self._terms else 0):
            begins = first == 0 or found[first].apart
            elided = not begins and found[first - 1].text.casefold() in _ELIDED
            for last in range(first + 1, min(len(found), first + PHRASE + 1) + 1):
                if not _free(first, last, standing) or (last - first > 1 and found[last - 1].apart):
                    break
                window = found[first:last]
                near = self._nearest(tuple(fragment.text for fragment in window))
                if near is None or (elided and near.term.sounds[0][0] not in VOWELS):
                    continue
                if _believable(near, window, begins=begins):
                    yield first, last, near

    def _find(self, texts: tuple[str, ...]) -> Near | None:
        keys = [text.casefold() for text in texts]
        stems = [_stem(key) for key in keys]
        heard = [_said(text) for text in texts]
        near = (
            _near(term, keys, stems, heard)
            for term in self._terms
            if abs(len(term.keys) - len(keys)) <= 1
        )
        return min((one for one in near if one), key=lambda one: one.apart, default=None)

    def _begins(self, found: Sequence[Fragment]) -> bool:
        """Whether these fragments may be the beginning of a term."""
        if any(fragment.apart for fragment in found[1:]):
            return False
        stems = [_stem(fragment.text.casefold()) for fragment in found]
        for term in self._terms:
            if len(term.keys) > len(stems) and all(
                stem == mine or _sounds_like(fragment, sound)
                for stem, mine, fragment, sound in zip(
                    stems, term.stems, found, term.sounds, strict=False
                )
            ):
                return True
        return False


def _free(first: int, last: int, taken: Iterable[tuple[int, int]]) -> bool:
    return all(last <= begin or end <= first for begin, end in taken)


def _only_spelled_otherwise(term: Term, window: Sequence[Fragment]) -> bool:
    """Whether these fragments are the term with endings or capitals that nobody hears.

    Its first word tells one from many: « codes d’accès » is not « code d’accès ».
    """
    heard = tuple(fragment.text for fragment in window)
    if len(heard) < 2 or heard[0].casefold() != term.keys[0] or heard[1:] == term.pieces[1:]:
        return False
    if any(fragment.apart for fragment in window[1:]):
        return False
    one, other = "".join(map(_said, heard)), "".join(term.sounds)
    return unlike(one, other, SILENT) <= SILENT


def _near(
    term: Term, keys: Sequence[str], stems: Sequence[str], heard: Sequence[str]
) -> Near | None:
    """How near these fragments are to `term`, or None."""
    before = _same(stems, term.stems)
    after = _same(stems[before:][::-1], term.stems[before:][::-1])
    said, meant = heard[before : len(heard) - after], term.sounds[before : len(term.sounds) - after]
    if not said and not meant:
        return None  # but for an ending, it is the term
    # « l’ogement » is « logement »: what looks like an article is its first sound.
    first, last = keys[0], keys[-1]
    if (last in _SMALL and last != term.keys[-1]) or (
        first in _SMALL
        and first != term.keys[0]
        and not (len(keys) > 1 and term.sounds[0].startswith(_ELIDED.get(first, " ")))
    ):
        return None  # it belongs to what stands around
    one, other = "".join(said), "".join(meant)
    around = [*term.keys[:before], *term.keys[len(term.keys) - after :]]
    anchored = any(len(key) >= ANCHOR and key not in _SMALL for key in around)
    longer = max(len(one), len(other))
    limit = (ANCHORED if anchored else ALONE)[0][1] * longer
    if abs(len(one) - len(other)) > 2 * limit + 2:
        return None
    apart = unlike(one, other, limit)
    if apart > limit:
        return None
    return Near(term, other, apart, apart / longer, before, after, anchored)


def _believable(near: Near, window: Sequence[Fragment], *, begins: bool) -> bool:
    """Whether the model was so unsure of what it wrote that it may have heard the term."""
    name = near.term.name and not begins and window[0].text[0].isupper()
    if len(near.term.keys) == 1 and not name:
        return False  # any word sounds like some other; but what is written as a name is one
    differing = window[near.before : len(window) - near.after]
    if any(_heard(fragment) and sounds(fragment.text) not in near.meant for fragment in differing):
        return False
    sure = min((fragment.probability for fragment in differing), default=0.0)
    allowed = ANCHORED if near.anchored else ALONE
    if not any(sure < probability and near.share <= share for probability, share in allowed):
        return False
    same = [
        *zip(window[: near.before], near.term.sounds, strict=False),
        *zip(window[::-1][: near.after], near.term.sounds[::-1], strict=False),
    ]
    # « social » is not « sociaux ».
    return all(unlike(_said(one.text), sound, SILENT) <= SILENT for one, sound in same)


def _heard(fragment: Fragment) -> bool:
    return fragment.probability >= CERTAIN and len(fragment.text) >= ANCHOR


def _sounds_like(fragment: Fragment, sound: str) -> bool:
    heard = sounds(fragment.text)
    limit = ANCHORED[0][1] * max(len(heard), len(sound))
    return fragment.probability < CERTAIN and unlike(heard, sound, limit) <= limit


def _same(some: Sequence[str], others: Sequence[str]) -> int:
    """How many are the same from the beginning."""
    pairs = zip(some, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _term(text: str) -> Term:
    parts = pieces(text)
    keys = tuple(part.casefold() for part in parts)
    stems = tuple(_stem(key) for key in keys)
    return Term(text, parts, keys, stems, tuple(map(_said, parts)), text[0].isupper())


@lru_cache(maxsize=KNOWN)
def _said(piece: str) -> str:
    return _ELIDED.get(piece.casefold()) or sounds(piece)


def _stem(key: str) -> str:
    """A word without the ending of its number or gender."""
    if key.endswith("aux") and len(key) > 4:
        return key[:-3] + "al"
    bare = key.rstrip("esxé") or key
    return bare[:-1] if bare.endswith(("ell", "enn", "onn", "ett")) else bare
