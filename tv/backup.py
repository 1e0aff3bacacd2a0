"""`fabrique-tv backup` and `restore`: one file with all that cannot be made again.

A tar: `journal.msgpack` first, then the data folder's own files. So whatever the journal speaks of
is among the files, even while the server writes; what they have besides is harmless. Films, small
pictures and the store's own files are made anew. A restore moves what is there aside, and does the
erasures again that were done since the backup.
"""

import io
import shutil
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
KEPT = ("secret", "clock", "erased.jsonl", "restreams.json", "channels/", "wall/")
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
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo(JOURNAL)
        member.size, member.mtime, member.mode = journal.tell(), int(time.time()), 0o600
        journal.seek(0)
        tar.addfile(member, journal)
        for path in _files(root, kept):
            _add(tar, path, root)


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
        found = [path for path in (root / name).rglob("*") if path.is_file()]
        yield from sorted(found, key=lambda path: (path.name != INDEX, path))


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


async def restore(
    folder: Folder, settings: Settings, file: Path, now: Callable[[], float] = time.time
) -> tuple[int, Path | None]:
    """Bring all of `file` back; return how many events, and where what was there is now.

    Raises BackupError before anything is touched when `file` is not a whole backup.
    """
    if folder.in_use:
        raise BackupError("Le serveur tourne sur ce dossier\u202f: arrêtez-le d’abord.")
    head = _checked(file)
    if head.event != settings.event.slug:
        raise BackupError(
            f"Cette sauvegarde est de l’événement «\u00a0{head.event}\u00a0», et les réglages "
            f"disent «\u00a0{settings.event.slug}\u00a0»\u202f: donnez les siens par --config."
        )
    try:
        aside = _move_aside(folder.path, now())
        with tarfile.open(file) as tar:
            members = [member for member in tar if member.name != JOURNAL and _ours(member.name)]
            tar.extractall(folder.path, members, filter="data")
        if aside is not None:
            _add_lines(aside / "erased.jsonl", folder.erased)
    except OSError as error:
        raise BackupError(
            f"Impossible d’écrire dans «\u00a0{folder.path}\u00a0» ({reasons.of_system(error)})."
        ) from error
    async with commanding.connected(folder, settings) as (store, _):
        count = await _bring_journal(store, f"fabrique:{{{head.event}}}", file, head)
    async with commanding.opened(folder, settings) as desk:
        for event in await desk.compaction.lost():
            await desk.follower.write(event)
    return count, aside


def _checked(file: Path) -> Head:
    """Read all of a backup, so that half of one is not found out too late. Raises BackupError."""
    try:
        with tarfile.open(file) as tar:
            first = tar.next()
            if first is None or first.name != JOURNAL:
                raise BackupError(f"«\u00a0{file}\u00a0» n’est pas une sauvegarde de Fabrique TV.")
            head, _ = _opened(tar, first)
            for member in tar:
                if member.isfile() and (body := tar.extractfile(member)) is not None:
                    while body.read(1 << 20):
                        pass
    except OSError as error:
        raise BackupError(
            f"«\u00a0{file}\u00a0» est illisible ({reasons.of_system(error)})."
        ) from error
    except (tarfile.TarError, EOFError, ValueError, msgspec.DecodeError) as error:
        raise BackupError(
            f"«\u00a0{file}\u00a0» n’est pas une sauvegarde entière de Fabrique TV."
        ) from error
    if head.format != FORMAT:
        raise BackupError("Cette sauvegarde est d’une version plus récente de Fabrique TV.")
    return head


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[Head, Iterator[Entry]]:
    body = tar.extractfile(member)
    if body is None:
        raise ValueError("no journal")
    pieces = _pieces(body)
    return msgspec.msgpack.decode(next(pieces, b""), type=Head), (
        msgspec.msgpack.decode(piece, type=Entry) for piece in pieces
    )


def _pieces(body: io.BufferedIOBase | Any) -> Iterator[bytes]:
    while size := body.read(4):
        piece = body.read(int.from_bytes(size, "big"))
        if len(size) < 4 or len(piece) < int.from_bytes(size, "big"):
            raise EOFError("cut off")
        yield piece


def _ours(name: str) -> bool:
    return any(
        name == each or (each[-1] == "/" and name.startswith(each)) for each in KEPT + RECORDED
    )


def _move_aside(path: Path, now: float) -> Path | None:
    """Leave what is there beside, under a name with the time; None: there was nothing."""
    if not path.is_dir() or not any(path.iterdir()):
        return None
    aside = path.with_name(path.name + time.strftime("-avant-%Y%m%d-%H%M%S", time.localtime(now)))
    path.rename(aside)
    path.mkdir(mode=0o700)
    if (aside / "cache").is_dir():  # weights and films of the demo: large, and the same
        shutil.move(aside / "cache", path / "cache")
    return aside


def _add_lines(more: Path, to: Path) -> None:
    if more.is_file():
        with to.open("ab") as file:
            file.write(b"\n" + more.read_bytes())


async def _bring_journal(store: Any, base: str, file: Path, head: Head) -> int:
    """Fill an event's empty journal; return how many events it has. Raises BackupError."""
    key, count = f"{base}:journal", 0
    if await store.exists(key):
        raise BackupError(
            "Cette base a déjà un journal de cet événement\u202f: videz-la, ou donnez-en une autre "
            "par --config."
        )
    if head.compacted:
        await store.set(f"{base}:compacted", head.compacted)
    if head.erased:
        await store.hset(f"{base}:erased", mapping=head.erased)
    with tarfile.open(file) as tar:
        first = tar.next()
        assert first is not None
        _, entries = _opened(tar, first)
        page: list[Entry] = []
        for entry in entries:
            page.append(entry)
            if len(page) == PAGE:
                await _write(store, key, page)
                count, page = count + len(page), []
        await _write(store, key, page)
    return count + len(page)


async def _write(store: Any, key: str, page: list[Entry]) -> None:
    async with store.pipeline(transaction=False) as pipeline:
        for entry in page:
            pipeline.xadd(key, entry.fields, id=entry.position)
        await pipeline.execute()
