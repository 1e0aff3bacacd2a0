"""Passes that were taken back before their time: a lost tablet, a link that went to the wrong list.

Their ids are lines of a file in the data folder, which whoever reads passes looks at again when it
has changed. So it works while the server runs, on every machine that shares the folder.
"""

import logging
import os
import re
import time
from pathlib import Path

from tv.passes import Pass, Passes

logger = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at the file
ID = re.compile(r"pass_[0-9a-f]{12}")


class Revoked:
    """The ids of the passes that are no good any more."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: frozenset[str] = frozenset()
        self._looked_at = -LOOK
        self._changed = 0  # when the file was, in nanoseconds; 0: there was none
        self._trouble = ""  # with reading it

    def __call__(self) -> frozenset[str]:
        now = time.monotonic()
        if now - self._looked_at >= LOOK:
            self._looked_at = now
            self._look()
        return self._ids

    def _look(self) -> None:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._changed:
                self._ids = frozenset(self._path.read_text(encoding="ascii").split())
                self._changed = changed
            self._trouble = ""
        except FileNotFoundError:
            self._ids, self._changed = frozenset(), 0
        except (OSError, ValueError) as error:  # what was known holds
            if (trouble := str(error)) != self._trouble:
                logger.error("passes that were taken back cannot be read: %s", trouble)
            self._trouble = trouble


def revoke(path: Path, passes: Passes, said: str) -> tuple[str, Pass | None]:
    """Take a pass back, given as its id, bare, or as a link; return its id, and what it said.

    Raises PassForged, PassExpired, OSError.
    """
    token = said.strip().rpartition("#pass=")[2]
    held = None if ID.fullmatch(token) else passes.read(token)
    name = held.id if held else token
    # One write at the end of the file: two of these at a time do not harm each other.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, f"{name}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    return name, held
