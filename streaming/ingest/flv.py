"""FLV tag bodies: how RTMP wraps pictures and sound (Adobe, FLV 10.1, E.4; Enhanced RTMP v2)."""

from collections.abc import Iterator
from typing import NamedTuple

from streaming.ingest import Malformed

SOUND, PICTURE = 8, 9  # tag types, also RTMP's message types

# Names are libav's.
VIDEO_CODECS = {2: "flv1", 3: "flashsv", 4: "vp6f", 5: "vp6a", 6: "flashsv2", 7: "h264", 12: "hevc"}
SOUND_CODECS = {0: "pcm", 1: "adpcm", 2: "mp3", 3: "pcm", 7: "pcm", 8: "pcm", 10: "aac", 14: "mp3"}
SOUND_CODECS |= {4: "nellymoser", 5: "nellymoser", 6: "nellymoser", 11: "speex"}
FOUR_CC = {b"avc1": "h264", b"hvc1": "hevc", b"vvc1": "vvc", b"av01": "av1"}
FOUR_CC |= {b"vp08": "vp8", b"vp09": "vp9"}
FOUR_CC |= {b"mp4a": "aac", b"Opus": "opus", b".mp3": "mp3", b"ac-3": "ac3"}
FOUR_CC |= {b"ec-3": "eac3", b"fLaC": "flac"}
UNKNOWN = "un format inconnu"
SEVERAL_TRACKS = "plusieurs pistes"
ENHANCED_SOUND = 9
COMMAND_FRAME = 5
WITH_DELAY = ("h264", "hevc", "vvc")  # their coded frames tell a composition time


class Tag(NamedTuple):
    """What one tag carries: a codec's configuration, or one frame."""

    codec: str
    config: bool
    data: bytes
    delay: int = 0  # milliseconds from decoding to presentation


def read_picture(body: bytes) -> Tag | None:
    """The picture or configuration in a video tag; None when it has neither. Raises Malformed."""
    if not body:
        return None
    kind = body[0] >> 4
    if kind & 8:
        return _read_enhanced_picture(body)
    if kind == COMMAND_FRAME:
        return None
    codec = VIDEO_CODECS.get(body[0] & 15, UNKNOWN)
    if codec not in ("h264", "hevc"):
        return Tag(codec, False, body[1:])
    if len(body) < 5:
        raise Malformed("FLV: a video tag cut short")
    if body[1] > 1:
        return None  # end of sequence
    return Tag(codec, body[1] == 0, body[5:], int.from_bytes(body[2:5], "big", signed=True))


def read_sound(body: bytes) -> Tag | None:
    """The sound or configuration in an audio tag; None when it has neither. Raises Malformed."""
    if not body:
        return None
    number = body[0] >> 4
    if number == ENHANCED_SOUND:
        return _read_enhanced_sound(body)
    codec = SOUND_CODECS.get(number, UNKNOWN)
    if codec != "aac":
        return Tag(codec, False, body[1:])
    if len(body) < 2:
        raise Malformed("FLV: an audio tag cut short")
    return Tag("aac", body[1] == 0, body[2:])


def split_aggregate(body: bytes, timestamp: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield (type, timestamp, body) of the tags in an aggregate message (RTMP 1.0, 7.1.6).

    Raises Malformed.
    """
    at, shift = 0, None
    while at < len(body):
        start, kind = at + 11, body[at]
        if start > len(body):
            raise Malformed("FLV: an aggregate cut short")
        end = start + int.from_bytes(body[at + 1 : at + 4], "big")
        time = int.from_bytes(body[at + 4 : at + 7], "big") | body[at + 7] << 24
        if end > len(body):
            raise Malformed("FLV: an aggregate cut short")
        shift = timestamp - time if shift is None else shift
        yield kind, time + shift & 0xFFFFFFFF, body[start:end]
        at = end + 4  # a back pointer


def _read_enhanced_picture(body: bytes) -> Tag | None:
    if len(body) < 5:
        raise Malformed("FLV: a video tag cut short")
    packet, codec = body[0] & 15, FOUR_CC.get(body[1:5], UNKNOWN)
    if body[0] >> 4 & 7 == COMMAND_FRAME:
        return None
    match packet:
        case 0:  # sequence start
            return Tag(codec, True, body[5:])
        case 1 if codec in WITH_DELAY:  # coded frames
            return Tag(codec, False, body[8:], int.from_bytes(body[5:8], "big", signed=True))
        case 1 | 3:  # coded frames, without a composition time
            return Tag(codec, False, body[5:])
        case 2 | 4:  # sequence end, metadata
            return None
    return Tag(SEVERAL_TRACKS, False, b"")


def _read_enhanced_sound(body: bytes) -> Tag | None:
    if len(body) < 5:
        raise Malformed("FLV: an audio tag cut short")
    packet, codec = body[0] & 15, FOUR_CC.get(body[1:5], UNKNOWN)
    match packet:
        case 0 | 1:  # sequence start, coded frames
            return Tag(codec, packet == 0, body[5:])
        case 2 | 4:  # sequence end, channel layout
            return None
    return Tag(SEVERAL_TRACKS, False, b"")
