"""Ideas, their groups and how many there are, as pages show them; what follows from what."""

from typing import Literal

import msgspec
from msgspec.structs import replace

from engagement.cafe.session import LABS
from engagement.fold import Item, Reason, View
from engagement.ideas.events import (
    AnyReadingEvent,
    IdeaApproved,
    IdeaHidden,
    IdeaRejected,
    IdeaRestored,
    IdeaWithdrawn,
)
from engagement.origin import Origin

IDEAS: View = ("ideas", "", "")  # what the public page of ideas shows

IdeaState = Literal["noted", "pending", "shown", "hidden", "withdrawn"]


class Stop(msgspec.Struct, frozen=True):
    """A table and round to which an idea was carried.

    `origin` and `at` are those of the act that carried it.
    """

    table: str
    round: int
    origin: Origin | None = None
    at: float = 0.0


class Idea(Item, frozen=True, kw_only=True):
    """A card.

    `noted`: privately, seen by its author and counted at the table until it is revealed. `pending`:
    answers a call, is `doubtful`, or comes from a device that has not `proved` to be in the
    laboratory, and somebody is to read it first. `round`, `table`: where it was made; `table` is ""
    in a call. `stops`: the tables that it was carried to, in that order. `clusters`: the ids of its
    groups, of each table where it is one at most. `origin`: where it came from; limits count by
    that, and the audience never learns it. `aside` are dots that came in a burst of new devices,
    and do not count yet.
    """

    cafe: str
    text: str
    by: str
    made_at: float
    lab: str = ""
    table: str = ""
    round: int = 0
    author: str = ""
    picture: str = ""
    alt: str = ""
    state: IdeaState = "shown"
    reason: str = ""
    dots: int = 0
    aside: int = 0
    doubtful: bool = False
    proved: bool = True
    badge: str = ""
    clusters: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()
    shown_at: float | None = None
    origin: Origin | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """Where it is: first where it was made. None in a call."""
        return (self.table, *(stop.table for stop in self.stops)) if self.table else ()

    @property
    def views(self) -> tuple[View, ...]:
        return tuple(("table", table, "") for table in self.tables) or (IDEAS,)

    @property
    def public(self) -> bool:
        return self.state == "shown"

    @property
    def was_public(self) -> bool:
        return self.shown_at is not None

    @property
    def occupies(self) -> bool:
        """True if the idea uses one of the places where it was made: it shows, or may later."""
        return self.state in ("noted", "pending", "shown")


class Cluster(Item, frozen=True, kw_only=True):
    """Ideas of a table that belong together, named by its host; ideas say which is theirs."""

    cafe: str
    table: str
    name: str
    by: str
    removed: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("table", self.table, ""),)

    @property
    def was_public(self) -> bool:
        return True

    @property
    def gone(self) -> bool:
        return self.removed


class Pile(Item, frozen=True, kw_only=True):
    """How many cards a table has in a session: its own by state, and those laid on it.

    `dots` are those of the cards that show and were made here. Its id is the session's and the
    table's.
    """

    cafe: str
    table: str
    lab: str
    ideas: int = 0
    noted: int = 0
    pending: int = 0
    carried: int = 0
    groups: int = 0
    dots: int = 0

    @property
    def views(self) -> tuple[View, ...]:
        return (("table", self.table, ""), ("lab", self.lab, ""), LABS)


def decide(idea: Idea, event: AnyReadingEvent) -> Idea | Reason:
    """The idea after `event`, or why that has no effect."""
    match event, idea.state:
        case IdeaWithdrawn(by=by), _ if by != idea.by:
            return Reason.NOT_YOURS
        case IdeaApproved(at=at), "pending":
            return shown(idea, at)
        case IdeaRejected(reason=reason), "pending":
            return replace(idea, state="hidden", reason=reason)
        case IdeaHidden(), "pending" | "shown":
            return replace(idea, state="hidden")
        case IdeaRestored(to_read=True), _ if idea.state != "hidden" or idea.was_public:
            return Reason.WRONG_STATE
        case IdeaRestored(to_read=True), _:
            return replace(idea, state="pending", reason="")
        case IdeaRestored(at=at), "hidden":
            return shown(replace(idea, reason=""), at)
        case IdeaWithdrawn(), "noted" | "pending" | "shown":
            return replace(idea, state="withdrawn")
    return Reason.WRONG_STATE


def shown(idea: Idea, at: float) -> Idea:
    """The same for all to see; `shown_at` is the first time."""
    return replace(idea, state="shown", shown_at=at if idea.shown_at is None else idea.shown_at)


def laid_open(idea: Idea, at: float) -> Idea:
    """The private note made public: shown, or pending if a moderator must read it first."""
    to_read = idea.doubtful or not idea.proved
    return replace(idea, state="pending") if to_read else shown(idea, at)


def proved(idea: Idea, at: float) -> Idea:
    """The same once its author's device has proved to be in the laboratory."""
    idea = replace(idea, proved=True)
    return laid_open(idea, at) if idea.state == "pending" else idea
