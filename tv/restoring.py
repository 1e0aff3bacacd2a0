"""`fabrique-tv restore`: what `tv/backup.py` wrote takes the place of what is there.

All of it is made ready in a folder within the data folder, which may be a mount of its own: the
files, the embedded store with its journal, and the erasures that were done since the backup. Then
it changes places with what is there, that goes to `avant-DATE`; until then nothing is touched. A
store of somebody else's must be empty of the event.
"""

import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from redis.exceptions import RedisError

from tv import commanding, reasons
from tv.backup import FORMAT, JOURNAL, KEPT, PAGE, RECORDED, BackupError, Entry, Head
from tv.folder import Folder, private_files
from tv.settings import Settings
from tv.supervisor import StoreSilent

STAGED = ".restoring"
ASIDE = "avant-"
# Who, which passes and which stream keys are to be good no more: they only grow.
LISTS = ("erased.jsonl", "revoked", "renewed")
STAYS = ("lock", "cache", STAGED, *LISTS)  # a cache is large, and made again the same


async def restore(
    folder: Folder, settings: Settings, file: Path, now: Callable[[], float] = time.time
) -> tuple[int, Path | None]:
    """Bring all of `file` back; return how many events, and where what was there is now.

    Raises BackupError, FolderError while a server runs, StoreMissing and StoreSilent.
    """
    head = _checked(file)
    if head.event != settings.event.slug:
        raise BackupError(
            f"Cette sauvegarde est de l’événement «\u00a0{head.event}\u00a0», et les réglages "
            f"disent «\u00a0{settings.event.slug}\u00a0»\u00a0: donnez les siens par --config."
        )
    with private_files(), folder.locked():
        staged = Folder(folder.path / STAGED)
        shutil.rmtree(staged.path, ignore_errors=True)  # of one that was interrupted
        try:
            return await _restore(folder, staged, settings, file, head, now)
        except OSError as error:
            raise BackupError(
                f"Impossible d’écrire dans «\u00a0{folder.path}\u00a0» "
                f"({reasons.of_system(error)})\u00a0: rien n’a été changé."
            ) from error
        finally:
            shutil.rmtree(staged.path, ignore_errors=True)


async def _restore(
    folder: Folder,
    staged: Folder,
    settings: Settings,
    file: Path,
    head: Head,
    now: Callable[[], float],
) -> tuple[int, Path | None]:
    base = f"fabrique:{{{head.event}}}"
    staged.make()
    async with commanding.connected(staged, settings) as (store, _):
        await _check_empty(store, base)
        _unpack(file, staged.path)
        for name in LISTS:
            _merge(staged.path / name, folder.path / name)
        count = await _bring_journal(store, base, file, head)
    try:
        async with commanding.opened(staged, settings) as desk:
            for event in await desk.compaction.lost():
                await desk.follower.write(event)
        os.sync()
        return count, _exchange(folder.path, staged.path, now())
    except BaseException:
        if settings.store.url:  # what we brought there would be in the way of the next try
            with suppress(StoreSilent):
                async with commanding.connected(staged, settings) as (store, _):
                    await store.delete(*_keys(base))
        raise


def _checked(file: Path) -> Head:
    """Read all of a backup, so that half of one is not found out too late. Raises BackupError."""
    try:
        with tarfile.open(file, "r:") as tar:
            first = tar.next()
            if first is None or first.name != JOURNAL:
                raise BackupError(f"«\u00a0{file}\u00a0» n’est pas une sauvegarde de Fabrique TV.")
            head, entries = _opened(tar, first)
            if head.format != FORMAT:
                raise BackupError("Cette sauvegarde est d’une version plus récente de Fabrique TV.")
            for _ in entries:
                pass
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
    return head


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[Head, Iterator[Entry]]:
    body = tar.extractfile(member)
    if body is None:
        raise ValueError("no journal")
    pieces = _pieces(body, member.size)
    return msgspec.msgpack.decode(next(pieces, b""), type=Head), (
        msgspec.msgpack.decode(piece, type=Entry) for piece in pieces
    )


def _pieces(body: Any, left: int) -> Iterator[bytes]:
    """Each message of `left` bytes, which its length precedes. Raises EOFError."""
    while prefix := body.read(4):
        left -= 4
        length = int.from_bytes(prefix, "big")
        if len(prefix) < 4 or length > left:  # before it is read: it may say four gigabytes
            raise EOFError("cut off")
        left -= length
        piece = body.read(length)
        if len(piece) < length:
            raise EOFError("cut off")
        yield piece


