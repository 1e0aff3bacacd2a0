"""Captions spend less when they fall behind, and more again when there is room."""

from hypothesis import given
from hypothesis import strategies as st

from captions.hearing.pace import CALM, LEVELS, Pace


def test_a_machine_with_room_gets_the_best_captions() -> None:
    pace = Pace()
    for _ in range(100):
        pace.observe(0.5)
    assert pace.effort == LEVELS[0]
    assert not pace.late


def test_steps_that_take_too_long_become_cheaper() -> None:
    pace = Pace()
    for _ in range(20):
        pace.observe(3.0)
    assert pace.effort == LEVELS[-1]
    assert not pace.effort.partials
    assert pace.late


def test_one_slow_step_changes_nothing() -> None:
    pace = Pace()
    pace.observe(2.0)
    assert pace.effort == LEVELS[0]


def test_calm_brings_the_best_captions_back() -> None:
    pace = Pace()
    for _ in range(20):
        pace.observe(3.0)
    for _ in range(3 * (CALM + 5)):
        pace.observe(0.2)
    assert pace.effort == LEVELS[0]


@given(st.floats(0.1, 0.7))
def test_a_burst_that_is_over_leaves_no_trace(share: float) -> None:
    """However little room there is: half a core is what the best captions take on many machines."""
    pace = Pace()
    for _ in range(20):
        pace.observe(3.0)
    for _ in range(len(LEVELS) * 40):
        pace.observe(_cost(share, pace))
    assert pace.effort == LEVELS[0]


@given(st.floats(0.1, 5))
def test_a_steady_machine_has_steady_captions(share: float) -> None:
    pace = Pace()
    for _ in range(len(LEVELS) * 40):
        pace.observe(_cost(share, pace))
    found = pace.effort
    for _ in range(200):
        pace.observe(_cost(share, pace))
        assert pace.effort == found


def _cost(share: float, pace: Pace) -> float:
    """Of a step, in seconds, where the best captions would take that `share` of the time."""
    return share * pace.effort.load * pace.effort.step


def test_captions_are_called_late_once_they_come_later() -> None:
    pace = Pace()
    while pace.effort.step == LEVELS[0].step:
        assert not pace.late
        pace.observe(3.0)
    assert pace.late


@given(st.lists(st.floats(0, 100), max_size=200))
def test_the_effort_is_always_one_of_the_levels(costs: list[float]) -> None:
    pace = Pace()
    for cost in costs:
        pace.observe(cost)
        assert pace.effort in LEVELS
