"""Small pictures of what is on air: the newest of each channel, and those along a recording.

The archive process makes them; web processes read them (tv/pages/thumbnail.py).
"""

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from streaming import link
from streaming.archive.boxes import Unreadable
from streaming.archive.thumbnails import thumbnail
from streaming.errors import LinkLost
from streaming.hls.window import PartAdded, SegmentOpened, Window
from streaming.recording.index import Index
from tv.tasks import in_thread, running

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two tries to reach media
EVERY = 8.0  # seconds between two pictures: with a segment of 2 s, none is older than 10 s
WAITING = 64  # parts that may wait for being looked at; then the oldest are left out
UNRECORDED = 90.0  # seconds that a picture waits for its segment to be recorded
BEAT = 1.0  # seconds between two looks at what was recorded


class _Seen:
    """One channel's window, as far as it matters here."""

    def __init__(self) -> None:
        self.window = Window()
        self.last = float("-inf")  # start of the segment that was last shown
        self.unrecorded: deque[tuple[float, str, float, bytes]] = deque(maxlen=16)


class Thumbnails:
    """Follows all channels' windows; writes `{channel}.jpg` into `folder`, and into recordings."""

    def __init__(self, media: Path, folder: Path, indexes: Mapping[str, Index]) -> None:
        self._media = media
        self._folder = folder
        self._indexes = indexes
        self._channels: dict[str, _Seen] = {}
        self._wanted: deque[tuple[str, SegmentOpened, bytes, bytes]] = deque(maxlen=WAITING)
        self._work = asyncio.Event()

    async def run(self) -> None:
        """Make pictures, until cancelled."""
        await in_thread(partial(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700))
        async with running(self._make(), self._record()):
            while True:
                with suppress(LinkLost):
                    async with link.connected(self._media) as media:
                        media.send(link.Follow("hls"))
                        async for message in media.receive():
                            if isinstance(message, link.WindowChanged):
                                self._change(message)
                await asyncio.sleep(PAUSE)

    def _change(self, change: link.WindowChanged) -> None:
        if "/" in change.channel:
            return  # the same picture, smaller
        seen = self._channels.setdefault(change.channel, _Seen())
        for event in change.events:
            seen.window.apply(event)
            if isinstance(event, PartAdded) and event.index == 0 and event.independent:
                segment = seen.window.find(event.msn)
                if segment is None or segment.opened.start < seen.last + EVERY:
                    continue
                if (init := seen.window.inits.get(segment.opened.init)) is not None:
                    seen.last = segment.opened.start
                    self._wanted.append((change.channel, segment.opened, init.data, event.data))
                    self._work.set()

    async def _make(self) -> None:
        """Make what is wanted, one at a time.

        What libav died on is not tried again: its name is noted before.
        """
        attempt = self._folder / "attempt"
        deadly = await in_thread(partial(_read, attempt))
        while True:
            await self._work.wait()
            if not self._wanted:
                self._work.clear()
                continue
            channel, opened, init, part = self._wanted.popleft()
            if opened.name.encode() == deadly:
                logger.warning("thumbnails: segment %s is left out", opened.name)
                continue
            try:
                picture = await in_thread(partial(_draw, attempt, opened.name, init, part))
                if not any(waiting[0] == channel for waiting in self._wanted):
                    await in_thread(partial(_write, self._folder / f"{channel}.jpg", picture))
            except (Unreadable, OSError) as error:
                logger.warning("thumbnails: segment %s: %s", opened.name, error)
                continue
            if channel in self._indexes:
                kept = time.monotonic(), opened.name, opened.start, picture
                self._channels[channel].unrecorded.append(kept)

    async def _record(self) -> None:
        """Put pictures beside their segments once these are on the disk."""
        while True:
            await asyncio.sleep(BEAT)
            for channel, index in self._indexes.items():
                if (seen := self._channels.get(channel)) is None or not seen.unrecorded:
                    continue
                await in_thread(index.refresh)
                for picture in list(seen.unrecorded):
                    made, name, start, data = picture
                    try:
                        done = await in_thread(partial(_keep, index, name, start, data))
                    except OSError as error:
                        logger.warning("thumbnails: segment %s: %s", name, error)
                        done = True
                    if done or time.monotonic() - made > UNRECORDED:
                        with suppress(ValueError):
                            seen.unrecorded.remove(picture)


def _draw(attempt: Path, name: str, init: bytes, part: bytes) -> bytes:
    attempt.write_text(name)
    try:
        return thumbnail(init, part)
    finally:
        attempt.unlink()


def _keep(index: Index, name: str, start: float, picture: bytes) -> bool:
    """Say whether the segment is recorded, and so is now its picture."""
    if (recorded := index.find(name, start - 1, start + 1)) is None:
        return False
    path = index.path_of(recorded).with_suffix(".jpg")
    if not path.exists():
        _write(path, picture)
    return True


def _write(path: Path, data: bytes) -> None:
    # Not synced: a picture that a power cut takes is one of many.
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(data)
    os.replace(draft, path)


def _read(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""
