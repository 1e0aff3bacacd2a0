"""What is said of each variant is what was measured."""

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.hls.bandwidth import HALF_LIFE, expected, measured
from streaming.hls.multivariant import frame_rate, multivariant
from streaming.hls.window import Window
from tests.streaming.hls.film import Announced, film
from tests.streaming.hls.test_window import init, segment, window_of


def window(announced: Announced) -> Window:
    return window_of(*announced.events)


@pytest.mark.parametrize(("rate", "b_frames"), [(25, 0), (30, 2)])
def test_frame_rate_is_counted_in_the_fragments(rate: int, b_frames: int) -> None:
    shown = window(Announced().play(film(7.0, rate=rate, gop=2 * rate, b_frames=b_frames)))
    assert frame_rate(shown.listed()) == pytest.approx(rate, rel=0.001)
    info = m3u8.loads(multivariant({"": shown})).playlists[0].stream_info
    assert info.frame_rate == pytest.approx(rate, rel=0.001)
    assert info.resolution == (128, 72)


def test_bandwidth_is_that_of_the_segments() -> None:
    shown = window(Announced().play(film(9.0)))
    rates = [8 * each.size / each.length for each in shown.segments if each.duration]
    info = m3u8.loads(multivariant({"": shown})).playlists[0].stream_info
    assert info.bandwidth == pytest.approx(max(rates), abs=1)
    assert info.average_bandwidth == pytest.approx(sum(rates) / len(rates), abs=1)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(0.01, 3.4)), max_size=20))
def test_peak_is_above_the_mean_and_below_the_worst(segments: list[tuple[int, float]]) -> None:
    peak, mean = measured(segments)
    worst = max((8 * size / length for size, length in segments), default=0.0)
    assert mean <= peak <= worst * 1.000001


def test_a_crumb_is_no_peak() -> None:
    assert measured([(1000, 2.0), (9000, 0.1), (1000, 2.0)])[0] < 8 * 9000 / 0.1 / 10


def test_a_waiting_card_does_not_hide_what_the_studio_needs() -> None:
    shown = window_of(init())
    for msn in range(60):
        heavy = 10 <= msn < 20
        events = segment(msn, parts=0, closed=False)
        for part in segment(msn)[1:-1]:
            data = bytes(100_000 if heavy else 100)
            events.append(type(part)(msn, part.index, 0.5, part.index == 0, data))  # type: ignore[call-arg,arg-type,union-attr]
        for event in [*events, segment(msn)[-1]]:
            shown.apply(event)
    info = m3u8.loads(multivariant({"": shown})).playlists[0].stream_info
    assert info.bandwidth > 1_500_000
    assert info.average_bandwidth > 300_000
    assert expected((4e6, 3e6), (1e5, 1e5), HALF_LIFE) == pytest.approx((2e6, 5e5))
