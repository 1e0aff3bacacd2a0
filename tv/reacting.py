"""Taps of reactions, counted here for a second, then written as one event per talk.

Two thousand thumbs would fill the journal with what nobody needs: who tapped is not kept, only how
many did in each second of the picture. What was counted and not written is lost with the process.
"""

import asyncio
import logging
import secrets
from collections import defaultdict, deque
from collections.abc import Callable

from engagement.origin import Trust
from engagement.reactions import Counts, ReactionsCounted, Second
from engagement.shares import OF_ALL
from tv.follower import Follower
from tv.journal import StoreUnavailable

logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two events of a talk
PER_EVENT = 300  # seconds of the picture in one event: the others go with the next
WAITING = 10_000  # seconds of pictures that may wait while the store is away; more are not counted


class Reacting:
    """What this process counted and has not written yet. Use `run`."""

    def __init__(self, follower: Follower, now: Callable[[], float], every: float = EVERY) -> None:
        self._follower = follower
        self._now = now
        self._every = every
        self._counted: dict[tuple[str, int], Counts] = {}
        self._unsent: deque[ReactionsCounted] = deque()

    def count(self, talk: str, at: int, kind: str, level: Trust = Trust.PRESENT) -> bool:
        """Count one to the second `at` of a talk; False when too much waits already.

        New devices begin no more seconds when half of those that may wait do.
        """
        where = talk, at
        if where not in self._counted and len(self._counted) >= WAITING * OF_ALL[level]:
            return False
        one = Counts(**{kind: 1})
        before = self._counted.get(where)
        self._counted[where] = before.plus(one) if before else one
        return True

    async def run(self) -> None:
        """Write what was counted, every second, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self._write()

    async def _write(self) -> None:
        if not self._unsent:
            self._unsent.extend(self._events())
        try:
            while self._unsent:
                await self._follower.write(self._unsent[0])
                self._unsent.popleft()
        except StoreUnavailable as error:
            # It may have been written: the same event again, so that nothing counts twice.
            logger.warning("reactions wait for the store (%s)", error)

    def _events(self) -> list[ReactionsCounted]:
        talks: defaultdict[str, list[Second]] = defaultdict(list)
        for (talk, at), counts in list(self._counted.items()):
            if len(talks[talk]) < PER_EVENT:
                talks[talk].append(Second(at, counts))
                del self._counted[talk, at]
        return [
            ReactionsCounted(
                id=secrets.token_hex(10),
                at=self._now(),
                by="",
                talk=talk,
                seconds=tuple(sorted(seconds, key=lambda second: second.at)),
            )
            for talk, seconds in talks.items()
        ]
