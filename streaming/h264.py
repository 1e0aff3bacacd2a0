"""H.264 bitstreams: NAL units, parameter sets, and the two ways they are framed.

Annex B puts a start code before each NAL unit; AVCC (ISO 14496-15) puts a 4-byte length before it
and keeps the parameter sets apart, in an AVCDecoderConfigurationRecord. `Packet`s are AVCC.
"""

import re
import struct
from collections.abc import Iterable, Iterator

from streaming.errors import UnsupportedMedia
from streaming.sps import HIGH_PROFILES
from streaming.sps import SPS as SPS
from streaming.sps import SpsInfo as SpsInfo
from streaming.sps import parse_sps as parse_sps

SLICE, IDR, SEI, PPS, AUD = 1, 5, 6, 8, 9  # nal_unit_type, ITU-T H.264 table 7-1
RECOVERY_POINT = 6  # payload type of an SEI message

_START_CODE = re.compile(rb"\x00\x00\x01")
EMPTY = -1  # what `unit_types` says of a unit without a byte
_NOT_A_UNIT = frozenset({SPS, PPS, AUD})
_LEFT_OUT = _NOT_A_UNIT | {EMPTY}


def nal_type(unit: bytes | memoryview) -> int:
    return unit[0] & 31


def nal_units(avcc_data: bytes | memoryview) -> list[memoryview]:
    """Split AVCC data with 4-byte lengths, without copying.

    Raises UnsupportedMedia when the lengths do not add up.
    """
    view, units, position, end = memoryview(avcc_data), [], 0, len(avcc_data)
    while position < end:
        if position + 4 > end:
            raise UnsupportedMedia("a NAL unit's length is cut short")
        start = position + 4
        position = start + int.from_bytes(view[position:start], "big")
        if position > end:
            raise UnsupportedMedia("a NAL unit is longer than its frame")
        if position > start:
            units.append(view[start:position])
    return units


def unit_types(avcc_data: bytes) -> set[int]:
    """The kinds of NAL units in AVCC data with 4-byte lengths, without taking it apart.

    Raises UnsupportedMedia when the lengths do not add up.
    """
    types, position, end = set(), 0, len(avcc_data)
    while position < end:
        start = position + 4
        size = int.from_bytes(avcc_data[position:start], "big")
        position = start + size
        if position > end:
            raise UnsupportedMedia("a NAL unit is longer than its frame")
        types.add(avcc_data[start] & 31 if size else EMPTY)
    return types


def join_units(units: Iterable[bytes | memoryview]) -> bytes:
    """Put a 4-byte length before each unit: AVCC."""
    pieces: list[bytes | memoryview] = []
    for unit in units:
        pieces += (len(unit).to_bytes(4, "big"), unit)
    return b"".join(pieces)


def annexb_units(annexb: bytes) -> list[bytes]:
    """Split data with start codes; trailing zero bytes belong to nobody (B.1.1)."""
    starts = [match.end() for match in _START_CODE.finditer(annexb)]
    ends = [start - 3 for start in starts[1:]] + [len(annexb)]
    units = (annexb[start:end].rstrip(b"\0") for start, end in zip(starts, ends, strict=False))
    return [unit for unit in units if unit]


def to_avcc(annexb: bytes) -> tuple[bytes, list[bytes], list[bytes]]:
    """Turn one Annex B access unit into (AVCC data, SPS units, PPS units).

    The data has neither parameter sets nor delimiters: it may be empty.
    """
    return separate(annexb_units(annexb))


def separate(
    units: Iterable[bytes | memoryview],
) -> tuple[bytes, list[bytes], list[bytes]]:
    """Put parameter sets apart from the units of one picture: (AVCC data, SPS, PPS)."""
    picture: list[bytes | memoryview] = []
    sps: list[bytes] = []
    pps: list[bytes] = []
    for unit in units:
        kind = nal_type(unit)
        if kind == SPS:
            sps.append(bytes(unit))
        elif kind == PPS:
            pps.append(bytes(unit))
        elif kind not in _NOT_A_UNIT:
            picture.append(unit)
    return join_units(picture), sps, pps


def pps_number(unit: bytes) -> int:
    """The pic_parameter_set_id (7.3.2.2) that pictures name a set by; 0 when it cannot be read."""
    value = int.from_bytes(unit[1:9].ljust(8, b"\0"), "big")
    zeros = 64 - value.bit_length()
    return (value >> 63 - 2 * zeros) - 1 if value and zeros < 16 else 0


