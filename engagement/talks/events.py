"""What becomes of talks: how they are planned, and how they go."""

from typing import Literal

from engagement.fold import Event
from engagement.talks.plan import Edit, Plan


class TalkEvent(Event, frozen=True):
    talk: str


class TalkCreated(Event, frozen=True):
    """The crew plans a talk by hand."""

    plan: Plan
    edit: Edit = Edit()


class TalkEdited(TalkEvent, frozen=True):
    """The crew changes what is planned of a talk, or its settings."""

    edit: Edit


class TalkRemoved(TalkEvent, frozen=True):
    """The talk was never meant to be: nobody sees it any more."""


class TalkRestored(TalkEvent, frozen=True):
    """The talk will take place after all."""


class ScheduleImported(Event, frozen=True):
    """The schedule is as a file says.

    `source` names where it comes from: of the talks that came from there, those that the file no
    longer has are cancelled. `about` is a JSON object of what it says of the whole, for the export.
    """

    plans: tuple[Plan, ...]
    source: str = "programme"
    about: str = ""


class TalkStarted(TalkEvent, frozen=True):
    """The talk begins: its channel is its own until it ends."""


class TalkEnded(TalkEvent, frozen=True):
    """The talk ends, and with it the answer under way and its open polls."""


class TalkResumed(TalkEvent, frozen=True):
    """The end was a slip."""


class TalkPublished(TalkEvent, frozen=True):
    """The replay is open to all. `reviewed`: its captions were read over by somebody."""

    consent: bool
    reviewed: bool = False


class TalkUnpublished(TalkEvent, frozen=True):
    """The replay is for the crew alone again; to publish it anew, consent is asked for anew."""


class TalkTrimmed(TalkEvent, frozen=True):
    """The replay goes from `start` to `end`; None: from the talk's start, to its end."""

    start: float | None = None
    end: float | None = None


class TalkRecorded(TalkEvent, frozen=True):
    """Whether the talk may be recorded, from now on."""

    recorded: bool


class TalkCancelled(TalkEvent, frozen=True):
    """The talk will not take place."""


TalkState = Literal["scheduled", "live", "ended", "replay", "cancelled"]

# How a talk goes, from its start to its replay.
Step = TalkStarted | TalkEnded | TalkResumed | TalkPublished | TalkUnpublished | TalkTrimmed
AnyTalkEvent = (
    (TalkCreated | TalkEdited | TalkRemoved | TalkRestored | TalkCancelled | ScheduleImported)
    | Step
    | TalkRecorded
)
