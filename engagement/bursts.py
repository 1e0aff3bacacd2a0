"""Bursts: acts of many new devices on one thing at once, which may be those of one person.

Tokens are free, so that one person may have hundreds. Nobody is refused for that: a room of two
thousand people joins in a minute, from one address. Ballots of a burst count until the crew sets
them aside (engagement/polls/arrivals.py). Support and dots of a burst are set aside until the crew
counts them (`Aside`). Devices that are settled or present never belong to a burst.
"""

from collections import defaultdict
from collections.abc import Collection

import msgspec

from engagement.limits import Limit
from engagement.origin import Origin, Trust, trust

AT_ONCE, EVERY = 30, 2.0  # acts of one network on a thing: at once, then one in seconds
ALL_AT_ONCE, ALL_EVERY = 120, 0.5  # of all networks that are within theirs
MANY = "*"  # the burst of many networks, each within its limit


class SavedBursts(msgspec.Struct, frozen=True):
    networks: dict[str, float]
    every: dict[str, float]


class Bursts:
    """Tells which acts of new devices belong to a burst."""

    def __init__(self) -> None:
        self._networks = Limit(AT_ONCE, EVERY)
        self._every = Limit(ALL_AT_ONCE, ALL_EVERY)

    def of(self, thing: str, origin: Origin | None, at: float) -> str | None:
        """Count an act on a thing; return its burst, as the tag of its network or MANY.

        None for an act that belongs to none.
        """
        if origin is None or trust(origin, at) is not Trust.NEW:
            return None
        if self._networks.take(f"{origin.network} {thing}", at):
            return origin.network
        return MANY if self._every.take(thing, at) else None

    def saved(self) -> SavedBursts:
        return SavedBursts(self._networks.saved(), self._every.saved())

    def restore(self, saved: SavedBursts) -> None:
        self._networks.restore(saved.networks)
        self._every.restore(saved.every)


class SavedAside(msgspec.Struct, frozen=True):
    """`aside` by thing; `trusted` are things whose bursts are counted."""

    bursts: SavedBursts
    aside: dict[str, tuple[str, ...]]
    trusted: tuple[str, ...]


class Aside:
    """Acts that are set aside because they came in a burst, by thing and participant."""

    def __init__(self) -> None:
        self._bursts = Bursts()
        self._aside: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._trusted: dict[str, None] = {}

    def watch(self, thing: str, by: str, origin: Origin | None, at: float) -> bool:
        """True if a new act is set aside because it is in a burst; this also records it."""
        if thing in self._trusted or self._bursts.of(thing, origin, at) is None:
            return False
        self._aside[thing][by] = None
        return True

    def of(self, thing: str) -> Collection[str]:
        """The participants whose acts on a thing are set aside."""
        return self._aside.get(thing, {})

    def drop(self, thing: str, by: str) -> None:
        """Forget an act that was taken back."""
        self._aside.get(thing, {}).pop(by, None)

    def count(self, thing: str) -> Collection[str]:
        """Count the acts set aside and all later ones; return the participants."""
        self._trusted[thing] = None
        return self._aside.pop(thing, {})

    def rename(self, by: str, name: str) -> None:
        for found in self._aside.values():
            if by in found:
                del found[by]
                found[name] = None

    def saved(self) -> SavedAside:
        aside = {thing: tuple(found) for thing, found in self._aside.items() if found}
        return SavedAside(self._bursts.saved(), aside, tuple(self._trusted))

    def restore(self, saved: SavedAside) -> None:
        self._bursts.restore(saved.bursts)
        self._aside = defaultdict(dict)
        self._aside.update((thing, dict.fromkeys(found)) for thing, found in saved.aside.items())
        self._trusted = dict.fromkeys(saved.trusted)
