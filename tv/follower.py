"""This process's one reader of the journal: folds every event, answers writes with the fold."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from typing import overload

from captions.cues import Cue
from captions.wording import captioned
from captions.wording.captioned import Captioned
from captions.wording.events import AnyCaptionAct, CueEdited, CueWritten
from engagement.audience import AnyEvent, Audience
from engagement.changes import START, Changes, order
from engagement.fold import Outcome
from tv.events import Event
from tv.journal import Journal, StoreUnavailable

logger = logging.getLogger(__name__)

WRITE_WITHIN = 8.0  # seconds for a write to be on disk and read back; pages wait for 10
RECENT = 600.0  # seconds of cues that a newcomer gets by the socket

View = tuple[str, str, str]  # kind of view, talk or channel, participant
EVERY_CAPTIONING: View = ("captioning", "", "")  # that view of each channel
Outcomes = Outcome | captioned.Outcome
_Write = tuple[Event, asyncio.Future[Outcomes]]


class Follower:
    """What the journal says, kept up to date by `run`.

    `changed` are called with the views that an event changed: those of `Audience.touched`,
    ("captions", channel, ""), and EVERY_CAPTIONING.
    """

    def __init__(self, journal: Journal, write_within: float = WRITE_WITHIN) -> None:
        self.audience = Audience()
        self.captions = Captioned()
        self.transcripts = self.captions.transcripts
        self.recent_cues: defaultdict[str, Changes[Cue]] = defaultdict(Changes)
        self.ready = asyncio.Event()  # all that was written before we started is folded
        self.changed: list[Callable[[set[View]], None]] = []
        self.first = START  # the position of the journal's first event, by which one knows it
        self._journal = journal
        self._write_within = write_within
        self._position = START
        self._waiting: defaultdict[str, list[_Write]] = defaultdict(list)

    def cues(self, channel: str, start: float, end: float) -> list[Cue]:
        """The newest revision of each cue of `channel` that shows between two times.

        Those that a person hid are left out.
        """
        transcript = self.transcripts.get(channel)
        if transcript is None:
            return []
        return [cue for cue in transcript.between(start, end) if not cue.hidden]

    async def run(self) -> None:
        """Follow the journal until cancelled. Raises JournalReplaced, in a group.

        What was folded is then untrue, here and in whoever holds a part of it: start over.
        """
        async with asyncio.TaskGroup() as group:
            target: asyncio.Task[str] = group.create_task(self._end())
            target.add_done_callback(lambda _: self._look_whether_ready(target))
            async for position, event in self._journal.follow():
                try:
                    self._fold(position, event)
                except Exception:
                    # It would fail again at every start: better a hole than a server that stops.
                    logger.exception("journal: %s cannot be folded", position)
                self._look_whether_ready(target)

    @overload
    async def write(self, event: AnyEvent) -> Outcome: ...

    @overload
    async def write(self, event: AnyCaptionAct) -> captioned.Outcome: ...

    async def write(self, event: AnyEvent | AnyCaptionAct) -> Outcomes:
        """Append `event`; return what the fold decided about it. Raises StoreUnavailable.

        When that is raised the event may have been written all the same: a retry must carry the
        same event id.
        """
        decided: asyncio.Future[Outcomes] = asyncio.get_running_loop().create_future()
        # By its id and by itself: other tries with this id may say something else.
        waiting, write = self._waiting[event.id], (event, decided)
        waiting.append(write)
        try:
            async with asyncio.timeout(self._write_within):
                await self._journal.append(event)
                return await decided
        except TimeoutError as error:
            raise StoreUnavailable("the write is not confirmed in time") from error
        finally:
            waiting.remove(write)
            if not waiting and self._waiting.get(event.id) is waiting:
                del self._waiting[event.id]

    async def append(self, event: CueWritten) -> str:
        """Append what nobody decides about. Raises StoreUnavailable."""
        return await self._journal.append(event)

    def _fold(self, position: str, event: Event | None) -> None:
        if self._position == START:
            self.first = position
        self._position = position
        if event is None:
            return
        if isinstance(event, CueWritten):
            self.captions.write(position, event)
            self._notify(self._captions_touched(position, event))
        elif isinstance(event, AnyCaptionAct):
            self._answer(event, self.captions.apply(position, event))
            self._notify(self._captions_touched(position, event))
        else:
            self._answer(event, self.audience.apply(position, event))
            self._notify(self.audience.touched)

    def _answer(self, event: AnyEvent | AnyCaptionAct, outcome: Outcomes) -> None:
        for written, decided in self._waiting.get(event.id, ()):
            if written == event and not decided.done():
                decided.set_result(outcome)

    def _captions_touched(self, position: str, event: CueWritten | AnyCaptionAct) -> set[View]:
        views: set[View] = set()
        for channel, cue in self.captions.changed:
            newest = self.transcripts[channel].newest()
            # A rule may change thousands: of those, pages that scrolled far back keep the old.
            one = isinstance(event, CueWritten | CueEdited)
            if one or (newest and cue.end > newest.end - RECENT):
                self._keep_recent(position, channel, cue)
                views.add(("captions", channel, ""))
        if self.captions.version == position:
            views.add(EVERY_CAPTIONING)
        return views

    def _keep_recent(self, position: str, channel: str, cue: Cue) -> None:
        recent = self.recent_cues[channel]
        recent.put(position, cue.id, cue)
        while (oldest := next(iter(recent))).end < cue.end - RECENT:
            recent.forget(oldest.id)

    def _notify(self, views: set[View]) -> None:
        for notify in self.changed if views else ():
            notify(views)

    def _look_whether_ready(self, target: "asyncio.Task[str]") -> None:
        if self.ready.is_set() or not target.done() or target.cancelled():
            return
        if order(self._position) >= order(target.result()):
            logger.info("the journal is folded up to %s", target.result())
            self.ready.set()

    async def _end(self) -> str:
        while True:
            try:
                return await self._journal.end()
            except StoreUnavailable:
                await asyncio.sleep(0.2)
