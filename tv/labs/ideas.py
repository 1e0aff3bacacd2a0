"""What pages and the API say of ideas, their groups, and how many cards a table has."""

from typing import Any

import msgspec

from engagement.cafe.cafes import Cafes
from engagement.ideas.fold import Ideas
from engagement.ideas.idea import Cluster, Idea, Pile
from engagement.wording import flags
from tv.auth import Identity
from tv.problems import rfc3339
from tv.wall.items import picture_item

Rendered = dict[str, Any]


def idea_item(idea: Idea, crew: bool) -> Rendered:
    """`stops` are the tables that it was carried to, `clusters` its groups, at each table one.

    `badge` is "crew" or "host" for who writes as such. For the crew, the hosts of its table, and
    its author in their own view: `reason`, `flags` (`personal`, `words`: to be looked at twice),
    `proved`: whether its author's device has shown the code of the laboratory, and `dots_aside`:
    dots of a burst, which do not count yet.
    """
    rendered: Rendered = {
        "kind": "idea",
        "id": idea.id,
        "cafe": idea.cafe,
        "lab": idea.lab,
        "table": idea.table,
        "round": idea.round,
        "state": idea.state,
        "text": idea.text,
        "author": idea.author,
        "badge": idea.badge,
        "picture": picture_item(idea.picture, idea.alt),
        "dots": idea.dots,
        "clusters": list(idea.clusters),
        "stops": [{"table": stop.table, "round": stop.round} for stop in idea.stops],
        "made_at": rfc3339(idea.made_at),
        "shown_at": rfc3339(idea.shown_at),
        "version": idea.version,
    }
    if crew:
        rendered |= {
            "reason": idea.reason,
            "flags": list(flags(idea.text)),
            "proved": idea.proved,
            "dots_aside": idea.aside,
        }
    return rendered


def cluster_item(cluster: Cluster) -> Rendered:
    return {
        "kind": "cluster",
        "id": cluster.id,
        "cafe": cluster.cafe,
        "table": cluster.table,
        "name": cluster.name,
        "version": cluster.version,
    }


def pile_item(pile: Pile) -> Rendered:
    return {"kind": "pile"} | msgspec.structs.asdict(pile)


def own_ideas(ideas: Ideas, cafes: Cafes, participant: str) -> Rendered:
    """What a participant did with ideas, in `me:cafe`: theirs in any state, `dots` given by idea,
    and how many they have left in each session where they gave some."""
    given = ideas.given_by(participant)
    left = {
        name: ideas.dots_left(cafe, participant) for name in given if (cafe := cafes.find(name))
    }
    return {
        "ideas": [idea_item(idea, crew=True) for idea in ideas.made_by(participant)],
        "dots": {idea: dots for each in given.values() for idea, dots in each.items()},
        "dots_left": left,
    }


def may_see(idea: Idea, who: Identity) -> bool:
    """Whether somebody may see that an idea exists."""
    return idea.public or sees_all(idea, who)


def sees_all(idea: Idea, who: Identity) -> bool:
    """Whether they are its author, of the crew, or lead its table.

    A host sees nothing of what is noted privately: it is revealed to them and to the table at once.
    """
    if idea.by == who.by or who.crew(""):
        return True
    return idea.state != "noted" and bool(idea.table) and who.hosts(idea.table)
