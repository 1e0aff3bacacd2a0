"""A limit lets a burst through, then one act at a time."""

from hypothesis import given
from hypothesis import strategies as st

from engagement.limits import APART, Limit


def test_burst_then_one_at_a_time() -> None:
    limit = Limit(burst=3, every=2.0)
    assert [limit.take("a", 10.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert limit.take("a", 10.0) == 2.0
    assert limit.take("a", 11.5) == 0.5
    assert limit.take("a", 12.0) == 0.0
    assert limit.take("b", 12.0) == 0.0


@given(st.lists(st.floats(0.0, 5.0), max_size=100))
def test_never_more_than_the_rate_allows(pauses: list[float]) -> None:
    limit = Limit(burst=3, every=2.0)
    at = 0.0
    taken: list[float] = []
    for pause in pauses:
        at += pause
        if not limit.take("a", at):
            taken.append(at)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= 3 + (taken[last] - taken[first]) / 2.0 + 1e-6


def full_at(at: float) -> Limit:
    limit = Limit(burst=3, every=2.0)
    for _ in range(3):
        assert limit.take("a", at) == 0.0
    return limit


def test_who_acted_before_the_clock_was_put_back_does_not_wait_until_it_has_caught_up() -> None:
    for back in (3.0, 3600.0):
        assert full_at(3600.0).take("a", 3600.0 - back) <= 2.0 + APART


def test_acts_by_two_processes_whose_times_differ_are_counted_in_one() -> None:
    assert full_at(3600.0).take("a", 3599.9) > 2.0


def test_memory_does_not_grow_with_people_gone() -> None:
    limit = Limit(burst=2, every=1.0)
    for number in range(50_000):
        limit.take(f"p{number}", number * 0.1)
    assert len(limit._whole_at) < 2_000
