"""How long cues stay, after the charter's table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captions.cues import Cue
from captions.written import reading


@pytest.mark.parametrize(("characters", "seconds"), [(12, 1), (20, 2), (36, 3), (60, 4), (75, 5)])
def test_charter_says_how_long_characters_stay(characters: int, seconds: float) -> None:
    assert reading.seconds(characters) == pytest.approx(seconds)


@given(st.integers(0, 200), st.integers(0, 200))
def test_more_characters_stay_longer(one: int, other: int) -> None:
    assert (one < other) == (reading.seconds(one) < reading.seconds(other))


def test_cue_may_be_a_fifth_faster_than_the_table_but_no_more() -> None:
    lines = ("trente-six caractères, au total trois", "x" * 23)
    assert reading.characters(Cue("c", 0, 0.0, 0.0, lines)) == 60
    assert not reading.too_fast(Cue("c", 0, 10.0, 13.2, lines))
    assert reading.too_fast(Cue("c", 0, 10.0, 13.1, lines))
