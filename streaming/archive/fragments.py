"""Our own segments read again: what `hls/fmp4.py` wrote, frame by frame, without their bytes."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from streaming.archive.boxes import HEAD, Unreadable, boxes, find, head

REACH = 1 << 20  # ticks: no frame of ours lasts as long, nor is there such a hole in a segment
LONGEST_HEAD = 1 << 20  # bytes of a fragment's `moof`: ours has some hundred
SYNC = 0x02000000  # sample_flags of a keyframe, ISO 14496-12, 8.8.3.1
PICTURE, SOUND = 1, 2  # track numbers
_AVC1 = HEAD + 78  # bytes of a picture's sample entry before the boxes in it
_TRUN = {PICTURE: (16, 0xF01), SOUND: (8, 0x301)}  # bytes of an entry, flags


@dataclass(frozen=True, slots=True)
class Init:
    """An initialisation section: how each track is coded, as sample entries that can be copied.

    `delay`, in the picture's time scale, is taken off all times of the picture.
    """

    picture: bytes
    sound: bytes
    delay: int
    picture_rate: int  # ticks in a second
    sound_rate: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame in its file. Times are in ticks of its track; a sound is always a key."""

    offset: int
    size: int
    time: int  # of decoding
    duration: int
    key: bool = True
    composition: int = 0  # from decoding to showing, delay included


@dataclass(frozen=True, slots=True)
class Run:
    """The frames of one track in one part: one after the other in the file."""

    track: int
    frames: list[Frame]


def configuration(entry: bytes) -> bytes:
    """The AVCDecoderConfigurationRecord in a picture's sample entry. Raises Unreadable."""
    return bytes(find(memoryview(entry)[_AVC1:], b"avcC"))


def read_init(data: bytes) -> Init:
    """Raises Unreadable."""
    entries: dict[bytes, bytes] = {}
    rates: dict[bytes, int] = {}
    delay = 0
    try:
        for kind, track in boxes(find(memoryview(data), b"moov")):
            if kind != b"trak":
                continue
            media = find(track, b"mdia")
            handler = bytes(find(media, b"hdlr")[8:12])
            entries[handler] = bytes(find(media, b"minf", b"stbl", b"stsd")[8:])
            rates[handler] = int.from_bytes(find(media, b"mdhd")[12:16], "big")
            if handler == b"vide" and any(name == b"edts" for name, _ in boxes(track)):
                delay = struct.unpack_from(">i", find(track, b"edts", b"elst"), 12)[0]
        return Init(entries[b"vide"], entries[b"soun"], delay, rates[b"vide"], rates[b"soun"])
    except (KeyError, struct.error) as error:
        raise Unreadable(f"no initialisation section of ours: {error}") from error


def read_runs(file: BinaryIO) -> Iterator[Run]:
    """The runs of a segment in the order of the file. Raises Unreadable, and OSError."""
    size = file.seek(0, 2)
    position = 0
    last: dict[int, Frame] = {}  # of each track
    while position < size:
        file.seek(position)
        length, kind = head(file.read(HEAD))
        if position + length > size:
            raise Unreadable("a segment is cut short")
        if kind == b"moof":
            if length > LONGEST_HEAD:
                raise Unreadable("a fragment of another kind")
            try:
                runs = list(_runs(memoryview(file.read(length - HEAD)), position, size))
            except struct.error as error:
                raise Unreadable(f"a fragment is cut short: {error}") from error
            for run in runs:
                _check(run, last.get(run.track))
                last[run.track] = run.frames[-1]
            yield from runs
        position += length


def _runs(moof: memoryview, position: int, file_size: int) -> Iterator[Run]:
    for kind, traf in boxes(moof):
        if kind != b"traf":
            continue
        (track,) = struct.unpack_from(">I", find(traf, b"tfhd"), 4)
        (time,) = struct.unpack_from(">Q", find(traf, b"tfdt"), 4)
        trun = find(traf, b"trun")
        flags, count, offset = struct.unpack_from(">III", trun)
        if track not in _TRUN or flags & 0xFFFFFF != _TRUN[track][1]:
            raise Unreadable("a fragment of another kind")
        entry = _TRUN[track][0]
        if not count or len(trun) != 12 + count * entry:
            raise Unreadable("a fragment is cut short")
        frames = []
        offset += position
        for place in range(12, len(trun), entry):
            duration, size = struct.unpack_from(">II", trun, place)
            key, composition = True, 0
            if track == PICTURE:
                sample_flags, composition = struct.unpack_from(">Ii", trun, place + 8)
                key = sample_flags == SYNC
            frames.append(Frame(offset, size, time, duration, key, composition))
            time += duration
            offset += size
        if offset > file_size:
            raise Unreadable("a fragment names bytes that are not there")
        yield Run(track, frames)


def _check(run: Run, before: Frame | None) -> None:
    """Raises Unreadable when times are not such as we write: a file may have been harmed."""
    first = run.frames[0]
    if before is not None and not before.time < first.time < before.time + REACH:
        raise Unreadable("a fragment at another time than the one before")
    if any(each.duration > REACH or abs(each.composition) > REACH for each in run.frames):
        raise Unreadable("a frame that lasts too long")
