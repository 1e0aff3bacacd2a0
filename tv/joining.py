"""Coming in: the codes that people type, and at what pace a room full of them comes."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # neither 0 nor O, neither 1 nor I nor L
LENGTH = 6
ARRIVALS = 150.0  # a second, that a web process takes in without making anybody wait
LONGEST = 30.0  # seconds that somebody is told to wait, at most

Kind = Literal["event", "talk", "lab", "table"]


@dataclass(frozen=True)
class Place:
    """Where a code leads: `name` is a talk's id, a table's, a lab's slug, or the event's."""

    kind: Kind
    name: str


class Codes:
    """The code of each place. It follows from the installation's secret: none is kept anywhere."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"join", "sha256")
        self._known: dict[Place, str] = {}

    def of(self, place: Place) -> str:
        if (code := self._known.get(place)) is None:
            named = f"{place.kind}\n{place.name}".encode()
            number = int.from_bytes(hmac.digest(self._key, named, hashlib.sha256)[:8])
            code = ""
            for _ in range(LENGTH):
                number, digit = divmod(number, len(ALPHABET))
                code += ALPHABET[digit]
            self._known[place] = code
        return code

    def find(self, code: str, places: Iterable[Place]) -> Place | None:
        """Which of the places has this code, as somebody typed it.

        Two of a thousand places have the same one once in two thousand installations: the first.
        """
        typed = "".join(code.upper().split()).replace("-", "")
        return next((place for place in places if self.of(place) == typed), None)


class Turnstile:
    """Spreads arrivals evenly: each person receives the time to wait.

    Each network has its own queue: nobody waits for a flood from elsewhere.
    """

    def __init__(self, per_second: float = ARRIVALS, longest: float = LONGEST) -> None:
        self._every = 1 / per_second
        self._longest = longest
        self._next: dict[str, float] = {}  # by network, of 4,096: when the next may come

    def wait(self, now: float, network: str = "") -> float:
        """Seconds for somebody who asks at `now`; nobody waits while few come."""
        due = max(now, self._next.get(network, 0.0))
        self._next[network] = min(due, now + self._longest) + self._every
        return min(due - now, self._longest)
