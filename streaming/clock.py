"""The broadcast clock: UTC seconds that never step back, and how studios are placed on it.

One process owns the `Clock` (media). It is anchored to wall time once, then runs on the monotonic
clock: setting the machine's time does not move it. What it has given out is persisted ahead of use,
so that after a crash it goes on later, never earlier: times of two runs do not overlap.
"""

import asyncio
import math
import os
import time
from bisect import bisect_left
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


JUMP = 3.0  # seconds: what is that early, or a track that far from the others, is placed anew
BACK = 0.1  # seconds: a larger step back of a track's time is a jump
FORTH = 0.5  # seconds: so is a larger step forward in no time
TOGETHER = 5.0  # seconds in which tracks jump, if they jump together
LATE = 1.0  # seconds: a source that stays this late was paused; it is mapped anew
WINDOW = 5.0  # seconds: the least delay seen in two such windows is taken for the true one
RESUMED = 1.0  # seconds: the window after a pause, so that a source is soon back in its place
AGREED = 0.1  # seconds by which two windows may differ when a delay is there to stay
SLEW = 0.001  # seconds per second: a change of speed that nobody hears
GAIN = 0.05  # per second: how fast an error is taken back, below SLEW
HASTE = 0.04  # seconds: a source that begins with a burst is no more early than this
STEP = 1e-3  # seconds: the least step of a track, while its source has gone back in time
LEAP = 1.45  # seconds: what a mapping moves ahead by more than this has no order with what was
REORDERED = 32  # frames: H.264 shows none later than 16 after those that it came before


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
        self._jumper: Track | None = None  # the last track that jumped
        self._jumped_at = self._jumped_by = 0.0

    def track(self, rate: int, bits: int | None = None) -> "Track":
        """A track whose timestamps count `rate` per second and wrap at `bits` bits (None: not)."""
        return Track(self, rate, bits)

    @property
    def drift(self) -> float:
        """Seconds by which the source is late (or, if negative, early) on its mapping now."""
        least = min(self._least, self._previous_least)
        return 0.0 if not self.generation or least == math.inf else least - self._offset

    def settle(self) -> bool:
        """Put a source that has just begun, with a burst, where its steady packets belong.

        `ffmpeg -re` and its like send their first half second at once: what comes then is early for
        as long as `SLEW` takes to find out. Return whether anything has moved; what was early comes
        to lie close together (`STEP`).
        """
        if self.drift > -HASTE:
            return False
        self._offset += self.drift
        return True

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

    def _jump(self, by: float, track: "Track", arrival: float) -> float:
        """A track jumped, about so far. Return how far: as far as another that did just before.

        So two that jump together stay together.
        """
        recent = self._jumper not in (None, track) and arrival - self._jumped_at < TOGETHER
        if recent and abs(by - self._jumped_by) < FORTH:
            return self._jumped_by
        self._jumper, self._jumped_at, self._jumped_by = track, arrival, by
        return by

    def _early(self, seconds: float, arrival: float) -> float:
        """By how much `seconds` of the source lie after their arrival; 0 without a mapping."""
        return seconds + self._offset - arrival if self.generation else 0.0


class Track:
    """One track's timestamps, unwrapped and placed on the broadcast clock.

    What it returns always increases, if only by `STEP` while a source that went back in time has
    not reached again where it was. Frames that are shown in another order than they come keep that
    order, whatever becomes of their times.
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
        self._last = -math.inf  # what was returned last
        self._reach = -math.inf  # the latest time that was ever returned
        # Where recent frames are shown, in ascending order: by the track's own seconds, as they
        # would be had it never jumped, and by the broadcast clock.
        self._own = 0.0
        self._pace = 0.04  # its last step; this for want of any
        self._shown: list[float] = []
        self._placed: list[float] = []

    def stamp(self, timestamp: int) -> float:
        """Return the broadcast time of `timestamp`, in the track's own units; it arrives now."""
        return self.place(timestamp)[0]

    def place(self, timestamp: int, delay: int = 0) -> tuple[float, float]:
        """Return when a frame is decoded, at `timestamp`, and when it is shown: `delay` later."""
        source, arrival = self._source, self._source.now()
        if self._raw is None:
            self._unwrapped = self._nearest(timestamp, arrival)
        else:
            difference = self._step(timestamp - self._raw)
            self._unwrapped += difference
            step, elapsed = difference / self._rate, arrival - self._arrival
            own = self._unwrapped / self._rate + self._shift
            if step < -BACK or (step > elapsed + FORTH and source._early(own, arrival) > FORTH):
                # It goes on as if nothing had happened: what it says of the time is not so.
                passed = self._pace if elapsed < FORTH else elapsed
                self._shift -= source._jump(step - passed, self, arrival)
            elif step > 0:
                self._pace = step
            self._own += self._pace
        self._raw, self._arrival = timestamp, arrival
        seconds = self._unwrapped / self._rate
        if self._generation != source.generation:
            early = source._early(seconds + self._shift, arrival)
            if abs(early) > JUMP:  # it follows another track's jump, or has an origin of its own
                self._shift -= early
        time = source._map(seconds + self._shift, arrival) + source.delay
        self._generation = source.generation
        if self._shown and time - self._own > self._placed[-1] - self._shown[-1] + LEAP:
            self._shown.clear()
            self._placed.clear()
        later = delay / self._rate
        shown = self._show(self._own + later, time + later)
        decoded = self._between(self._own, time) if delay else shown
        self._last = max(decoded, self._last + STEP / REORDERED)
        return self._last, max(shown, self._last)

    def _show(self, own: float, time: float) -> float:
        """Place a frame that the mapping shows at `time`, after or among those shown already."""
        at = bisect_left(self._shown, own)
        if at < len(self._shown):
            time = self._between(own, time)
        else:
            time = self._reach = max(time, self._reach + STEP)
        self._shown.insert(at, own)
        self._placed.insert(at, time)
        del self._shown[:-REORDERED], self._placed[:-REORDERED]
        return time

    def _between(self, own: float, time: float) -> float:
        """Where `own` lies among the frames placed; no later than `time` when before them all."""
        at = bisect_left(self._shown, own)
        if at == 0:
            return min(time, self._placed[0])
        before, after = self._shown[at - 1 : at + 1]
        share = (own - before) / (after - before)
        return self._placed[at - 1] + share * (self._placed[at] - self._placed[at - 1])

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
