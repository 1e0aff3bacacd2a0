"""A talk: what is planned of it, and how it goes."""

import msgspec
from msgspec.structs import replace

from engagement.fold import Item, View
from engagement.talks.events import TalkState
from engagement.talks.plan import Kind, Moderation, QuestionsAre

TALKS: View = ("talks", "", "")

LONGEST = 12 * 3600.0  # seconds of a replay; what a talk that nobody ended has beyond is left out


class Slot(msgspec.Struct, frozen=True):
    """When and where a talk was to be."""

    start: float | None
    room: str


class Talk(Item, frozen=True, kw_only=True):
    """An item of the schedule. A `standing` one, there without a schedule, can start again.

    `recorded` is false when its speakers do not want to be: there is no replay then. What is
    planned is as in `Plan`, and its settings as in `Edit`; `source` names the schedule that it
    comes from, "" for one made by hand, and `by_schedule` says that it was cancelled there.
    `moved`: when and where it was to be before it was moved on short notice.
    """

    channel: str
    title: str
    speakers: tuple[str, ...] = ()
    state: TalkState = "scheduled"
    started_at: float | None = None
    ended_at: float | None = None
    trim_start: float | None = None
    trim_end: float | None = None
    reviewed: bool = False
    recorded: bool = True
    resumed: int = 0  # how often its end was a slip
    standing: bool = False
    guid: str = ""
    kind: Kind = "intervention"
    planned_start: float | None = None
    planned_end: float | None = None
    room: str = ""
    lab: str = ""
    abstract: str = ""
    language: str = ""
    track: str = ""
    extra: str = ""
    questions: QuestionsAre = "open"
    presenter_only_queued: bool = False
    moderation: Moderation = "pre"
    slow: int = 0
    source: str = ""
    by_schedule: bool = False
    moved: Slot | None = None
    removed: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (TALKS, ("talk", self.id, ""))

    @property
    def gone(self) -> bool:
        return self.removed

    @property
    def was_public(self) -> bool:
        return True

    @property
    def begun(self) -> bool:
        """Whether it is on, or was: its channel has its picture."""
        return self.state not in ("scheduled", "cancelled")

    @property
    def takes_questions(self) -> bool:
        may = self.questions == "open" and not self.removed
        return may and self.state in ("scheduled", "live", "ended")

    @property
    def overrun(self) -> float:
        """Seconds by which it ended later than planned."""
        if self.planned_end is None or self.ended_at is None:
            return 0.0
        return max(0.0, self.ended_at - self.planned_end)

    @property
    def span(self) -> tuple[float, float] | None:
        """Its start and end, or those that it was trimmed to; None before it has ended."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (
            self.started_at if self.trim_start is None else self.trim_start,
            self.ended_at if self.trim_end is None else self.trim_end,
        )

    @property
    def marks(self) -> tuple[float, float] | None:
        """From when to when its replay goes; None while there cannot be one."""
        if self.span is None or self.state not in ("ended", "replay") or not self.recorded:
            return None
        start, end = self.span
        return start, min(end, start + LONGEST)

    @property
    def untrimmed(self) -> "Talk":
        """It as it goes on, or begins anew: the marks of its replay were for what had been."""
        return replace(self, ended_at=None, trim_start=None, trim_end=None)


DIRECT = Talk(id="direct", channel="plateau", title="En direct du plateau", standing=True)


class Schedule(Item, frozen=True, kw_only=True):
    """The schedule as a whole: its version changes with whatever is planned of a talk.

    `about` is what the last file said of the whole, as a JSON object.
    """

    about: str = ""
    imported_at: float | None = None