def _unpack(file: Path, to: Path) -> None:
    with tarfile.open(file, "r:") as tar:
        found = [member for member in tar if member.isfile() and _ours(member.name)]
        members = [member.replace(mode=0o600) for member in found]  # whatever they were
        try:
            tar.extractall(to, members, filter="data")
        except tarfile.FilterError as error:  # a name that leads elsewhere: not a file of ours
            raise BackupError(
                f"«\u00a0{file}\u00a0» n’est pas une sauvegarde de Fabrique TV."
            ) from error


def _ours(name: str) -> bool:
    """Whether a backup of ours may hold a file of that name."""
    if ".." in PurePosixPath(name).parts:
        return False
    return any(
        name == each or (each[-1] == "/" and name.startswith(each)) for each in KEPT + RECORDED
    )


def _merge(into: Path, more: Path) -> None:
    """Have one list say what both say, a line each."""
    lines = [
        line for path in (into, more) if path.is_file() for line in path.read_bytes().splitlines()
    ]
    if lines:
        into.write_bytes(b"\n".join((*dict.fromkeys(filter(None, lines)), b"")))


def _exchange(root: Path, staged: Path, now: float) -> Path | None:
    """Put what is staged in the place of what is there, or leave all as it is. Raises OSError.

    Return where what was there is now; None when that was nothing. Lists are copied, so that each
    is there at any moment.
    """
    aside = root / time.strftime(f"{ASIDE}%Y%m%d-%H%M%S", time.localtime(now))
    aside.mkdir(mode=0o700)
    moves = [(path, aside / path.name) for path in _movable(root)]
    moves += [(path, root / path.name) for path in _movable(staged)]
    moved: list[tuple[Path, Path]] = []
    try:
        for name in LISTS:
            if (root / name).is_file():
                shutil.copy2(root / name, aside)
            if (staged / name).is_file():  # it says all that the other does: no harm if we fail
                (staged / name).replace(root / name)
        for source, target in moves:
            source.rename(target)
            moved.append((source, target))
    except OSError:
        for source, target in reversed(moved):
            target.rename(source)
        for name in LISTS:
            (aside / name).unlink(missing_ok=True)
        aside.rmdir()
        raise
    if any(path.is_file() for path in aside.rglob("*")):
        return aside
    shutil.rmtree(aside)
    return None


def _movable(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.iterdir()
        if path.name not in STAYS and not path.name.startswith(ASIDE)
    ]


def _keys(base: str) -> tuple[str, ...]:
    """What a store has of an event that cannot be made again."""
    return f"{base}:journal", f"{base}:compacted", f"{base}:erased"


async def _check_empty(store: Any, base: str) -> None:
    if await store.exists(*_keys(base)):
        raise BackupError(
            "Cette base a déjà un journal de cet événement\u00a0: videz-la, ou donnez-en une autre "
            "par --config."
        )


async def _bring_journal(store: Any, base: str, file: Path, head: Head) -> int:
    """Fill an event's empty journal, all at once; return how many events it has.

    Raises BackupError when there is one by then.
    """
    new, count = f"{base}:journal:new", 0
    await store.delete(new)
    with tarfile.open(file, "r:") as tar:
        first = tar.next()
        assert first is not None
        _, entries = _opened(tar, first)
        page: list[Entry] = []
        for entry in entries:
            page.append(entry)
            if len(page) == PAGE:
                await _write(store, new, page)
                count, page = count + len(page), []
        await _write(store, new, page)
        count += len(page)
    if count and not await store.renamenx(new, f"{base}:journal"):
        await store.delete(new)
        await _check_empty(store, base)
    try:
        if head.compacted:
            await store.set(f"{base}:compacted", head.compacted)
        if head.erased:
            await store.hset(f"{base}:erased", mapping=head.erased)
    except BaseException:  # half of it would be in the way of the next try
        with suppress(RedisError):
            await store.delete(*_keys(base))
        raise
    return count


async def _write(store: Any, key: str, page: list[Entry]) -> None:
    async with store.pipeline(transaction=False) as pipeline:
        for entry in page:
            pipeline.xadd(key, entry.fields, id=entry.position)
        await pipeline.execute()
