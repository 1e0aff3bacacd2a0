"""Files of runs on a disk that may be full or slow: for a thread of its own."""

import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path

from streaming.disk import DiskFull, sync_folder, write_all
from streaming.keep.runs import Due, Run


class Disk:
    """Writes runs into a folder, each into a file named by the time at which it begins.

    What `write` has returned from is on the disk: a power cut takes nothing of it.
    """

    def __init__(self, folder: Path, free: int) -> None:
        self._folder = folder
        self._free = free  # bytes
        self._files: dict[Run, FileIO] = {}

    def check(self) -> None:
        """Raises DiskFull, or OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._folder).free < self._free:
            raise DiskFull(f"less than {self._free / 1e9:.1f} GB are free")

    def write(self, due: list[Due]) -> None:
        """Write all of it. Raises OSError, and DiskFull: before a file is begun, or at the end."""
        for run, data, over, last in due:
            file = self._files.get(run)
            if file is None:
                self.check()
                file = self._files[run] = self._create(run.start)
                sync_folder(self._folder)
            whole = file.tell()
            try:
                write_all(file, data)
                for place, patch in over:
                    os.pwrite(file.fileno(), patch, place)
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(whole)  # half a cluster is none
                raise
            if last:
                del self._files[run]
                file.close()
        if due:
            self.check()

    def abandon(self) -> None:
        """Leave the files as they are: they play up to there."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _create(self, start: float) -> FileIO:
        name = datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        for number in range(1, 1000):
            path = self._folder / f"{name}{f'-{number}' if number > 1 else ''}.mkv"
            try:
                return path.open("xb", buffering=0)
            except FileExistsError:
                continue  # two runs in one second
        raise FileExistsError(f"{name}: a thousand times")
