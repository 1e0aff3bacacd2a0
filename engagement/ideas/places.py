"""Limits on the cards of a table or a call: made there, carried there, and in any state."""

from engagement.fold import Reason, Refused
from engagement.ideas.idea import Idea
from engagement.origin import Origin
from engagement.shares import Shares

MADE = 300  # ideas made at a table in a session that show, or may yet
CARRIED = 100  # that show and are carried to one
ANSWERS = 3_000  # ideas in answer to a call that show, or may yet
KEPT_EACH = 4  # times as many in any state: what is hidden frees its place, but stays in memory

FULL = Refused(Reason.TABLE_IDEAS_FULL)

Place = tuple[str, str]  # a session and a table, "" in a call


class Places:
    """Counts of the cards at each table and in each call, checked against the limits."""

    def __init__(self) -> None:
        self._made: dict[Place, Shares] = {}
        self._kept: dict[Place, Shares] = {}
        self._carried: dict[Place, Shares] = {}

    def put(self, before: Idea | None, idea: Idea) -> None:
        """Count a card that is new or changed."""
        if before and _occupying(before) == _occupying(idea):
            return  # it got dots, as by far the most changes are
        if before is not None:
            self._count(before, -1)
        self._count(idea, +1)

    def refusal(self, place: Place, origin: Origin | None, at: float) -> Refused | None:
        """The refusal of another card made there; None if it fits."""
        made, kept = self._made_at(place), self._kept_at(place)
        return made.refusal(origin, at, FULL) or kept.refusal(origin, at, FULL)

    def carry_refusal(self, place: Place, origin: Origin | None, at: float) -> Refused | None:
        """The refusal of another card carried there; None if it fits."""
        return self._carried_to(place).refusal(origin, at, FULL)

    def _count(self, idea: Idea, step: int) -> None:
        place = idea.cafe, idea.table
        self._kept_at(place).count(idea.origin, idea.made_at, step)
        if idea.occupies:
            self._made_at(place).count(idea.origin, idea.made_at, step)
        if idea.public:
            for stop in idea.stops:
                self._carried_to((idea.cafe, stop.table)).count(stop.origin, stop.at, step)

    def _made_at(self, place: Place) -> Shares:
        return self._made.setdefault(place, Shares(_most(place), place[1]))

    def _kept_at(self, place: Place) -> Shares:
        return self._kept.setdefault(place, Shares(KEPT_EACH * _most(place), place[1]))

    def _carried_to(self, place: Place) -> Shares:
        return self._carried.setdefault(place, Shares(CARRIED, place[1]))


def _most(place: Place) -> int:
    return MADE if place[1] else ANSWERS


def _occupying(idea: Idea) -> tuple[object, ...]:
    """The fields of a card that decide which places it uses, and in whose share."""
    return idea.state, idea.stops, idea.origin
