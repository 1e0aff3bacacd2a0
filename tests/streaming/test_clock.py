"""The broadcast clock never goes back, and a studio's sound and picture stay together on it."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.clock import JUMP, RESERVE, STEP, Clock, ClockFile, SourceClock, Track

START = 1_790_000_000.0

RUN = """
import asyncio, sys, time
from pathlib import Path
from streaming.clock import Clock, ClockFile

async def main():
    file = ClockFile(Path(sys.argv[1]))
    clock = Clock(file.read(), wall=lambda: time.time() + float(sys.argv[2]))
    keeping = asyncio.create_task(file.keep(clock))
    await asyncio.sleep(0)
    while True:
        print(repr(clock.now()), flush=True)
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


class Time:
    """A clock that a test moves."""

    def __init__(self, at: float = START) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@contextmanager
def run_of_media(path: Path, wall_offset: float) -> Iterator[Callable[[], float]]:
    """A process that gives out times; killed with SIGKILL at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(path), str(wall_offset)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    stdout = process.stdout
    try:
        yield lambda: float(stdout.readline())
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        stdout.close()


def test_clock_ignores_that_the_wall_clock_is_set() -> None:
    wall, monotonic = Time(), Time(50.0)
    clock = Clock(wall=wall, monotonic=monotonic)
    wall.at -= 3600
    monotonic.at += 2
    assert clock.now() == pytest.approx(START + 2)


def test_times_go_on_after_a_kill_and_a_wall_clock_set_back_one_hour(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    with run_of_media(path, 0.0) as next_time:
        before = [next_time() for _ in range(50)]
    with run_of_media(path, -3600.0) as next_time:
        after = [next_time() for _ in range(50)]
    assert before == sorted(before)
    assert after == sorted(after)
    assert before[-1] < after[0] < before[-1] + RESERVE + 1.0


def test_times_follow_the_wall_after_a_long_stop(tmp_path: Path) -> None:
    file = ClockFile(tmp_path / "clock")
    file.write(START)
    assert Clock(file.read(), wall=Time(START + 7200)).now() == pytest.approx(START + 7200, abs=1)
    file.close()


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\0" * 21, b"nan", b"inf", b"\xff" * 21])
def test_unreadable_clock_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clock"
    path.write_bytes(content)
    file = ClockFile(path)
    assert file.read() == 0.0
    file.write(START)
    assert file.read() == START
    file.close()


async def test_persisted_time_stays_ahead_of_the_clock(tmp_path: Path) -> None:
    file = ClockFile(tmp_path / "clock")
    clock = Clock()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await file.keep(clock)
    assert clock.now() < file.read() <= clock.now() + RESERVE
    file.close()


# Sources.


class Studio:
    """A publisher with a clock of its own, whose packets take a while to arrive."""

    def __init__(self, rate_error: float = 0.0, first: float = 0.0) -> None:
        self.time = Time()
        self.clock = SourceClock(self.time)
        self._rate_error = rate_error
        self._first = first
        self._began = START

    def raw(self, rate: int, bits: int | None) -> int:
        """Its timestamp of what happens now."""
        seconds = self._first + (self.time.at - self._began) * (1 + self._rate_error)
        raw = round(seconds * rate)
        return raw % (1 << bits) if bits else raw


@pytest.mark.parametrize(
    ("rate", "bits"), [(1000, 32), (90_000, 33), (90_000, 32), (48_000, 32), (1000, 24)]
)
def test_wraps_are_invisible(rate: int, bits: int) -> None:
    studio = Studio(first=(1 << bits) / rate - 5.0)
    picture, sound = studio.clock.track(rate, bits), studio.clock.track(rate, bits)
    stamps = []
    for frame in range(300):
        studio.time.at = START + frame / 25
        stamps.append(picture.stamp(studio.raw(rate, bits)))
        assert sound.stamp(studio.raw(rate, bits)) == pytest.approx(stamps[-1], abs=0.001)
    assert stamps == pytest.approx([START + frame / 25 for frame in range(300)], abs=0.002)
    assert studio.clock.generation == 1


def test_a_track_that_begins_after_the_wrap_joins_one_that_began_before() -> None:
    studio = Studio(first=2**32 / 1000 - 1.0)
    sound = studio.clock.track(1000, 32)
    for frame in range(50):
        studio.time.at = START + frame / 25
        heard = sound.stamp(studio.raw(1000, 32))
    picture = studio.clock.track(1000, 32)
    assert picture.stamp(studio.raw(1000, 32)) == pytest.approx(heard, abs=0.002)
    assert studio.clock.generation == 1


def test_a_track_with_an_origin_of_its_own_is_heard_when_it_arrives() -> None:
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(90_000), clock.track(48_000)
    for frame in range(500):
        time.at = START + frame / 50
        assert picture.stamp(frame * 1800) == pytest.approx(time.at, abs=0.002)
        assert sound.stamp(10**9 + frame * 960) == pytest.approx(time.at, abs=0.002)
    assert clock.generation == 1


def test_sound_and_picture_keep_their_offset_on_a_bad_network() -> None:
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(90_000, 32), clock.track(48_000, 32)
    worst = 0.0
    for frame in range(5000):
        sent = frame * 0.04
        # Jitter of up to 0.4 s, and sound that always arrives 80 ms after its picture.
        time.at = START + sent + 0.1 * (frame * 7919 % 5)
        seen = picture.stamp(round(sent * 90_000))
        time.at += 0.08
        heard = sound.stamp(round(sent * 48_000))
        worst = max(worst, abs(heard - seen))
    assert worst < 0.001


def test_drift_of_200_ppm_is_taken_back_for_a_whole_day() -> None:
    for error in (200e-6, -200e-6):
        studio = Studio(rate_error=error)
        picture, sound = studio.clock.track(90_000, 32), studio.clock.track(48_000, 32)
        worst, offset, step = 0.0, 0.0, 0.0
        last = START - 0.5
        for tick in range(2 * 86_400):
            studio.time.at = START + tick / 2
            seen = picture.stamp(studio.raw(90_000, 32))
            heard = sound.stamp(studio.raw(48_000, 32))
            worst = max(worst, abs(seen - studio.time.at))
            offset = max(offset, abs(heard - seen))
            step = max(step, abs(seen - last - 0.5))
            last = seen
        assert worst < 0.040
        assert offset < 0.001
        assert step < 0.001  # slewed, never stepped
        assert studio.clock.generation == 1


def test_a_studio_that_begins_again_at_zero_goes_on() -> None:
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(1000, 32), clock.track(1000, 32)
    for frame in range(250):
        time.at = START + frame / 25
        picture.stamp(frame * 40)
        sound.stamp(frame * 40)
    last = time.at
    for frame in range(250):
        time.at = last + 5 + frame / 25
        seen = picture.stamp(frame * 40)
        heard = sound.stamp(frame * 40 + 7)
        assert seen == pytest.approx(time.at, abs=0.02)
        assert heard - seen == pytest.approx(0.007, abs=0.002)


def test_a_jump_of_both_tracks_keeps_them_together_whatever_their_order() -> None:
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(1000, 32), clock.track(1000, 32)
    for frame in range(500):
        time.at = START + frame / 25
        jumped = 60_000 if frame >= 250 else 0
        seen = picture.stamp(frame * 40 + jumped)
        # Sound from before the jump comes for another second.
        heard = sound.stamp(frame * 40 + (60_000 if frame >= 275 else 0))
        assert seen == pytest.approx(time.at, abs=0.02)
        assert heard == pytest.approx(time.at, abs=0.02)
    assert heard == pytest.approx(seen, abs=0.002)


def test_a_gap_that_lasts_as_long_as_it_says_is_kept() -> None:
    time = Time()
    clock = SourceClock(time)
    track = clock.track(1000, 32)
    track.stamp(0)
    time.at += 100
    assert track.stamp(100_000) == pytest.approx(START + 100, abs=0.002)
    assert clock.generation == 1


def test_a_paused_studio_is_back_in_its_place_within_three_seconds() -> None:
    time = Time()
    clock = SourceClock(time)
    track = clock.track(1000, 32)
    for frame in range(1000):
        time.at = START + frame / 25 + (20 if frame >= 500 else 0)
        stamp = track.stamp(frame * 40)
        if not 500 <= frame < 575:
            assert stamp == pytest.approx(time.at, abs=0.05)


def test_a_burst_after_a_stall_is_late_and_catches_up_without_a_new_mapping() -> None:
    time = Time()
    clock = SourceClock(time)
    track = clock.track(1000, 32)
    arrival = START
    for frame in range(1500):
        sent = START + frame / 25
        # Nothing passes for 8 s; then a full pipe gives twice as much as is sent.
        arrival = max(sent, arrival + 0.02, START + 28 if frame >= 500 else START)
        time.at = arrival
        assert track.stamp(frame * 40) == pytest.approx(sent, abs=0.02)
    assert arrival == sent
    assert clock.generation == 1


def test_a_burst_at_the_start_leaves_the_studio_early_for_a_while_and_never_late() -> None:
    time = Time()
    clock = SourceClock(time)
    track = clock.track(1000, 32)
    last = START - 0.04
    for frame in range(25 * 900):
        # `ffmpeg -re` sends its first half second at once, and stays that much ahead.
        time.at = START + max(0.0, frame / 25 - 0.5) + frame * 1e-5
        stamp = track.stamp(frame * 40)
        assert stamp - last == pytest.approx(0.04, abs=0.001)  # no frame is squeezed for it
        assert -0.6 < clock.drift < 0.02
        last = stamp
    assert clock.drift == pytest.approx(0, abs=0.05)


def test_a_burst_at_the_start_is_settled_before_anybody_minds() -> None:
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(1000, 32), clock.track(1000, 32)
    last = 0.0
    for frame in range(100):
        time.at = START + max(0.0, frame / 25 - 0.5)
        seen, heard = picture.stamp(frame * 40), sound.stamp(frame * 40)
        assert last < seen <= time.at + 0.1
        if time.at > START + 0.2:
            assert seen == pytest.approx(time.at, abs=0.05)
            assert heard == pytest.approx(seen, abs=0.001)
        last = seen
        clock.settle()
    assert not clock.settle()
    assert clock.generation == 1


@pytest.mark.parametrize("jump", [60.0, 1.2, -0.3, -1.2, -60.0, -2.0e4])
@pytest.mark.parametrize("alone", ["picture", "sound", "neither"])
def test_a_jump_moves_no_track_against_the_other(jump: float, alone: str) -> None:
    """Sound comes 0.4 s after its picture, and all with jitter."""
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(90_000, 33), clock.track(48_000, 32)
    for frame in range(400):
        jumped = jump if frame >= 200 else 0.0
        time.at = START + frame / 25 + 0.1 * (frame * 7919 % 5 == 0)
        by = 0.0 if alone == "sound" else jumped
        seen = picture.stamp(round((3e4 + frame / 25 + by) * 90_000) % 2**33)
        by = 0.0 if alone == "picture" else jumped
        heard = sound.stamp(round((3e4 + frame / 25 - 0.4 + by) * 48_000) % 2**32)
        assert heard - seen == pytest.approx(-0.4, abs=0.002)
        assert seen == pytest.approx(START + frame / 25, abs=0.15)


def test_a_studio_that_runs_ahead_is_held_to_the_clock() -> None:
    time = Time()
    clock = SourceClock(time)
    track = clock.track(1000, 32)
    for frame in range(10_000):
        time.at = START + frame / 250  # ten times too fast
        assert track.stamp(frame * 40) <= time.at + JUMP + 0.1


def test_delay_is_added_to_every_track() -> None:
    time = Time()
    clock = SourceClock(time, delay=0.12)
    assert clock.track(1000).stamp(7) == pytest.approx(START + 0.12)
    assert clock.track(1000).stamp(7) == pytest.approx(START + 0.12)


Arrivals = st.lists(
    st.tuples(
        st.floats(0, 20),  # seconds since the last packet arrived
        st.integers(0, 2**32 - 1) | st.integers(0, 5000),
        st.booleans(),
    ),
    max_size=80,
)


@given(Arrivals, st.sampled_from([1000, 90_000]), st.sampled_from([24, 32, 33]))
def test_whatever_arrives_each_track_goes_forward_and_not_into_the_future(
    arrivals: list[tuple[float, int, bool]], rate: int, bits: int
) -> None:
    time = Time()
    clock = SourceClock(time)
    tracks: list[Track] = [clock.track(rate, bits), clock.track(rate, bits)]
    last = [0.0, 0.0]
    for elapsed, raw, second in arrivals:
        time.at += elapsed
        stamp = tracks[second].stamp(raw)
        assert stamp > last[second]
        assert stamp <= max(time.at + JUMP + 0.1, last[second] + 2 * STEP)
        last[second] = stamp


@given(
    st.lists(
        st.tuples(
            st.just(0.04) | st.floats(0, 0.1),  # seconds since the last frame arrived
            st.just(0.0) | st.floats(-100, -0.2) | st.floats(5, 100),  # a jump of its timestamps
        ),
        max_size=60,
    ),
    st.sampled_from([(1000, 32), (90_000, 33)]),
)
def test_frames_that_come_in_another_order_are_shown_in_theirs(
    frames: list[tuple[float, float]], track: tuple[int, int]
) -> None:
    time, (rate, bits) = Time(), track
    placed = SourceClock(time).track(rate, bits)
    shown, last, jumped = {}, -1.0, 0.0
    for index, (elapsed, jump) in enumerate(frames):
        time.at += elapsed
        jumped += jump
        # I P B B P B B …: each P comes before the two frames that are shown before it.
        place = index if index == 0 else index + (2 if index % 3 == 1 else -1)
        raw = round((1000 + index / 25 + jumped) * rate) % (1 << bits)
        decoded, seen = placed.place(raw, round((place + 1 - index) / 25 * rate))
        assert last < decoded <= seen
        last, shown[place] = decoded, seen
    in_order = [shown[place] for place in sorted(shown)]
    assert all(before < after for before, after in itertools.pairwise(in_order))


@given(st.floats(1, 2**32 / 48_000 + 50), st.floats(-0.5, 0.5), st.integers(1, 50))
def test_two_tracks_keep_any_offset_they_come_with(
    first: float, offset: float, frame_rate: int
) -> None:
    time = Time()
    clock = SourceClock(time)
    picture, sound = clock.track(90_000, 33), clock.track(48_000, 32)
    for frame in range(60):
        time.at = START + 1 + frame / frame_rate
        seen = picture.stamp(round((first + frame / frame_rate) * 90_000) % 2**33)
        heard = sound.stamp(round((first + offset + frame / frame_rate) * 48_000) % 2**32)
    # The tracks count from one origin, though each wraps at another time.
    assert heard - seen == pytest.approx(offset, abs=0.002)


def test_stamping_is_cheap() -> None:
    time_ = Time()
    track = SourceClock(time_).track(1000, 32)
    began = time.process_time()
    for frame in range(20_000):
        time_.at += 0.04
        track.stamp(frame * 40)
    assert time.process_time() - began < 1.0  # 50 µs each, on any machine
