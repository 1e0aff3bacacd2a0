"""RTP as bytes: timestamps, H.264 payloads, headers, retransmissions and sender reports."""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from streaming.webrtc import rtcp

VIDEO_RATE = 90_000
SOUND_RATE = 48_000

# Header, payload and the longest SRTP tag stay within 1216 bytes, as browsers send: that passes
# IPv6's least MTU of 1280, and most tunnels.
HEADER = 12
PAYLOAD_LIMIT = 1188

# Packets of one size leave in one piece (see `datagrams`). So many bytes of padding are worth less
# than another piece would cost; a packet can have 255 (RFC 3550, 5.1).
PADDING_LIMIT = 160

STAP_A, FU_A = 24, 28  # RFC 6184, table 1
DELIMITER, FILLER = 9, 12  # NAL units that say nothing to a decoder
SIZES_TRIED = 4  # for pictures of several slices

NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970

_header = struct.Struct("!BBHII")
_report = struct.Struct("!BBHIQIII")


class Rtp(NamedTuple):
    """One packet, whoever it goes to: its place in the stream, without payload type and source.

    It has `padding` bytes behind its payload, which receivers drop.
    """

    sequence: int
    timestamp: int
    marker: bool
    payload: bytes
    padding: int = 0

    @property
    def size(self) -> int:
        """Bytes before encryption."""
        return HEADER + len(self.payload) + self.padding


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

    Small neighbours share a packet (5.7.1). Big ones are cut in fragments of one size, the last of
    which is what remains (5.8): a picture is few packets, and nearly all of them are equally long.
    """
    units = [unit for unit in units if unit[0] & 31 not in (DELIMITER, FILLER)]
    fragment = _fragment_size([len(unit) for unit in units if len(unit) > limit], limit)
    payloads: list[bytes] = []
    together: list[bytes | memoryview] = []
    size = 1
    for unit in units:
        if together and size + 2 + len(unit) > limit:
            payloads.append(_aggregate(together))
            together, size = [], 1
        if len(unit) > limit:
            payloads += _fragments(unit, fragment)
        else:
            together.append(unit)
            size += 2 + len(unit)
    if together:
        payloads.append(_aggregate(together))
    return payloads


def paddings(sizes: Sequence[int]) -> list[int]:
    """How many bytes to add to each of a frame's payloads, so that they make few runs.

    A run is packets of one size, the last of which may be shorter. What is added to a packet is at
    most PADDING_LIMIT, and none becomes longer than the longest was.
    """
    added = [0] * len(sizes)
    if is_run(sizes):
        return added
    run = 0  # the size of the packets in the run that we are in; 0: the next one begins another
    for place, size in enumerate(sizes):
        following = sizes[place + 1] if place + 1 < len(sizes) else 0
        if not run or size > run:
            run = following if 0 < following - size <= PADDING_LIMIT else size
            added[place] = run - size
        elif size < run and 0 < following <= run and run - size <= PADDING_LIMIT:
            added[place] = run - size
        elif size < run:
            run = 0
    return added


def is_run(sizes: Sequence[int]) -> bool:
    """Whether all are the same, but for a last that may be less: so are nearly all pictures."""
    if len(sizes) < 2:
        return True
    first, last = sizes[0], sizes[-1]
    odd = len(sizes) - sizes.count(first)
    return not odd or (odd == 1 and last < first)


def packet(rtp: Rtp, payload_type: int, source: int) -> bytes:
    """The packet as it is before encryption (RFC 3550, 5.1).

    It is the same bytes whenever it is sent to a viewer: two different ones under one number would
    give away the key of AES-GCM (RFC 7714, 9.1).
    """
    number, stamp, marker, payload, padding = rtp
    kind = payload_type | 0x80 if marker else payload_type
    if not padding:
        return _header.pack(0x80, kind, number, stamp, source) + payload
    header = _header.pack(0xA0, kind, number, stamp, source)
    return b"".join((header, payload, bytes(padding - 1), padding.to_bytes(1, "big")))


def retransmission(rtp: Rtp, payload_type: int, source: int, sequence: int) -> bytes:
    """The same packet again, in the retransmission stream (RFC 4588, section 4).

    Its padding does not come again, as that section asks.
    """
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


def _fragment_size(lengths: Sequence[int], limit: int) -> int:
    """How long fragments shall be at most, for units of these lengths.

    One unit is cut as long as can be. Several are cut so that fragments of one fill up a run with
    those of the next; where that takes too much padding, each has a run of its own.
    """
    if len(lengths) < 2:
        return limit
    tried = {limit}
    for length in sorted(lengths, reverse=True)[:SIZES_TRIED]:
        count = -(-(length - 1) // (limit - 2))
        tried.add(-(-(length - 1) // count) + 2)
    return min(sorted(tried, reverse=True), key=lambda size: _cost(lengths, size))


def _cost(lengths: Sequence[int], size: int) -> float:
    """What sending units of these lengths takes, in packets' worth: a run about as much as one."""
    sizes: list[int] = []
    for length in lengths:
        whole, rest = divmod(length - 1, size - 2)
        sizes += [size] * whole
        if rest:
            sizes.append(rest + 2)
    added = paddings(sizes)
    padded = [size + more for size, more in zip(sizes, added, strict=True)]
    runs, run = 0, 0
    for each in padded:
        if not run or each > run:
            runs, run = runs + 1, each
        elif each < run:
            run = 0
    return len(sizes) + runs + sum(added) / PADDING_LIMIT


def _fragments(unit: bytes | memoryview, limit: int) -> list[bytes]:
    indicator, kind = unit[0] & 0xE0 | FU_A, unit[0] & 31
    step, end = limit - 2, len(unit)
    fragments = []
    for position in range(1, end, step):
        edge = 0x80 if position == 1 else 0x40 if position + step >= end else 0
        piece = unit[position : position + step]
        fragments.append(b"".join((bytes((indicator, edge | kind)), piece)))
    return fragments
