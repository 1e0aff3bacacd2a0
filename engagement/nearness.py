"""Which questions ask nearly the same: by what they are about, and by their letters.

Two texts are compared by the cosine of what they are about (engagement/french.py), each thing
weighing the more the fewer texts have it, and by that of the four letters in a row that they share,
which sees through typing errors (Damashek, Science 267, 1995).
"""

import math
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass
from itertools import chain

from engagement import french

KEPT = 1_000  # texts of one talk, the newest, that others are compared with
CANDIDATES = 80  # of them that are looked at closely
COMMON = 50  # texts that may share letters before those letters say nothing
GRAM = 4  # letters
ABOUT = 0.85  # how much it counts to be about the same; the rest is for the letters
READ = 40  # texts that are thought read before the first, so that a word is not rare at once
NEAR = 0.2  # nearness from which one is told


@dataclass(frozen=True)
class Features:
    """A text as it is compared: what it is about, and its letters, with how much each counts."""

    about: dict[str, float]
    grams: dict[str, int]


def features(text: str) -> Features:
    words = french.words(text)
    grams = Counter(
        f" {word} "[place : place + GRAM] for word in words for place in range(len(word) - 1)
    )
    return Features(french.about(words), dict(grams))


class Nearness:
    """The texts of one talk, by id. The same texts put in the same order find the same."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, Features] = OrderedDict()
        self._having: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def put(self, id: str, text: str) -> None:
        """Take a text in, or in the place of what it was before."""
        if id in self._texts:
            self._let_go(id)
        known = self._texts[id] = features(text)
        for feature in chain(known.about, known.grams):
            self._having[feature][id] = None
        if len(self._texts) > KEPT:
            oldest = next(iter(self._texts))
            self._let_go(oldest)
            del self._texts[oldest]

    def near(self, text: str, least: float = NEAR) -> list[tuple[str, float]]:
        """The texts that ask nearly what `text` asks, the nearest first, each with its nearness."""
        asked = features(text)
        found = [(id, self._nearness(asked, self._texts[id])) for id in self._candidates(asked)]
        told = [(id, round(nearness, 3)) for id, nearness in found if nearness >= least]
        return sorted(told, key=lambda pair: (-pair[1], pair[0]))

    def _let_go(self, id: str) -> None:
        before = self._texts[id]
        for feature in chain(before.about, before.grams):
            having = self._having[feature]
            having.pop(id, None)
            if not having:
                del self._having[feature]

    def _candidates(self, asked: Features) -> list[str]:
        """Those that share most with it."""
        shared: defaultdict[str, float] = defaultdict(float)
        for feature, count in asked.about.items():
            for id in self._having.get(feature, ()):
                shared[id] += count * self._weight(feature)
        for gram in asked.grams:
            having = self._having.get(gram, ())
            if len(having) <= COMMON:  # what many texts have tells nothing, and costs most
                for id in having:
                    shared[id] += 1.0 / GRAM
        return sorted(shared, key=lambda id: (-shared[id], id))[:CANDIDATES]

    def _weight(self, feature: str) -> float:
        """The rarer the heavier."""
        return math.log((len(self._texts) + READ) / (len(self._having.get(feature, ())) + 1))

    def _nearness(self, one: Features, other: Features) -> float:
        """0.0 for nothing in common, 1.0 for the same."""
        about = _cosine(
            *(
                {it: count * self._weight(it) for it, count in text.about.items()}
                for text in (one, other)
            )
        )
        return ABOUT * about + (1.0 - ABOUT) * _cosine(one.grams, other.grams)


def _cosine(
    one: dict[str, float] | dict[str, int], other: dict[str, float] | dict[str, int]
) -> float:
    shared = sum(weight * other.get(feature, 0.0) for feature, weight in one.items())
    lengths = math.prod(sum(weight * weight for weight in text.values()) for text in (one, other))
    return shared / math.sqrt(lengths) if shared else 0.0
