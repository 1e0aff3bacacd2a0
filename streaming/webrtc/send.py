"""One RTP stream for all viewers, and what one viewer has had of it."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from streaming.webrtc import rtp
from streaming.webrtc.private import Path, Srtp
from streaming.webrtc.resends import AT_ONCE, Resends
from streaming.webrtc.rtp import Rtp

KEPT = 4096  # packets: about six seconds at 6 Mbps, for joiners and retransmissions

# A viewer's first packets must not straddle the wrap of the 16-bit number: if all before it were
# lost, its SRTP rollover counter would differ from ours for ever (RFC 3711, 3.3.1).
CLEAR_OF_WRAP = 0x10000 - 64

# Packets that a stream may go on without a viewer, who is back then: SRTP takes a longer step for
# one backwards (RFC 3711, appendix A).
LONGEST_STEP = 0x7000

REPORTS = 64  # sender reports that viewers' own may still speak of

RESEND_WINDOW = 1000  # libsrtp encrypts no packet again that is older than 1024
SENDER_NAME = "fabrique-tv"


class Stream:
    """Packets numbered once. Positions count them all; the sequence number is the low 16 bits."""

    def __init__(self, rate: int, first: int | None = None) -> None:
        self.rate = rate
        self.source = secrets.randbits(32)
        self.end = secrets.randbelow(0x8000) if first is None else first
        self.entry: int | None = None  # where the newest picture that needs no other begins
        self.entry_end = self.end  # and where it ends
        self._begin = self.end
        self._kept: list[Rtp | None] = [None] * KEPT
        self._time = 0.0
        self._added_at = 0.0
        self._reported: dict[int, float] = {}  # by the middle of its NTP time, when it was sent

    @property
    def start(self) -> int:
        """The oldest position that is still kept."""
        return max(self._begin, self.end - KEPT)

    def add(self, payloads: Sequence[bytes], time_: float, key: bool) -> None:
        """Number one frame's payloads and keep them; `key` says that a viewer can begin here."""
        if key:
            self.entry = self.end
        stamp, last = rtp.timestamp(time_, self.rate), len(payloads) - 1
        added = rtp.paddings([len(payload) for payload in payloads])
        for index, payload in enumerate(payloads):
            packet = Rtp(self.end & 0xFFFF, stamp, index == last, payload, added[index])
            self._kept[self.end % KEPT] = packet
            self.end += 1
        if key:
            self.entry_end = self.end
        self._time, self._added_at = time_, time.monotonic()

    def between(self, start: int, end: int) -> list[Rtp]:
        first, last = max(start, self.start), min(end, self.end)
        if first >= last:
            return []
        head, tail = first % KEPT, last % KEPT or KEPT
        kept = self._kept[head:tail] if head < tail else self._kept[head:] + self._kept[:tail]
        return cast(list[Rtp], kept)  # nothing is missing between start and end

    def find(self, sequence: int) -> Rtp | None:
        """The newest packet of that number, if it is still kept."""
        position = self._position(sequence)
        return self._kept[position % KEPT] if position >= self.start else None

    def age(self, packet: Rtp) -> int:
        """How many packets were added since, of one that `find` found."""
        return self.end - self._position(packet.sequence)

    def beginning(self) -> int | None:
        """Where a viewer may begin now, or None: at the next key."""
        if self.entry is None or self.entry < self.start:
            return None
        return self.entry if self.entry & 0xFFFF < CLEAR_OF_WRAP else None

    def now(self) -> float:
        """The broadcast clock, by the stream's own last frame."""
        return self._time + time.monotonic() - self._added_at if self._added_at else 0.0

    def report(self, packets: int = 0, octets: int = 0) -> bytes:
        """A sender report as of now, for who has had so much."""
        report = rtp.sender_report(self.source, self.now(), self.rate, packets, octets, SENDER_NAME)
        self._reported[int.from_bytes(report[10:14], "big")] = time.monotonic()
        if len(self._reported) > REPORTS:
            del self._reported[next(iter(self._reported))]
        return report

    def round_trip(self, last_report: int, delay: int) -> float | None:
        """Seconds to a viewer and back, as its report block tells (RFC 3550, 6.4.1), if it does."""
        sent_at = self._reported.get(last_report)
        return None if sent_at is None else max(0.0, time.monotonic() - sent_at - delay / 65536)

    def _position(self, sequence: int) -> int:
        return self.end - 1 - ((self.end - 1 - sequence) & 0xFFFF)


@dataclass(eq=False)
class Output:
    """One stream on its way to one viewer: how it is encrypted, and where it goes.

    `send` takes a clear packet that is for this viewer alone. `packets` and `octets` are what it
    had before it came to the convoy that it is in now (see `fanout`), `reported` the packets when
    it was last told. `stopped_at` is the position where it was left behind, `key_again` that of the
    last key that it got once more, `repeats` times.
    """

    stream: Stream
    payload_type: int
    resend_type: int | None  # payload type of retransmissions, if the viewer knows them
    resend_source: int
    srtp: Srtp
    path: Path
    send: Callable[[bytes], None]
    packets: int = 0
    octets: int = 0
    reported: int = 0
    stopped_at: int | None = None
    key_again: int | None = None
    repeats: int = 0
    resends: Resends = field(default_factory=Resends)
    _resend_sequence: int = field(default_factory=lambda: secrets.randbelow(0x8000))

    def resend(self) -> None:
        """Send some of the packets again that the viewer asked for, as far as they are kept."""
        for sequence in self.resends.take(AT_ONCE, time.monotonic()):
            packet = self.stream.find(sequence)
            if packet is None:
                continue
            if self.resend_type is not None:
                number = self._resend_sequence
                self._resend_sequence = number + 1 & 0xFFFF
                data = rtp.retransmission(packet, self.resend_type, self.resend_source, number)
            elif self.stream.age(packet) <= RESEND_WINDOW:
                data = rtp.packet(packet, self.payload_type, self.stream.source)
            else:
                continue
            self.send(data)
