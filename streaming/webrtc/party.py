"""Who speaks to our UDP port: a connection, its addresses, and how much it may say."""

import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from streaming.webrtc import stun
from streaming.webrtc.private import Agent, Identity, Lane
from streaming.webrtc.udp import Address, Endpoint

CHECKS_FROM_ELSEWHERE = 200  # a second and party, from addresses that are not known as its own


class Connection(Protocol):
    """What a party's connection does with what comes for it. It must not raise."""

    def heard(self) -> None:
        """The other side has proved to be there."""

    def moved(self) -> None:
        """Its agent has another path."""

    def received(self, data: bytes) -> bool:
        """Take SRTP or SRTCP, from an address that has proved to be the other side's.

        Return whether this proves it again.
        """

    def flooded(self) -> None:
        """The other side sends more than it may, and does not cease."""


Note: TypeAlias = Callable[["Party", Lane, Address], None]


class Claim:
    """An address that has proved to be a party's, on one socket."""

    __slots__ = ("address", "check", "lane", "mapped", "party", "proved_at")

    def __init__(self, party: "Party", lane: Lane, address: Address) -> None:
        self.party = party
        self.lane = lane
        self.address = address
        self.mapped = stun.mapped(address)
        self.proved_at = time.monotonic()
        # A check from here that changes nothing, as far as all of its kind are the same: length,
        # and what is between the transaction and the proof.
        self.check: tuple[int, bytes] | None = None

    def is_at(self, lane: Lane, address: Address) -> bool:
        return self.lane is lane and self.address == address


class Party:
    """A connection, where it is heard, and how much it may still say in this second.

    `note` is told of each address that proves to be its own.
    """

    def __init__(
        self, connection: Connection, identity: Identity, allowance: int, note: Note
    ) -> None:
        self.connection = connection
        self.identity = identity
        self.agent = Agent(self)
        self.key = b""
        self.lanes: dict[Endpoint, Lane] = {}
        self.claims: list[Claim] = []
        self.proofs = 0  # checks that its agent has taken
        self.from_here = Allowance(allowance)
        self.from_elsewhere = Allowance(CHECKS_FROM_ELSEWHERE)
        self._note = note

    def proved(self, lane: Lane, address: Address) -> None:
        self.proofs += 1
        self._note(self, lane, address)
        self.connection.heard()

    def proved_at(self, lane: Lane, address: Address) -> float:
        return next((c.proved_at for c in self.claims if c.is_at(lane, address)), 0.0)

    def moved(self) -> None:
        self.forget_checks()
        self.connection.moved()

    def forget_checks(self) -> None:
        for claim in self.claims:
            claim.check = None


class Allowance:
    """So many datagrams in a second."""

    __slots__ = ("_dropped", "_each", "_since", "left", "seconds")

    def __init__(self, each: int) -> None:
        self.left = self._each = each
        self.seconds = 0  # in a row in which it was not enough
        self._since = time.monotonic()
        self._dropped = False

    def take(self, count: int = 1) -> bool:
        """Whether there is any left; `count` of it are gone."""
        there = self.left > 0 or self.renewed()
        self.left -= count
        return there

    def renewed(self) -> bool:
        """Whether there is more after all, when nothing is left: another second has begun."""
        now = time.monotonic()
        if now - self._since < 1.0:
            self._dropped = True
            return False
        self.seconds = self.seconds + 1 if self._dropped and now - self._since < 2.0 else 0
        self.left, self._since, self._dropped = self._each - 1, now, False
        return True
