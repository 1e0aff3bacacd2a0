"""Cards that say nearly the same, as the groups that a host may make of them. Nothing is done.

Loose cards go where the card nearest to them is, or gather around the one that has most that are
near (a star for each group: Aslam, Pelekhov and Rus, "The star clustering algorithm", 2004), so
that two which have nothing in common but a third are not taken for the same.
"""

import textwrap
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engagement.ideas.idea import Idea
from engagement.nearness import Nearness

ALIKE = 0.3  # nearness from which two cards may be one
PROPOSED = 12  # groups at most, the largest first
NAME = 60  # characters of a name that is proposed


@dataclass(frozen=True)
class Proposal:
    """Ideas by id that may be a group, or join the one whose id is `cluster`."""

    ideas: tuple[str, ...]
    name: str
    cluster: str = ""


def proposed(ideas: Sequence[Idea], groups: Mapping[str, str]) -> list[Proposal]:
    """Groups for the cards of a table that are in none; `groups` has the names of those that there
    are, by id. It takes up to three milliseconds a card: not for an event loop."""
    texts, words, group_of = Nearness(), dict[str, str](), dict[str, str]()
    for idea in ideas:
        if idea.text and idea.public:
            texts.put(idea.id, idea.text)
            words[idea.id] = idea.text
            for cluster in idea.clusters:
                if cluster in groups:
                    group_of[idea.id] = cluster
    loose = [name for name in words if name not in group_of]
    near = {name: _near(texts, name, words[name]) for name in loose}
    joining: defaultdict[str, list[str]] = defaultdict(list)
    for name in loose:
        nearest = next(iter(near[name]), "")
        if nearest in group_of:
            joining[group_of[nearest]].append(name)
    taken = {name for names in joining.values() for name in names}
    found = [Proposal(tuple(names), groups[cluster], cluster) for cluster, names in joining.items()]
    for centre in sorted(loose, key=lambda name: (-sum(near[name].values()), name)):
        around = [name for name in near[centre] if name in near and name not in taken]
        if centre not in taken and around:
            star = (centre, *around)
            taken.update(star)
            found.append(Proposal(star, _named(words[centre])))
    return sorted(found, key=lambda proposal: -len(proposal.ideas))[:PROPOSED]


def _near(texts: Nearness, name: str, text: str) -> dict[str, float]:
    """The others that say nearly the same, the nearest first."""
    return {other: nearness for other, nearness in texts.near(text, ALIKE) if other != name}


def _named(text: str) -> str:
    return textwrap.shorten(text, NAME, placeholder=" …")
