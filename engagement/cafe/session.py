"""A world café as pages show it: the session, how far each laboratory is, its tables."""

from typing import Literal

import msgspec

from engagement.fold import Item, View

CAFES: View = ("cafes", "", "")  # sessions and calls, for everybody
LABS: View = ("labs", "", "")  # all laboratories and their tables, for those who drive them

TABLES = 60  # of a laboratory, at most

OWN = "cafe"  # what a participant did in laboratories, in the place of a talk's name

Kind = Literal["world_cafe", "call"]
CafeState = Literal["draft", "open", "closed"]
Step = Literal["waiting", "round", "moving", "gathering"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is planned of a session.

    A `call` asks one question of all participants, from the programme and on the page of ideas,
    without laboratories or rounds. `prompts`: the question of each round, or one for all of them.
    `tables`: laboratories by slug, and how many tables each has. Times are in seconds. `dots`: how
    many votes each participant has. `private`: ideas are noted privately, and revealed together.
    """

    title: str
    prompts: tuple[str, ...]
    kind: Kind = "world_cafe"
    tables: tuple[tuple[str, int], ...] = ()
    rounds: int = 3
    round_seconds: float = 1200.0
    moving_seconds: float = 120.0
    seats: int = 8
    dots: int = 5
    private: bool = False

    @property
    def labs(self) -> tuple[str, ...]:
        return tuple(lab for lab, _ in self.tables)

    def prompt(self, round: int) -> str:
        """The question of a round; before the first, its own."""
        return self.prompts[min(max(round, 1), len(self.prompts)) - 1]


class Cafe(Item, frozen=True, kw_only=True):
    """A session, or a call for ideas; `first` is how it was planned at first."""

    plan: Plan
    first: Plan
    state: CafeState = "draft"
    opened_at: float | None = None
    closed_at: float | None = None
    removed: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        # A draft may lose laboratories, and what was once in a view cannot leave it.
        labs = self.plan.labs if self.opened_at is not None else ()
        return (CAFES, LABS, *(("lab", lab, "") for lab in labs))

    @property
    def public(self) -> bool:
        return self.state != "draft"

    @property
    def was_public(self) -> bool:
        return self.opened_at is not None

    @property
    def gone(self) -> bool:
        return self.removed


class Progress(Item, frozen=True, kw_only=True):
    """How far a laboratory is in the session that it shows; its id is the laboratory's slug.

    `round`: 0 before the first; while people move, and when ideas are gathered, the one that was.
    `ends_at`: when the step is over, None without a timer or paused; `left`: seconds that it has
    when it goes on, None unless paused. A session that is closed stays until another one opens.
    """

    cafe: str
    step: Step = "waiting"
    round: int = 0
    since: float = 0.0
    ends_at: float | None = None
    left: float | None = None

    @property
    def views(self) -> tuple[View, ...]:
        return (("lab", self.id, ""), LABS)


class Table(Item, frozen=True, kw_only=True):
    """A table of a laboratory, in the session that this shows.

    `seated`: people who sat there in the round under way, or in the next while people move, and
    whose device has proved to be in the laboratory; `kiosk_seated`: those of them by its own
    device. `hosts`: names of those who stay, "" for one without. `revealed`: the last round whose
    private notes show. `removed`: the session that the laboratory shows now has fewer tables.
    """

    cafe: str
    lab: str
    number: int
    seated: int = 0
    kiosk_seated: int = 0
    hosts: tuple[str, ...] = ()
    revealed: int = 0
    removed: bool = False

    @property
    def views(self) -> tuple[View, ...]:
        return (("lab", self.lab, ""), ("table", self.id, ""), LABS)

    @property
    def was_public(self) -> bool:
        return True

    @property
    def gone(self) -> bool:
        return self.removed


class Seat(msgspec.Struct, frozen=True):
    """Where a participant sat last: at which table, in which session and round."""

    table: str
    cafe: str
    round: int


def table_id(lab: str, number: int) -> str:
    """A table's id: its laboratory's slug and its number, as in `labo-1.3`."""
    return f"{lab}.{number}"


def lab_of(table: str) -> str:
    """The slug of a table's laboratory; "" for none."""
    return table.rpartition(".")[0]
