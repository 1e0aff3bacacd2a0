"""What goes into a fold, and what comes out of it.

A fold turns the journal's events, in their order, into what is true now. It is deterministic: every
process that folds the same events says the same.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from engagement.changes import START


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True):
    """Root of what the audience and the crew do.

    `id` is the event's own: seen again, it is the same act, sent twice. `at` is broadcast time.
    `by` names the participant, or the pass of who acts for the crew. With `expects`, it has an
    effect only while what it acts on has one of those versions.
    """

    id: str
    at: float
    by: str
    expects: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """Root of what pages show; `version` is the position of the last event that changed it."""

    id: str
    version: str = START


class Reason(StrEnum):
    """Why an event had no effect."""

    UNKNOWN_TALK = "unknown-talk"
    UNKNOWN_QUESTION = "unknown-question"
    UNKNOWN_POLL = "unknown-poll"
    UNKNOWN_OPTION = "unknown-option"
    WRONG_STATE = "wrong-state"
    CHANGED = "changed-meanwhile"
    WRONG_ROUND = "wrong-round"
    WRONG_MERGE = "wrong-merge"
    POLL_NOT_OPEN = "poll-not-open"
    ONE_CHOICE = "one-choice"
    TALK_CLOSED = "talk-closed"
    CHANNEL_BUSY = "channel-busy"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"
    NOT_YOURS = "not-yours"
    NO_CONSENT = "no-consent"
    WRONG_MARKS = "wrong-marks"
    KEY_REUSED = "key-reused"


@dataclass(frozen=True)
class Accepted:
    """The event took effect, and `item` is what it made or changed."""

    item: Item


@dataclass(frozen=True)
class Refused:
    """The event had no effect; `current` is what stands in its way, if that is an item.

    `wait` seconds after the event's time, the same would be accepted (for TOO_MANY).
    """

    reason: Reason
    current: Item | None = None
    wait: float = 0.0


Outcome = Accepted | Refused


def outdated(event: Event, item: Item) -> bool:
    """Whether who acts had seen another version of `item` than the one that stands."""
    return bool(event.expects) and item.version not in event.expects
