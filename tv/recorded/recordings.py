"""What is recorded, as web processes read it: in threads of its own, so that the live never waits.

A disk may be slow or dead. At most `MOST` things are asked of it at a time, each for at most
`PATIENCE` seconds; what is beyond that is refused with 503, and nothing else feels it.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from streaming.recording.index import Index, Recorded, RecordedInit
from tv.problems import Problem

T = TypeVar("T")

BEAT = 0.5  # seconds between two looks at what was recorded since
THREADS = 4
MOST = 64  # things asked of the disk at a time
PATIENCE = 5.0  # seconds
KEPT = 64 * 1024 * 1024  # bytes of files that were read last


class Recordings:
    """The recorded channels, by slug. What is asked of any other is not there."""

    def __init__(
        self,
        folder: Path,
        channels: Iterable[str],
        most: int = MOST,
        patience: float = PATIENCE,
        kept: int = KEPT,
    ) -> None:
        self._indexes = {channel: Index(folder / channel) for channel in channels}
        self._threads = ThreadPoolExecutor(THREADS, "recordings")
        self._most, self._patience, self._most_bytes = most, patience, kept
        self._asked = 0
        self._reading: dict[Path, asyncio.Future[bytes]] = {}
        self._kept: dict[Path, bytes] = {}  # the last asked for goes last
        self._kept_bytes = 0

    async def run(self) -> None:
        """Follow what is recorded, until cancelled."""
        while True:
            for index in self._indexes.values():
                await asyncio.get_running_loop().run_in_executor(self._threads, index.refresh)
            await asyncio.sleep(BEAT)

    def version(self, channel: str) -> int:
        """Grows when there is more to be read, or less."""
        return self._indexes[channel].version if channel in self._indexes else 0

    async def between(self, channel: str, start: float, end: float) -> list[Recorded]:
        """The segments of which anything is shown from `start` up to `end`, oldest first.

        Raises Problem (503), as all do here that touch the disk.
        """
        if (index := self._indexes.get(channel)) is None:
            return []
        return await self.in_thread(partial(index.between, start, end))

    async def find(self, channel: str, name: str, start: float, end: float) -> Recorded | None:
        """The segment of this name among those `between` the same times."""
        if (index := self._indexes.get(channel)) is None:
            return None
        return await self.in_thread(partial(index.find, name, start, end))

    async def init(self, channel: str, name: str, start: float, end: float) -> RecordedInit | None:
        """What is known of an initialisation section that segments `between` these times name."""
        if (index := self._indexes.get(channel)) is None:
            return None
        return await self.in_thread(partial(index.init, name, start, end))

    async def read(self, channel: str, recorded: Recorded) -> bytes:
        """The segment as it was sent. Raises Problem: 404 when its file is gone, or 503."""
        data = await self._read(self._indexes[channel].path_of(recorded))
        if len(data) != recorded.size:
            raise _gone()
        return data

    async def read_init(self, channel: str, name: str, start: float, end: float) -> bytes:
        """An initialisation section that segments `between` these times name. Raises Problem."""
        if (index := self._indexes.get(channel)) is None:
            raise _gone()
        path = await self.in_thread(partial(index.path_of_init, name, start, end))
        if path is None:
            raise _gone()
        return await self._read(path)

    async def thumbnails(self, channel: str, start: float, end: float) -> list[Recorded]:
        """Those of the segments `between` the same times that have a thumbnail."""
        if (index := self._indexes.get(channel)) is None:
            return []
        return await self.in_thread(partial(_with_thumbnails, index, start, end))

    async def read_thumbnail(self, channel: str, recorded: Recorded) -> bytes:
        """A picture of the segment, as JPEG. Raises Problem: 404 when there is none, or 503."""
        return await self._read(self._indexes[channel].path_of(recorded).with_suffix(".jpg"))

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do what touches the disk. Raises Problem (503) when there is too much of it, or late."""
        if self._asked >= self._most:
            raise _busy()
        self._asked += 1
        doing = asyncio.get_running_loop().run_in_executor(self._threads, work)
        doing.add_done_callback(self._done)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(doing)
        except TimeoutError as error:
            raise _busy() from error

    def _done(self, doing: "asyncio.Future[T]") -> None:
        self._asked -= 1  # only now: its thread was taken for as long
        if not doing.cancelled():
            doing.exception()  # nobody may be there any more to take it

    async def _read(self, path: Path) -> bytes:
        if (kept := self._kept.pop(path, None)) is not None:
            self._kept[path] = kept
            return kept
        if (reading := self._reading.get(path)) is None:  # else: one read for all who ask
            reading = asyncio.ensure_future(self.in_thread(path.read_bytes))
            self._reading[path] = reading
            reading.add_done_callback(partial(self._keep, path))
        try:
            return await asyncio.shield(reading)
        except OSError as error:
            raise _gone() from error

    def _keep(self, path: Path, reading: "asyncio.Future[bytes]") -> None:
        del self._reading[path]
        if reading.cancelled() or reading.exception() is not None:
            return
        self._kept[path] = reading.result()
        self._kept_bytes += len(self._kept[path])
        while self._kept_bytes > self._most_bytes:
            self._kept_bytes -= len(self._kept.pop(next(iter(self._kept))))


def _with_thumbnails(index: Index, start: float, end: float) -> list[Recorded]:
    segments = index.between(start, end)
    folders = {index.path_of(segment).parent for segment in segments}
    there = {path.stem for folder in folders for path in folder.glob("*.jpg")}
    return [segment for segment in segments if segment.name in there]


def _gone() -> Problem:
    return Problem(404, "unknown-media", "Fichier inconnu", "Cet enregistrement n’est plus gardé.")


def _busy() -> Problem:
    return Problem(
        503,
        "disk-busy",
        "Disque occupé",
        "Trop d’enregistrements sont lus à la fois. Réessayez dans une seconde.",
        retry_after=1,
    )
