"""One RTP stream for all viewers, and how far each of them has come in it."""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from streaming.webrtc import rtp
from streaming.webrtc.rtp import Rtp

KEPT = 4096  # packets: about six seconds at 6 Mbps, for joiners and retransmissions

# A viewer's first packets must not straddle the wrap of the 16-bit number: if all before it were
# lost, its SRTP rollover counter would differ from ours for ever (RFC 3711, 3.3.1).
CLEAR_OF_WRAP = 0x10000 - 64

RESENDS = 500  # packets a viewer may have again in a second
SENDER_NAME = "fabrique-tv"


class Stream:
    """Packets numbered once. Positions count them all; the sequence number is the low 16 bits."""

    def __init__(self, rate: int, first: int | None = None) -> None:
        self.rate = rate
        self.source = secrets.randbits(32)
        self.end = secrets.randbelow(0x8000) if first is None else first
        self.entry: int | None = None  # where the newest picture that needs no other begins
        self._begin = self.end
        self._kept: list[Rtp | None] = [None] * KEPT
        self._time = 0.0
        self._added_at = 0.0

    @property
    def start(self) -> int:
        """The oldest position that is still kept."""
        return max(self._begin, self.end - KEPT)

    def add(self, payloads: Sequence[bytes], time_: float, key: bool) -> list[Rtp]:
        """Number one frame's payloads and keep them; `key` says that a viewer can begin here."""
        if key:
            self.entry = self.end
        stamp, last = rtp.timestamp(time_, self.rate), len(payloads) - 1
        packets = []
        for index, payload in enumerate(payloads):
            packet = Rtp(self.end & 0xFFFF, stamp, index == last, payload)
            self._kept[self.end % KEPT] = packet
            self.end += 1
            packets.append(packet)
        self._time, self._added_at = time_, time.monotonic()
        return packets

    def between(self, start: int, end: int) -> Iterable[Rtp]:
        for position in range(max(start, self.start), min(end, self.end)):
            packet = self._kept[position % KEPT]
            assert packet is not None
            yield packet

    def find(self, sequence: int) -> Rtp | None:
        """The newest packet of that number, if it is still kept."""
        position = self.end - 1 - ((self.end - 1 - sequence) & 0xFFFF)
        return self._kept[position % KEPT] if position >= self.start else None

    def beginning(self) -> int | None:
        """Where a viewer may begin now, or None: at the next key."""
        if self.entry is None or self.entry < self.start:
            return None
        return self.entry if self.entry & 0xFFFF < CLEAR_OF_WRAP else None

    def now(self) -> float:
        """The broadcast clock, by the stream's own last frame."""
        return self._time + time.monotonic() - self._added_at if self._added_at else 0.0


@dataclass
class Output:
    """One stream on its way to one viewer.

    `send` takes a clear packet. A viewer begins with the newest key and what followed it, a few
    packets at a time, and is live once it has come to the end of the stream.
    """

    stream: Stream
    payload_type: int
    resend_type: int | None  # payload type of retransmissions, if the viewer knows them
    resend_source: int
    send: Callable[[bytes], None]
    position: int | None = None
    packets: int = 0
    octets: int = 0
    resends_left: int = RESENDS
    _resend_sequence: int = field(default_factory=lambda: secrets.randbelow(0x8000))

    @property
    def live(self) -> bool:
        return self.position == self.stream.end

    @property
    def behind(self) -> bool:
        return self.position is not None and self.position < self.stream.end

    def begin(self) -> None:
        """Go to where a viewer may begin, if there is such a place now."""
        self.position = self.stream.beginning()

    def pass_on(self, clear: Sequence[bytes], size: int) -> None:
        """Send what was just added to the stream to a viewer who was live before it."""
        for data in clear:
            self.send(data)
        self.packets += len(clear)
        self.octets += size
        self.position = self.stream.end

    def catch_up(self, most: int) -> None:
        """Send at most `most` packets of what this viewer has not had yet."""
        if self.position is not None and self.position < self.stream.start:
            self.begin()  # too slow: the packets are gone, go on at the newest key
        if self.position is None:
            return
        end = min(self.position + most, self.stream.end)
        for packet in self.stream.between(self.position, end):
            self.send(rtp.packet(packet, self.payload_type, self.stream.source))
            self.packets += 1
            self.octets += len(packet.payload)
        self.position = end

    def resend(self, sequences: Iterable[int]) -> None:
        """Send lost packets again, as far as they are kept and the allowance goes."""
        for sequence in sequences:
            packet = self.stream.find(sequence)
            if self.resends_left <= 0:
                return
            if packet is None:
                continue
            self.resends_left -= 1
            if self.resend_type is None:
                self.send(rtp.packet(packet, self.payload_type, self.stream.source))
                continue
            number, self._resend_sequence = (
                self._resend_sequence,
                self._resend_sequence + 1 & 0xFFFF,
            )
            self.send(rtp.retransmission(packet, self.resend_type, self.resend_source, number))

    def report(self) -> bytes:
        """A sender report for this viewer, as of now; its allowance of resends is whole again."""
        self.resends_left = RESENDS
        return rtp.sender_report(
            self.stream.source,
            self.stream.now(),
            self.stream.rate,
            self.packets,
            self.octets,
            SENDER_NAME,
        )
