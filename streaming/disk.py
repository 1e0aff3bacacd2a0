"""What it takes to have something on a disk for good."""

import os
from io import FileIO
from pathlib import Path

from streaming.errors import StreamingError


class DiskFull(StreamingError):
    """The room that is to stay free would be taken."""


def sync_folder(folder: Path) -> None:
    """Put a new file's name on the disk: syncing the file does not promise that."""
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def write_all(file: FileIO, data: bytes) -> None:
    """Write `data`, however little the disk takes at a time. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) or 0 :]
