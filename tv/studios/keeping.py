"""The keep process: records slots before continuity, as their studios send them.

`data/keep/CHANNEL/SLOT/2026-11-25T16-40-03Z.mkv`: one file for each time that a studio comes, and
one more when its format changes. A crash costs the last second.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from streaming import link
from streaming.disk import DiskFull
from streaming.errors import LinkLost
from streaming.keep.disk import Disk
from streaming.keep.runs import Runs
from tv.settings import Settings
from tv.tasks import in_thread, keep_running, running

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two tries to reach media
BEAT = 1.0  # seconds between two writes: what a crash may cost
FULL = (
    "Le disque est presque plein\u00a0: cette source n’est plus enregistrée. Libérez de la place."
)
BROKEN = "Le disque refuse d’écrire\u00a0: cette source n’est plus enregistrée."
RETRY = 10.0  # seconds between two looks at a disk that was full
MOST = 64 * 1024 * 1024  # bytes that may wait for a slow disk; then frames are lost, by media


class Keeper:
    """One slot's recording. While its disk is full nothing is kept, and the régie is told."""

    def __init__(
        self,
        path: Path,
        channel: str,
        slot: str,
        folder: Path,
        free: int,
        retry: float = RETRY,
    ) -> None:
        self._path = path
        self._channel, self._slot = channel, slot
        self._runs = Runs()
        self._disk = Disk(folder, free)
        self._retry = retry
        self._trouble = ""  # why nothing is kept, in French
        self._media: link.Link | None = None
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Keep what comes, until cancelled."""
        try:
            async with running(self._beat()):
                while True:
                    with suppress(LinkLost):
                        async with link.connected(self._path) as media:
                            await self._follow(media)
                    self._runs.leave()
                    await asyncio.sleep(PAUSE)
        finally:
            self._end()
            self._disk.abandon()

    async def _follow(self, media: link.Link) -> None:
        media.send(link.Follow("source", self._channel, self._slot))
        media.send(link.Unkept(self._channel, self._slot, self._trouble))
        self._media = media
        try:
            async for message in media.receive():
                match message:
                    case link.Frame(_, _, codec, packet) if not self._trouble:
                        self._runs.take(codec, packet)
                        if self._runs.size > MOST:
                            await self._write()
                    case link.SourceLeft():
                        self._runs.leave()
        finally:
            self._media = None

    async def _beat(self) -> None:
        while True:
            await self._write()
            await asyncio.sleep(self._retry if self._trouble else BEAT)

    async def _write(self) -> None:
        async with self._writing:
            try:
                if self._trouble:
                    await in_thread(self._disk.check)
                    logger.warning("keep: %s %s is kept again", self._channel, self._slot)
                    self._tell("")
                if due := self._runs.due():
                    await in_thread(partial(self._disk.write, due))
            except (DiskFull, OSError) as error:
                if not self._trouble:
                    logger.warning("keep: %s %s is not kept: %s", self._channel, self._slot, error)
                if isinstance(error, DiskFull):
                    self._end()
                self._disk.abandon()
                self._runs = Runs()
                self._tell(FULL if isinstance(error, DiskFull) else BROKEN)

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            if self._media is not None:
                self._media.send(link.Unkept(self._channel, self._slot, trouble))

    def _end(self) -> None:
        """Give the file under way its index."""
        self._runs.leave()
        try:
            self._disk.write(self._runs.due())
        except (DiskFull, OSError) as error:
            logger.debug("keep: the end of a file is not written: %s", error)


def kept(settings: Settings) -> Iterable[tuple[str, str]]:
    """The (channel, slot) that are to be kept."""
    for slug, channel in settings.channels.items():
        for slot, setting in (("primary", channel.primary), ("backup", channel.backup)):
            if setting.keep:
                yield slug, slot


async def run(path: Path, folder: Path, settings: Settings) -> None:
    """Keep all slots that are to be kept, until cancelled."""
    free = round(settings.keep.free_gb * 1e9)
    work = []
    for channel, slot in kept(settings):
        keeper = Keeper(path, channel, slot, folder / channel / slot, free)
        # What fails with one slot's frames is no reason not to keep the others'.
        work.append(keep_running(f"keep {channel} {slot}", keeper.run))
    async with running(*work):
        await asyncio.Event().wait()
