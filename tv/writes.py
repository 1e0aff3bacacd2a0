"""Writes under way: each is answered once it is on disk and folded, whichever comes first.

Votes come by the thousand: one has no task here, no future, and no timer of its own.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from itertools import takewhile

from captions.wording import captioned
from captions.wording.events import AnyCaptionAct
from engagement.audience import AnyEvent
from engagement.fold import Outcome
from tv.journal import Append, Became, Journal, StoreUnavailable, settle
from tv.limits import Bucket, TooFast

logger = logging.getLogger(__name__)

Act = AnyEvent | AnyCaptionAct
Outcomes = Outcome | captioned.Outcome
# What becomes of a write: what the fold decided (None: it was only counted), or what went wrong.
Told = Outcomes | Exception | None
Then = Callable[[Told], object]


class Write:
    """One under way, until `then` is told or taken away."""

    __slots__ = ("append", "due", "event", "outcome", "then", "written")

    def __init__(self, event: Act | None, then: Then, due: float) -> None:
        self.event = event
        self.then: Then | None = then
        self.due = due  # by the loop's clock: when it is given up
        self.append: Append | None = None
        self.written = False
        self.outcome: Outcomes | None = None


class Writes:
    """Those of this process; each is given up after `within` seconds."""

    def __init__(self, journal: Journal, within: float) -> None:
        self._journal = journal
        self._within = within
        self._waiting: dict[str, list[Write]] = {}  # by the event's id: tries may share one
        self._all: dict[Write, None] = {}  # in the order in which they are given up
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, event: Act | None, buckets: Sequence[Bucket] = ()) -> Outcomes | None:
        """What becomes of `event`. Raises StoreUnavailable, TooFast."""
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        write = self.submit(event, buckets, lambda what: settle(told, what))
        try:
            what = await told
        finally:
            self._forget(write)
        if isinstance(what, Exception):
            raise what
        return what

    def submit(self, event: Act | None, buckets: Sequence[Bucket], then: Then) -> Write:
        """Append an event (none: count only), and tell `then` what becomes of it.

        Raises StoreUnavailable.
        """
        loop = asyncio.get_running_loop()
        write = Write(event, then, loop.time() + self._within)
        write.append = self._journal.submit(
            event, buckets, lambda became: self._written(write, became)
        )
        if event is not None:
            self._waiting.setdefault(event.id, []).append(write)
        self._all[write] = None
        if self._timer is None:
            self._timer = loop.call_at(write.due, self._give_up)
        return write

    def decide(self, event: Act, outcome: Outcomes) -> None:
        """It is folded: so say to who wrote it here."""
        for write in tuple(self._waiting.get(event.id, ())):
            # By its id and by itself: other tries with this id may say something else.
            if write.outcome is None and write.event == event:
                write.outcome = outcome
                if write.written:
                    self._tell(write, outcome)

    def _written(self, write: Write, became: Became) -> None:
        write.written = True
        if isinstance(became, TooFast) and write.outcome is not None:
            # Sent twice on a line that was lost: it was counted and written the first time.
            self._tell(write, write.outcome)
        elif isinstance(became, Exception):
            self._tell(write, became)
        elif write.event is None or write.outcome is not None:
            self._tell(write, write.outcome)

    def _tell(self, write: Write, what: Told) -> None:
        then = write.then
        self._forget(write)
        try:
            if then is not None:
                then(what)
        except Exception:
            logger.exception("a write is not answered")

    def _forget(self, write: Write) -> None:
        """Nobody waits for it any more; if its turn has not come, it is not written."""
        write.then = None
        if write.append is not None:
            write.append.became = None
        self._all.pop(write, None)
        if write.event is not None and (waiting := self._waiting.get(write.event.id)):
            if write in waiting:
                waiting.remove(write)
            if not waiting:
                del self._waiting[write.event.id]

    def _give_up(self) -> None:
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        for write in tuple(takewhile(lambda each: each.due <= now, self._all)):
            self._tell(write, StoreUnavailable("the write is not confirmed in time"))
        if self._all:
            self._timer = loop.call_at(next(iter(self._all)).due, self._give_up)
