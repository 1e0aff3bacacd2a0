"""The broadcast clock: UTC seconds that never step back, and how studios are placed on it.

One process owns the `Clock` (media). It is anchored to wall time once, then runs on the monotonic
clock: setting the machine's time does not move it. What it has given out is persisted ahead of use,
so that after a crash it goes on later, never earlier: times of two runs do not overlap.
"""

import asyncio
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

RESERVE = 1.0  # seconds: how far ahead of `now` the persisted time stays, renewed twice as often


class Clock:
    """UTC seconds as a float, tied to the monotonic clock after the first look at `wall`."""

    def __init__(
        self,
        not_before: float = 0.0,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self.started_at = max(wall(), not_before)
        self._offset = self.started_at - monotonic()

    def now(self) -> float:
        return self._monotonic() + self._offset


class ClockFile:
    """The time up to which a run may have given out times; the next run starts after it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> float:
        """The last persisted time, or 0.0 when there is none that can be read."""
        try:
            until = float(os.pread(self._file, 64, 0))
        except ValueError:
            return 0.0
        return until if math.isfinite(until) else 0.0

    def write(self, until: float) -> None:
        # One short write of fixed length: a kill leaves the old or the new value, never a mix.
        os.pwrite(self._file, b"%20.6f\n" % until, 0)

    def close(self) -> None:
        os.close(self._file)

    async def keep(self, clock: Clock) -> None:
        """Persist the clock ahead of its use, until cancelled."""
        while True:
            self.write(clock.now() + RESERVE)
            await asyncio.sleep(RESERVE / 2)


JUMP = 3.0  # seconds: a larger disagreement between a track's step and its arrival is a new mapping
LATE = 1.0  # seconds: a source that stays this late was paused; it is mapped anew
WINDOW = 5.0  # seconds: the least delay seen in two such windows is taken for the true one
RESUMED = 1.0  # seconds: the window after a pause, so that a source is soon back in its place
AGREED = 0.1  # seconds by which two windows may differ when a delay is there to stay
SLEW = 0.001  # seconds per second: a change of speed that nobody hears
GAIN = 0.05  # per second: how fast an error is taken back, below SLEW
STEP = 1e-4  # seconds: the least step of a track, while its source has gone back in time


class SourceClock:
    """Places all tracks of one source on the broadcast clock by one mapping.

    So sound and picture keep their offset. The mapping is anchored to the arrival of the first
    packet, then follows the source's own spacing. Its clock's drift is taken back slowly (`SLEW`),
    judged by the least delay of recent packets, since networks only ever add delay. Wraps, backward
    steps, jumps and pauses of the source end here. A burst after a stall keeps its own times: it is
    late, and it catches up.

    `delay` seconds are added to every time (a slot's trim). `generation` counts the mappings.
    """

    def __init__(self, now: Callable[[], float], delay: float = 0.0) -> None:
        self.now = now
        self.delay = delay
        self.generation = 0
        self._offset = math.nan  # of broadcast time to the source's own, once there is a mapping
        self._arrival = 0.0  # of the last packet
        self._window = WINDOW
        self._window_start = 0.0
        self._least = self._previous_least = math.inf

    def track(self, rate: int, bits: int | None = None) -> "Track":
        """A track whose timestamps count `rate` per second and wrap at `bits` bits (None: not)."""
        return Track(self, rate, bits)

    @property
    def drift(self) -> float:
        """Seconds by which the source is late (or, if negative, early) on its mapping now."""
        least = min(self._least, self._previous_least)
        return 0.0 if not self.generation or least == math.inf else least - self._offset

    def _map(self, seconds: float, arrival: float) -> float:
        """Return the broadcast time of `seconds` of the source, having learned from `arrival`."""
        if not self.generation or self._early(seconds, arrival) > JUMP:
            self._anchor(seconds, arrival)
        elapsed = max(0.0, arrival - self._arrival)
        if elapsed > LATE:
            self._open_window(arrival, RESUMED)
            self._previous_least = math.inf
        self._arrival = arrival
        self._learn(arrival - seconds, arrival)
        most = SLEW * min(elapsed, LATE)
        self._offset += min(most, max(-most, self.drift * GAIN * elapsed))
        return seconds + self._offset

    def _learn(self, delay: float, arrival: float) -> None:
        self._least = min(self._least, delay)
        if arrival - self._window_start < self._window:
            return
        # A source that catches up has another delay in each window: it is left alone.
        agreed = abs(self._least - self._previous_least) < AGREED
        paused = min(self._least, self._previous_least) - self._offset
        if agreed and paused > LATE:
            self._offset += paused
            self.generation += 1
        stays_late = self._least - self._offset > LATE
        self._previous_least = self._least
        self._open_window(arrival, RESUMED if stays_late else WINDOW)

    def _open_window(self, arrival: float, length: float) -> None:
        self._least = math.inf
        self._window_start = arrival
        self._window = length

    def _anchor(self, seconds: float, arrival: float) -> None:
        self._offset = arrival - seconds
        self._arrival = arrival
        self._previous_least = math.inf
        self._open_window(arrival, WINDOW)
        self.generation += 1

    def _adopt(self, seconds: float, arrival: float) -> None:
        """A track jumped: keep the mapping if another track's jump made it fit, else anchor."""
        if abs(self._early(seconds, arrival)) > JUMP / 2:
            self._anchor(seconds, arrival)

    def _early(self, seconds: float, arrival: float) -> float:
        """By how much `seconds` of the source lie after their arrival; 0 without a mapping."""
        return seconds + self._offset - arrival if self.generation else 0.0


class Track:
    """One track's timestamps, unwrapped and placed on the broadcast clock.

    What it returns always increases, if only by `STEP` while a source that went back in time has
    not reached again where it was.
    """

    def __init__(self, source: SourceClock, rate: int, bits: int | None) -> None:
        self._source = source
        self._rate = rate
        self._period = 1 << bits if bits else 0
        self._raw: int | None = None
        self._unwrapped = 0
        self._shift = 0.0  # seconds: what sets this track apart from the source's others
        self._generation = 0  # of the mapping that it was last placed by
        self._arrival = 0.0
        self._last = -math.inf

    def stamp(self, timestamp: int) -> float:
        """Return the broadcast time of `timestamp`, in the track's own units; it arrives now."""
        source, arrival = self._source, self._source.now()
        if self._raw is None:
            self._unwrapped = self._nearest(timestamp, arrival)
        else:
            step = self._step(timestamp - self._raw)
            self._unwrapped += step
            if _jumped(step / self._rate, arrival - self._arrival):
                self._shift = 0.0
                source._adopt(self._unwrapped / self._rate, arrival)
        self._raw, self._arrival = timestamp, arrival
        seconds = self._unwrapped / self._rate
        if self._generation != source.generation:
            early = source._early(seconds + self._shift, arrival)
            if abs(early) > JUMP:  # it follows another track's jump, or has an origin of its own
                self._shift -= early
        time = source._map(seconds + self._shift, arrival) + source.delay
        self._generation = source.generation
        self._last = max(time, self._last + STEP)
        return self._last

    def _nearest(self, timestamp: int, arrival: float) -> int:
        """A track that comes later than others may have wrapped once more, or less, than they."""
        if not self._period:
            return timestamp
        early = self._source._early(timestamp / self._rate, arrival)
        return timestamp - round(early * self._rate / self._period) * self._period

    def _step(self, difference: int) -> int:
        """The shortest way round from one timestamp to the next."""
        if not self._period:
            return difference
        half = self._period >> 1
        return (difference + half) % self._period - half


def _jumped(step: float, elapsed: float) -> bool:
    return step < -0.1 or step > elapsed + JUMP
