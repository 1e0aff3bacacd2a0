"""RTCP as bytes: what the other side reports of our packets and its own, and what we answer."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203  # RFC 3550, 12.1
TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 205, 206  # RFC 4585, 6.1
EXTENDED = 207  # RFC 3611, 2
REFERENCE, SINCE_REFERENCE = 4, 5  # of EXTENDED: 4.4 and 4.5
NACK = 1
PICTURE_LOST, FULL_PICTURE, APPLICATION = 1, 4, 15  # of PAYLOAD_FEEDBACK; FULL_PICTURE: RFC 5104

LOST_LIMIT = 1024  # numbers of one packet's NACKs; it could name 6,000

_head = struct.Struct("!BBH")
_block = struct.Struct("!IIIIII")


@dataclass
class Said:
    """What one datagram of RTCP says, as far as we have a use for it.

    - `clocks`: by source, its NTP time (64 bits) and the RTP timestamp that goes with it
    - `lost`: by source, the numbers of our packets that the other side misses
    - `pictures_lost`: our sources of which it wants a keyframe
    - `gone`: sources that have ended
    - `heard`: by our source, how it comes in
    - `references`: by source, the middle of an NTP time that it wants to hear of again
    """

    clocks: dict[int, tuple[int, int]] = field(default_factory=dict)
    lost: dict[int, list[int]] = field(default_factory=dict)
    pictures_lost: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    heard: dict[int, "Reception"] = field(default_factory=dict)
    references: dict[int, int] = field(default_factory=dict)


def asks(data: bytes) -> bool:
    """Whether a compound packet asks for anything; most only report how all is well."""
    position, end = 0, len(data)
    while position + 4 <= end:
        if data[position + 1] in (TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK):
            return True
        position += 4 + 4 * int.from_bytes(data[position + 2 : position + 4], "big")
    return False


def read(data: bytes) -> Said:
    """Read a compound packet (RFC 3550, 6.1), up to where it makes no sense any more."""
    said = Said()
    position = 0
    while position + 4 <= len(data):
        first, kind, words = _head.unpack_from(data, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            break
        _note(said, kind, first & 31, data[position + 4 : end])
        position = end
    return said


def _note(said: Said, kind: int, count: int, body: bytes) -> None:
    if kind == SENDER_REPORT and len(body) >= 24:
        source, ntp, timestamp = struct.unpack_from("!IQI", body)
        said.clocks[source] = ntp, timestamp
    elif kind == RECEIVER_REPORT and len(body) >= 4 + _block.size * count:
        for place in range(4, 4 + _block.size * count, _block.size):
            ours, lost, *others = _block.unpack_from(body, place)
            said.heard[ours] = Reception(ours, lost >> 24, lost & 0xFFFFFF, *others)
    elif kind == EXTENDED and len(body) >= 16 and body[4] == REFERENCE:
        # The first block only: a receiver has nothing else to say before it.
        said.references[int.from_bytes(body[:4], "big")] = int.from_bytes(body[10:14], "big")
    elif kind == GOODBYE and len(body) >= 4 * count:
        said.gone += struct.unpack_from(f"!{count}I", body)
    elif kind == TRANSPORT_FEEDBACK and count == NACK and len(body) >= 8:
        (media,) = struct.unpack_from("!I", body, 4)
        missing = said.lost.setdefault(media, [])
        for place in range(8, len(body) - 3, 4):
            number, following = struct.unpack_from("!HH", body, place)
            missing.append(number)
            missing += [number + 1 + bit & 0xFFFF for bit in range(16) if following >> bit & 1]
        del missing[LOST_LIMIT:]
    elif kind == PAYLOAD_FEEDBACK and len(body) >= 8:
        if count == PICTURE_LOST:
            said.pictures_lost += struct.unpack_from("!I", body, 4)
        elif count == FULL_PICTURE:  # names its sources in its entries (RFC 5104, 4.3.1)
            for place in range(8, len(body) - 7, 8):
                said.pictures_lost += struct.unpack_from("!I", body, place)


class Reception(NamedTuple):
    """How a source comes in: a report block (RFC 3550, 6.4.1). `jitter` is in its own units."""

    source: int
    fraction_lost: int  # of 256, since the last report
    lost: int  # since the beginning; negative when more came than were sent
    highest: int  # sequence number, extended to 32 bits
    jitter: int
    last_report: int  # the middle of the NTP time in its last sender report
    delay: int  # since that came, in units of 1/65536 s


def receiver_report(source: int, name: str, receptions: Sequence[Reception] = ()) -> bytes:
    """A receiver report of up to 31 sources, and who sends it (6.4.2 and 6.5)."""
    blocks = b"".join(
        _block.pack(
            each.source,
            each.fraction_lost << 24 | max(-(1 << 23), min(each.lost, (1 << 23) - 1)) & 0xFFFFFF,
            each.highest & 0xFFFFFFFF,
            each.jitter & 0xFFFFFFFF,
            each.last_report & 0xFFFFFFFF,
            each.delay & 0xFFFFFFFF,
        )
        for each in receptions
    )
    report = _packet(RECEIVER_REPORT, len(receptions), struct.pack("!I", source) + blocks)
    return report + description(source, name)


def description(source: int, name: str) -> bytes:
    """The canonical name of a source (6.5)."""
    item = name.encode()
    chunk = struct.pack("!IBB", source, 1, len(item)) + item
    chunk += bytes(4 - len(chunk) % 4)  # at least one zero ends the list
    return _packet(DESCRIPTION, 1, chunk)


def since_references(source: int, references: Mapping[int, int]) -> bytes:
    """Tell who sent these references that they have just come, for the round trip (RFC 3611, 4.5).

    The delay is none: it is told at once.
    """
    body = b"".join(struct.pack("!III", *each, 0) for each in references.items())
    head = struct.pack("!IBBH", source, SINCE_REFERENCE, 0, len(body) // 4)
    return _packet(EXTENDED, 0, head + body)


def missing(source: int, media: int, sequences: Iterable[int]) -> bytes:
    """Ask for packets again (RFC 4585, 6.2.1). `sequences` ascend, but for a wrap of 16 bits."""
    entries: list[tuple[int, int]] = []
    for sequence in sequences:
        if entries:
            number, following = entries[-1]
            ahead = sequence - number - 1 & 0xFFFF
            if ahead < 16:
                entries[-1] = number, following | 1 << ahead
                continue
        entries.append((sequence & 0xFFFF, 0))
    body = b"".join(struct.pack("!HH", *entry) for entry in entries)
    return _packet(TRANSPORT_FEEDBACK, NACK, struct.pack("!II", source, media) + body)


def picture_lost(source: int, media: int) -> bytes:
    """Ask for a keyframe (RFC 4585, 6.3.1)."""
    return _packet(PAYLOAD_FEEDBACK, PICTURE_LOST, struct.pack("!II", source, media))


def full_picture(source: int, media: int, number: int) -> bytes:
    """The same, for who knows only this (RFC 5104, 4.3.1). `number` is another each time."""
    body = struct.pack("!IIIB3x", source, 0, media, number & 0xFF)
    return _packet(PAYLOAD_FEEDBACK, FULL_PICTURE, body)


def room(source: int, media: Sequence[int], bitrate: int) -> bytes:
    """How many bits per second we would take (REMB, draft-alvestrand-rmcat-remb-03, 2.2)."""
    shift = max(0, bitrate.bit_length() - 18)
    body = struct.pack(
        "!II4sI", source, 0, b"REMB", len(media) << 24 | shift << 18 | bitrate >> shift
    )
    return _packet(PAYLOAD_FEEDBACK, APPLICATION, body + struct.pack(f"!{len(media)}I", *media))


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return _head.pack(0x80 | count, kind, len(body) // 4) + body
