"""Pictures that are not H.264: which ones the ladder takes, and where decoding them can begin."""

import re
from collections.abc import Iterator

ENCODABLE = frozenset(
    {"hevc", "av1", "vp8", "vp9", "mpeg2video", "mpeg1video", "mpeg4", "mjpeg"}
)  # as libav names them

_START_CODE = re.compile(rb"\x00\x00\x01")
_PICTURE, _VOP = 0x00, 0xB6  # start codes of MPEG-2 (13818-2, 6.2.1) and MPEG-4 (14496-2, 6.2.1)


def is_picture(codec: str) -> bool:
    """Whether a codec makes pictures that we can use, encoded again or not."""
    return codec == "h264" or codec in ENCODABLE


def is_key(codec: str, data: bytes, config: bytes) -> bool:
    """Whether a frame can be decoded by itself; False for what cannot be read."""
    if not data:
        return False
    match codec:
        case "hevc":
            return any(16 <= unit >> 1 & 63 <= 21 for unit in _hevc_headers(data, config))
        case "vp8":
            return data[0] & 1 == 0  # RFC 6386, 9.1
        case "vp9":
            return _vp9_is_key(data[0])
        case "av1":
            return _av1_is_key(data)
        case "mpeg2video" | "mpeg1video":
            return _type_after(data, _PICTURE, 1, 3) == 1
        case "mpeg4":
            return _type_after(data, _VOP, 0, 6) == 0
        case "mjpeg":
            return True
    return False


def _hevc_headers(data: bytes, config: bytes) -> Iterator[int]:
    """The first byte of each NAL unit: behind start codes, or lengths when a record says so."""
    if config[:1] != b"\1" or len(config) < 23:
        for match in _START_CODE.finditer(data):
            if match.end() < len(data):
                yield data[match.end()]
        return
    size, position = (config[21] & 3) + 1, 0
    while position + size < len(data):
        yield data[position + size]
        position += size + int.from_bytes(data[position : position + size], "big")


def _vp9_is_key(first: int) -> bool:
    """By the uncompressed header (VP9 bitstream specification, 6.2): frame_type is 0."""
    if first >> 6 != 2:
        return False
    shift = 1 if first >> 4 & 3 == 3 else 0  # profile 3 has one more bit
    shows_existing, frame_type = first >> 3 - shift & 1, first >> 2 - shift & 1
    return not shows_existing and frame_type == 0


def _av1_is_key(data: bytes) -> bool:
    """By the first frame header among the OBUs (AV1 specification, 5.3 and 5.9.2)."""
    position = 0
    while position < len(data):
        kind, extended, sized = data[position] >> 3 & 15, data[position] & 4, data[position] & 2
        position += 2 if extended else 1
        size = len(data) - position
        if sized:
            size, position = _leb128(data, position)
        if kind in (3, 6) and position < len(data):  # frame header, frame
            return data[position] >> 5 == 0  # neither show_existing_frame nor another frame_type
        position += size
    return False


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + 8]):
        value |= (byte & 127) << 7 * index
        if not byte & 128:
            return value, position + index + 1
    return len(data), len(data)


def _type_after(data: bytes, code: int, skip: int, shift: int) -> int | None:
    """The bits that tell a picture's type: `skip` bytes after its start code."""
    for match in _START_CODE.finditer(data):
        at = match.end()
        if at + 1 + skip < len(data) and data[at] == code:
            return data[at + 1 + skip] >> shift & (7 if code == _PICTURE else 3)
    return None
