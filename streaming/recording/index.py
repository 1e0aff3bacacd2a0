"""What is recorded of a channel: the format of its folders, and who reads them.

`{channel}/{day}/`, the day (UTC) on which its segments begin, holds segments `{name}.m4s`, their
initialisation sections `{init}.mp4`, and `index.jsonl`: a line for each of them, in order, written
when its file was already on the disk. What stands in a line is therefore there, whatever happened
to who wrote it; the files may have been harmed since, which readers bear: such a segment is a gap.
"""

import logging
import os
import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import msgspec

logger = logging.getLogger(__name__)

INDEX = "index.jsonl"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
LONGEST = 10.0  # seconds: no segment of ours is half as long
FOREVER = 1e11  # seconds: later than any broadcast
CHUNK = 4 * 1024 * 1024  # bytes read at a time
DAYS = 8  # in memory: one is 10 MB when the channel was on air for all of it

_NAME = re.compile(r"\d{1,15}-\d{1,15}")
_INIT = re.compile(r"[0-9a-z]{1,64}")


class RecordedInit(msgspec.Struct, frozen=True, tag="init"):
    """An initialisation section: `InitAdded`, without its bytes."""

    name: str
    size: int  # bytes
    codecs: str
    width: int
    height: int
    origin: float  # the broadcast time that is 0 in the media


class Recorded(msgspec.Struct, frozen=True, tag="segment"):
    """A segment that can be played: its first picture is shown at `start` on the broadcast clock.

    `msn`, `name`, `init` and `discontinuity` are those it had when it was live.
    """

    msn: int
    name: str
    start: float
    duration: float
    init: str
    discontinuity: int
    size: int  # bytes
    independent: bool = True  # whether it begins with a keyframe

    @property
    def end(self) -> float:
        return self.start + self.duration


Line = RecordedInit | Recorded

_decoder = msgspec.json.Decoder(Line)


def write_line(line: Line) -> bytes:
    return msgspec.json.encode(line) + b"\n"


def read_line(data: bytes) -> Line | None:
    """None for what is no line of ours: names become files' names, so they are checked."""
    try:
        line = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if isinstance(line, RecordedInit):
        return line if _INIT.fullmatch(line.name) else None
    sound = _NAME.fullmatch(line.name) and _INIT.fullmatch(line.init) and line.msn >= 0
    return line if sound and 0 < line.duration <= LONGEST and 0 <= line.start < FOREVER else None


