"""RTP as bytes: timestamps, H.264 payloads, headers, retransmissions and sender reports."""

import struct
from collections.abc import Iterable
from typing import NamedTuple

from streaming.webrtc import rtcp

VIDEO_RATE = 90_000
SOUND_RATE = 48_000

# Header, payload and the longest SRTP tag stay below 1216 bytes, as browsers send: that passes
# IPv6's least MTU of 1280, and most tunnels.
PAYLOAD_LIMIT = 1188

STAP_A, FU_A = 24, 28  # RFC 6184, table 1
DELIMITER, FILLER = 9, 12  # NAL units that say nothing to a decoder

NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970

_header = struct.Struct("!BBHII")
_report = struct.Struct("!BBHIQIII")


class Rtp(NamedTuple):
    """One packet, whoever it goes to: its place in the stream, without payload type and source."""

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes


class Received(NamedTuple):
    """A packet that came in, without its header, extensions and padding."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    marker: bool
    payload: bytes


def read(data: bytes) -> Received | None:
    """Read a packet (RFC 3550, 5.1); None when it is none. Padding alone leaves no payload."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    flags, kind, sequence, timestamp, source = _header.unpack_from(data)
    start, end = 12 + 4 * (flags & 15), len(data)
    if flags & 0x10:  # an extension (5.3.1): we have agreed on none
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if flags & 0x20:
        end -= data[-1] or end
    if start > end:
        return None
    return Received(kind & 127, sequence, timestamp, source, kind > 127, data[start:end])


def timestamp(time: float, rate: int) -> int:
    """The RTP timestamp of a broadcast time: the same for every viewer, channel and run.

    A player finds the time of the picture it shows by taking, among the times that have this
    timestamp, the one nearest its own clock.
    """
    return round(time * rate) & 0xFFFFFFFF


def h264_payloads(units: Iterable[bytes | memoryview], limit: int = PAYLOAD_LIMIT) -> list[bytes]:
    """Pack one picture's NAL units into RTP payloads (RFC 6184, packetization mode 1).

    Small neighbours share a packet (5.7.1), big ones are cut in near-equal fragments (5.8), so that
    a picture is as few packets as can be.
    """
    payloads: list[bytes] = []
    together: list[bytes | memoryview] = []
    size = 1
    for unit in units:
        if unit[0] & 31 in (DELIMITER, FILLER):
            continue
        if together and size + 2 + len(unit) > limit:
            payloads.append(_aggregate(together))
            together, size = [], 1
        if len(unit) > limit:
            payloads += _fragments(unit, limit)
        else:
            together.append(unit)
            size += 2 + len(unit)
    if together:
        payloads.append(_aggregate(together))
    return payloads


def packet(rtp: Rtp, payload_type: int, source: int) -> bytes:
    """The packet as it is before encryption (RFC 3550, 5.1)."""
    kind = payload_type | 0x80 if rtp.marker else payload_type
    return _header.pack(0x80, kind, rtp.sequence, rtp.timestamp, source) + rtp.payload


def retransmission(rtp: Rtp, payload_type: int, source: int, sequence: int) -> bytes:
    """The same packet again, in the retransmission stream (RFC 4588, section 4)."""
    original = struct.pack("!H", rtp.sequence)
    again = Rtp(sequence, rtp.timestamp, rtp.marker, original + rtp.payload)
    return packet(again, payload_type, source)


def sender_report(
    source: int, time: float, rate: int, packets: int, octets: int, name: str
) -> bytes:
    """What ties the stream's timestamps to a clock that sound and picture share.

    A sender report and the stream's canonical name (RFC 3550, 6.4.1 and 6.5). `time` is now, on the
    broadcast clock.
    """
    ntp = int((time + NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
    report = _report.pack(
        0x80, 200, 6, source, ntp, timestamp(time, rate), packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    )
    return report + rtcp.description(source, name)


def _aggregate(units: list[bytes | memoryview]) -> bytes:
    if len(units) == 1:
        return bytes(units[0])
    # The header has the highest importance of what is inside, and its worst forbidden bit.
    header = STAP_A | max(unit[0] & 0x60 for unit in units)
    for unit in units:
        header |= unit[0] & 0x80
    pieces: list[bytes | memoryview] = [bytes((header,))]
    for unit in units:
        pieces += (len(unit).to_bytes(2, "big"), unit)
    return b"".join(pieces)


def _fragments(unit: bytes | memoryview, limit: int) -> list[bytes]:
    indicator, kind = unit[0] & 0xE0 | FU_A, unit[0] & 31
    count = -(-(len(unit) - 1) // (limit - 2))
    size, longer = divmod(len(unit) - 1, count)
    fragments, position = [], 1
    for index in range(count):
        end = position + size + (index < longer)
        edge = 0x80 if index == 0 else 0x40 if index == count - 1 else 0
        fragments.append(bytes((indicator, edge | kind)) + unit[position:end])
        position = end
    return fragments
