"""Sound that waits to be heard again: a channel's packets, as long as there is room for them."""

from collections import deque
from dataclasses import dataclass

LONGEST = 1200.0  # seconds that may wait
LARGEST = 32_000_000  # bytes: twenty minutes of Opus are 15 MB
HOLE = 0.2  # seconds between two packets that do not belong together


@dataclass(frozen=True, slots=True)
class Packet:
    """Opus, heard at `time` on the broadcast clock."""

    data: bytes
    time: float


class Kept:
    """The packets, oldest first. What there is no room for is let go unheard, the oldest first."""

    def __init__(self, longest: float = LONGEST, largest: int = LARGEST) -> None:
        self._longest, self._largest = longest, largest
        self._packets: deque[Packet] = deque()
        self._bytes = 0
        self.left = 0.0  # seconds let go unheard

    def put(self, data: bytes, time: float) -> None:
        """Keep the next packet. A late one is left out; one that is much too late begins anew."""
        late = self.newest - time
        if 0.0 <= late < HOLE:
            return
        if late >= HOLE:
            self._let_go(len(self._packets))
        self._packets.append(Packet(data, time))
        self._bytes += len(data)
        while self.seconds > self._longest or self._bytes > self._largest:
            self._let_go(1)

    @property
    def newest(self) -> float:
        """When the newest packet was heard; before all time when there is none."""
        return self._packets[-1].time if self._packets else float("-inf")

    @property
    def seconds(self) -> float:
        """How much waits."""
        return self._packets[-1].time - self._packets[0].time if self._packets else 0.0

    def oldest(self, longest: float, until: float) -> tuple[list[Packet], bool]:
        """The oldest packets without a hole among them, at most `longest` seconds.

        None at or behind `until`. The second value says whether they are all that belongs together:
        a hole follows.
        """
        found: list[Packet] = []
        for packet in self._packets:
            if found and packet.time - found[-1].time > HOLE:
                return found, True
            if packet.time >= until or (found and packet.time - found[0].time >= longest):
                break
            found.append(packet)
        return found, False

    def heard(self, until: float) -> None:
        """Let go of what was before `until`: it has been heard again."""
        while self._packets and self._packets[0].time < until:
            self._bytes -= len(self._packets.popleft().data)

    def _let_go(self, count: int) -> None:
        for _ in range(count):
            gone = self._packets.popleft()
            self._bytes -= len(gone.data)
            if self._packets and self._packets[0].time - gone.time <= HOLE:
                self.left += self._packets[0].time - gone.time
