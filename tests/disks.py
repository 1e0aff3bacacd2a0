"""Small disks for tests and benchmarks: one may fill them up. They take root, and a kernel that
lets it mount one."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PIECE = 65_536  # bytes written at a time


class NoDisk(Exception):
    """No disk can be mounted on this machine; the message says why."""


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of `size`, as mount has it ("64m"), in a new folder. Raises NoDisk."""
    if os.geteuid() != 0:
        raise NoDisk("only root may mount a disk")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True)
    if made.returncode:
        raise NoDisk(made.stderr.decode().strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Take all room but `leave` bytes; return the file that does, to be deleted."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - PIECE)
        file.seek(0, os.SEEK_END)
        with suppress(OSError):
            while True:
                file.write(bytes(PIECE))
        file.truncate(max(0, filler.stat().st_size - leave))
    return filler
