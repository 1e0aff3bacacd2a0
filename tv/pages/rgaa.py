"""How far the pages are accessible: the 106 criteria of RGAA 4.1, each with what shows it.

The grid is `rgaa.toml`, filled in by ourselves: the statement says so.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATES = {"C": "conforme", "NC": "non conforme", "NA": "non applicable"}


@dataclass(frozen=True)
class Criterion:
    """`state` is one of STATES; `evidence` what it rests on, or what is missing."""

    number: str
    about: str
    state: str
    evidence: str


@dataclass(frozen=True)
class Theme:
    name: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Grid:
    checked_on: str  # ISO 8601
    version: str
    pages: tuple[str, ...]  # that were looked at
    themes: tuple[Theme, ...]

    def criteria(self, state: str = "") -> list[Criterion]:
        """Those in a state, or all."""
        every = (each for theme in self.themes for each in theme.criteria)
        return [each for each in every if state in ("", each.state)]

    @property
    def counts(self) -> Counter[str]:
        return Counter(each.state for each in self.criteria())

    @property
    def rate(self) -> int:
        """Per cent of the applicable criteria that are met."""
        met, applicable = self.counts["C"], self.counts["C"] + self.counts["NC"]
        return int(100 * met / applicable)

    @property
    def state(self) -> str:
        """In the words that the law has for it (arrêté du 20 septembre 2019)."""
        if not self.counts["NC"]:
            return "totalement conforme"
        return "partiellement conforme" if self.rate >= 50 else "non conforme"


@cache
def grid() -> Grid:
    said = tomllib.loads((Path(__file__).parent / "rgaa.toml").read_text(encoding="utf-8"))
    themes = tuple(
        Theme(
            name,
            tuple(
                Criterion(number, about, state, evidence)
                for number, (about, state, evidence) in criteria.items()
            ),
        )
        for name, criteria in said["themes"].items()
    )
    return Grid(said["checked_on"], said["version"], tuple(said["pages"]), themes)
