"""A poll's life: draft, open, closed, published; drafted and changed, and open for a time."""

from msgspec.structs import replace

from engagement.fold import Reason
from engagement.polls.events import (
    AnyPollEvent,
    PollClosed,
    PollCreated,
    PollDeleted,
    PollEdited,
    PollExtended,
    PollOpened,
    PollPublished,
    PollReopened,
)
from engagement.polls.poll import GRACE, Poll
from engagement.polls.shape import unfit

LONGEST = 3600.0  # seconds that a poll may still stay open, however often it is extended

_EDITABLE = (
    "kind",
    "prompt",
    "options",
    "visibility",
    "max_choices",
    "duration",
    "compare_by",
    "codes",
)
_DRAFT = ("talk", "by", *_EDITABLE)


def drafted(event: PollCreated) -> Poll:
    """The poll that `event` makes."""
    said = {field: getattr(event, field) for field in _DRAFT}
    return Poll(id=event.poll, counts=(0,) * len(event.options), **said)


def made_by(poll: Poll, event: PollCreated) -> bool:
    """Whether `poll` is what `event` made: it is a retry then."""
    # Once it was edited, nobody knows what it said first.
    fields = ("talk", "by") if poll.edited else _DRAFT
    return all(getattr(poll, field) == getattr(event, field) for field in fields)


def edited(poll: Poll, event: PollEdited) -> Poll:
    """The draft with what `event` changes in it."""
    said = {field: getattr(event, field) for field in _EDITABLE}
    changed = {field: value for field, value in said.items() if value is not None}
    poll = replace(poll, edited=True, **changed)
    return replace(poll, counts=(0,) * len(poll.options))


def opened(poll: Poll, event: PollOpened | PollReopened) -> Poll:
    duration = poll.duration if event.duration is None else event.duration
    closes_at = event.at + min(duration, LONGEST) if duration else None
    return replace(poll, state="open", opened_at=event.at, closes_at=closes_at, closed_at=None)


def closed(poll: Poll, at: float) -> Poll:
    """Closed at `at`, or when its time was over: it may take a while until somebody writes so."""
    closed_at = at if poll.closes_at is None else min(at, poll.closes_at)
    return replace(poll, state="closed", closed_at=closed_at)


def decide(poll: Poll, event: AnyPollEvent) -> Poll | Reason:
    """The poll after `event`, or why that has no effect."""
    match event, poll.state:
        case PollEdited(), "draft":
            draft = edited(poll, event)
            return unfit(draft.kind, draft.options, draft.max_choices) or draft
        case PollDeleted(), "draft":
            return replace(poll, deleted=True)
        case PollOpened(), "draft":
            return opened(poll, event)
        case PollExtended(at=at, seconds=seconds), "open":
            end = at if poll.closes_at is None else max(at, poll.closes_at)
            return replace(poll, closes_at=min(end + seconds, at + LONGEST))
        case PollClosed(at=at, due=due), "open":
            over = poll.closes_at is not None and at >= poll.closes_at + GRACE
            return closed(poll, at) if over or not due else Reason.WRONG_STATE
        case PollPublished(), "closed":
            return replace(poll, state="published")
    return Reason.WRONG_STATE
