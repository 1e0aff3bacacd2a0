"""Laboratories with a session of world café, for tests of its rounds and tables."""

from typing import Any

from engagement.cafe.cafes import Cafes
from engagement.cafe.events import (
    CafeChanged,
    CafeMade,
    CafeOpened,
    RoundAdvanced,
    SeatTaken,
)
from engagement.cafe.session import Plan, Table
from engagement.fold import Accepted, Outcome
from tests.engagement.room import Room

PLAN = Plan(
    title="Demain",
    prompts=("Que faut-il ?",),
    tables=(("labo-1", 3), ("labo-2", 2)),
    rounds=2,
    round_seconds=600.0,
    moving_seconds=60.0,
    seats=2,
)


class House(Room):
    """A room with laboratories."""

    @property
    def cafes(self) -> Cafes:
        return self.audience.cafes

    def make(self, cafe: str = "c", **plan: Any) -> Outcome:
        return self.do(CafeMade, cafe=cafe, plan=planned(**plan))

    def change(self, cafe: str = "c", **plan: Any) -> Outcome:
        return self.do(CafeChanged, cafe=cafe, plan=planned(**plan))

    def opened(self, cafe: str = "c", at: float = 0.0, **plan: Any) -> None:
        self.make(cafe, **plan)
        assert isinstance(self.do(CafeOpened, cafe=cafe, at=at), Accepted)

    def advance(self, *labs: str, at: float | None = None, **more: Any) -> Outcome:
        return self.do(RoundAdvanced, cafe="c", labs=labs, at=at, **more)

    def sit(self, by: str, table: str = "labo-1.1", kiosk: bool = False, late: int = 0) -> Outcome:
        return self.do(SeatTaken, by, table=table, kiosk=kiosk, late=late)

    def time_passes(self, until: float) -> None:
        """Do what is due, each when it is."""
        while ends := [end for each in self.cafes.progress.values() if (end := each.ends_at)]:
            if min(ends) > until:
                return
            for event in self.audience.due(min(ends)):
                self.do(type(event), **fields_of(event))

    def steps(self) -> dict[str, tuple[str, int]]:
        return {lab: (each.step, each.round) for lab, each in self.cafes.progress.items()}

    def table(self, name: str = "labo-1.1") -> Table:
        return self.cafes.tables[name]

    def standing(self) -> list[str]:
        """The tables that there are."""
        return [table.id for lab in ("labo-1", "labo-2") for table in self.cafes.tables_of(lab)]


def planned(**changes: Any) -> Plan:
    return Plan(**{name: getattr(PLAN, name) for name in PLAN.__struct_fields__} | changes)


def fields_of(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__ if name != "id"}
