"""Cues on their way to the journal."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from captions.cues import Cue
from captions.wording.events import CueWritten
from tv.journal import StoreUnavailable

logger = logging.getLogger(__name__)

WAITING = 200  # cues that may wait for the store
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0  # seconds before trying again

Append = Callable[[CueWritten], Awaitable[str]]


class Outbox:
    """Cues on their way to the journal; they wait for a store that is away, up to a limit."""

    def __init__(self, append: Append, limit: int = WAITING) -> None:
        self._append = append
        self._limit = limit
        self._cues: OrderedDict[str, CueWritten] = OrderedDict()
        self._wanted = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self.dropped = 0

    def put(self, channel: str, cue: Cue) -> None:
        """Send `cue` as soon as possible. A newer revision takes the place of one that waits."""
        self._cues[cue.id] = CueWritten(channel, cue)
        if len(self._cues) > self._limit:
            self._cues.popitem(last=False)
            self.dropped += 1
            logger.warning("captions: the store is away, %d cues dropped", self.dropped)
        self._wanted.set()
        self._sent.clear()

    async def sent(self) -> None:
        """Wait until nothing waits."""
        await self._sent.wait()

    async def run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            await self._wanted.wait()
            if not self._cues:
                self._wanted.clear()
                self._sent.set()
                continue
            event = next(iter(self._cues.values()))
            try:
                await self._append(event)
            except StoreUnavailable as error:
                logger.warning("captions: the store does not take a cue (%s)", error)
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            pause = FIRST_PAUSE
            if self._cues.get(event.cue.id) is event:  # else a newer revision came meanwhile
                del self._cues[event.cue.id]