def day_of(time: float) -> str:
    """The folder of a segment that starts at `time`."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def days_in(folder: Path) -> list[str]:
    """The days of which anything is recorded, oldest first; none when the folder is not there."""
    try:
        return sorted(entry.name for entry in os.scandir(folder) if DAY.fullmatch(entry.name))
    except OSError:
        return []


class Index:
    """What one channel's folder holds. Reading it touches the disk: for threads, any number.

    A day is read when it is asked about, then followed by `refresh`; the `DAYS` last asked about
    are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.version = 0  # grows when there is more, or less, to be read
        self._days: dict[str, Day] = {}  # the last asked about goes last
        self._lock = Lock()

    def refresh(self) -> None:
        """Read what was written since. Days that are gone from the disk are forgotten."""
        with self._lock:
            there = days_in(self._folder)
            for name in self._days.keys() - there:
                del self._days[name]
                self.version += 1
            for name in there[-2:]:  # around midnight, two may grow
                self._day(name)
            for day in self._days.values():
                self._read(day)

    def between(self, start: float, end: float) -> list[Recorded]:
        """The segments of which anything is shown from `start` up to `end`, oldest first."""
        with self._lock:
            return list(self._between(start, end))

    def find(self, name: str, start: float, end: float) -> Recorded | None:
        """The segment of this name among those `between` the same times."""
        with self._lock:
            for day in self._asked(start, end):
                found = day.by_name.get(name)
                if found is not None and found.start < end and found.end > start:
                    return found
        return None

    def init(self, name: str, start: float, end: float) -> RecordedInit | None:
        """The initialisation section of this name, among those of the same times' days."""
        with self._lock:
            for day in self._asked(start, end):
                if (found := day.inits.get(name)) is not None:
                    return found
        return None

    def last(self) -> Recorded | None:
        """The newest segment."""
        with self._lock:
            for name in reversed(days_in(self._folder)):
                if segments := self._day(name).segments:
                    return segments[-1]
        return None

    def path_of(self, recorded: Recorded) -> Path:
        return self._folder / day_of(recorded.start) / f"{recorded.name}.m4s"

    def path_of_init(self, name: str, start: float, end: float) -> Path | None:
        """Where it lies: each day that uses it has its own copy."""
        with self._lock:
            for day in self._asked(start, end):
                if name in day.inits:
                    return day.folder / f"{name}.mp4"
        return None

    def _between(self, start: float, end: float) -> Iterator[Recorded]:
        for day in self._asked(start, end):
            first = bisect_left(day.segments, start - LONGEST, key=_start)
            for index in range(first, len(day.segments)):
                segment = day.segments[index]
                if segment.start >= end:
                    return
                if segment.end > start:
                    yield segment

    def _asked(self, start: float, end: float) -> Iterator["Day"]:
        first, last = day_of(max(0.0, start - LONGEST)), day_of(max(0.0, min(end, FOREVER)))
        for name in days_in(self._folder):
            if first <= name <= last:
                yield self._day(name)

    def _day(self, name: str) -> "Day":
        if (day := self._days.pop(name, None)) is None:
            day = Day(self._folder / name)
            self._read(day)
        self._days[name] = day
        while len(self._days) > DAYS:
            del self._days[next(iter(self._days))]
        return day

    def _read(self, day: "Day") -> None:
        try:
            self.version += day.refresh()
        except OSError as error:
            logger.warning("%s: %s", day.folder, error)


class Day:
    """One day's folder: what its index says and its files bear out. For one thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments: list[Recorded] = []  # in order of time
        self.by_name: dict[str, Recorded] = {}
        self.inits: dict[str, RecordedInit] = {}
        self.read = 0  # bytes of whole lines of the index
        self._file = (0, 0)  # which file that is

    def refresh(self) -> bool:
        """Read what was appended; say whether there was anything. A torn last line waits.

        Raises OSError; an index that is not there is empty.
        """
        before, refused = self.read, 0
        try:
            with (self.folder / INDEX).open("rb") as file:
                stat = os.fstat(file.fileno())
                if (stat.st_dev, stat.st_ino) != self._file or stat.st_size < self.read:
                    self._forget()  # not the file that was read: another was put in its place
                    self._file = (stat.st_dev, stat.st_ino)
                file.seek(self.read)
                while data := file.read(CHUNK):
                    whole = data.rfind(b"\n") + 1 or (len(data) if len(data) == CHUNK else 0)
                    if not whole:
                        break
                    refused += sum(
                        not self._take(read_line(each)) for each in data[:whole].split(b"\n")[:-1]
                    )
                    self.read += whole
                    file.seek(self.read)
        except FileNotFoundError:
            self._forget()
        if refused:
            logger.warning("%s: %d lines that nothing bears out", self.folder, refused)
        return self.read != before

    def _take(self, line: Line | None) -> bool:
        """Take a line; False when it is none, comes again, goes back in time, or lost its file."""
        match line:
            case RecordedInit(name, size):
                if not self._is_there(f"{name}.mp4", size):
                    return False
                self.inits[name] = line
                return True
            case Recorded(_, name, start, _, init, _, size):
                in_order = not self.segments or self.segments[-1].start < start
                if (
                    not in_order
                    or name in self.by_name
                    or init not in self.inits
                    or day_of(start) != self.folder.name
                    or not self._is_there(f"{name}.m4s", size)
                ):
                    return False
                self.segments.append(line)
                self.by_name[name] = line
                return True
        return False

    def _is_there(self, name: str, size: int) -> bool:
        try:
            return (self.folder / name).stat().st_size == size
        except OSError:
            return False

    def _forget(self) -> None:
        self.segments, self.by_name, self.inits, self.read = [], {}, {}, 0


def _start(recorded: Recorded) -> float:
    return recorded.start
