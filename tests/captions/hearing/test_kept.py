"""Sound that waits to be heard again is bounded, and comes back in stretches without holes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from captions.hearing.kept import HOLE, Kept

STEP = 0.02


def filled(kept: Kept, start: float, count: int, size: int = 10) -> None:
    for number in range(count):
        kept.put(bytes(size), start + number * STEP)


def test_a_stretch_ends_at_a_hole_and_says_so() -> None:
    kept = Kept()
    filled(kept, 100.0, 50)
    filled(kept, 110.0, 50)
    packets, hole = kept.oldest(27.0, until=200.0)
    assert (len(packets), hole) == (50, True)
    kept.heard(packets[-1].time + STEP)
    packets, hole = kept.oldest(27.0, until=200.0)
    assert (packets[0].time, len(packets), hole) == (110.0, 50, False)


def test_a_stretch_is_as_long_as_asked_and_ends_before_what_is_too_new() -> None:
    kept = Kept()
    filled(kept, 100.0, 500)
    assert len(kept.oldest(2.0, until=200.0)[0]) == 100
    assert len(kept.oldest(27.0, until=101.0)[0]) == 50
    assert kept.oldest(27.0, until=100.0) == ([], False)


def test_what_nobody_has_time_for_goes_and_is_counted() -> None:
    kept = Kept(longest=4.0)
    filled(kept, 100.0, 500)
    assert kept.seconds <= 4.0
    assert 5.9 < kept.left < 6.1
    small = Kept(largest=1000)
    filled(small, 100.0, 500)
    assert len(small.oldest(27.0, until=200.0)[0]) == 100


def test_time_that_goes_back_begins_anew() -> None:
    kept = Kept()
    filled(kept, 100.0, 50)
    filled(kept, 90.0, 10)
    packets, _ = kept.oldest(27.0, until=200.0)
    assert packets[0].time == 90.0
    assert len(packets) == 10


@given(st.lists(st.floats(0.01, 0.5), max_size=80), st.floats(0.5, 5.0))
def test_every_packet_comes_once_and_in_order(steps: list[float], longest: float) -> None:
    kept, times, now = Kept(longest=1e9), [], 1000.0
    for step in steps:
        now += step
        times.append(now)
        kept.put(b"x", now)
    found: list[float] = []
    while True:
        packets, _ = kept.oldest(longest, until=1e9)
        if not packets:
            break
        ours = [packet.time for packet in packets]
        assert ours[-1] - ours[0] < longest
        assert all(after - before <= HOLE for before, after in pairwise(ours))
        found += ours
        kept.heard(ours[-1] + 0.001)
    assert found == times
    assert kept.left == 0.0


def test_a_late_packet_costs_itself_and_a_jump_back_all_that_waits() -> None:
    kept = Kept()
    filled(kept, 100.0, 500)
    kept.put(bytes(10), kept.newest)
    kept.put(bytes(10), kept.newest - HOLE / 2)
    assert len(kept.oldest(27.0, until=200.0)[0]) == 500
    kept.put(bytes(10), kept.newest - 5.0)
    assert len(kept.oldest(27.0, until=200.0)[0]) == 1
