"""Sound and picture of one studio stay together, across the wraps of their timestamps too."""

import itertools
from collections.abc import Callable

import pytest

from streaming.ingest.whip.sync import Line

NTP = 3_900_000_000.0  # seconds, some time in 2023


def run(
    seconds: float,
    *,
    picture_at: int = 0,
    sound_at: int = 0,
    later: float = 0.0,
    reports: tuple[float, float] | None = (0.5, 2.5),
    drift: float = 0.0,
    until: Callable[[float], bool] = lambda now: True,
) -> list[float]:
    """How far the picture is from the sound, frame by frame, in seconds.

    Both are captured together; the picture's packets arrive `later`. `reports` are when the first
    report of each comes; the sound's clock is off by `drift`.
    """
    sound = Line(48_000)
    picture = Line(90_000, sound)
    apart: list[float] = []
    for step in range(round(seconds * 50)):
        at = step / 50
        heard = sound.place(round(sound_at + at * 48_000 * (1 + drift)) % 2**32, at)
        if step % 2:
            continue
        seen = picture.place(round(picture_at + at * 90_000) % 2**32, at + later)
        apart.append(seen - heard)
        if reports is None:
            continue
        for line, rate, origin, first, speed in (
            (picture, 90_000, picture_at, reports[0], 1.0),
            (sound, 48_000, sound_at, reports[1], 1 + drift),
        ):
            if at >= first and step % 50 == 0:
                line.report(NTP + at, round(origin + at * rate * speed) % 2**32)
    return apart


def test_tracks_that_arrive_together_are_together() -> None:
    assert run(5) == pytest.approx([0.0] * 125, abs=1e-6)


def test_a_picture_that_took_longer_is_brought_to_its_sound_smoothly() -> None:
    apart = run(6, later=0.15)
    assert apart[0] == pytest.approx(0.15)
    assert abs(apart[-1]) < 0.001
    steps = [abs(b - a) for a, b in itertools.pairwise(apart)]
    assert max(steps) < 0.005  # of a frame of 40 ms: nobody sees it


@pytest.mark.parametrize("before", [1, 4_000, 90_000, 2**31])
def test_wraps_of_either_timestamp_change_nothing(before: int) -> None:
    for picture_at, sound_at in (
        (2**32 - before, 5),
        (7, 2**32 - before),
        (2**32 - before, 2**32 - before),
    ):
        apart = run(6, picture_at=picture_at, sound_at=sound_at, later=0.1)
        assert abs(apart[-1]) < 0.001
        assert max(apart) < 0.11


def test_a_sound_card_that_drifts_takes_the_picture_with_it() -> None:
    apart = run(600, drift=200e-6)
    assert max(map(abs, apart[100:])) < 0.005


def test_without_reports_arrival_is_what_there_is() -> None:
    assert run(5, later=0.03, reports=None)[-1] == pytest.approx(0.03)


def test_reports_that_make_no_sense_are_left_alone() -> None:
    sound, line = Line(48_000), None
    line = Line(90_000, sound)
    for step in range(100):
        sound.place(step * 960, step / 50)
        line.place(step * 1800, step / 50)
        line.report(step * 1e6, step)  # another clock each time
        sound.report(0.0, 0)
    assert line.offset == pytest.approx(0.0)


def test_a_source_that_jumps_goes_on_from_its_arrival() -> None:
    line = Line(90_000)
    assert line.place(1000, 10.0) == pytest.approx(10.0)
    assert line.place(4600, 10.04) == pytest.approx(10.04)
    assert line.place(2**31, 10.08) == pytest.approx(10.08)
    assert line.place(2**31 + 3600, 10.12) == pytest.approx(10.12)
    assert line.place(2**31 - 90_000 * 2, 10.16) == pytest.approx(10.16)


def test_a_report_may_come_before_the_first_packet() -> None:
    sound = Line(48_000)
    picture = Line(90_000, sound)
    sound.report(NTP, 0)
    picture.report(NTP, 0)
    for step in range(100):
        heard = sound.place(step * 960, step / 50)
        seen = picture.place(step * 1800, step / 50 + 0.1)
    assert abs(seen - heard) < 0.001
