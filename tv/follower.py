"""This process's one reader of the journal: folds every event, answers writes with the fold."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import get_args, overload

import msgspec
from msgspec.structs import replace

from captions.cues import Cue
from captions.wording import captioned
from captions.wording.captioned import Captioned
from captions.wording.events import AnyCaptionAct, CaptionAct, CueEdited, CueWritten
from engagement import audience as audiences
from engagement.audience import AnyEvent, Audience
from engagement.changes import START, Changes, order
from engagement.fold import Outcome, View
from engagement.happening import AnyHappening, ParticipantErased
from engagement.questions import QuestionAsked
from engagement.talks import AnyTalkEvent
from tv.events import Event
from tv.journal import Journal, JournalReplaced, StoreUnavailable
from tv.limits import Bucket
from tv.writes import Act, Outcomes, Then, Writes

logger = logging.getLogger(__name__)

WRITE_WITHIN = 8.0  # seconds for a write to be on disk and read back; pages wait for 10
RECENT = 600.0  # seconds of cues that a newcomer gets by the socket

# For a process that only asks what is on: votes and questions of a storm cost it nothing, nor do
# the words of two days.
TALKS_ALONE: frozenset[type] = frozenset((*get_args(AnyHappening), *get_args(AnyTalkEvent)))
# For one that also asks how captions are to be written, but not what they say.
TALKS_AND_CAPTIONING: frozenset[type] = TALKS_ALONE | frozenset(get_args(AnyCaptionAct))
TALKS_AND_CAPTIONS: frozenset[type] = TALKS_AND_CAPTIONING | {CueWritten}

EVERY_CAPTIONING: View = ("captioning", "", "")  # that view of each channel

_encode = msgspec.msgpack.Encoder().encode


class Recent(msgspec.Struct, frozen=True):
    """The cues of a channel that a newcomer gets, each with the position of its last change."""

    cues: list[tuple[str, str]]  # position, id
    version: str
    forgotten: str


class Saved(msgspec.Struct, frozen=True):
    """All that was folded up to `position`; `first` is that of the journal's first event."""

    position: str
    first: str
    erasure: str
    audience: audiences.Saved
    captions: captioned.Saved
    recent: dict[str, Recent]


_saved = msgspec.msgpack.Decoder(Saved)


