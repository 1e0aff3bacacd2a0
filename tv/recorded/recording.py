"""The record process: what is on air goes to the disk, segment by segment, as viewers get it.

It follows the live windows like a web process, and writes what closed and is not on the disk yet:
what it was away or kept waiting for up to a minute costs nothing. While a talk is live that must
not be recorded, nothing is; the journal says so, and what it last said holds while it is away.
"""

import asyncio
import errno
import logging
import math
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from engagement.talks import Talk
from streaming import link
from streaming.disk import DiskFull
from streaming.errors import LinkLost
from streaming.hls.window import Segment, Window
from streaming.recording.disk import Disk
from streaming.recording.index import day_of
from streaming.recording.recorder import Recorder
from tv import journal, store
from tv.folder import Folder
from tv.follower import TALKS_ALONE, Follower
from tv.settings import Settings
from tv.tasks import in_thread, keep_running, running

logger = logging.getLogger(__name__)

PAUSE = 0.25  # seconds between two tries to reach media
RETRY = 2.0  # seconds between two tries at a disk that is full or broken
SLOW = 10.0  # seconds that a write may take before it is told
UNREAD = 45.0  # seconds to wait for a journal that does not answer: windows reach back further
SOON = 3600.0  # seconds of room, below which that is told
DAY = 86_400.0  # seconds

STARTING = "L’enregistrement démarre."
FULL = (
    "Le disque est presque plein\u00a0: l’enregistrement est en pause, le direct continue. Libérez "
    "de la place."
)
BROKEN = "Le disque refuse d’écrire\u00a0: l’enregistrement est en pause, le direct continue."
LATE = "Le disque ne suit pas\u00a0: l’enregistrement attend, le direct continue."
REFUSED = "L’intervention en cours n’est pas enregistrée."


class Tape:
    """One channel's recording.

    `refused(start, end)` says whether what is shown between two times must not be recorded.
    """

    def __init__(
        self,
        channel: str,
        disk: Disk,
        refused: Callable[[float, float], bool],
        days: int = 0,
        retry: float = RETRY,
        slow: float = SLOW,
    ) -> None:
        self.window = Window()
        self._recorder = Recorder(self.window, self._passes_over)
        self._disk = disk
        self._refused = refused
        self._days = days
        self._retry, self._slow = retry, slow
        self._state = link.Recording(channel, "paused", STARTING)
        self._media: link.Link | None = None
        self._writing_since: float | None = None
        self._day = ""  # on which old days were last deleted
        self._rate = 0.0  # bytes per second, of late

    async def run(self) -> None:
        """Record what closes, until cancelled."""
        try:
            async with running(self._watch()):
                while True:
                    if (segment := self._recorder.next()) is None:
                        await self.window.changed()
                    elif await self._write(segment):
                        self._recorder.done(segment)
                    else:
                        await asyncio.sleep(self._retry)
        finally:
            self._disk.close()

    def report_to(self, media: link.Link | None) -> None:
        """Tell media how it does, now and whenever that changes."""
        self._media = media
        if media is not None:
            media.send(self._state)

    async def _write(self, segment: Segment) -> bool:
        """Say whether it is on the disk."""
        self._writing_since = time.monotonic()
        try:
            await self._expire(segment.opened.start)
            init = self.window.inits[segment.opened.init]
            size = await in_thread(partial(self._disk.write, segment, init))
        except (DiskFull, OSError) as error:
            full = isinstance(error, DiskFull) or error.errno in (errno.ENOSPC, errno.EDQUOT)
            self._pause(FULL if full else BROKEN, error)
            return False
        finally:
            self._writing_since = None
        self._count(segment, size)
        return True

    async def _expire(self, now: float) -> None:
        """Once a day, delete what is older than days are kept."""
        if not self._days or self._day == day_of(now):
            return
        self._day = day_of(now)
        before = day_of(max(0.0, now - self._days * DAY))
        try:
            await in_thread(partial(self._disk.expire, before))
        except OSError as error:  # no reason not to record today
            logger.warning("recording: what is too old cannot be deleted: %s", error)

    def _count(self, segment: Segment, size: int) -> None:
        if self._state.state == "paused" and self._state.reason != STARTING:
            logger.warning("recording: %s goes on", self._state.channel)
        was = self._state
        if size:
            rate = size / segment.length
            self._rate = rate if not self._rate else 0.95 * self._rate + 0.05 * rate
            was = replace(was, seconds=was.seconds + segment.length, size=was.size + size)
        room = self._disk.room / self._rate if self._rate else None
        soon = room is not None and room < SOON
        reason = _filling(room) if room is not None and soon else ""
        self._tell(replace(was, state="on", reason=reason, room=room))

    def _passes_over(self, start: float, end: float) -> bool:
        refused = self._refused(start, end)
        if refused:
            self._tell(replace(self._state, state="off", reason=REFUSED))
        return refused

    def _pause(self, reason: str, error: Exception) -> None:
        if self._state.reason != reason:
            logger.warning("recording: %s is not recorded: %s", self._state.channel, error)
        room = 0.0 if reason == FULL else self._state.room
        self._tell(replace(self._state, state="paused", reason=reason, room=room))

    async def _watch(self) -> None:
        """Notice a write that does not end."""
        while True:
            await asyncio.sleep(self._slow / 5)
            since = self._writing_since
            if since is not None and time.monotonic() - since > self._slow:
                if self._state.reason != LATE:
                    logger.warning("recording: the disk is slow, %s waits", self._state.channel)
                self._tell(replace(self._state, state="paused", reason=LATE))

    def _tell(self, state: link.Recording) -> None:
        last = self.window.last
        if state.state != self._state.state and last is not None:
            state = replace(state, since=last.end)
        state = replace(state, missing=self._recorder.missing)
        if state != self._state:
            self._state = state
            if self._media is not None:
                self._media.send(state)


