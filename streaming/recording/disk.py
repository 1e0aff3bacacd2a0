"""One channel's recording on a disk that may be full, slow or dead: for a thread of its own.

The order is what makes it safe: a segment's bytes, its name, and then its line, each on the disk
before the next is written. A kill or a power cut leaves files without a line, or a torn line at the
end of an index, which is cut off before the next one.
"""

import logging
import os
import shutil
from contextlib import suppress
from io import FileIO
from pathlib import Path

from streaming.disk import DiskFull, sync_folder, write_all
from streaming.hls.window import InitAdded, Segment
from streaming.recording.index import (
    INDEX,
    Day,
    Line,
    Recorded,
    RecordedInit,
    day_of,
    days_in,
    write_line,
)

logger = logging.getLogger(__name__)

MARGIN = 0.05  # of the room that stays free: it must be there again before recording goes on


class Disk:
    """Where a channel is recorded; nobody else writes segments or an index there."""

    def __init__(self, folder: Path, free: int) -> None:
        self._folder = folder
        self._free = free  # bytes
        self.room = 0  # bytes that could be written still, when it was last looked at
        self._full = False
        self._day: Day | None = None
        self._index: FileIO | None = None  # of that day

    def check(self) -> None:
        """Look how much room there is. Raises DiskFull, or OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(self._folder).free
        self.room = max(0, free - self._free)
        self._full = free < self._free * (1 + MARGIN * self._full)
        if self._full:
            raise DiskFull(f"less than {self._free / 1e9:.2f} GB are free")

    def write(self, segment: Segment, init: InitAdded) -> int:
        """Record a closed segment; return its size. It is on the disk when this returns.

        One that is there already, or is older than what is there, is left out: 0. Raises DiskFull,
        or OSError; the same may be written again then.
        """
        self.check()
        opened, data = segment.opened, b"".join(part.data for part in segment.parts)
        line = Recorded(
            opened.msn,
            opened.name,
            opened.start,
            segment.length,
            opened.init,
            opened.discontinuity,
            len(data),
            segment.parts[0].independent,
        )
        try:
            day = self._open(day_of(line.start))
            if day.segments and line.start <= day.segments[-1].start:
                return 0
            if init.name not in day.inits:
                about = (init.codecs, init.width, init.height, init.origin)
                self._add(
                    f"{init.name}.mp4",
                    init.data,
                    RecordedInit(init.name, len(init.data), *about),
                )
            self._add(f"{line.name}.m4s", data, line)
            day.refresh()
            if line.name not in day.by_name:
                raise OSError(f"{day.folder}: somebody else changes it")
        except OSError:
            self.close()  # to be opened again, and rid of what is half written
            raise
        return len(data)

    def expire(self, before: str) -> None:
        """Delete the days before that one. Raises OSError."""
        for name in days_in(self._folder):
            if name < before:
                logger.info("recording: %s of %s is deleted", name, self._folder.name)
                # First what readers go by, then what it names.
                (self._folder / name / INDEX).unlink(missing_ok=True)
                shutil.rmtree(self._folder / name)

    def close(self) -> None:
        """Leave it as it is."""
        if self._index is not None:
            self._index.close()
        self._day = self._index = None

    def _open(self, name: str) -> Day:
        if self._day is not None and self._day.folder.name == name:
            return self._day
        self.close()
        day = Day(self._folder / name)
        if not day.folder.exists():
            day.folder.mkdir(mode=0o700)
            for parent in list(day.folder.parents)[:3]:  # they may all be new
                sync_folder(parent)
        self._index = (day.folder / INDEX).open("ab", buffering=0)
        day.refresh()
        os.ftruncate(self._index.fileno(), day.read)
        self._day = day
        return day

    def _add(self, name: str, data: bytes, line: Line) -> None:
        """Write a file, then the line that names it."""
        assert self._day is not None
        assert self._index is not None
        path = self._day.folder / name
        try:
            with path.open("wb", buffering=0) as file:
                write_all(file, data)
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                path.unlink()  # a full disk has better use for it
            raise
        sync_folder(self._day.folder)
        write_all(self._index, write_line(line))
        os.fsync(self._index.fileno())
