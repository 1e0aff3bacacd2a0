"""A channel's feed once more, some seconds later: a picture comes when its captions are there."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.ring import Ring
from streaming.webrtc.relay import Relay

logger = logging.getLogger(__name__)

LINGER = 10.0  # seconds without a viewer after which it stops: who has lost it comes back
LOOK = 0.5  # seconds between two looks at who watches, and at whether there are B-frames


class Delayed:
    """Repeats `source` for viewers of its own, `delay` seconds after everything came.

    That is at most `feed.LONGEST_DELAY`. It runs from the first viewer's offer until nobody has
    watched for `linger` seconds, and what it repeats are the very same packets: their times stay
    those of the broadcast clock, and a cut comes as it came. The source's rings hold what it begins
    with, so that a picture is there at once. `make_relay` gives its feed the relay that sends it:
    a new one each time, with streams that nobody can mistake for those of the last time.
    """

    def __init__(
        self,
        source: Feed,
        delay: float,
        make_relay: Callable[[Feed], Relay],
        linger: float = LINGER,
    ) -> None:
        self.delay = delay
        self.relay: Relay | None = None  # while it runs
        self._source = source
        self._make_relay = make_relay
        self._linger = linger
        self._wanted_at = 0.0
        self._runs: set[asyncio.Task[None]] = set()  # more than one while an old one ends

    def open(self) -> Relay:
        """Begin, unless it runs; return the relay that answers viewers."""
        self._wanted_at = asyncio.get_running_loop().time()
        if self.relay is None:
            logger.info("webrtc: the delayed feed begins, %g s behind", self.delay)
            feed = Feed()
            self.relay = self._make_relay(feed)
            task = asyncio.create_task(self._run(feed, self.relay))
            self._runs.add(task)
            task.add_done_callback(self._ended)
        return self.relay

    async def close(self) -> None:
        """Part from all viewers."""
        runs = tuple(self._runs)
        for task in runs:
            task.cancel()
        await asyncio.gather(*runs, return_exceptions=True)

    async def _run(self, feed: Feed, relay: Relay) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                repeats = [
                    group.create_task(self._repeat(self._source.webrtc, feed.webrtc)),
                    group.create_task(self._repeat(self._source.opus, feed.opus)),
                    group.create_task(self._repeat_order(feed)),
                ]
                await self._unwatched(relay)
                self.relay = None  # who comes now begins anew
                for task in repeats:
                    task.cancel()
        finally:
            if self.relay is relay:
                self.relay = None
            await relay.close()
            feed.close()

    async def _repeat(self, source: Ring[Packet], ring: Ring[Packet]) -> None:
        async for packet in source.trail(self.delay):
            ring.append(packet)

    async def _repeat_order(self, feed: Feed) -> None:
        """Say of the picture what was said of it in the source when it came."""
        looks = round(self.delay / LOOK)
        said = deque([self._source.out_of_order] * looks)
        while True:
            said.append(self._source.out_of_order)
            feed.out_of_order = said.popleft()
            await asyncio.sleep(LOOK)

    async def _unwatched(self, relay: Relay) -> None:
        """Wait until nobody has watched for a while."""
        loop = asyncio.get_running_loop()
        while loop.time() - self._wanted_at < self._linger:
            await asyncio.sleep(min(LOOK, self._linger / 4))
            if not relay.idle:
                self._wanted_at = loop.time()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._runs.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("webrtc: the delayed feed failed", exc_info=error)
        else:
            logger.info("webrtc: the delayed feed ends")