def refusing(talks: Iterable[Talk], channel: str, start: float, end: float) -> bool:
    """Whether a talk goes on between two times, on that channel, that is not to be recorded."""
    return any(
        talk.channel == channel
        and not talk.recorded
        and talk.started_at is not None
        and talk.started_at < end
        and (talk.ended_at is None or start < talk.ended_at)
        for talk in talks
    )


def _filling(seconds: float) -> str:
    minutes = math.floor(seconds / 300) * 5
    left = f"{minutes} minutes d’enregistrement" if minutes else "moins de cinq minutes"
    return f"Le disque se remplit\u00a0: il y reste de la place pour {left}."


async def _follow(path: Path, tapes: dict[str, Tape]) -> None:
    """Keep the windows up to date, until cancelled."""
    while True:
        with suppress(LinkLost):
            async with link.connected(path) as media:
                media.send(link.Follow("hls"))
                for tape in tapes.values():
                    tape.report_to(media)
                try:
                    async for message in media.receive():
                        match message:
                            case link.WindowChanged(channel, events) if channel in tapes:
                                for event in events:
                                    tapes[channel].window.apply(event)
                finally:
                    for tape in tapes.values():
                        tape.report_to(None)
        await asyncio.sleep(PAUSE)


async def run(folder: Folder, settings: Settings) -> None:
    """Record all channels that are to be recorded, until cancelled."""
    url, how = store.address(folder, settings.store.url), settings.recording
    async with store.connected(url) as client, journal.opened(client, settings.event.slug) as book:
        follower = Follower(book, heeds=TALKS_ALONE)

        def refuses(channel: str, start: float, end: float) -> bool:
            return refusing(follower.audience.talks.by_id.values(), channel, start, end)

        tapes = {
            channel: Tape(
                channel,
                Disk(folder.recording / channel, round(how.free_gb * 1e9)),
                partial(refuses, channel),
                how.days,
            )
            for channel in how.channels
        }
        async with running(follower.run(), _follow(folder.media_socket, tapes)):
            try:
                async with asyncio.timeout(UNREAD):
                    await follower.ready.wait()
            except TimeoutError:
                logger.warning("recording: begins without knowing what must not be recorded")
            work = (keep_running(f"recording {name}", each.run) for name, each in tapes.items())
            async with running(*work):
                await asyncio.Event().wait()
