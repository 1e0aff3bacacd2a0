"""A café's laboratories side by side: who took part, what they made, and what people liked most.

What a few people did is not told apart, as in polls that compare laboratories.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from engagement.cafe.session import Cafe
from engagement.crowds import few, tellable
from engagement.ideas.idea import Idea
from engagement.syntheses.synthesis import Synthesis

TOP = 5  # ideas


class Figures(msgspec.Struct, frozen=True):
    """What came of a laboratory, or of all of them (`lab` is "").

    `people` sat at its tables or had an idea there; `top` are the ideas with most dots. None where
    they would tell what a few did: `people` by how many took part, the other two by how many gave
    dots. `shared` are those of the `syntheses` that are.
    """

    lab: str
    tables: int
    people: int | None
    ideas: int
    dots: int | None
    syntheses: int
    shared: int
    top: tuple[Idea, ...] | None


class Comparison(msgspec.Struct, frozen=True):
    labs: tuple[Figures, ...]
    total: Figures


def compare(
    cafe: Cafe,
    seated: Mapping[str, Collection[str]],
    ideas: Iterable[Idea],
    given: Mapping[str, Mapping[str, int]],
    syntheses: Iterable[Synthesis],
) -> Comparison:
    """Compare the laboratories of a café, in the order of its plan.

    `seated` are the participants that sat in each laboratory, `given` the dots of each participant
    by idea. Only ideas that show count, and syntheses that are not hidden; a call's are in the
    total alone.
    """
    shown = [idea for idea in ideas if idea.cafe == cafe.id and idea.state == "shown"]
    made = [each for each in syntheses if each.cafe == cafe.id and each.state != "hidden"]
    people = {lab: set(seated.get(lab, ())) for lab in cafe.plan.labs}
    for idea in shown:
        people.setdefault(idea.lab, set()).add(idea.by)
    givers = _givers(shown, given)
    everybody = set[str]().union(*people.values())
    dotting = set[str]().union(*givers.values())

    told = tellable({lab: len(who) for lab, who in people.items()})
    dots_told = tellable({lab: len(givers[lab]) for lab in people})

    def figures(lab: str, tables: int) -> Figures:
        here = [idea for idea in shown if idea.lab == lab]
        theirs = [each for each in made if each.lab == lab]
        tell = lab in dots_told
        return Figures(
            lab,
            tables,
            len(people[lab]) if lab in told else None,
            len(here),
            sum(idea.dots for idea in here) if tell else None,
            len(theirs),
            sum(each.shared for each in theirs),
            top(here) if tell else None,
        )

    hidden = few(len(dotting))
    total = Figures(
        "",
        sum(tables for _, tables in cafe.plan.tables),
        None if few(len(everybody)) else len(everybody),
        len(shown),
        None if hidden else sum(idea.dots for idea in shown),
        len(made),
        sum(each.shared for each in made),
        None if hidden else top(shown),
    )
    return Comparison(tuple(figures(lab, tables) for lab, tables in cafe.plan.tables), total)


def top(ideas: Iterable[Idea], most: int = TOP) -> tuple[Idea, ...]:
    """Those with most dots; of as many, what was there first."""
    liked = (idea for idea in ideas if idea.dots)
    return tuple(sorted(liked, key=lambda idea: (-idea.dots, idea.made_at, idea.id))[:most])


def _givers(
    ideas: Iterable[Idea], given: Mapping[str, Mapping[str, int]]
) -> defaultdict[str, set[str]]:
    """Who gave dots to ideas of each laboratory."""
    lab_of = {idea.id: idea.lab for idea in ideas}
    givers = defaultdict[str, set[str]](set)
    for participant, dots in given.items():
        for idea, number in dots.items():
            if number and idea in lab_of:
                givers[lab_of[idea]].add(participant)
    return givers
