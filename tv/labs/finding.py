"""Ideas as somebody asks for them, a page at a time."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from engagement.cafe.cafes import Cafes
from engagement.french import folded
from engagement.ideas.fold import Ideas
from engagement.ideas.idea import Idea, IdeaState
from tv.problems import Problem
from tv.settings import Lab

LISTED = 100  # ideas of a page
MOST = 500  # that one may ask for
LOOKED = 5_000  # that are looked at for one page, the newest first

STATES = frozenset(get_args(IdeaState))


@dataclass(frozen=True)
class Asked:
    """What ideas are asked for; "" for any. `after` is the `next` of the page before."""

    table: str = ""
    cafe: str = ""
    lab: str = ""
    step: str = ""
    theme: str = ""
    states: frozenset[str] = frozenset()
    support: bool = False
    limit: int = LISTED
    after: str = ""


def asked(query: Mapping[str, str]) -> Asked:
    """What a query asks for. Raises Problem."""
    said = {name: query.get(name, "") for name in ("table", "cafe", "lab", "step", "theme")}
    states = frozenset(filter(None, query.get("state", "").split(",")))
    sort, limit = query.get("sort", "recent"), query.get("limit", str(LISTED))
    support = sort == "support"
    if not (
        states <= STATES
        and sort in ("recent", "support")
        and (said["cafe"] or said["table"] or not support)
        and limit.isascii()
        and limit.isdecimal()
    ):
        raise Problem(
            422,
            "unknown-filter",
            "Tri inconnu",
            f"state\u202f: {', '.join(sorted(STATES))}\u202f; sort\u202f: recent, ou support pour "
            f"une session (cafe) ou une table\u202f; limit\u202f: de 1 à {MOST}.",
        )
    most = min(max(1, int(limit[:9])), MOST)
    return Asked(**said, states=states, support=support, limit=most, after=query.get("after", ""))


def find(
    ideas: Ideas,
    cafes: Cafes,
    labs: Mapping[str, Lab],
    asked: Asked,
    visible: Callable[[Idea], bool],
) -> tuple[list[Idea], str]:
    """A page of them, and the `next` for what comes after it: "" when that is all.

    Where few fit, a page may have fewer than were asked for although more come.
    """
    groups = ideas.clusters.values() if asked.theme else ()
    themed = {group.id for group in groups if folded(group.name) == folded(asked.theme)}
    steps = {slug for slug, lab in labs.items() if folded(lab.step) == folded(asked.step)}

    def fits(idea: Idea) -> bool:
        return (
            (not asked.cafe or idea.cafe == asked.cafe)
            and (not asked.table or asked.table in idea.tables)
            and (not asked.lab or idea.lab == asked.lab)
            and (not asked.step or idea.lab in steps)
            and (not asked.theme or not themed.isdisjoint(idea.clusters))
            and (not asked.states or idea.state in asked.states)
            and visible(idea)
        )

    def place(idea: Idea) -> tuple[int, int]:
        """Those with a high one come first."""
        return idea.dots if asked.support else 0, ideas.rank(idea.id)

    among = list(_among(ideas, cafes, asked))
    if asked.after:
        dots, _, name = asked.after.partition(".")
        if not (dots.isascii() and dots.isdecimal() and name in ideas.by_id):
            raise Problem(422, "unknown-filter", "Page inconnue", "after\u202f: le « next » reçu.")
        end = int(dots[:9]) if asked.support else 0, ideas.rank(name)
        among = [idea for idea in among if place(idea) < end]
    if asked.support:
        page = heapq.nlargest(asked.limit, filter(fits, among), key=place)
        return page, _next(page[-1]) if len(page) == asked.limit else ""
    among.sort(key=place, reverse=True)
    page = []
    for looked, idea in enumerate(among):
        if len(page) == asked.limit or looked == LOOKED:
            return page, _next(among[looked - 1])
        if fits(idea):
            page.append(idea)
    return page, ""


def _among(ideas: Ideas, cafes: Cafes, asked: Asked) -> Iterable[Idea]:
    """The fewest of which one knows that all that is asked for is among them."""
    if asked.table:
        for cafe in [asked.cafe] if asked.cafe else [each.id for each in cafes.all()]:
            yield from ideas.at(cafe, asked.table)
    elif asked.cafe:
        yield from ideas.of(asked.cafe, asked.lab)
    elif asked.states == {"pending"}:
        yield from ideas.pending()
    else:
        yield from ideas.by_id.values()


def _next(last: Idea) -> str:
    return f"{last.dots}.{last.id}"
