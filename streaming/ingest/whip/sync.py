"""One time for a studio's sound and picture: their RTP timestamps, unwrapped and tied by NTP. Pure.

Each track starts where it arrives. Once both have told the NTP time that goes with a timestamp
(RTCP sender reports, RFC 3550, 6.4.1), the picture is brought to where it belongs beside the sound,
a little with each frame, so that no frame is seen to jump; the sound is left alone.
"""

from streaming.ingest.whip.reorder import Unwrapper

BACK, AHEAD = 1.0, 3.0  # seconds against arrival; a larger step is a new beginning
TRUSTED = 2.0  # seconds; reports that would move the picture further are mistaken
PACE = 0.1  # seconds per second


class Line:
    """One track's timestamps, `rate` per second, as seconds; `leader` is the track it goes by."""

    def __init__(self, rate: int, leader: "Line | None" = None) -> None:
        self.origin: float | None = None  # NTP time of timestamp 0
        self.offset: float | None = None  # of `place` to the track's own seconds
        self._rate = rate
        self._leader = leader
        self._unwrapper = Unwrapper(32)
        self._reported: tuple[float, int] | None = None  # before there was a packet
        self._seconds = self._arrival = 0.0  # of the last packet

    def place(self, timestamp: int, now: float) -> float:
        """The time of a timestamp that arrived at `now`, which goes on evenly."""
        seconds = self._unwrapper.unwrap(timestamp) / self._rate
        step, self._seconds = seconds - self._seconds, seconds
        elapsed, self._arrival = now - self._arrival, now
        if self.offset is None or not -BACK <= step <= elapsed + AHEAD:
            self.offset, self.origin = now - seconds, None
            if self._reported is not None:
                self.report(*self._reported)
        elif self._leader is not None:
            self._approach(self._leader, max(0.0, step) * PACE)
        return seconds + self.offset

    def report(self, ntp: float, timestamp: int) -> None:
        """Note that `timestamp` is of the NTP time `ntp`, in seconds."""
        if self.offset is None:
            self._reported = ntp, timestamp
            return
        self._reported = None
        self.origin = ntp - self._unwrapper.near(timestamp) / self._rate

    def _approach(self, leader: "Line", most: float) -> None:
        if self.origin is None or leader.origin is None or leader.offset is None:
            return
        assert self.offset is not None
        error = leader.offset + self.origin - leader.origin - self.offset
        if abs(error) <= TRUSTED:
            self.offset += min(most, max(-most, error))
