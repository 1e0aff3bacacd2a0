"""What of recorded segments goes into a film, frame by frame, and which moment is shown when.

Nothing outside the marks is taken: the picture begins with a keyframe and ends before the first
frame, in decoding order, that is shown after the end. Holes of the recording are closed up.
"""

import logging
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from streaming.archive.boxes import Unreadable
from streaming.archive.fragments import PICTURE, SOUND, Frame, Init, Run, read_runs

logger = logging.getLogger(__name__)

# Seconds between a picture's due time and the next one's that are no hole: it stands meanwhile. A
# little less than none comes of changes between studios with and without B-frames.
LEAST_GAP, MOST_GAP = -0.2, 0.5
ASTRAY = 10.0  # seconds that the first frames may be from where the index has a segment
ROUNDED = 2  # ticks of sound that are no hole


@dataclass(frozen=True, slots=True)
class Piece:
    """A recorded segment, shown from `start` on; time 0 of its media is `origin`."""

    path: Path
    init: Init
    origin: float
    start: float


@dataclass(slots=True)
class Span:
    """Seconds of the broadcast without a hole, which the film shows from `at` on."""

    start: float
    end: float
    at: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """Frames of one track and one coding, one after the other in a file."""

    track: int
    path: Path
    offset: int
    size: int
    count: int
    entry: int  # the number of their sample entry, from 0
    key: bool  # whether it begins with a keyframe


@dataclass(slots=True)
class Table:
    """The frames of one track. Times are ticks of the film; decoding may begin before 0."""

    rate: int = 1
    entries: list[bytes] = field(default_factory=list)
    sizes: "array[int]" = field(default_factory=lambda: array("I"))
    decoded: "array[int]" = field(default_factory=lambda: array("q"))
    shown: "array[int]" = field(default_factory=lambda: array("q"))
    keys: "array[int]" = field(default_factory=lambda: array("I"))
    until: int = 0  # when the last frame is over

    def entry(self, entry: bytes) -> int:
        if entry not in self.entries:
            self.entries.append(entry)
        return self.entries.index(entry)

    def add(self, size: int, decoded: int, shown: int, until: int, *, key: bool) -> None:
        if self.decoded and decoded <= self.decoded[-1]:
            decoded = self.decoded[-1] + 1  # decoders take one after the other
        if key:
            self.keys.append(len(self.sizes))
        self.sizes.append(size)
        self.decoded.append(decoded)
        self.shown.append(shown)
        self.until = max(self.until, until)


class Reel:
    """Takes segments in their order, between two broadcast times.

    With a `floor` before `start`, the film begins with the last keyframe before `start` that is not
    before `floor`.
    """

    def __init__(self, start: float, end: float, floor: float | None = None) -> None:
        self._start, self._end = start, end
        self._floor = start if floor is None else min(floor, start)
        self.broken = 0  # segments that could not be read
        self._clear()

    def _clear(self) -> None:
        self.picture, self.sound = Table(), Table()
        self.chunks: list[Chunk] = []
        self.spans: list[Span] = []
        self._open = False  # between a keyframe and the next hole
        self._over = False
        self._next: float | None = None  # when the next picture is due to be decoded

    @property
    def duration(self) -> float:
        """Seconds of film."""
        return self.spans[-1].at + self.spans[-1].end - self.spans[-1].start if self.spans else 0.0

    def add(self, piece: Piece) -> None:
        """Take the next segment. One that cannot be read is a hole. Touches the disk."""
        try:
            with piece.path.open("rb") as file:
                runs = list(read_runs(file))
            _check(piece, runs)
        except (OSError, Unreadable) as error:
            self.broken += 1
            logger.warning("archive: %s cannot be read: %s", piece.path.name, error)
            return
        for run in runs:
            if run.track == PICTURE:
                self._pictures(piece, run)
            elif run.track == SOUND:
                self._sounds(piece, run)

    def place(self, time: float) -> float:
        """When the film shows a moment; a moment that it does not have, at the next that it has."""
        index = bisect_right(self.spans, time, key=lambda span: span.start) - 1
        if index < 0:
            return 0.0
        span = self.spans[index]
        return span.at + min(time, span.end) - span.start

    def _pictures(self, piece: Piece, run: Run) -> None:
        init, rate = piece.init, piece.init.picture_rate
        for frame in run.frames:
            if self._over:
                break
            due = piece.origin + frame.time / rate
            shown = due + (frame.composition - init.delay) / rate
            if self._next is not None and not LEAST_GAP <= due - self._next <= MOST_GAP:
                self._open = False
            if frame.key and self._floor <= shown <= self._start and self.spans:
                self._clear()  # a later beginning, which is not too late
            self._next = due + frame.duration / rate
            if not self._open and not (frame.key and shown >= self._floor):
                continue
            if shown >= self._end:
                self._over = True
                break
            if not self._open:
                self.spans.append(Span(shown, shown, self.duration))
                self._open = True
                self.picture.rate = rate
            self._take_picture(piece, frame, due, shown)

    def _take_picture(self, piece: Piece, frame: Frame, due: float, shown: float) -> None:
        span, table, rate = self.spans[-1], self.picture, piece.init.picture_rate
        until = min(shown + frame.duration / rate, self._end)
        span.end = max(span.end, until)

        def ticks(time: float) -> int:
            return round((time - span.start + span.at) * rate)

        table.add(frame.size, ticks(due), ticks(shown), ticks(until), key=frame.key)
        self._put(PICTURE, piece, frame, table.entry(piece.init.picture), key=frame.key)

    def _sounds(self, piece: Piece, run: Run) -> None:
        rate, table = piece.init.sound_rate, self.sound
        for frame in run.frames:
            heard = piece.origin + frame.time / rate
            over = heard + frame.duration / rate
            if not self.spans or over > self._end:
                continue
            if not self._open and heard > self.spans[-1].end:
                continue
            at = round((heard - self.spans[-1].start + self.spans[-1].at) * rate)
            if table.sizes and abs(at - table.until) <= ROUNDED:
                at = table.until
            if at < table.until:
                continue  # before the picture, or where a hole was closed up and two meet
            table.rate = rate
            table.add(frame.size, at, at, at + frame.duration, key=True)
            self._put(SOUND, piece, frame, table.entry(piece.init.sound), key=False)

    def _put(self, track: int, piece: Piece, frame: Frame, entry: int, *, key: bool) -> None:
        last = self.chunks[-1] if self.chunks else None
        if (
            last is not None
            and not key
            and (last.track, last.path, last.entry) == (track, piece.path, entry)
            and last.offset + last.size == frame.offset
        ):
            self.chunks[-1] = Chunk(
                track, piece.path, last.offset, last.size + frame.size, last.count + 1, entry,
                last.key,
            )  # fmt: skip
        else:
            self.chunks.append(Chunk(track, piece.path, frame.offset, frame.size, 1, entry, key))


def _check(piece: Piece, runs: list[Run]) -> None:
    """Raises Unreadable when a track begins at another time than the index says."""
    rates = {PICTURE: piece.init.picture_rate, SOUND: piece.init.sound_rate}
    for run in runs[:2]:
        late = piece.origin + run.frames[0].time / rates[run.track] - piece.start
        if abs(late) > ASTRAY:
            raise Unreadable("its times are not those of the index")


def reel_of(pieces: Iterable[Piece], start: float, end: float, floor: float | None = None) -> Reel:
    """A reel of all that. Raises Unreadable when there is no picture in it."""
    reel = Reel(start, end, floor)
    for piece in pieces:
        reel.add(piece)
    if not reel.spans:
        raise Unreadable("no picture between the marks")
    return reel
