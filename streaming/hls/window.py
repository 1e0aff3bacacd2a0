"""A channel's live window: a fold of what the packager announces.

It is the same in the media process and in each web process.
"""

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from streaming.hls.bandwidth import expected, measured

logger = logging.getLogger(__name__)

LONGEST = 3.45  # seconds: no EXTINF may round above the target duration of 3
SHORTEST = 0.001  # seconds that EXTINF says of a segment that was begun, and no more
LISTED = 33.0  # seconds that playlists reach back, and a segment at most
# Seconds that a segment can still be fetched after it left the playlists: its own length, and that
# of the longest playlist it was in (6.2.2).
KEPT = LISTED + 2 * LONGEST
MOST = 60  # segments listed, however short they are
LOST = 5.0  # seconds between two segments that may pass for a restart of media
JUMPS = 8  # discontinuities between two segments; more is another stream


class WindowChange(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Root of what happens to a live window, in order."""


class InitAdded(WindowChange, frozen=True):
    """An initialisation section (`EXT-X-MAP`); `name` is a digest of it, hence immutable.

    `origin` is the broadcast time that is 0 in the media, `part_target` the longest a part may be.
    """

    name: str
    data: bytes
    codecs: str  # RFC 6381, of picture and sound
    width: int
    height: int
    origin: float
    part_target: float


class SegmentOpened(WindowChange, frozen=True):
    """A segment begins: its first picture is shown at `start` on the broadcast clock.

    `discontinuity` counts all discontinuities up to its beginning.
    """

    msn: int
    name: str  # immutable: "{epoch}-{msn}"
    start: float
    init: str
    discontinuity: int


class PartAdded(WindowChange, frozen=True):
    """The next part of the open segment."""

    msn: int
    index: int
    duration: float
    independent: bool
    data: bytes


class SegmentClosed(WindowChange, frozen=True):
    """The open segment is complete: it is the concatenation of its parts."""

    msn: int
    duration: float


class Stopped(WindowChange, frozen=True):
    """Nothing more comes of this rendition; should it return, that is another window."""


WindowEvent = InitAdded | SegmentOpened | PartAdded | SegmentClosed | Stopped


@dataclass(slots=True)
class Segment:
    """A segment as the window knows it so far; the last one may be open (`duration` is None)."""

    opened: SegmentOpened
    parts: list[PartAdded] = field(default_factory=list)
    duration: float | None = None

    @property
    def length(self) -> float:
        """Seconds of media that are there."""
        if self.duration is not None:
            return self.duration
        return sum(part.duration for part in self.parts)

    @property
    def end(self) -> float:
        """The broadcast time up to which it is there."""
        return self.opened.start + self.length

    @property
    def gap(self) -> bool:
        """Whether it was closed without any media: media died just after it had begun."""
        return self.duration is not None and not self.parts

    @property
    def size(self) -> int:
        return sum(len(part.data) for part in self.parts)


class Window:
    """A channel's last minute, of which playlists show the half: no hole in its numbers.

    No two states of any windows have the same `version`. `bandwidth` is (peak, mean) in bits per
    second, as players should expect it.
    """

    _versions = itertools.count(1)

    def __init__(self) -> None:
        self.segments: deque[Segment] = deque()
        self.inits: dict[str, InitAdded] = {}
        self.version = 0
        self.over = False  # nothing more comes
        self.bandwidth = (0.0, 0.0)
        self._wakers: set[asyncio.Future[None]] = set()
        self._first_listed = 0  # msn

    def apply(self, event: WindowEvent) -> None:
        """Fold one event. What is known already may be told again: it changes nothing."""
        match event:
            case InitAdded():
                # The newest goes last, although its name may be known.
                self.inits.pop(event.name, None)
                self.inits[event.name] = event
                return
            case SegmentOpened():
                changed = self._open(event)
            case PartAdded():
                segment = self.find(event.msn)
                changed = (
                    segment is not None
                    and segment.duration is None
                    and event.index == len(segment.parts)
                )
                if segment is not None and changed:
                    segment.parts.append(event)
            case SegmentClosed():
                segment = self.find(event.msn)
                changed = segment is not None and segment.duration is None
                if segment is not None and changed:
                    segment.duration = event.duration
                    self._measure(event.duration)
            case Stopped():
                self.over = True
                self._wake()
                return
        if changed:
            self._trim()
            self.version = next(self._versions)
            self._wake()

    def snapshot(self) -> Iterator[WindowEvent]:
        """The events that make a newcomer's window equal to this one."""
        init = ""
        for segment in self.segments:
            if segment.opened.init != init:
                init = segment.opened.init
                yield self.inits[init]
            yield segment.opened
            yield from segment.parts
            if segment.duration is not None:
                yield SegmentClosed(segment.opened.msn, segment.duration)

    def find(self, msn: int) -> Segment | None:
        """The segment of this number, also a little after it left the playlists."""
        if not self.segments:
            return None
        index = msn - self.segments[0].opened.msn
        return self.segments[index] if 0 <= index < len(self.segments) else None

    def listed(self) -> list[Segment]:
        """What playlists show, oldest first."""
        skipped = self._first_listed - self.segments[0].opened.msn if self.segments else 0
        return list(itertools.islice(self.segments, max(0, skipped), None))

    @property
    def last(self) -> Segment | None:
        return self.segments[-1] if self.segments else None

    @property
    def init(self) -> InitAdded | None:
        """The initialisation section in use now."""
        return self.inits.get(self.segments[-1].opened.init) if self.segments else None

    async def changed(self) -> None:
        """Wait for the next change of `version`."""
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wakers.add(waker)
        try:
            await waker
        finally:
            self._wakers.discard(waker)  # who gave up must not pile up while media is away

    def _open(self, event: SegmentOpened) -> bool:
        last = self.last
        if last is None:
            self.segments.append(Segment(event))
            return True
        known = self.find(event.msn)
        if known is not None and known.opened.name == event.name:
            return False
        jumps = event.discontinuity - last.opened.discontinuity
        if event.msn != last.opened.msn + 1 or not 0 <= jumps <= JUMPS or not self._end(event):
            logger.info("live window: starts anew at segment %d", event.msn)
            self.segments.clear()
        self.segments.append(Segment(event))
        return True

    def _end(self, following: SegmentOpened) -> bool:
        """Close the last segment if media did not. Say whether `following` continues it."""
        last = self.segments[-1]
        if last.duration is not None:
            return True
        # Media was restarted. What it lost stays on the timeline: dead air that is not there would
        # be taken off every player's latency, for good.
        whole = following.start - last.opened.start
        if -SHORTEST <= whole <= last.length + LOST:
            # Killed right after a segment's beginning, it goes on from there with the next one.
            last.duration = min(max(whole, last.length, SHORTEST), LONGEST)
        elif last.parts:
            last.duration = last.length
        elif whole > 0:
            last.duration = LONGEST  # a gap; what follows is dated, after a discontinuity
        return last.duration is not None

    def _measure(self, seconds: float) -> None:
        whole = [(each.size, each.length) for each in self.listed() if each.duration and each.parts]
        self.bandwidth = expected(self.bandwidth, measured(whole), seconds)

    def _trim(self) -> None:
        """Let go of what is too old, in playlists first, and of inits that nothing names."""
        reach = 0.0
        kept = 0
        self._first_listed = self.segments[-1].opened.msn
        for segment in reversed(self.segments):
            if reach < LISTED and kept < MOST:
                self._first_listed = segment.opened.msn
            if reach >= LISTED + KEPT or kept > 2 * MOST + 1:
                break
            reach += segment.length
            kept += 1
        while len(self.segments) > kept:
            self.segments.popleft()
        named = {segment.opened.init for segment in self.segments}
        newest = next(reversed(self.inits), None)
        for name in [name for name in self.inits if name not in named and name != newest]:
            del self.inits[name]

    def _wake(self) -> None:
        wakers, self._wakers = self._wakers, set()
        for waker in wakers:
            if not waker.done():
                waker.set_result(None)