def is_key(avcc_data: bytes) -> bool:
    """Whether a picture can be decoded on its own: it has an IDR slice."""
    return IDR in unit_types(avcc_data)


def recovers(avcc_data: bytes | memoryview) -> bool:
    """Whether a decoder may begin here, though there is no IDR: a recovery point (D.1.8)."""
    return any(
        nal_type(unit) == SEI and RECOVERY_POINT in _sei_types(unit)
        for unit in nal_units(avcc_data)
    )


def _sei_types(unit: memoryview) -> Iterator[int]:
    """The payload types of an SEI unit (7.3.2.3.1)."""
    message, position = bytes(unit[1:]).replace(b"\0\0\3", b"\0\0"), 0
    while position + 2 < len(message):  # the trailing bits are no message
        numbers = []
        for _ in range(2):
            number = 0
            while position < len(message) and message[position] == 0xFF:
                number, position = number + 255, position + 1
            number += message[position] if position < len(message) else 0
            numbers.append(number)
            position += 1
        yield numbers[0]
        position += numbers[1]


def make_config(sps: list[bytes], pps: list[bytes]) -> bytes:
    """Build an AVCDecoderConfigurationRecord (ISO 14496-15, 5.3.3.1) with 4-byte lengths."""
    if not sps or not pps:
        raise UnsupportedMedia("an H.264 stream without parameter sets")
    if len(sps) > 31 or len(pps) > 255 or len(sps[0]) < 4:
        raise UnsupportedMedia("parameter sets that do not fit a configuration record")
    record = bytearray((1, sps[0][1], sps[0][2], sps[0][3], 0xFF, 0xE0 | len(sps)))
    for unit in sps:
        record += struct.pack(">H", len(unit)) + unit
    record.append(len(pps))
    for unit in pps:
        record += struct.pack(">H", len(unit)) + unit
    if sps[0][1] in HIGH_PROFILES:
        info = parse_sps(sps[0])
        depth = 0xF8 | info.bit_depth - 8
        record += bytes((0xFC | info.chroma_format, depth, depth, 0))
    return bytes(record)


def parameter_sets(avcc: bytes) -> tuple[list[bytes], list[bytes]]:
    """The (SPS, PPS) of an AVCDecoderConfigurationRecord. Raises UnsupportedMedia."""
    if len(avcc) < 7 or avcc[0] != 1:
        raise UnsupportedMedia("not an H.264 configuration record")
    position = 6
    sps, position = _counted_units(avcc, position, avcc[5] & 31)
    if position >= len(avcc):
        raise UnsupportedMedia("an H.264 configuration record cut short")
    pps, position = _counted_units(avcc, position + 1, avcc[position])
    if not sps or not pps:
        raise UnsupportedMedia("an H.264 configuration record without parameter sets")
    return sps, pps


def length_size(avcc: bytes) -> int:
    """How many bytes tell a NAL unit's length in frames that go with this record."""
    if len(avcc) < 7 or avcc[0] != 1:
        raise UnsupportedMedia("not an H.264 configuration record")
    return (avcc[4] & 3) + 1


def normal_data(data: bytes, size: int) -> tuple[bytes, list[bytes], list[bytes], bool]:
    """Turn AVCC data with `size`-byte lengths into ours: (AVCC data, SPS, PPS, whether a key)."""
    if size == 4:
        types = unit_types(data)
        if _LEFT_OUT.isdisjoint(types):  # most frames are as they should be: nothing is copied
            return data, [], [], IDR in types
        return *separate(nal_units(data)), IDR in types
    units, position = [], 0
    while position < len(data):
        start = position + size
        position = start + int.from_bytes(data[position:start], "big")
        if position > len(data):
            raise UnsupportedMedia("a NAL unit is longer than its frame")
        if position > start:
            units.append(data[start:position])
    return *separate(units), any(nal_type(unit) == IDR for unit in units)


def codec_string(config: bytes) -> str:
    """The RFC 6381 name, such as `avc1.64001f`, of a configuration record."""
    if len(config) < 4:
        raise UnsupportedMedia("not an H.264 configuration record")
    return f"avc1.{config[1:4].hex()}"


def _counted_units(avcc: bytes, position: int, count: int) -> tuple[list[bytes], int]:
    units = []
    for _ in range(count):
        start = position + 2
        position = start + int.from_bytes(avcc[position:start], "big")
        if position > len(avcc) or start == position:
            raise UnsupportedMedia("an H.264 configuration record cut short")
        units.append(avcc[start:position])
    return units, position
