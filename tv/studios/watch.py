"""The watch process: looks at every studio's keyframes, hears its sound, and tells media.

It is apart from media because it decodes: a picture made to crash a decoder costs the figures that
watch gives, and nothing else. Media forgets them after some seconds without a word.
"""

import asyncio
import logging
from pathlib import Path

from streaming import link
from streaming.errors import LinkLost
from streaming.watching.watched import Watched

logger = logging.getLogger(__name__)

PAUSE = 0.5  # seconds between two tries to reach media
TOGETHER = 0.2  # seconds of sound that are decoded in one go: waking a thread costs more
INTERVAL = 1.0  # seconds between two words on a slot
RECENT = 12.0  # seconds without a frame after which nothing is said: keyframes may be far apart


async def run(link_path: Path) -> None:
    """Watch every slot of every channel until cancelled, whenever media is there."""
    while True:
        try:
            async with link.connected(link_path) as peer:
                logger.info("watching")
                await _watch(peer)
        except* LinkLost as lost:
            logger.debug("media: %s", lost.exceptions[0])
        await asyncio.sleep(PAUSE)


async def _watch(peer: link.Link) -> None:
    slots: dict[tuple[str, str], _Slot] = {}
    # Not the slots' own: a task that was cancelled has what it ran with, and both would stay, with
    # megabytes of pictures, until the garbage collector comes, which here is hours.
    tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
    peer.send(link.Follow("watch"))
    async with asyncio.TaskGroup() as group:
        reporting = group.create_task(_report(peer, slots))
        try:
            async for message in peer.receive():
                match message:
                    case link.Frame(channel, slot):
                        place = channel, slot
                        if place not in slots:
                            slots[place] = _Slot(channel, slot)
                            tasks[place] = group.create_task(slots[place].run())
                        slots[place].put(message)
                    case link.SourceLeft(channel, slot):
                        if slots.pop((channel, slot), None):
                            tasks.pop((channel, slot)).cancel()
                    case _:
                        logger.warning("media sent a %s", type(message).__name__)
        finally:
            reporting.cancel()
            for task in tasks.values():
                task.cancel()


async def _report(peer: link.Link, slots: dict[tuple[str, str], "_Slot"]) -> None:
    while True:
        await asyncio.sleep(INTERVAL)
        now = asyncio.get_running_loop().time()
        for slot in tuple(slots):
            if now - slots[slot].came_at < RECENT:
                peer.send(slots[slot].watched.observed())


class _Slot:
    """A slot and its decoding, which never waits for another slot's."""

    def __init__(self, channel: str, name: str) -> None:
        self.watched = Watched(channel, name)
        self.came_at = 0.0  # by the loop's time
        self._came = asyncio.Event()
        self._failed = False

    def put(self, frame: link.Frame) -> None:
        self.watched.put(frame)
        self.came_at = asyncio.get_running_loop().time()
        self._came.set()

    async def run(self) -> None:
        while True:
            await self._came.wait()
            await asyncio.sleep(TOGETHER)
            self._came.clear()
            try:
                await asyncio.to_thread(self.watched.work)
            except Exception:  # decoders are fed by strangers: the next frame gets new ones
                # Told once: what fails with one frame of a publisher fails with all of them.
                level = logging.DEBUG if self._failed else logging.ERROR
                channel, slot = self.watched.channel, self.watched.slot
                logger.log(level, "%s: %s cannot be watched", channel, slot, exc_info=True)
                self._failed, self.watched = True, Watched(channel, slot)
