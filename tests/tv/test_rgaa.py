"""The grid of accessibility: every criterion of RGAA 4.1, and what it rests on is there."""

import re
from pathlib import Path

from tv.pages.rgaa import STATES, grid

ROOT = Path(__file__).parents[2]
IN_EACH = (9, 2, 3, 13, 8, 2, 5, 10, 4, 14, 13, 11, 12)  # criteria of the themes, in their order
CRITERIA = 106  # in all


def test_grid_has_every_criterion_in_its_order() -> None:
    wanted = [f"{theme}.{n + 1}" for theme, of in enumerate(IN_EACH, 1) for n in range(of)]
    assert [each.number for each in grid().criteria()] == wanted
    assert len(wanted) == CRITERIA
    assert all(each.state in STATES and each.evidence for each in grid().criteria())
    assert sum(grid().counts.values()) == CRITERIA


def test_tests_that_the_grid_names_are_there() -> None:
    named = " ".join(each.evidence for each in grid().criteria())
    paths = re.findall(r"\b(?:tests|tv)/[\w/]+(?:\.py)?", named)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
