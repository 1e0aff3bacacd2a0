"""The pictograms of laboratories, drawn where there is no typeface with them."""

import re

import pytest

from tv.demo.labs import LABS
from tv.labs.pictograms import GRID, path


@pytest.mark.parametrize("pictogram", [lab.pictogram for lab in LABS.values()])
def test_pictogram_of_each_laboratory_of_the_demo_is_drawn_within_its_square(
    pictogram: str,
) -> None:
    moves = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path(pictogram))
    assert moves
    assert all(0 <= float(place) <= GRID for move in moves for place in move)


@pytest.mark.parametrize("pictogram", ["", "A", "é"])
def test_what_is_not_drawn_stays_a_character(pictogram: str) -> None:
    assert path(pictogram) == ""
