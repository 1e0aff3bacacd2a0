"""The broadcast clock, read from the file in which media persists it, for who needs no link."""

import time
from pathlib import Path

from streaming.clock import RESERVE

FRESH = 2.0  # seconds: what was written longer ago is of a media process that is not there
LOOK = 1.0  # seconds between two looks at the file


class BroadcastTime:
    """Wall time until media has said another. It follows the file to within its age at best: the
    least age of many looks counts, so that it is soon right to some milliseconds."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = time.time() - time.monotonic()
        self._told = float("-inf")  # the best that the file has said of the offset
        self._look_at = 0.0

    def now(self) -> float:
        monotonic = time.monotonic()
        if monotonic >= self._look_at:
            self._look_at = monotonic + LOOK
            self._look(monotonic)
        return monotonic + self._offset

    def _look(self, monotonic: float) -> None:
        try:
            if time.time() - self._file.stat().st_mtime > FRESH:
                return
            until = float(self._file.read_text())
        except (OSError, ValueError):
            return
        self._told = max(self._told, until - RESERVE - monotonic)
        self._offset = self._told
