"""`fabrique-tv backup`: one file with all that cannot be made again; `tv/restoring.py` reads it.

A tar: `journal.msgpack` first, then the data folder's own files. So whatever the journal speaks of
is among the files, even while the server writes; what they have besides is harmless. Films, small
pictures and the store's own files are made anew. The installation's secret is in it: the file is
its owner's alone.
"""

import os
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from streaming.recording.index import INDEX
from tv import commanding, reasons
from tv.commanding import Desk
from tv.folder import Folder
from tv.settings import Settings

FORMAT = 1
JOURNAL = "journal.msgpack"
PAGE = 500  # events read or written at a time
# Of the data folder; what ends with "/" is a folder with all that is in it.
KEPT = (
    *("secret", "revoked", "renewed", "clock", "erased.jsonl", "restreams.json"),
    *("channels/", "wall/"),
)
RECORDED = ("recording/", "keep/")


class BackupError(Exception):
    """What cannot be saved or brought back; the message says why, in French."""


class Head(msgspec.Struct, frozen=True):
    """How a journal begins in a backup. `erased` is by digest: see `tv/compaction.py`."""

    format: int
    event: str
    made_at: float
    compacted: str
    erased: dict[str, str]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One event, as the store has it."""

    position: str
    fields: dict[bytes, bytes]


async def backup(
    folder: Folder,
    settings: Settings,
    file: Path,
    *,
    recordings: bool = True,
    now: Callable[[], float] = time.time,
) -> int:
    """Write `file`; return its size in bytes. Raises BackupError, and what `opened` raises."""
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        with tempfile.TemporaryFile(dir=unfinished.parent) as spool:
            async with commanding.opened(folder, settings) as desk:
                await _save_journal(desk, settings, spool, now())
            unfinished.unlink(missing_ok=True)  # of one that was killed
            _write_all(unfinished, spool, folder.path, KEPT + (RECORDED if recordings else ()))
        unfinished.replace(file)
        return _size(file)
    except OSError as error:
        raise BackupError(
            f"Sauvegarde impossible dans «\u00a0{file}\u00a0» ({reasons.of_system(error)})."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _write_all(file: Path, journal: BinaryIO, root: Path, kept: tuple[str, ...]) -> None:
    with open(file, "xb", opener=_for_its_owner) as whole:
        with tarfile.open(fileobj=whole, mode="w", dereference=True) as tar:
            member = tarfile.TarInfo(JOURNAL)
            member.size, member.mtime, member.mode = journal.tell(), int(time.time()), 0o600
            journal.seek(0)
            tar.addfile(member, journal)
            for path in _files(root, kept):
                _add(tar, path, root)
        whole.flush()
        os.fsync(whole.fileno())


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _size(file: Path) -> int:
    return file.stat().st_size


def _add(tar: tarfile.TarFile, path: Path, root: Path) -> None:
    """A file as long as it was when we looked: one that grows is cut, one that goes is left out."""
    try:
        with path.open("rb") as file:
            member = tar.gettarinfo(arcname=str(path.relative_to(root)), fileobj=file)
            member.uid = member.gid = 0
            member.uname = member.gname = ""
            tar.addfile(member, file)
    except FileNotFoundError:
        return


def _files(root: Path, kept: tuple[str, ...]) -> Iterator[Path]:
    """Indexes of recordings come before the segments that they name, which are there by then."""
    for name in kept:
        if not name.endswith("/"):
            if (root / name).is_file():
                yield root / name
            continue
        found = [
            Path(where, each)
            for where, _, names in os.walk(root / name, onerror=_unless_gone)
            for each in names
        ]
        yield from sorted(found, key=lambda path: (path.name != INDEX, path))


def _unless_gone(error: OSError) -> None:
    """The server deletes old days meanwhile; what cannot be read is another matter."""
    if not isinstance(error, FileNotFoundError):
        raise error


async def _save_journal(desk: Desk, settings: Settings, file: BinaryIO, now: float) -> None:
    key = desk.journal.key
    store: Any = desk.store  # redis-py types the replies of all its clients at once
    base = key.removesuffix(":journal")
    kept = await store.hgetall(f"{base}:erased")
    erased = {name.decode(): by.decode() for name, by in kept.items()}
    compacted = await desk.journal.compacted()
    _put(file, Head(FORMAT, settings.event.slug, now, compacted, erased))
    async for position, fields in _entries(store, key):
        _put(file, Entry(position, fields))


async def _entries(store: Any, key: str) -> AsyncIterator[tuple[str, dict[bytes, bytes]]]:
    after = "-"
    while entries := await store.xrange(key, min=after, count=PAGE):
        for position, fields in entries:
            yield position.decode(), fields
        after = f"({entries[-1][0].decode()}"


def _put(file: BinaryIO, value: Head | Entry) -> None:
    body = msgspec.msgpack.encode(value)
    file.write(len(body).to_bytes(4, "big") + body)
