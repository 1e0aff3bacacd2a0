"""FLV tag bodies: how RTMP wraps pictures and sound (Adobe, FLV 10.1, E.4; Enhanced RTMP v2).

Of several tracks, track 0 is taken: the one that matters most, says Enhanced RTMP.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from streaming.ingest import Malformed

SOUND, PICTURE = 8, 9  # tag types, also RTMP's message types

# Names are libav's, and `streaming.sound.CODECS`'.
VIDEO_CODECS = {2: "flv1", 3: "flashsv", 4: "vp6f", 5: "vp6a", 6: "flashsv2", 7: "h264", 12: "hevc"}
SOUND_CODECS = {1: "adpcm_swf", 2: "mp3", 7: "pcm_alaw", 8: "pcm_mulaw", 10: "aac", 14: "mp3"}
SOUND_CODECS |= {4: "nellymoser", 5: "nellymoser", 6: "nellymoser", 11: "speex"}
FOUR_CC = {b"avc1": "h264", b"hvc1": "hevc", b"vvc1": "vvc", b"av01": "av1"}
FOUR_CC |= {b"vp08": "vp8", b"vp09": "vp9"}
FOUR_CC |= {b"mp4a": "aac", b"Opus": "opus", b".mp3": "mp3", b"ac-3": "ac3"}
FOUR_CC |= {b"ec-3": "eac3", b"fLaC": "flac"}
UNKNOWN = "un format inconnu"

LPCM = (0, 3)  # sound formats; 0, "of the platform", was little-endian too
G711 = (7, 8)
SPEEX = 11
RATES = (5512, 11025, 22050, 44100)  # Hz
ENHANCED_SOUND = 9
COMMAND_FRAME = 5
WITH_DELAY = ("h264", "hevc", "vvc")  # their coded frames tell a composition time
SEQUENCE_START, CODED_FRAMES, CODED_FRAMES_X, METADATA = 0, 1, 3, 4  # packet types
SEVERAL_PICTURES, SEVERAL_SOUNDS, MODIFIED = 6, 5, 7
ONE_TRACK, MANY_TRACKS, MANY_CODECS = range(3)
MAIN_TRACK = 0

# Speex in FLV is always wide-band and mono, which only a header of Speex's own tells libav.
SPEEX_HEADER = struct.pack(
    "<8s20s13i", b"Speex   ", b"1.2", 1, 80, 16000, 1, 4, 1, -1, 320, 0, 1, 0, 0, 0
)


class Tag(NamedTuple):
    """What one tag carries: a codec's configuration, or one frame.

    `setup` is the configuration of a sound that has no tag for it, as `streaming.sound` wants it.
    """

    codec: str
    config: bool
    data: bytes
    delay: int = 0  # milliseconds from decoding to presentation
    setup: bytes = b""


def read_picture(body: bytes) -> Tag | None:
    """The picture or configuration in a video tag; None when it has neither. Raises Malformed."""
    if not body:
        return None
    first = body[0]
    if first & 0x80:
        return _read_enhanced_picture(body)
    if first >> 4 == COMMAND_FRAME:
        return None
    codec = VIDEO_CODECS.get(first & 15, UNKNOWN)
    if codec not in WITH_DELAY:
        return Tag(codec, False, body[1:])
    if len(body) < 5:
        raise Malformed("FLV: a video tag cut short")
    if body[1] > 1:
        return None  # end of sequence
    return Tag(codec, body[1] == 0, body[5:], _signed(body, 2))


def read_sound(body: bytes) -> Tag | None:
    """The sound or configuration in an audio tag; None when it has neither. Raises Malformed."""
    if not body:
        return None
    number = body[0] >> 4
    if number == ENHANCED_SOUND:
        return _read_enhanced_sound(body)
    if number in LPCM:
        codec = "pcm_s16le" if body[0] & 2 else "pcm_u8"
        return Tag(codec, False, body[1:], setup=_pcm(RATES[body[0] >> 2 & 3], body[0]))
    codec = SOUND_CODECS.get(number, UNKNOWN)
    if number in G711:
        return Tag(codec, False, body[1:], setup=_pcm(8000, body[0]))
    if codec != "aac":
        return Tag(codec, False, body[1:], setup=SPEEX_HEADER if number == SPEEX else b"")
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


class _Enhanced(NamedTuple):
    """What the head of an enhanced tag says: its body is `[start:end]`."""

    packet: int
    codec: str
    start: int
    end: int


def _read_enhanced_picture(body: bytes) -> Tag | None:
    if body[0] >> 4 & 7 == COMMAND_FRAME and body[0] & 15 != METADATA:
        return None
    head = _read_head(body, SEVERAL_PICTURES)
    if head is None:
        return None
    packet, codec, start, end = head
    if packet == SEQUENCE_START:
        return Tag(codec, True, body[start:end])
    if packet == CODED_FRAMES and codec in WITH_DELAY:
        if start + 3 > end:
            raise Malformed("FLV: a video tag cut short")
        return Tag(codec, False, body[start + 3 : end], _signed(body, start))
    if packet in (CODED_FRAMES, CODED_FRAMES_X):
        return Tag(codec, False, body[start:end])
    return None  # the end, metadata, or AV1's descriptor in MPEG-TS, which its decoders do without


def _read_enhanced_sound(body: bytes) -> Tag | None:
    head = _read_head(body, SEVERAL_SOUNDS)
    if head is None or head.packet not in (SEQUENCE_START, CODED_FRAMES):
        return None  # the end, or which channel is which
    return Tag(head.codec, head.packet == SEQUENCE_START, body[head.start : head.end])


def _read_head(body: bytes, several: int) -> _Enhanced | None:
    """Read up to the payload of the main track; None when there is nothing of that track."""
    packet, at = body[0] & 15, 1
    while packet == MODIFIED:  # by something that we do without, such as nanoseconds
        size = _unsigned(body, at, 1) + 1
        at += 1
        if size == 256:
            size = _unsigned(body, at, 2) + 1
            at += 2
        packet = _unsigned(body, at + size, 1) & 15
        at += size + 1
    if packet == several:
        return _find_main_track(body, at)
    return _Enhanced(packet, _codec(body, at), at + 4, len(body))


def _find_main_track(body: bytes, at: int) -> _Enhanced | None:
    kinds = _unsigned(body, at, 1)
    tracks, packet = kinds >> 4, kinds & 15
    at += 1
    codec = ""
    if tracks != MANY_CODECS:
        codec = _codec(body, at)
        at += 4
    while at < len(body):
        if tracks == MANY_CODECS:
            codec = _codec(body, at)
            at += 4
        track = _unsigned(body, at, 1)
        at += 1
        end = len(body)
        if tracks != ONE_TRACK:
            end = at + 3 + _unsigned(body, at, 3)
            at += 3
        if end > len(body):
            raise Malformed("FLV: a track cut short")
        if track == MAIN_TRACK:
            return _Enhanced(packet, codec, at, end)
        at = end
    return None


def _codec(body: bytes, at: int) -> str:
    if at + 4 > len(body):
        raise Malformed("FLV: a tag cut short")
    return FOUR_CC.get(body[at : at + 4], UNKNOWN)


def _pcm(rate: int, flags: int) -> bytes:
    """What `streaming.sound` wants to know of samples without a header."""
    return struct.pack(">IB", rate, 2 if flags & 1 else 1)


def _signed(body: bytes, at: int) -> int:
    return int.from_bytes(body[at : at + 3], "big", signed=True)


def _unsigned(body: bytes, at: int, size: int) -> int:
    if at + size > len(body):
        raise Malformed("FLV: a tag cut short")
    return int.from_bytes(body[at : at + size], "big")
