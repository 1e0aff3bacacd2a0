"""This process's one reader of the journal: folds every event, answers writes with the fold."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable

from captions.cues import Cue, CueWritten
from captions.transcript import Transcript
from engagement.audience import AnyEvent, Audience
from engagement.changes import Changes, order
from engagement.fold import Outcome
from tv.journal import START, Journal, StoreUnavailable

logger = logging.getLogger(__name__)

FOLD_TIMEOUT = 5.0  # seconds from the acknowledged write to its place in the fold
RECENT = 600.0  # seconds of cues that a newcomer gets by the socket

View = tuple[str, str, str]  # kind of view, talk or channel, participant


class Follower:
    """What the journal says, kept up to date by `run`.

    `changed` are called with the views that an event changed: those of `Audience.touched`, and
    ("captions", channel, "").
    """

    def __init__(self, journal: Journal) -> None:
        self.audience = Audience()
        self.transcripts: defaultdict[str, Transcript] = defaultdict(Transcript)
        self.recent_cues: defaultdict[str, Changes[Cue]] = defaultdict(Changes)
        self.ready = asyncio.Event()  # all that was written before we started is folded
        self.changed: list[Callable[[set[View]], None]] = []
        self._journal = journal
        self._position = ""
        self._waiting: defaultdict[str, list[asyncio.Future[Outcome]]] = defaultdict(list)

    def cues(self, channel: str, start: float, end: float) -> list[Cue]:
        """The newest revision of each cue of `channel` that shows between two times."""
        transcript = self.transcripts.get(channel)
        return [] if transcript is None else list(transcript.between(start, end))

    async def run(self) -> None:
        """Follow the journal until cancelled."""
        async with asyncio.TaskGroup() as group:
            target: asyncio.Task[str] = group.create_task(self._end())
            target.add_done_callback(lambda _: self._look_whether_ready(target))
            async for position, event in self._journal.follow():
                self._fold(position, event)
                self._look_whether_ready(target)

    async def write(self, event: AnyEvent) -> Outcome:
        """Append `event`; return what the fold decided about it. Raises StoreUnavailable.

        When that is raised the event may have been written all the same: a retry must carry the
        same event id.
        """
        decided: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        waiting = self._waiting[event.id]
        waiting.append(decided)
        try:
            await self._journal.append(event)
            async with asyncio.timeout(FOLD_TIMEOUT):
                return await decided
        except TimeoutError as error:
            raise StoreUnavailable("the write is not read back") from error
        finally:
            waiting.remove(decided)
            if not waiting and self._waiting.get(event.id) is waiting:
                del self._waiting[event.id]

    def _fold(self, position: str, event: AnyEvent | CueWritten | None) -> None:
        self._position = position
        if event is None:
            return
        if isinstance(event, CueWritten):
            self.transcripts[event.channel].apply(event.cue)
            self._keep_recent(position, event.channel, event.cue)
            self._notify({("captions", event.channel, "")})
            return
        outcome = self.audience.apply(position, event)
        for decided in self._waiting.get(event.id, ()):
            if not decided.done():
                decided.set_result(outcome)
        if self.audience.touched:
            self._notify(self.audience.touched)

    def _keep_recent(self, position: str, channel: str, cue: Cue) -> None:
        recent = self.recent_cues[channel]
        recent.put(position, cue.id, cue)
        while (oldest := next(iter(recent))).end < cue.end - RECENT:
            recent.forget(oldest.id)

    def _notify(self, views: set[View]) -> None:
        for notify in self.changed:
            notify(views)

    def _look_whether_ready(self, target: "asyncio.Task[str]") -> None:
        if self.ready.is_set() or not target.done() or target.cancelled():
            return
        if order(self._position or START) >= order(target.result()):
            logger.info("the journal is folded up to %s", target.result())
            self.ready.set()

    async def _end(self) -> str:
        while True:
            try:
                return await self._journal.end()
            except StoreUnavailable:
                await asyncio.sleep(0.2)
