"""The event itself: in which phase it is, and whose traces it was asked to forget."""

from collections.abc import Collection
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, View, outdated

Phase = Literal["before", "rehearsal", "open", "after"]

EVENT: View = ("event", "", "")


class PhaseSet(Event, frozen=True):
    """The event enters a phase. What was written in a rehearsal goes when that ends."""

    phase: Phase


class ParticipantErased(Event, frozen=True):
    """A participant is to be forgotten; `stand_in` takes their place where they count."""

    participant: str
    stand_in: str


AnyHappening = PhaseSet | ParticipantErased


class Happening(Item, frozen=True, kw_only=True):
    """What everybody knows of the event. `since`: when its phase began."""

    phase: Phase = "open"
    since: float | None = None

    @property
    def views(self) -> tuple[View, ...]:
        return (EVENT,)


class Saved(msgspec.Struct, frozen=True):
    now: Happening


class Happenings(Fold):
    """The fold of the event itself: one item."""

    events: ClassVar[Collection[type[Event]]] = (PhaseSet, ParticipantErased)
    saves: ClassVar[type[msgspec.Struct]] = Saved
    rehearsed: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.now = Happening(id="event")

    def apply(self, position: str, event: AnyHappening) -> Outcome:
        if isinstance(event, ParticipantErased):
            return Accepted(self.now)
        if outdated(event, self.now):
            return Refused(Reason.CHANGED, self.now)
        if event.phase == self.now.phase:
            return Refused(Reason.WRONG_STATE, self.now)
        self.now = replace(self.now, version=position, phase=event.phase, since=event.at)
        self.touched.append(self.now)
        return Accepted(self.now)

    def standing(self, event: AnyHappening) -> Item | None:
        return self.now

    def items(self) -> Collection[Item]:
        return (self.now,)

    def saved(self) -> Saved:
        return Saved(self.now)

    def restore(self, saved: Saved) -> None:
        self.now = saved.now
