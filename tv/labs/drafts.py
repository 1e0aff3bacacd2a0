"""What the API takes for the plan of a session or of a call."""

from collections.abc import Collection
from typing import Annotated

import msgspec
from msgspec.structs import replace

from engagement.cafe.session import TABLES, Kind, Plan
from tv.labs.places import check_lab
from tv.problems import Problem, clean
from tv.refusals import NBSP

TITLE = 120  # characters
PROMPT = 300
ROUNDS = 12
LABS = 100

Tables = Annotated[
    dict[
        Annotated[str, msgspec.Meta(max_length=32)], Annotated[int, msgspec.Meta(ge=1, le=TABLES)]
    ],
    msgspec.Meta(max_length=LABS),
]


class Change(msgspec.Struct, frozen=True):
    """What is to be planned; what is left out stays as it is."""

    type: Kind | None = None
    title: str | None = None
    prompts: Annotated[list[str], msgspec.Meta(max_length=ROUNDS)] | None = None
    tables: Tables | None = None
    rounds: Annotated[int, msgspec.Meta(ge=1, le=ROUNDS)] | None = None
    round_seconds: Annotated[float, msgspec.Meta(ge=1, le=14_400)] | None = None
    moving_seconds: Annotated[float, msgspec.Meta(ge=0, le=3_600)] | None = None
    seats: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    dots: Annotated[int, msgspec.Meta(ge=0, le=50)] | None = None
    private: bool | None = None


class Draft(Change, frozen=True, kw_only=True):
    """The body of a new session, or of a new call."""

    title: str
    prompts: Annotated[list[str], msgspec.Meta(max_length=ROUNDS)]


def planned(said: Change, before: Plan | None, labs: Collection[str]) -> Plan:
    """A new plan, or `before` with what is said. Raises Problem."""
    fields = {
        name: value for name, value in msgspec.structs.asdict(said).items() if value is not None
    }
    fields.pop("type", None)
    if said.type is not None:
        fields["kind"] = said.type
    if said.title is not None:
        fields["title"] = clean(said.title, "Titre", TITLE)
    if said.prompts is not None:
        fields["prompts"] = tuple(clean(prompt, "Question", PROMPT) for prompt in said.prompts)
    if said.tables is not None:
        fields["tables"] = tuple(said.tables.items())
    plan = Plan(**fields) if before is None else replace(before, **fields)
    for lab in plan.labs if said.tables is not None else ():
        check_lab(lab, labs)
    if wrong := _wrong(plan, asked_anew=said.prompts is not None):
        raise Problem(422, "wrong-plan", "Session à revoir", wrong)
    return plan


def _wrong(plan: Plan, asked_anew: bool) -> str:
    """What does not go together in a plan; "" for nothing.

    Rounds are added and left out while a session goes on: its questions stay as they are.
    """
    if plan.kind == "call":
        if plan.tables or len(plan.prompts) != 1:
            return f"Un appel à idées pose une question, et une seule, à tous{NBSP}: sans tables."
        return ""
    if not plan.tables:
        return (
            "Choisissez au moins un laboratoire, et combien il a de tables («\u00a0tables\u00a0»)."
        )
    if asked_anew and len(plan.prompts) not in (1, plan.rounds):
        return f"Écrivez une question pour tous les tours, ou une par tour ({plan.rounds})."
    return ""