class Follower:
    """What the journal says, kept up to date by `run`.

    `changed` are called with the views that events changed: those of `Audience.touched`,
    ("captions", channel, ""), and EVERY_CAPTIONING. With `heeds`, only these types of events are
    folded, and answered when they are written here.
    """

    def __init__(
        self,
        journal: Journal,
        write_within: float = WRITE_WITHIN,
        heeds: frozenset[type] | None = None,
    ) -> None:
        self.audience = Audience()
        self.captions = Captioned()
        self.transcripts = self.captions.transcripts
        self.recent_cues: defaultdict[str, Changes[Cue]] = defaultdict(Changes)
        self.ready = asyncio.Event()  # all that was written before we started is folded
        self.changed: list[Callable[[set[View]], None]] = []
        self.first = START  # the position of the journal's first event, by which one knows it
        self.position = START  # the position of the last event folded
        self.folded = 0  # events that this process folded itself
        self.erasure = ""  # the position of the last erasure that names who it is about
        self._folded = asyncio.Event()  # more than before
        self._journal = journal
        self._writes = Writes(journal, write_within)
        self._heeds = heeds

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
        compacted = await self._patiently(self._journal.compacted)
        await self._restore()
        async with asyncio.TaskGroup() as group:
            target: asyncio.Task[str] = group.create_task(self._patiently(self._journal.end))
            target.add_done_callback(lambda _: self._look_whether_ready(target))
            async for page in self._journal.pages(self.position):
                views: set[View] = set()
                for position, event in page:
                    if (
                        _is_compacted(event)
                        and order(position) > order(compacted)
                        and await self._patiently(self._journal.compacted) != compacted
                    ):
                        # What we read of theirs before was still in their name, and would stay.
                        raise JournalReplaced("the journal was written anew while it was read")
                    try:
                        views |= self._fold(position, event)
                    except Exception:
                        # It would fail at every start: better a hole than a server that stops.
                        logger.exception("journal: %s cannot be folded", position)
                self._notify(views)
                self._folded.set()
                self._look_whether_ready(target)

    @overload
    async def write(self, event: AnyEvent, within: Sequence[Bucket] = ()) -> Outcome: ...

    @overload
    async def write(self, event: AnyCaptionAct) -> captioned.Outcome: ...

    async def write(self, event: Act, within: Sequence[Bucket] = ()) -> Outcomes:
        """Append `event`; return what the fold decided about it.

        Raises StoreUnavailable: the event may have been written all the same, so that a retry must
        carry the same event id. Raises TooFast when a bucket does not let it through.
        """
        outcome = await self._writes.wait(event, within)
        assert outcome is not None
        return outcome

    def submit(self, event: Act | None, within: Sequence[Bucket], then: Then) -> None:
        """The same for who does not wait, but is told; without an event it is only counted.

        Raises StoreUnavailable.
        """
        self._writes.submit(event, within, then)

    async def append(self, event: CueWritten) -> str:
        """Append what nobody decides about. Raises StoreUnavailable."""
        return await self._journal.append(event)

    async def count(self, within: Sequence[Bucket]) -> None:
        """Count an act that is not written. Raises TooFast, StoreUnavailable."""
        await self._writes.wait(None, within)

    async def caught_up(self) -> None:
        """Wait until all is folded that was written before. Raises StoreUnavailable."""
        end = order(await self._journal.end())
        while order(self.position) < end:
            self._folded.clear()
            await self._folded.wait()

    def saved(self) -> bytes:
        """All that it takes to go on from here, for `Snapshots`."""
        recent = {
            channel: Recent(
                [(changes.position(cue.id), cue.id) for cue in changes],
                changes.version,
                changes.forgotten,
            )
            for channel, changes in self.recent_cues.items()
        }
        audience, captions = self.audience.saved(), self.captions.saved()
        return _encode(Saved(self.position, self.first, self.erasure, audience, captions, recent))

    async def _restore(self) -> None:
        """Begin with the newest snapshot, if one counts."""
        if (body := await self._journal.snapshots.load()) is None:
            return
        try:
            saved = _saved.decode(body)
        except ValueError as error:  # msgspec's own, or a text's that is no UTF-8
            logger.warning("no snapshot (%s): the whole journal is read", error)
            return
        try:
            self.audience.restore(saved.audience)
            self.captions.restore(self._heeded(saved.captions))
        except (msgspec.MsgspecError, LookupError, ValueError):
            # The same code wrote it: a bug. What it did so far is undone by starting over, without.
            await self._journal.snapshots.forget()
            raise
        for channel, recent in saved.recent.items():
            changes = self.recent_cues[channel]
            for position, name in recent.cues:
                found = self.captions.find(name)
                if found is not None:
                    changes.put(position, name, found[1].shown)
            changes.version, changes.forgotten = recent.version, recent.forgotten
        self.first, self.position, self.erasure = saved.first, saved.position, saved.erasure
        logger.info("the journal is folded up to %s by a snapshot", self.position)

    def _heeded(self, saved: captioned.Saved) -> captioned.Saved:
        if self._heeds is None or CueWritten in self._heeds:
            return saved
        return replace(saved, cues={})

    def _fold(self, position: str, event: Event | None) -> set[View]:
        """Fold an event, and answer who wrote it here; return the views that it changed."""
        if self.position == START:
            self.first = position
        self.position = position
        self.folded += 1
        if event is None or (self._heeds is not None and type(event) not in self._heeds):
            return set()
        if isinstance(event, CueWritten):
            self.captions.write(position, event)
            return self._captions_touched(position, event) | self._requoted(position)
        if isinstance(event, CaptionAct):
            self._writes.decide(event, self.captions.apply(position, event))
            return self._captions_touched(position, event) | self._requoted(position)
        if isinstance(event, ParticipantErased) and not _is_compacted(event):
            self.erasure = position
        self._writes.decide(event, self.audience.apply(position, event))
        views = self.audience.touched
        if isinstance(event, QuestionAsked) and event.anchor is not None:
            views = views | self._quoted_late(position, event.anchor.cues)
        return views

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

    def _requoted(self, position: str) -> set[View]:
        """Have the questions that quote what changed say what it says now; return their views."""
        views: set[View] = set()
        for _, cue in self.captions.changed:
            if self.audience.questions.quoting(cue.id):
                self.audience.requote(position, cue.id, self._words_of)
                views |= self.audience.touched
        return views

    def _quoted_late(self, position: str, cues: Sequence[str]) -> set[View]:
        """Have a question that quotes what was hidden before it came say none of it."""
        for cue in cues:
            if self.captions.find(cue) and not self._words_of(cue):
                self.audience.requote(position, cue, self._words_of)
                return self.audience.touched
        return set()

    def _words_of(self, cue: str) -> str:
        found = self.captions.find(cue)
        shown = found[1].shown if found else None
        return " ".join(shown.lines) if shown and not shown.hidden else ""

    def _keep_recent(self, position: str, channel: str, cue: Cue) -> None:
        recent = self.recent_cues[channel]
        recent.put(position, cue.id, cue)
        while (oldest := next(iter(recent))).end < cue.end - RECENT:
            recent.forget(oldest.id)

    def _notify(self, views: set[View]) -> None:
        for notify in self.changed if views else ():
            try:
                notify(views)
            except Exception:
                logger.exception("who is told of changes fails")

    def _look_whether_ready(self, target: "asyncio.Task[str]") -> None:
        if self.ready.is_set() or not target.done() or target.cancelled():
            return
        if order(self.position) >= order(target.result()):
            logger.info("the journal is folded up to %s", target.result())
            self.ready.set()

    async def _patiently(self, ask: Callable[[], Awaitable[str]]) -> str:
        """What the store answers, once it does."""
        while True:
            try:
                return await ask()
            except StoreUnavailable:
                await asyncio.sleep(0.2)


def _is_compacted(event: Event | None) -> bool:
    """Whether it is an erasure that does not name any more who it was about."""
    return isinstance(event, ParticipantErased) and event.participant == event.stand_in
