"""Matroska (RFC 9559), written as it comes: a file that is cut anywhere plays up to there.

Clusters are whole when they are written, and the segment's size is unknown until the end; then an
index is added, so that players find their way in hours of film.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

TICKS = 1000  # a second: Matroska's usual precision
RESERVED = 128  # bytes at the front for the way to the index
CUE_EVERY = 2.0  # seconds between two places in the index
LONGEST = 30_000  # ticks in a cluster: a block tells its place in it with 16 bits
SINCE = 978_307_200  # 2001-01-01 in Unix time: dates count from there

EBML, SEGMENT, SEEK_HEAD, SEEK, SEEK_ID, SEEK_POSITION = (
    *(0x1A45DFA3, 0x18538067, 0x114D9B74),
    *(0x4DBB, 0x53AB, 0x53AC),
)
INFO, SCALE, DURATION, DATE, MUXER, WRITER = 0x1549A966, 0x2AD7B1, 0x4489, 0x4461, 0x4D80, 0x5741
TRACKS, TRACK, NUMBER, UID, KIND, LACING = 0x1654AE6B, 0xAE, 0xD7, 0x73C5, 0x83, 0x9C
CODEC, PRIVATE, DELAY, PREROLL = 0x86, 0x63A2, 0x56AA, 0x56BB
PICTURE, WIDTH, HEIGHT, SOUND, FREQUENCY, CHANNELS = 0xE0, 0xB0, 0xBA, 0xE1, 0xB5, 0x9F
BITS = 0x6264
CLUSTER, TIMESTAMP, BLOCK, VOID = 0x1F43B675, 0xE7, 0xA3, 0xEC
CUES, CUE, CUE_TIME, CUE_PLACE, CUE_TRACK, CUE_CLUSTER = 0x1C53BB6B, 0xBB, 0xB3, 0xB7, 0xF7, 0xF1
UNKNOWN = b"\x01" + b"\xff" * 7


@dataclass(frozen=True)
class Track:
    """A track as the file's head tells it; `codec` is Matroska's name of it."""

    kind: Literal["picture", "sound"]
    codec: str
    private: bytes = b""
    width: int = 0
    height: int = 0
    rate: int = 0  # samples per second
    channels: int = 0
    delay: int = 0  # nanoseconds of sound that decoders leave out first
    preroll: int = 0  # nanoseconds that they need before a place
    bits: int = 0  # of a sample, where they are told apart by it


def element(name: int, value: bytes | str | int | float | Iterable[bytes]) -> bytes:
    """One element; what has several in it is made of their bytes."""
    match value:
        case bytes():
            body = value
        case str():
            body = value.encode()
        case int():
            body = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
        case float():
            body = struct.pack(">d", value)
        case _:
            body = b"".join(value)
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + _size(len(body)) + body


def _size(size: int) -> bytes:
    """An element's size (RFC 8794, 4): its length is in the first byte's leading zeros."""
    length = 1
    while size >= (1 << 7 * length) - 1:  # all ones says: unknown
        length += 1
    return (1 << 7 * length | size).to_bytes(length, "big")


class Matroska:
    """One file's bytes, in order: `head`, what `take` gives as often as one likes, and `end`.

    `start` is when time 0 in the file is, in Unix time.
    """

    def __init__(self, tracks: list[Track], start: float) -> None:
        self.start = start
        self._tracks = tracks
        self._written = 0  # bytes given out
        self._segment = 0  # where the segment's body begins
        self._duration_at = 0  # where the duration is to be written in the end
        self._until = 0  # ticks
        self._ready = bytearray()  # clusters that are whole
        self._blocks: list[bytes] = []  # those of the cluster under way
        self._cluster_at = 0  # ticks
        self._cues: list[tuple[int, int, int]] = []  # ticks, track, place in the segment

    def head(self) -> bytes:
        """What a file begins with."""
        ebml = element(
            EBML,
            (
                *(element(0x4286, 1), element(0x42F7, 1), element(0x42F2, 4), element(0x42F3, 8)),
                *(element(0x4282, "matroska"), element(0x4287, 4), element(0x4285, 2)),
            ),
        )
        date = struct.pack(">q", round((self.start - SINCE) * 1e9))
        rest = (
            *(element(SCALE, 1_000_000_000 // TICKS), element(DATE, date)),
            *(element(MUXER, "Fabrique TV"), element(WRITER, "Fabrique TV")),
        )
        info = element(INFO, (*rest, element(DURATION, 0.0)))
        tracks = element(TRACKS, map(_describe, range(1, 1 + len(self._tracks)), self._tracks))
        start = ebml + SEGMENT.to_bytes(4, "big") + UNKNOWN
        self._segment = len(start)
        self._duration_at = len(start) + RESERVED + len(info) - 8
        self._written = self._segment + RESERVED + len(info) + len(tracks)
        return start + _void(RESERVED) + info + tracks

    def put(self, track: int, data: bytes, time: float, key: bool) -> None:
        """Add a frame of a track (counted from 1), shown at `time` in Unix time.

        Nothing can be before the file's beginning: such a frame is left out.
        """
        ticks = round((time - self.start) * TICKS)
        if ticks < 0:
            return
        cuts = key and self._tracks[track - 1].kind == "picture"
        if cuts or abs(ticks - self._cluster_at) > LONGEST:
            self._close_cluster()
        if not self._blocks:
            self._cluster_at = ticks
            self._index(ticks, track, key)
        self._until = max(self._until, ticks)
        place = (ticks - self._cluster_at).to_bytes(2, "big", signed=True)
        flags = b"\x80" if key else b"\0"
        self._blocks.append(element(BLOCK, (_size(track), place, flags, data)))

    def take(self) -> bytes:
        """All that came since the last time, as whole clusters."""
        self._close_cluster()
        taken, self._ready = bytes(self._ready), bytearray()
        self._written += len(taken)
        return taken

    def end(self) -> tuple[bytes, list[tuple[int, bytes]]]:
        """The last bytes, and what is to be written over (place, bytes) once they are there."""
        rest = self.take()
        cues_at = self._written - self._segment
        cues = element(CUES, (self._cue(*cue) for cue in self._cues)) if self._cues else b""
        size = cues_at + len(cues)
        way = b""
        if cues:
            seek = (element(SEEK_ID, CUES.to_bytes(4, "big")), element(SEEK_POSITION, cues_at))
            way = element(SEEK_HEAD, element(SEEK, seek))
        return rest + cues, [
            (self._segment - 8, (1 << 56 | size).to_bytes(8, "big")),
            (self._segment, way + _void(RESERVED - len(way))),
            (self._duration_at, struct.pack(">d", float(self._until))),
        ]

    @property
    def size(self) -> int:
        """Bytes that `take` would give, about."""
        return len(self._ready) + sum(map(len, self._blocks))

    def _close_cluster(self) -> None:
        if self._blocks:
            self._ready += element(CLUSTER, (element(TIMESTAMP, self._cluster_at), *self._blocks))
            self._blocks = []

    def _index(self, ticks: int, track: int, key: bool) -> None:
        if not key or (self._cues and ticks - self._cues[-1][0] < CUE_EVERY * TICKS):
            return
        if self._tracks[track - 1].kind == "picture" or len(self._tracks) == 1:
            place = self._written + len(self._ready) - self._segment
            self._cues.append((ticks, track, place))

    @staticmethod
    def _cue(ticks: int, track: int, place: int) -> bytes:
        where = element(CUE_PLACE, (element(CUE_TRACK, track), element(CUE_CLUSTER, place)))
        return element(CUE, (element(CUE_TIME, ticks), where))


def _describe(number: int, track: Track) -> bytes:
    parts = [
        element(NUMBER, number),
        element(UID, number),
        element(KIND, 1 if track.kind == "picture" else 2),
        element(LACING, 0),
        element(CODEC, track.codec),
    ]
    if track.private:
        parts.append(element(PRIVATE, track.private))
    if track.delay:
        parts.append(element(DELAY, track.delay))
    if track.preroll:
        parts.append(element(PREROLL, track.preroll))
    if track.kind == "picture":
        size = (element(WIDTH, max(1, track.width)), element(HEIGHT, max(1, track.height)))
        parts.append(element(PICTURE, size))
    else:
        heard = [element(FREQUENCY, float(track.rate)), element(CHANNELS, max(1, track.channels))]
        if track.bits:
            heard.append(element(BITS, track.bits))
        parts.append(element(SOUND, heard))
    return element(TRACK, parts)


def _void(size: int) -> bytes:
    """Bytes that mean nothing, `size` in all (at least 9)."""
    return bytes((VOID,)) + (1 << 56 | size - 9).to_bytes(8, "big") + bytes(size - 9)
