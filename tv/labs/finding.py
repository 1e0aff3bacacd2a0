"""Ideas as somebody asks for them, a page at a time."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import get_args

from engagement.cafe.cafes import Cafes
from engagement.french import folded
from engagement.ideas.fold import Ideas
from engagement.ideas.idea import Idea, IdeaState
from tv.filters import chosen, sorting, unknown_filter
from tv.settings import Lab

LISTED = 100  # ideas of a page
MOST = 500  # that one may ask for
LOOKED = 5_000  # that are looked at for one page, the newest first

STATES = frozenset(get_args(IdeaState))
SORTS = ("recent", "support")


@dataclass(frozen=True)
class Asked:
    """Filters of a query for ideas; "" is any. `after` is the `next` of the page before.

    `aside`: only ideas with dots set aside.
    """

    table: str = ""
    cafe: str = ""
    lab: str = ""
    step: str = ""
    theme: str = ""
    states: frozenset[str] = STATES
    support: bool = False
    aside: bool = False
    limit: int = LISTED
    after: str = ""


def asked(query: Mapping[str, str]) -> Asked:
    """What a query asks for. Raises Problem."""
    said = {name: query.get(name, "") for name in ("table", "cafe", "lab", "step", "theme")}
    states = chosen(query, "state", STATES)
    support = sorting(query, SORTS) == "support"
    if support and not (said["cafe"] or said["table"]):
        raise unknown_filter("sort=support\u00a0: pour une session (cafe) ou une table")
    limit = query.get("limit", str(LISTED))
    if not (limit.isascii() and limit.isdecimal()):
        raise unknown_filter(f"limit\u00a0: de 1 à {MOST}")
    most = min(max(1, int(limit[:9])), MOST)
    aside = chosen(query, "aside", frozenset({"dots"})) if "aside" in query else frozenset()
    return Asked(
        **said,
        states=states,
        support=support,
        aside=bool(aside),
        limit=most,
        after=query.get("after", ""),
    )


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
            and idea.state in asked.states
            and (not asked.aside or idea.aside > 0)
            and visible(idea)
        )

    def place(idea: Idea) -> tuple[int, int]:
        """Those with a high one come first."""
        return idea.dots if asked.support else 0, ideas.rank(idea.id)

    among = _among(ideas, cafes, asked)
    if asked.after:
        dots, _, name = asked.after.partition(".")
        if not (dots.isascii() and dots.isdecimal() and name in ideas.by_id):
            raise unknown_filter("after\u00a0: le «\u00a0next\u00a0» reçu")
        end = int(dots[:9]) if asked.support else 0, ideas.rank(name)
        among = (idea for idea in among if place(idea) < end)
    if asked.support:
        page = heapq.nlargest(asked.limit, filter(fits, among), key=place)
        return page, _next(page[-1]) if len(page) == asked.limit else ""
    page, last = [], None
    for looked, idea in enumerate(among):
        if last and (len(page) == asked.limit or looked == LOOKED):
            return page, _next(last)
        if fits(idea):
            page.append(idea)
        last = idea
    return page, ""


def _among(ideas: Ideas, cafes: Cafes, asked: Asked) -> Iterable[Idea]:
    """The fewest of which one knows that all that is asked for is among them, the newest first."""
    if asked.table:
        every = [asked.cafe] if asked.cafe else [each.id for each in cafes.all()]
        found = [idea for cafe in every for idea in ideas.at(cafe, asked.table)]
    elif asked.cafe:
        found = ideas.of(asked.cafe, asked.lab)
    elif asked.states == {"pending"}:
        found = ideas.pending()
    else:
        return reversed(ideas.by_id.values())
    return sorted(found, key=lambda idea: ideas.rank(idea.id), reverse=True)


def _next(last: Idea) -> str:
    return f"{last.dots}.{last.id}"
