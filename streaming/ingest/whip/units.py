"""H.264 pictures out of RTP payloads (RFC 6184, packetization mode 1). Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from streaming.h264 import AUD, IDR, SLICE, SPS
from streaming.webrtc.rtp import FU_A, STAP_A, Received

PICTURE_LIMIT = 4 * 1024 * 1024  # bytes
UNITS_LIMIT = 1024

_DATA = frozenset(range(1, 24))
_FIRST = frozenset({AUD, SPS})  # where an encoder writes them at all


class Picture(NamedTuple):
    """One access unit: its NAL units, and its RTP timestamp."""

    units: list[bytes]
    timestamp: int

    @property
    def key(self) -> bool:
        return any(unit[0] & 31 == IDR for unit in self.units)


class Assembler:
    """Puts pictures together; a damaged one is left out, and None told in its place."""

    def __init__(self) -> None:
        self._units: list[bytes] = []
        self._fragments: list[bytes] = []  # of the unit that is under way
        self._size = 0
        self._timestamp: int | None = None  # of the picture under way
        self._damaged = False
        self._after_loss = False  # whether the next packet may be in the middle of a picture

    def put(self, packet: Received | None) -> Iterator[Picture | None]:
        """Take the next packet in order; None for a loss."""
        if packet is None:
            self._after_loss = True
            self._damaged = self._timestamp is not None
            yield None
            return
        if not packet.payload:
            return  # padding, which keeps a path busy
        if self._timestamp is not None and packet.timestamp != self._timestamp:
            yield from self._finish()  # a sender that sets no marker
        if self._timestamp is None:
            self._timestamp = packet.timestamp
            self._damaged = self._after_loss and not _begins_picture(packet.payload)
        self._after_loss = False
        if not self._damaged and not self._add(packet.payload):
            self._damaged = True
        if packet.marker:
            yield from self._finish()

    def _finish(self) -> Iterator[Picture | None]:
        whole = not self._damaged and not self._fragments
        units, timestamp = self._units, self._timestamp
        self._units, self._fragments, self._size = [], [], 0
        self._timestamp, self._damaged = None, False
        if not whole:
            yield None
        elif units and timestamp is not None:
            yield Picture(units, timestamp)

    def _add(self, payload: bytes) -> bool:
        """Take one payload's units; False when it is broken."""
        self._size += len(payload)
        if self._size > PICTURE_LIMIT or len(self._units) >= UNITS_LIMIT or payload[0] & 0x80:
            return False
        kind = payload[0] & 31
        if kind == FU_A:
            return self._add_fragment(payload)
        if self._fragments:
            return False  # its end is missing
        if kind == STAP_A:
            return self._add_several(payload)
        if kind in _DATA:
            self._units.append(payload)
            return True
        return False

    def _add_several(self, payload: bytes) -> bool:
        position = 1
        while position < len(payload):
            start = position + 2
            position = start + int.from_bytes(payload[position:start], "big")
            if position > len(payload) or position == start:
                return False
            if payload[start] & 31 not in _DATA:
                return False
            self._units.append(payload[start:position])
        return True

    def _add_fragment(self, payload: bytes) -> bool:
        if len(payload) < 3:
            return False
        header = payload[1]
        first, last = header & 0x80, header & 0x40
        if bool(first) == bool(self._fragments) or header & 31 not in _DATA:
            return False
        if first:
            self._fragments.append(bytes((payload[0] & 0xE0 | header & 31,)))
        self._fragments.append(payload[2:])
        if last:
            self._units.append(b"".join(self._fragments))
            self._fragments = []
        return True


def _begins_picture(payload: bytes) -> bool:
    """Whether what begins here is surely a picture's first unit."""
    kind, body = payload[0] & 31, payload[1:]
    if kind == STAP_A and len(payload) > 4:
        kind, body = payload[3] & 31, payload[4:]
    elif kind == FU_A and len(payload) > 2:
        if not payload[1] & 0x80:
            return False
        kind, body = payload[1] & 31, payload[2:]
    # A slice begins with the number of its first macroblock: zero is one bit, 1 (7.3.3, 9.1).
    # Before an IDR slice new parameter sets may have been lost.
    return kind in _FIRST or (kind == SLICE and body[:1] >= b"\x80")
