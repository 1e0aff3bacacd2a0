"""The event itself: in which phase it is, and whose traces it was asked to forget."""

import hashlib
from collections.abc import Collection
from functools import lru_cache
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Fold, Item, Outcome, Reason, Refused, View, outdated

Phase = Literal["before", "rehearsal", "open", "after"]

EVENT: View = ("event", "", "")
REHEARSALS = 100  # remembered


class PhaseSet(Event, frozen=True):
    """The event enters a phase. What was written in a rehearsal goes when that ends."""

    phase: Phase


class ParticipantErased(Event, frozen=True):
    """A participant is to be forgotten; `stand_in` takes their place where they count.

    `digest` is that of their id, which has no effect any more from then on: else the same token
    would count twice. Journals of older versions have none: there the id goes on.
    """

    participant: str
    stand_in: str
    digest: str = ""


AnyHappening = PhaseSet | ParticipantErased


class Happening(Item, frozen=True, kw_only=True):
    """What everybody knows of the event. `since`: when its phase began."""

    phase: Phase = "open"
    since: float | None = None

    @property
    def views(self) -> tuple[View, ...]:
        return (EVENT,)


class Saved(msgspec.Struct, frozen=True):
    """`erased`: digests of the ids that have no effect any more."""

    now: Happening
    rehearsals: tuple[tuple[float, float], ...] = ()
    erased: tuple[str, ...] = ()


class Happenings(Fold):
    """The fold of the event itself: one item; and which ids were erased.

    `rehearsals` are the times of those that are over. Beyond `REHEARSALS` the two oldest become
    one, with the time between them.
    """

    events: ClassVar[Collection[type[Event]]] = (PhaseSet, ParticipantErased)
    saves: ClassVar[type[msgspec.Struct]] = Saved
    rehearsed: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.now = Happening(id="event")
        self.rehearsals: tuple[tuple[float, float], ...] = ()
        self._erased: dict[str, None] = {}

    def has_erased(self, participant: str) -> bool:
        """True if the id belonged to a participant who was erased."""
        return bool(self._erased) and digest_of(participant) in self._erased

    def apply(self, position: str, event: AnyHappening) -> Outcome:
        if isinstance(event, ParticipantErased):
            if event.digest:
                # In a compacted journal the stand-in also did what came too late.
                self._erased |= {event.digest: None, digest_of(event.stand_in): None}
            return Accepted(self.now)
        if outdated(event, self.now):
            return Refused(Reason.CHANGED, self.now)
        if event.phase == self.now.phase:
            return Refused(Reason.WRONG_STATE, self.now)
        if self.now.phase == "rehearsal" and self.now.since is not None:
            self._rehearsed(self.now.since, event.at)
        self.now = replace(self.now, version=position, phase=event.phase, since=event.at)
        self.touched.append(self.now)
        return Accepted(self.now)

    def standing(self, event: AnyHappening) -> Item | None:
        return self.now

    def items(self) -> Collection[Item]:
        return (self.now,)

    def saved(self) -> Saved:
        return Saved(self.now, self.rehearsals, tuple(self._erased))

    def restore(self, saved: Saved) -> None:
        self.now, self.rehearsals = saved.now, saved.rehearsals
        self._erased = dict.fromkeys(saved.erased)

    def _rehearsed(self, start: float, end: float) -> None:
        first, *later = (*self.rehearsals, (start, end))
        if len(later) == REHEARSALS:
            first = first[0], later.pop(0)[1]
        self.rehearsals = first, *later


@lru_cache(maxsize=4_096)
def digest_of(participant: str) -> str:
    """What stands for an id that must not be kept: ids are random, so none is found by trying."""
    return hashlib.sha256(participant.encode()).hexdigest()
