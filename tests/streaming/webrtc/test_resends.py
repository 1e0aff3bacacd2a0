"""Which lost packets a viewer gets again."""

from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc.resends import (
    AGAIN,
    APART,
    MEASURED,
    MOST,
    SHARE,
    SOONEST,
    TWICE_FOR,
    Resends,
)
from streaming.webrtc.rtcp import Reception


def test_what_is_lost_comes_again_in_order_and_in_steps() -> None:
    resends = Resends()
    resends.ask(range(65_530, 65_536), now=1.0)
    resends.ask(range(10), now=1.0)
    assert resends.take(8, now=1.0) == [*range(65_530, 65_536), 0, 1]
    assert resends.waiting
    assert resends.take(100, now=1.005) == list(range(2, 10))
    assert not resends.waiting


def test_what_is_on_its_way_is_not_sent_again() -> None:
    resends = Resends()
    resends.round_trip = 0.2
    resends.ask([7, 7, 8], now=1.0)
    assert resends.take(100, now=1.0) == [7, 8]
    resends.ask([7, 8, 9], now=1.1)
    assert resends.take(100, now=1.1) == [9]
    resends.ask([7, 8, 9], now=1.0 + AGAIN * 0.2)
    assert resends.take(100, now=1.17) == [7, 8]


def test_nobody_far_or_near_gets_a_packet_twice_at_once() -> None:
    resends = Resends()
    resends.ask([7], now=1.0)
    assert resends.take(100, now=1.0) == [7]
    resends.ask([7], now=1.0 + SOONEST / 2)
    assert not resends.waiting
    resends.ask([7], now=1.0 + SOONEST)
    assert resends.take(100, now=1.1) == [7]


def came(highest: int, lost: int) -> Reception:
    return Reception(1, 255, lost, highest, 0, 0, 0)


def test_who_had_to_ask_twice_gets_everything_twice_for_a_while() -> None:
    resends = Resends()
    resends.count(came(1000, lost=0), now=0.0)
    resends.count(came(1400, lost=20), now=MEASURED)
    begun = MEASURED + 1.0
    resends.ask([7], begun)
    assert resends.take(100, begun) == [7]
    assert not resends.waiting
    resends.ask([7, 8], begun + 0.1)
    assert resends.take(100, begun + 0.1) == [7, 8]
    assert resends.waiting
    assert resends.take(100, begun + 0.1 + APART / 2) == []
    assert resends.take(100, begun + 0.1 + APART) == [7, 8]
    assert not resends.waiting
    resends.ask([9], begun + TWICE_FOR)
    assert resends.take(100, begun + TWICE_FOR) == [9]
    assert not resends.waiting


def test_who_gets_everything_late_does_not_get_it_twice() -> None:
    resends = Resends()
    resends.count(came(1000, lost=0), now=0.0)
    resends.count(came(1100, lost=50), now=0.1)  # at that moment
    resends.count(came(1400, lost=2), now=MEASURED)
    for step in range(5):
        now = MEASURED + step / 10
        resends.ask([7], now)
        assert resends.take(100, now) == [7]
        assert not resends.waiting


def test_who_misses_everything_gets_half_of_it_again() -> None:
    resends = Resends()
    got = 0
    for second in range(20):
        for step in range(10):
            now = second + step / 10
            resends.ask(range(second * 300 % 60_000, second * 300 % 60_000 + 300), now)
            got += len(resends.take(1000, now))
        resends.earn(300)
    assert got <= MOST + SHARE * 300 * 20
    assert got >= SHARE * 300 * 19


@given(
    st.lists(
        st.tuples(st.lists(st.integers(0, 0xFFFF), max_size=2000), st.integers(0, 100)),
        max_size=20,
    )
)
def test_whatever_is_asked_memory_is_bounded_and_nothing_leaves_twice_too_soon(
    asked: list[tuple[list[int], int]],
) -> None:
    resends = Resends()
    left: dict[int, float] = {}
    for step, (numbers, most) in enumerate(asked):
        now = step * 0.004
        resends.ask(numbers, now)
        for number in resends.take(most, now):
            assert now - left.get(number, -1.0) >= SOONEST - 1e-9
            left[number] = now
        assert len(resends._waiting) <= MOST
        assert len(resends._until) <= MOST
