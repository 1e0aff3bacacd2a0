"""All that the audience and the crew have done, folded into what pages show."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterator
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from engagement.alerts import Alerts, AnyAlertEvent
from engagement.batches import AnyBatchEvent, Batches
from engagement.blocks import AnyBlockEvent, Blocks
from engagement.cafe.cafes import Cafes
from engagement.cafe.events import (
    AnyCafeEvent,
    CafeClosed,
    NotesRevealed,
    RoundAdvanced,
    SeatTaken,
)
from engagement.changes import START, Changes, order
from engagement.fold import (
    Accepted,
    Event,
    Fold,
    Item,
    Making,
    MakingInTalk,
    Outcome,
    Reason,
    Refused,
    View,
)
from engagement.happening import AnyHappening, Happenings, ParticipantErased, PhaseSet
from engagement.ideas.events import AnyIdeaEvent
from engagement.ideas.fold import Ideas
from engagement.messages import AnyMessageEvent, Messages
from engagement.polls import AnyPollEvent, Polls
from engagement.questions import AnyQuestionEvent, QuestionAsked, Questions
from engagement.ratings import AnyRatingEvent, Ratings
from engagement.reactions import Reactions, ReactionsCounted
from engagement.rundown.events import AnyRundownEvent
from engagement.rundown.fold import Rundown
from engagement.screens import AnyScreenEvent, Screens
from engagement.syntheses.comments import Comments
from engagement.syntheses.events import AnySynthesisEvent
from engagement.syntheses.sendings import Sendings
from engagement.syntheses.syntheses import Syntheses
from engagement.talks import DIRECT, AnyTalkEvent, Talk, TalkEnded, Talks
from engagement.wall.post import AnyWallEvent
from engagement.wall.posts import Posts

AnyEvent = (
    AnyHappening
    | AnyTalkEvent
    | AnyQuestionEvent
    | AnyPollEvent
    | AnyRatingEvent
    | ReactionsCounted
    | AnyWallEvent
    | AnyCafeEvent
    | AnyIdeaEvent
    | AnySynthesisEvent
    | AnyScreenEvent
    | AnyRundownEvent
    | AnyMessageEvent
    | AnyAlertEvent
    | AnyBatchEvent
    | AnyBlockEvent
)

REMEMBERED = 65_536  # events whose repetition is recognised by their id alone

_encode = msgspec.msgpack.Encoder().encode


class Seen(msgspec.Struct, frozen=True):
    """What an event said, in short, and why it had no effect, if it had none."""

    digest: bytes
    reason: str = ""


class Saved(msgspec.Struct, frozen=True):
    """All that it takes to go on from `position`; parts by the name of their fold, in msgpack.

    `views` have their version and what they forgot, `theirs` the version of each participant's own.
    `before` is what was so when the rehearsal began; empty when there is none. `acted`: by whom
    there are events.
    """

    position: str
    folds: dict[str, bytes]
    views: tuple[tuple[View, str, str], ...]
    theirs: tuple[tuple[str, str, str], ...]
    seen: dict[str, Seen]
    before: dict[str, bytes]
    acted: tuple[str, ...]


class Audience:
    """The fold of folds. The same events in the same order give the same everywhere.

    `touched` names the views that the last event changed: those of its items, and
    ("me", talk, participant).
    """

    def __init__(self, default_talks: tuple[Talk, ...] = (DIRECT,)) -> None:
        self.position = ""
        self.happening = Happenings()
        self.talks = Talks(default_talks)
        self.questions = Questions()
        self.polls = Polls()
        self.reactions = Reactions()
        self.ratings = Ratings()
        self.posts = Posts()
        self.messages = Messages()
        self.cafes = Cafes()
        self.ideas = Ideas(self.cafes)
        self.syntheses = Syntheses(self.cafes, self.ideas, self.talks)
        self.comments = Comments(self.syntheses)
        self.sendings = Sendings(self.talks, self.questions, self.polls, self.syntheses)
        self.alerts = Alerts(self.questions, self.posts, self.ideas, self.syntheses, self.comments)
        self.batches = Batches(self.questions, self.posts, self.ideas, self.comments)
        self.blocks = Blocks(self.batches)
        self.screens = Screens()
        self.rundown = Rundown(
            self.screens, self.talks, self.questions, self.polls, self.posts, self.syntheses
        )
        self.touched: set[View] = set()
        self._folds: dict[str, Fold] = {
            "happening": self.happening,
            "talks": self.talks,
            "questions": self.questions,
            "polls": self.polls,
            "reactions": self.reactions,
            "ratings": self.ratings,
            "posts": self.posts,
            "messages": self.messages,
            "cafes": self.cafes,
            "ideas": self.ideas,
            "syntheses": self.syntheses,
            "comments": self.comments,
            "sendings": self.sendings,
            "alerts": self.alerts,
            "batches": self.batches,
            "blocks": self.blocks,
            "screens": self.screens,
            "rundown": self.rundown,  # the last: see Rundown.restore
        }
        self._items: list[Item] = []  # those that the event at hand touched, in any fold
        self._own: list[tuple[str, str]] = []  # and whose own views: talk and participant
        self._heeding: defaultdict[type[Item], list[Fold]] = defaultdict(list)
        for fold in self._folds.values():
            fold.touched, fold.theirs = self._items, self._own
            for heeded in fold.heeds:
                self._heeding[heeded].append(fold)
        self._fold_of = {type: fold for fold in self._folds.values() for type in fold.events}
        self._views: defaultdict[View, Changes[Item]] = defaultdict(Changes)
        self._theirs: dict[tuple[str, str], str] = {}  # talk and participant -> version
        self._acted: dict[str, None] = {}  # by whom there are events
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._before: dict[str, bytes] = {}
        self._show_all()

    def changes(self, view: View) -> Changes[Item] | None:
        """What is in a view, in the order of its last change."""
        return self._views.get(view)

    def in_talk(self, talk: str) -> Collection[Item]:
        """The talk, its questions, its polls …, the oldest change first."""
        changes = self._views.get(("talk", talk, ""))
        return list(changes) if changes else ()

    def version_of_theirs(self, talk: str, participant: str) -> str:
        """The position of the last change in what `participant` did in `talk`; "" for none."""
        return self._theirs.get((talk, participant), "")

    def has_acted(self, participant: str) -> bool:
        """True if there is any event by the participant, even one without effect."""
        return participant in self._acted

    def apply(self, position: str, event: Event) -> Outcome:
        """Fold one event in; say what became of it. An event seen before changes nothing."""
        self.position = position
        self.touched = set()
        if self.happening.has_erased(event.by) and not isinstance(event, ParticipantErased):
            return Refused(Reason.PARTICIPANT_ERASED)
        self._acted[event.by] = None
        if self.blocks.refuses(event):
            return Refused(Reason.BLOCKED)  # for now, as for TOO_MANY below
        fold = self._fold_of[type(event)]
        # What is made has an id of its own, which its fold recognises for ever.
        if isinstance(event, Making):
            outcome = self._refused(event) or fold.apply(position, event)
            self._show_touched(position, event.at)
            return outcome
        digest = _digest(event)
        if known := self._seen.get(event.id):
            return self._again(fold, event, known, digest)
        outcome = fold.apply(position, event)
        if isinstance(outcome, Accepted):
            self._follow_up(position, event)
        self._show_touched(position, event.at)
        reason = outcome.reason.value if isinstance(outcome, Refused) else ""
        if isinstance(outcome, Refused) and outcome.wait:
            return outcome  # for now: the same act, sent again, may have its effect
        self._seen[event.id] = Seen(digest, reason)
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return outcome

    def requote(self, position: str, cue: str, words: Callable[[str], str]) -> None:
        """Have what quotes a cue say what it says now: `words` has that of each cue, or ""."""
        self.touched = set()
        for question in self.questions.quoting(cue):
            self.questions.requote(position, question, words)
        self._show_touched(position, order(position)[0] / 1000)

    def due(self, now: float) -> list[Event]:
        """What time alone brings about at `now`: the events to write."""
        return [event for fold in self._folds.values() for event in fold.due(now)]

    def saved(self) -> Saved:
        """All that it takes to go on from here."""
        views = ((view, each.version, each.forgotten) for view, each in self._views.items())
        theirs = ((*of, version) for of, version in self._theirs.items())
        return Saved(
            self.position,
            self._parts(),
            tuple(views),
            tuple(theirs),
            dict(self._seen),
            dict(self._before),
            tuple(self._acted),
        )

    def restore(self, saved: Saved) -> None:
        """Be what was saved. Raises msgspec.MsgspecError when that was of another version."""
        self._be({name: saved.folds[name] for name in self._folds})
        self.position = saved.position
        self._views.clear()
        self._show_all()
        for view, version, forgotten in saved.views:
            self._views[view].version, self._views[view].forgotten = version, forgotten
        self._theirs = {(talk, by): version for talk, by, version in saved.theirs}
        self._seen = OrderedDict(saved.seen)
        self._before = dict(saved.before)
        self._acted = dict.fromkeys(saved.acted)

    def _refused(self, event: Making) -> Refused | None:
        """Why a thing cannot be made, as far as its talk and the phase are concerned."""
        if not isinstance(event, MakingInTalk):
            return None
        talk = self.talks.by_id.get(event.talk)
        if talk is None:
            return Refused(Reason.UNKNOWN_TALK)
        if isinstance(event, QuestionAsked) and event.question not in self.questions.by_id:
            if not talk.takes_questions:
                return Refused(Reason.TALK_CLOSED, talk)
            if wait := self._slowed(talk, event):
                return Refused(Reason.SLOW_MODE, talk, wait)
        return None

    def _slowed(self, talk: Talk, event: QuestionAsked) -> float:
        """The seconds until somebody may ask again in a talk in slow mode; 0.0 for now."""
        asked = self.questions.asked_by(talk.id, event.by) if talk.slow else ()
        wait = asked[-1].asked_at + talk.slow - event.at if asked else 0.0
        return min(max(0.0, wait), talk.slow)  # the clock may have been put back

    def _again(self, fold: Fold, event: Event, known: Seen, digest: bytes) -> Outcome:
        if digest != known.digest:
            return Refused(Reason.KEY_REUSED)
        standing = fold.standing(event)
        if known.reason:
            return Refused(Reason(known.reason), standing)
        return Accepted(standing) if standing else Refused(Reason.WRONG_STATE)

    def _follow_up(self, position: str, event: Event) -> None:
        """What an event changes outside its own fold."""
        match event:
            case TalkEnded(talk=talk, at=at):
                self.questions.end_answer(position, talk, at)
                self.polls.end_talk(position, talk, at)
                self.syntheses.end_telling(position, talk, at)
            case NotesRevealed(at=at) | RoundAdvanced(at=at) | CafeClosed(at=at):
                self.ideas.reveal(position, at)
            case SeatTaken():
                self.ideas.welcome(position, event)
            case PhaseSet(phase="rehearsal"):
                self._before = self._parts(rehearsed=True)
            case PhaseSet():
                self._end_rehearsal(position)
            case ParticipantErased():
                if self._before:
                    self._erase_before(position, event)
                self._erase(position, event.participant, event.stand_in)

    def _end_rehearsal(self, position: str) -> None:
        """Have everything as it was when it began, and every page start over."""
        if not self._before:
            return
        planned, schedule = tuple(self.talks.by_id.values()), self.talks.schedule
        self._be(self._before)
        self.talks.end_rehearsal(planned, schedule)
        self._before = {}
        self._seen.clear()  # what they did is undone
        for view, changes in self._views.items():
            changes.begin(position)
            self.touched.add(view)
        self._show_all()
        for changes in self._views.values():
            changes.version = position
        for talk, by in self._theirs:
            self._theirs[talk, by] = position
            self.touched.add(("me", talk, by))

    def _erase(self, position: str, participant: str, stand_in: str) -> None:
        self._acted.pop(participant, None)
        for fold in self._folds.values():
            fold.erase(position, participant, stand_in)
        if participant != stand_in:  # nobody has a view of their own under that name now
            self._own[:] = [of for of in self._own if of[1] != participant]
        for talk, by in [of for of in self._theirs if of[1] == participant]:
            del self._theirs[talk, by]
            self.touched.add(("me", talk, by))

    def _erase_before(self, position: str, event: ParticipantErased) -> None:
        """Forget somebody in what is to be so again when the rehearsal ends."""
        now = self._parts(rehearsed=True)
        self._be(self._before)
        for name in self._before:
            self._folds[name].erase(position, event.participant, event.stand_in)
        self._heed_touched(position, event.at)
        self._before = self._parts(rehearsed=True)
        self._be(now)
        self._items.clear()
        self._own.clear()

    def _show_touched(self, position: str, at: float) -> None:
        try:
            self._heed_touched(position, at)
            if len(self._items) > 1:
                # As they are shown when all are shown anew: several may have the same version.
                self._items.sort(key=key)
            for item in self._items:
                self._show(position, item)
                self.touched.update(item.views)
            for of in self._own:
                self._theirs[of] = position
                self.touched.add(("me", *of))
        finally:  # what fails with one event must not fail with each that follows
            self._items.clear()
            self._own.clear()

    def _heed_touched(self, position: str, at: float) -> None:
        for item in self._items:  # what follows them is touched too, and comes behind them
            for fold in self._heeding.get(type(item), ()):
                fold.heed(position, at, item)

    def _show_all(self) -> None:
        every = [item for fold in self._folds.values() for item in fold.items()]
        for item in sorted(every, key=lambda item: (order(item.position), key(item))):
            self._show(item.position, item)

    def _show(self, position: str, item: Item) -> None:
        name = key(item)
        for view in item.views:
            self._views[view].put(position, name, item)

    def _be(self, parts: dict[str, bytes]) -> None:
        for name, saved in parts.items():
            fold = self._folds[name]
            fold.restore(msgspec.msgpack.decode(saved, type=fold.saves))

    def _parts(self, rehearsed: bool = False) -> dict[str, bytes]:
        def parts() -> Iterator[tuple[str, bytes]]:
            for name, fold in self._folds.items():
                if fold.rehearsed or not rehearsed:
                    yield name, _encode(fold.saved())

        return dict(parts())


def key(item: Item) -> str:
    """How pages name an item: `question:q_…`."""
    return f"{type(item).__name__.lower()}:{item.id}"


def _digest(event: Event) -> bytes:
    """Digest of an event without its time and origin, which differ in a retry."""
    return blake2b(_encode(replace(event, at=0.0, origin=None)), digest_size=8).digest()


__all__ = ["START", "AnyEvent", "Audience", "Saved", "key"]
