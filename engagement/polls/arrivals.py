"""Bursts of new devices and used voting codes in one round of a poll.

The crew sees each burst, and sets it aside or counts it again. All ballots of the new devices of
its network go together, those before the burst too: nobody can tell which of them were honest.
"""

from collections import Counter

import msgspec

from engagement.bursts import MANY

SHOWN = 12  # bursts of a round by network; all others are one


class Burst(msgspec.Struct, frozen=True):
    """Ballots of new devices that came together: from the network with this tag, or from MANY.

    `aside`: they do not count.
    """

    network: str
    ballots: int
    aside: bool = False


class Saved(msgspec.Struct, frozen=True):
    """`new`: the network of each participant who voted with a new device. `bursts`: which are set
    aside. `codes`: who used each, by its digest."""

    new: dict[str, str]
    bursts: dict[str, bool]
    codes: dict[str, str]


class Arrivals:
    """Participants who voted in a round with a new device, or with a voting code."""

    def __init__(self, saved: Saved | None = None) -> None:
        self._new = dict(saved.new) if saved else {}
        self._bursts = dict(saved.bursts) if saved else {}  # network -> whether it is set aside
        self._sizes = Counter(self._new.values())
        self._codes = dict(saved.codes) if saved else {}

    def use(self, code: str, participant: str) -> bool:
        """Bind a code, by its digest, to a participant; False if another has it, or for ""."""
        return code != "" and self._codes.setdefault(code, participant) == participant

    def note(self, participant: str, network: str, burst: str | None) -> None:
        """A first ballot came from a new device; `burst` as in `Bursts.of`."""
        if burst is not None:
            full = burst not in self._bursts and len(self._bursts) >= SHOWN
            network = MANY if full else burst
            self._bursts.setdefault(network, False)
        self._new[participant] = network
        self._sizes[network] += 1

    def counts(self, participant: str) -> bool:
        """True if the participant's ballot counts."""
        network = self._new.get(participant)
        return network is None or not self._bursts.get(network, False)

    def knows(self, network: str) -> bool:
        """True if new devices of the network voted."""
        return self._sizes[network] > 0

    def set_aside(self, network: str, aside: bool) -> list[str]:
        """Set a burst's ballots aside, or count them; return the participants concerned."""
        if self._bursts.get(network, False) == aside:
            return []
        self._bursts[network] = aside
        return [participant for participant, of in self._new.items() if of == network]

    def aside(self) -> int:
        """The number of ballots that do not count."""
        if not self._bursts:  # as usual: this is asked with each ballot
            return 0
        return sum(self._sizes[network] for network, aside in self._bursts.items() if aside)

    def bursts(self) -> tuple[Burst, ...]:
        """All bursts, the oldest first."""
        return tuple(
            Burst(network, self._sizes[network], aside) for network, aside in self._bursts.items()
        )

    def rename(self, participant: str, name: str) -> None:
        if (network := self._new.pop(participant, None)) is not None:
            self._new[name] = network
        for code in [code for code, by in self._codes.items() if by == participant]:
            self._codes[code] = name

    def saved(self) -> Saved:
        return Saved(dict(self._new), dict(self._bursts), dict(self._codes))
