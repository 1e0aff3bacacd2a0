"""What one viewer has lost and gets again: which packets, when, and how many at most. Pure.

Times are of any clock that does not go back, in seconds.
"""

import math
from collections import deque
from collections.abc import Iterable
from itertools import islice

from streaming.webrtc.rtcp import Reception

MOST = 1024  # packets in reserve: a second and a half at 8 Mbps, and all that Chromium asks for
SHARE = 0.5  # of what is sent, in the long run: on a way that loses more, more of it helps nobody
AT_ONCE = 32  # packets that leave together; what comes beyond is paced by who sends
AGAIN = 0.8  # of a round trip: who asks again sooner cannot know yet whether it has come
SMOOTHING = 0.25  # how much a new round trip counts
SOONEST = 0.01  # seconds in which nobody gets the same packet twice

# What is lost again costs another round trip or two, and there the picture stands still. Who had to
# ask twice gets all that it asks for twice, for a while; but not who only gets it late.
TWICE_FOR = 10.0  # seconds
LOSSY = 0.02  # share of what was sent that did not come
MEASURED = 2.0  # seconds, at least, over which that is counted: what is only late comes in them
APART = 0.01  # seconds: a burst that takes the one shall not take the other


class Resends:
    """Packets, by their numbers of 16 bits: `ask` for them as the viewer does, `take` what is due.

    `round_trip` is how far away the viewer is; 0.0: not known.
    """

    def __init__(self) -> None:
        self.round_trip = 0.0
        self._allowance = float(MOST)
        self._waiting: dict[int, None] = {}  # in order
        self._until: dict[int, float] = {}  # by number: when it may be asked for again
        self._copies: deque[tuple[float, int]] = deque()  # when they are due, and what
        self._twice_until = self._lossy_until = -math.inf
        self._counted: tuple[float, int, int] | None = None  # when, what was lost, the last number

    @property
    def waiting(self) -> bool:
        return bool(self._waiting or self._copies)

    def ask(self, numbers: Iterable[int], now: float) -> None:
        """Note what is missing, but for what is on its way."""
        for number in numbers:
            if len(self._waiting) >= MOST:
                return  # it is asked for again
            until = self._until.get(number)
            if until is None:
                self._waiting[number] = None
            elif until <= now:
                self._waiting[number] = None
                self._twice_until = min(now + TWICE_FOR, self._lossy_until)

    def take(self, most: int, now: float) -> list[int]:
        """At most `most` numbers, in the order in which they were asked for, that leave now."""
        most = min(most, int(self._allowance))
        taken: list[int] = []
        while self._copies and self._copies[0][0] <= now and len(taken) < most:
            number = self._copies.popleft()[1]
            if number not in self._waiting:
                taken.append(number)
        for number in list(islice(self._waiting, most - len(taken))):
            del self._waiting[number]
            taken.append(number)
            if now < self._twice_until:
                self._copies.append((now + APART, number))
        until = now + max(SOONEST, AGAIN * self.round_trip)
        for number in taken:
            self._until.pop(number, None)  # so that the oldest come first
            self._until[number] = until
        self._allowance -= len(taken)
        if self._allowance < 1:
            self._waiting.clear()  # by when it may be sent, it is asked for again
            self._copies.clear()
        while len(self._until) > MOST:
            del self._until[next(iter(self._until))]
        return taken

    def learn(self, trip: float) -> None:
        """The viewer has been found to be so far away."""
        self.round_trip += (trip - self.round_trip) * (SMOOTHING if self.round_trip else 1.0)

    def count(self, reception: Reception, now: float) -> None:
        """Take the viewer's own count of what came."""
        counted = now, reception.lost, reception.highest
        if self._counted is None:
            self._counted = counted
        elif now - self._counted[0] >= MEASURED:
            _, lost, highest = self._counted
            expected = reception.highest - highest & 0xFFFFFFFF
            lately = (reception.lost - lost + 0x800000 & 0xFFFFFF) - 0x800000
            if lately > LOSSY * expected:
                self._lossy_until = now + TWICE_FOR
            self._counted = counted

    def earn(self, packets: int) -> None:
        """So many have been sent for the first time."""
        self._allowance = min(float(MOST), self._allowance + SHARE * packets)
