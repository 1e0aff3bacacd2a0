"""RTP packets in the order in which they were sent, those that were lost asked for again. Pure.

Times are of any clock that does not go back, in seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from streaming.webrtc.rtp import Received

JUMP = 512  # numbers; a larger gap is a new beginning, once two packets agree on it (RFC 3550, A.1)
WINDOW = 2048  # packets that may wait for one that is missing: 2 s at 10 Mbps

FIRST_ASK = 0.008  # seconds: some packets only take another way
SOONEST = 0.02  # seconds between two requests for the same packet
TRIES = 10
ASKED_AT_ONCE = 128

SMOOTHING = 0.2  # how much a new round trip counts
UNKNOWN_TRIP = 0.05  # seconds


class Unwrapper:
    """Counters that wrap at so many bits, as numbers that go on."""

    def __init__(self, bits: int) -> None:
        self._period = 1 << bits
        self.last: int | None = None

    def near(self, value: int) -> int:
        """The number nearest to the last one that has `value` for its low bits."""
        if self.last is None:
            return value
        half = self._period >> 1
        return self.last + (value - self.last + half) % self._period - half

    def unwrap(self, value: int) -> int:
        self.last = self.near(value)
        return self.last


@dataclass
class _Missing:
    since: float
    ask_at: float
    asked_at: float = 0.0
    tries: int = 0


class Reorder:
    """One source's packets: `put` them as they come, `take` them in order.

    A missing packet is waited for, at most `patience` seconds. `round_trip` is how long one that
    was asked for takes to come, 0.0 before any has.
    """

    def __init__(self, patience: float) -> None:
        self.lost = 0  # for good
        self.round_trip = 0.0
        self._patience = patience
        self._unwrapper = Unwrapper(16)
        self._next: int | None = None
        self._highest = 0
        self._held: dict[int, Received] = {}
        self._missing: dict[int, _Missing] = {}
        self._beginning: int | None = None  # what a new beginning would go on with
        self._torn = False

    def put(self, packet: Received, now: float) -> bool:
        """Note a packet; False when it is of no use: it has come already, or too late."""
        position = self._place(packet.sequence)
        if position is None:
            return False
        assert self._next is not None
        if position < self._next or position in self._held:
            return False
        for number in range(self._highest + 1, position):
            self._missing[number] = _Missing(now, now + FIRST_ASK)
        self._highest = max(self._highest, position)
        waited = self._missing.pop(position, None)
        if waited is not None and waited.tries == 1:
            self._learn(now - waited.asked_at)
        self._held[position] = packet
        return True

    def is_missing(self, sequence: int) -> bool:
        return self._unwrapper.near(sequence) in self._missing

    def take(self, now: float) -> Iterator[Received | None]:
        """What can go on now, in order; None stands for what is lost."""
        if self._torn:
            self._torn = False
            yield None
        torn = False
        while self._held and self._next is not None:
            packet = self._held.pop(self._next, None)
            if packet is None:
                waited = self._missing[self._next]
                crowded = self._highest - self._next >= WINDOW
                if now - waited.since < self._patience and not crowded:
                    break
                del self._missing[self._next]
                self.lost += 1
                torn = True
            elif torn:
                yield None
                torn = False
            self._next += 1
            if packet is not None:
                yield packet

    def ask(self, now: float) -> list[int]:
        """The numbers to ask for now, each again after about a round trip."""
        wait = max(SOONEST, 1.2 * (self.round_trip or UNKNOWN_TRIP))
        due: list[int] = []
        for number, missing in self._missing.items():
            if missing.ask_at <= now and missing.tries < TRIES and len(due) < ASKED_AT_ONCE:
                missing.tries += 1
                missing.asked_at, missing.ask_at = now, now + wait
                due.append(number & 0xFFFF)
        return due

    @property
    def waiting(self) -> bool:
        """Whether time alone may change something: a request or giving up."""
        return bool(self._missing)

    def _place(self, sequence: int) -> int | None:
        """Where a number belongs, or None for one that comes from nowhere."""
        if self._next is None:
            self._next = self._unwrapper.unwrap(sequence)
            self._highest = self._next - 1
            return self._next
        position = self._unwrapper.near(sequence)
        # What is asked for again may come after more than a jump: nothing in the window is strange.
        if self._next - JUMP <= position <= self._highest + JUMP:
            self._beginning = None
            if position > self._highest:
                self._unwrapper.unwrap(sequence)
            return position
        if self._beginning != sequence:
            self._beginning = sequence + 1 & 0xFFFF
            return None
        # Two packets agree: the source has begun anew, or the network was away for long.
        self._beginning = None
        self._held.clear()
        self._missing.clear()
        self._torn = True
        self._next = self._unwrapper.unwrap(sequence)
        self._highest = self._next - 1
        return self._next

    def _learn(self, trip: float) -> None:
        self.round_trip += (trip - self.round_trip) * (SMOOTHING if self.round_trip else 1.0)
