"""What goes into a fold, and what comes out of it.

A fold turns the journal's events, in their order, into what is true now. It is deterministic: every
process that folds the same events says the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import msgspec

from engagement.changes import START
from engagement.origin import Origin

View = tuple[str, str, str]  # kind of view, what it is of (a talk, a lab …), participant


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Root of what the audience and the crew do.

    `id` is the event's own: seen again, it is the same act, sent twice. `at` is broadcast time.
    `by` names the participant, or the pass of who acts for the crew. With `expects`, it has an
    effect only while what it acts on has one of those versions. `origin` says where an act of the
    audience comes from; None for the crew. `personal` names the fields in which somebody wrote:
    they are blanked when whoever wrote them is to be forgotten.
    """

    personal: ClassVar[tuple[str, ...]] = ()

    id: str
    at: float
    by: str
    expects: tuple[str, ...] = ()
    origin: Origin | None = None


class Making(Event, frozen=True):
    """Root of what makes a thing. Its id follows from the event's: a retry makes no copy of it, and
    its fold recognises one for ever. `makes` names the field that holds the id."""

    makes: ClassVar[str] = ""


class MakingInTalk(Making, frozen=True):
    """The same in a talk, which must exist."""

    talk: str


class Item(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Root of what pages show; `version` is the position of the last event that changed it."""

    id: str
    version: str = START

    @property
    def views(self) -> tuple[View, ...]:
        """The views that it is in."""
        return ()

    @property
    def position(self) -> str:
        """The position of the last event that changed what pages show of it."""
        return self.version

    @property
    def public(self) -> bool:
        """Whether the audience may see that it exists."""
        return True

    @property
    def was_public(self) -> bool:
        """Whether the audience has seen it at some time, and is told when it goes."""
        return False

    @property
    def gone(self) -> bool:
        """Whether it was deleted: not even the crew sees it."""
        return False


class Reason(StrEnum):
    """Why an event had no effect."""

    UNKNOWN_TALK = "unknown-talk"
    UNKNOWN_QUESTION = "unknown-question"
    UNKNOWN_POLL = "unknown-poll"
    UNKNOWN_OPTION = "unknown-option"
    UNKNOWN_ANSWER = "unknown-answer"
    UNKNOWN_POST = "unknown-post"
    UNKNOWN_ENTRY = "unknown-entry"
    UNKNOWN_REFERENCE = "unknown-reference"
    UNKNOWN_SCREEN = "unknown-screen"
    UNKNOWN_MESSAGE = "unknown-message"
    UNKNOWN_CAFE = "unknown-cafe"
    UNKNOWN_TABLE = "unknown-table"
    UNKNOWN_IDEA = "unknown-idea"
    UNKNOWN_CLUSTER = "unknown-cluster"
    UNKNOWN_SYNTHESIS = "unknown-synthesis"
    UNKNOWN_COMMENT = "unknown-comment"
    UNKNOWN_SENDING = "unknown-sending"
    UNKNOWN_ALERT = "unknown-alert"
    UNKNOWN_DEVICE = "unknown-device"
    WALL_CLOSED = "wall-closed"
    CAFE_CLOSED = "cafe-closed"
    CAFE_BEGUN = "cafe-begun"
    LAB_BUSY = "lab-busy"
    TABLE_FULL = "table-full"
    TOO_MANY_CAFES = "too-many-cafes"
    TABLE_IDEAS_FULL = "table-ideas-full"
    OWN_IDEAS_FULL = "own-ideas-full"
    TOO_MANY_DOTS = "too-many-dots"
    TOO_MANY_GROUPS = "too-many-groups"
    TOO_MANY_SYNTHESES = "too-many-syntheses"
    TOO_MANY_AIRINGS = "too-many-airings"
    TOO_MANY_SENDINGS = "too-many-sendings"
    TALK_NOT_LIVE = "talk-not-live"
    WRONG_STATE = "wrong-state"
    CHANGED = "changed-meanwhile"
    WRONG_ROUND = "wrong-round"
    WRONG_MERGE = "wrong-merge"
    POLL_NOT_OPEN = "poll-not-open"
    UNKNOWN_BURST = "unknown-burst"
    CODE_REQUIRED = "code-required"
    CODE_USED = "code-used"
    ONE_CHOICE = "one-choice"
    WRONG_CHOICES = "wrong-choices"
    WRONG_RANKING = "wrong-ranking"
    WRONG_DOTS = "wrong-dots"
    BAD_OPTIONS = "bad-options"
    NO_OPTIONS = "no-options"
    WRONG_MAXIMUM = "wrong-maximum"
    WRONG_SCALE = "wrong-scale"
    TALK_CLOSED = "talk-closed"
    CHANNEL_BUSY = "channel-busy"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"
    CAPACITY = "capacity-reached"
    NEWCOMER_QUOTA = "newcomer-quota-exceeded"
    UNVERIFIED_QUOTA = "unverified-quota-exceeded"
    TOO_MANY_BLOCKS = "too-many-blocks"
    TOO_MANY_HIDDEN = "too-many-hidden"
    TOO_MANY_ENTRIES = "too-many-entries"
    TOO_MANY_SCREENS = "too-many-screens"
    TOO_MANY_MESSAGES = "too-many-messages"
    NOT_YOURS = "not-yours"
    BLOCKED = "blocked"
    SLOW_MODE = "slow-mode"
    NO_CONSENT = "no-consent"
    WRONG_MARKS = "wrong-marks"
    WRONG_TIMES = "wrong-times"
    TALK_EXISTS = "talk-exists"
    TOO_MANY_TALKS = "too-many-talks"
    NOT_QUEUED = "not-queued"
    QUEUE_FULL = "queue-full"
    BEING_READ = "being-read"
    KEY_REUSED = "key-reused"
    PARTICIPANT_ERASED = "participant-erased"


@dataclass(frozen=True)
class Accepted:
    """The event took effect, and `item` is what it made or changed."""

    item: Item


@dataclass(frozen=True)
class Refused:
    """The event had no effect; `current` is what stands in its way, if that is an item.

    `wait` seconds after the event's time, the same may be accepted (for TOO_MANY and for full
    queues); 0.0: never.
    """

    reason: Reason
    current: Item | None = None
    wait: float = 0.0


Outcome = Accepted | Refused


class Fold(ABC):
    """Root of the parts of what is true: talks, questions, polls …

    `events` are the types that it folds, `heeds` those of other folds' items that it follows.
    `touched` are the items that the last event changed, in order, and `theirs` the (talk,
    participant) whose own view did: whoever composes folds has them share both, and empties them
    after each event. With `rehearsed`, what a rehearsal changed goes when that ends.
    """

    events: ClassVar[Collection[type[Event]]]
    heeds: ClassVar[Collection[type[Item]]] = ()
    saves: ClassVar[type[msgspec.Struct]]
    rehearsed: ClassVar[bool] = True

    def __init__(self) -> None:
        self.touched: list[Item] = []
        self.theirs: list[tuple[str, str]] = []

    @abstractmethod
    def apply(self, position: str, event: Any) -> Outcome:
        """Fold one of its events in; say what became of it."""

    @abstractmethod
    def standing(self, event: Any) -> Item | None:
        """What `event` made or changed, as it is now; None when it is no longer there."""

    @abstractmethod
    def items(self) -> Collection[Item]:
        """All items that are in views."""

    @abstractmethod
    def saved(self) -> Any:
        """All that it takes to go on from here, as a `saves`."""

    @abstractmethod
    def restore(self, saved: Any) -> None:
        """Be what was saved, whatever happened since."""

    def heed(self, position: str, at: float, item: Any) -> None:  # noqa: B027
        """Follow one of `heeds`: another fold changed it."""

    def erase(self, position: str, participant: str, stand_in: str) -> None:  # noqa: B027
        """Forget who a participant was: what they counted for stays, under a name that says
        nothing; what they wrote goes. Where no participant is, there is nothing to forget.

        In a journal that was compacted since, both names are the stand-in's, and the same items
        change.
        """

    def due(self, now: float) -> Sequence[Event]:
        """What time alone brings about at `now`, as the events to write; their ids follow from what
        they are about, so that it is no harm when two write them."""
        return ()


def outdated(event: Event, item: Item) -> bool:
    """Whether who acts had seen another version of `item` than the one that stands."""
    return bool(event.expects) and item.version not in event.expects
