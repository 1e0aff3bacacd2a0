"""The origin of an act of the audience: token age, network and place, for limits.

Tokens are free, so that a person with patience has hundreds. What they cannot have at will is an
old token, many networks, or the code of a place where they are not. Limits therefore count by
`trust`: what newcomers use up is never taken from those who were there before.
"""

from enum import StrEnum

import msgspec

SETTLED_AFTER_S = 300.0  # since a device got its token: an attack that waits can be seen coming
EVERYWHERE = "*"  # the place of a device that the crew set up for all tables


class Trust(StrEnum):
    """Levels of trust by share of a common limit: `new` the smallest, `present` all of it."""

    NEW = "new"
    SETTLED = "settled"
    PRESENT = "present"


class Origin(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The token age, network and place of the device that sent an act.

    `joined` is when the device got its token, by wall time; 0.0 for one that needs none. `network`
    is a tag of three hexadecimal digits (tv/networks.py), which some networks share; "" when it is
    not known. `place` is the laboratory (`labo-1`) or table (`labo-1.3`) whose code the device has
    shown, EVERYWHERE for a device of the crew, "" for none.
    """

    joined: float = 0.0
    network: str = ""
    place: str = ""

    @property
    def settled_at(self) -> float:
        """The time from which the device is no longer new."""
        return self.joined + SETTLED_AFTER_S

    def trust(self, at: float, table: str = "") -> Trust:
        """The trust of an act at `at`; with `table`, of an act that concerns only that table."""
        if self.place and (not table or self._is_at(table)):
            return Trust.PRESENT
        return Trust.NEW if at < self.settled_at else Trust.SETTLED

    def _is_at(self, table: str) -> bool:
        """True if the shown code is for a table, for its laboratory, or for all tables."""
        return self.place in (table, table.rpartition(".")[0], EVERYWHERE)

    def is_in(self, lab: str) -> bool:
        """True if the device has shown the code of this laboratory, or of one of its tables."""
        where = self.place.rpartition(".")[0] or self.place
        return bool(lab) and where in (lab, EVERYWHERE)


def is_in(origin: Origin | None, lab: str) -> bool:
    """The same for an act that may come from the crew, who need no code."""
    return origin is None or origin.is_in(lab)


def trust(origin: Origin | None, at: float, table: str = "") -> Trust:
    """The same for an act that may come from the crew, whose events have no origin."""
    return Trust.PRESENT if origin is None else origin.trust(at, table)
