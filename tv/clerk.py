"""The clerk process: does what must be done once, whatever number of web processes there are.

One clerk at a time holds the lease; others wait for it. Its duties:

- timers: writes what time alone brings about (`Audience.due`), so that every process folds it at
  the same place;
- snapshots of the fold, so that a start does not read the whole journal;
- erasures: who is to be forgotten goes from the journal too, and from a backup that was restored;
- retention: who did nothing for `[privacy] days` is forgotten;
- the wall's pictures and hashtag (`tv/wall/duties.py`), webhooks (`tv/webhooks/telling.py`).

Killed at any moment, the next one goes on: each of its writes is harmless when done twice.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import cast

from redis.exceptions import RedisError

from engagement.audience import AnyEvent
from engagement.changes import START, order
from engagement.fold import Event
from tv import journal, store
from tv.broadcast_time import BroadcastTime
from tv.compaction import Compaction, erasure, new_stand_in
from tv.folder import Folder
from tv.follower import Follower
from tv.journal import Journal, StoreUnavailable, heed_cancellation
from tv.lease import Lease
from tv.settings import Settings
from tv.tasks import keep_running, running
from tv.wall.duties import wall_duties
from tv.webhooks.telling import webhook_duties

logger = logging.getLogger(__name__)

TICK = 0.25  # seconds between two looks at what is due
DONE = 4_096  # writes that are known to be done
ANEW = 10_000  # events after which there is another snapshot
BETWEEN = 60.0  # seconds between two snapshots, at least
SHARE = 0.02  # of the time may go into them
LOOK = 2.0  # seconds between two looks at erasures, and at whether a snapshot is due
SWEEP = 3600.0  # seconds between two looks at whose time is over
PAUSE = 2.0  # seconds before another try when the store is away
DAY = 86_400.0  # seconds
TOGETHER = 100  # erasures written at once

Duty = Callable[[], Awaitable[None]]


class Clerk:
    """What the holder of the lease does; `run` until cancelled."""

    def __init__(
        self,
        follower: Follower,
        book: Journal,
        compaction: Compaction,
        now: Callable[[], float],
        days: float = 0.0,
        snapshot_after: int = ANEW,
    ) -> None:
        self._follower = follower
        self._book = book
        self._compaction = compaction
        self._now = now
        self._days = days
        self._snapshot_after = snapshot_after
        self._done: OrderedDict[str, None] = OrderedDict()
        self._kept_at = 0  # how much was folded when the last snapshot was taken
        self._rest_until = 0.0  # monotonic

    def duties(self) -> dict[str, Duty]:
        return {
            "timers": self.timers,
            "snapshots": self.snapshots,
            "erasures": self.erasures,
            "retention": self.retention,
        }

    async def timers(self) -> None:
        """Write what is due, as soon as it is."""
        while True:
            heed_cancellation()
            due = [
                event
                for event in self._follower.audience.due(self._now())
                if event.id not in self._done
            ]
            await asyncio.gather(*map(self._write, due))
            await asyncio.sleep(TICK)

    async def snapshots(self) -> None:
        """Keep a snapshot of the fold whenever there is enough that a start would have to read."""
        while True:
            heed_cancellation()
            fresh = self._follower.folded - self._kept_at
            if fresh >= self._snapshot_after and time.monotonic() >= self._rest_until:
                await self.snapshot()
            await asyncio.sleep(LOOK)

    async def snapshot(self) -> None:
        """Keep one now."""
        began, folded = time.monotonic(), self._follower.folded
        position = self._follower.position
        body = self._follower.saved()
        await self._book.snapshots.keep(position, body)
        self._kept_at = folded
        took = time.monotonic() - began
        self._rest_until = time.monotonic() + max(BETWEEN, took / SHARE)
        logger.info("a snapshot of %d kB was kept, in %.1f s", len(body) // 1000, took)

    async def erasures(self) -> None:
        """Have the journal written anew after each erasure."""
        for event in await self._compaction.lost():
            await self._follower.write(event)
        while True:
            heed_cancellation()
            await self.compact()
            await asyncio.sleep(LOOK)

    async def compact(self) -> None:
        """Write the journal anew, if somebody was erased since it was last."""
        due = self._follower.erasure
        if due and order(due) > order(await self._book.compacted()):
            await self.snapshot()  # the one before knows what is to be forgotten
            await self._compaction.run(due)

    async def retention(self) -> None:
        """Forget who did nothing for so long, once an hour."""
        while self._days:
            heed_cancellation()
            await self.forget_silent()
            await asyncio.sleep(SWEEP)

    async def forget_silent(self) -> None:
        since = f"{max(0, round((self._now() - self._days * DAY) * 1000))}-0"
        if self._follower.first == START or order(self._follower.first) >= order(since):
            return  # nothing is that old
        silent = await self._compaction.silent_since(since)
        for start in range(0, len(silent), TOGETHER):
            some = silent[start : start + TOGETHER]
            events = (erasure(each, new_stand_in(), self._now()) for each in some)
            await asyncio.gather(*map(self._write, events))

    async def _write(self, event: Event) -> None:
        try:
            await self._follower.write(cast(AnyEvent, event))
        except StoreUnavailable:
            return  # it stays due
        self._done[event.id] = None
        if len(self._done) > DONE:
            self._done.popitem(last=False)


async def on_duty(lease: Lease, duties: Mapping[str, Duty]) -> None:
    """Do all duties while the lease is ours, until cancelled."""

    async def work() -> None:
        kept = (
            keep_running(name, partial(_patiently, name, duty)) for name, duty in duties.items()
        )
        async with running(*kept):
            await asyncio.Event().wait()

    await lease.hold(work)


async def _patiently(name: str, duty: Duty) -> None:
    """Do a duty; begin it anew when the store, or the disk, was away."""
    while True:
        try:
            return await duty()
        except (StoreUnavailable, RedisError, OSError) as error:
            logger.warning("%s: %s", name, error)
            await asyncio.sleep(PAUSE)


async def run(folder: Folder, settings: Settings) -> None:
    """Be the clerk, or wait to be, until cancelled."""
    event, replicas = settings.event.slug, settings.store.replicas
    url = store.address(folder, settings.store.url)
    async with store.connected(url) as client, journal.opened(client, event, replicas) as book:
        follower = Follower(book)
        lease = Lease(client, f"fabrique:{{{event}}}:clerk")
        compaction = Compaction(client, event, (lease.key, lease.token), folder.erased)
        now = BroadcastTime(folder.clock).now
        clerk = Clerk(follower, book, compaction, now, settings.privacy.days)
        async with running(follower.run()):
            await follower.ready.wait()
            base = settings.server.public_url.rstrip("/") or folder.address()
            await on_duty(
                lease,
                clerk.duties()
                | wall_duties(folder, settings.wall, follower, now)
                | webhook_duties(client, settings, follower, base),
            )
