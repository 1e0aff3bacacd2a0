"""Rounds: by themselves, together, apart, cut short, paused."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engagement.cafe.events import (
    RoundAdvanced,
    RoundExtended,
    RoundPaused,
    RoundResumed,
)
from engagement.cafe.rounds import LONGEST, driven, following
from engagement.cafe.session import Progress
from engagement.fold import Accepted, Reason
from tests.engagement.cafes import House, planned
from tests.engagement.room import reason


def test_laboratories_go_through_their_rounds_by_themselves(house: House) -> None:
    assert house.steps() == {"labo-1": ("waiting", 0), "labo-2": ("waiting", 0)}
    house.advance(at=1000.0)
    seen = []
    for time in (1000.0, 1600.0, 1660.0, 2260.0, 9000.0):
        house.time_passes(time)
        assert house.steps()["labo-1"] == house.steps()["labo-2"]
        seen.append(house.steps()["labo-1"])
    assert seen == [
        ("round", 1),
        ("moving", 1),
        ("round", 2),
        ("gathering", 2),
        ("gathering", 2),
    ]
    assert house.cafes.progress["labo-1"].ends_at is None
    assert reason(house.advance()) == Reason.WRONG_STATE


def test_step_that_two_processes_find_due_is_taken_once(house: House) -> None:
    house.advance(at=1000.0)
    assert house.audience.due(1599.9) == []
    ours, theirs = house.audience.due(1600.0), house.audience.due(1600.2)
    assert [event.id for event in ours] == [event.id for event in theirs]
    for number, event in enumerate((*ours, *theirs), 500):
        house.audience.apply(f"{number}-0", event)
    assert house.steps() == {"labo-1": ("moving", 1), "labo-2": ("moving", 1)}
    assert house.cafes.progress["labo-1"].ends_at == 1660.0


def test_due_step_gives_way_to_who_was_faster(house: House) -> None:
    house.advance(at=1000.0)
    late, _ = house.audience.due(1600.0)
    house.advance("labo-1", at=1600.0)  # somebody presses at the very moment
    house.audience.apply("900-0", late)
    assert house.steps()["labo-1"] == ("moving", 1)


def test_moving_is_cut_short(house: House) -> None:
    house.advance(at=1000.0)
    house.time_passes(1600.0)
    house.advance(at=1610.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.step, progress.round, progress.ends_at) == ("round", 2, 2210.0)


def test_without_time_to_move_a_round_follows_the_other() -> None:
    house = House()
    house.opened(moving_seconds=0.0)
    house.advance(at=1000.0)
    house.advance(at=1600.0)
    assert house.steps()["labo-1"] == ("round", 2)


def test_laboratories_are_driven_apart(house: House) -> None:
    house.advance("labo-2", at=1000.0)
    assert house.steps() == {"labo-1": ("waiting", 0), "labo-2": ("round", 1)}
    house.do(RoundPaused, cafe="c", labs=("labo-2",), at=1100.0)
    house.advance(at=1200.0)
    assert house.steps() == {"labo-1": ("round", 1), "labo-2": ("moving", 1)}


def test_second_press_of_a_button_advances_nobody(house: House) -> None:
    seen = tuple({progress.version for progress in house.cafes.progress.values()})
    assert isinstance(house.advance(expects=seen), Accepted)
    assert reason(house.advance(expects=seen)) == Reason.CHANGED
    assert house.steps()["labo-1"] == ("round", 1)


def test_paused_time_stands_still_and_goes_on(house: House) -> None:
    house.advance(at=1000.0)
    house.do(RoundPaused, cafe="c", at=1100.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.ends_at, progress.left) == (None, 500.0)
    assert house.audience.due(9999.0) == []
    assert reason(house.do(RoundPaused, cafe="c")) == Reason.WRONG_STATE
    house.do(RoundExtended, cafe="c", seconds=60.0)
    house.do(RoundResumed, cafe="c", at=2000.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.ends_at, progress.left) == (2560.0, None)
    assert reason(house.do(RoundResumed, cafe="c")) == Reason.WRONG_STATE


def test_step_takes_longer_or_less(house: House) -> None:
    house.advance(at=1000.0)
    house.do(RoundExtended, cafe="c", seconds=120.0, at=1100.0)
    assert house.cafes.progress["labo-1"].ends_at == 1720.0
    house.do(RoundExtended, cafe="c", seconds=-9999.0, at=1200.0)
    assert house.cafes.progress["labo-1"].ends_at == 1200.0
    house.do(RoundExtended, cafe="c", seconds=1e9, at=1200.0)
    assert house.cafes.progress["labo-1"].ends_at == 1200.0 + LONGEST


ACTS = st.one_of(
    *(
        st.builds(type, id=st.just("x"), by=st.just("x"), cafe=st.just("c"), at=st.floats(0, 1e6))
        for type in (RoundAdvanced, RoundPaused, RoundResumed)
    ),
    st.builds(
        RoundExtended,
        id=st.just("x"),
        by=st.just("x"),
        cafe=st.just("c"),
        at=st.floats(0, 1e6),
        seconds=st.floats(-1e5, 1e5),
    ),
)


@given(st.lists(ACTS, max_size=30), st.integers(1, 4), st.sampled_from([0.0, 60.0]))
def test_rounds_never_go_back_and_time_is_never_wrong(
    acts: list[Any], rounds: int, moving: float
) -> None:
    plan = planned(rounds=rounds, moving_seconds=moving)
    progress = Progress(id="labo-1", cafe="c")
    for event in sorted(acts, key=lambda event: event.at):
        after = driven(plan, progress, event) or progress
        assert after.round in (progress.round, progress.round + 1)
        assert after.round <= rounds
        assert after.ends_at is None or after.left is None
        timed = after.step in ("round", "moving")
        assert timed == (after.ends_at is not None or after.left is not None)
        assert (
            after.ends_at is None
            or event.at <= after.ends_at <= event.at + LONGEST
            or (after.ends_at == progress.ends_at)
        )
        progress = after
    while following(plan, progress, 0.0):
        progress = following(plan, progress, 0.0) or progress
    assert (progress.step, progress.round) == ("gathering", rounds)
