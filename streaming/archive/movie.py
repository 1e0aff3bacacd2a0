"""The `moov` of a whole MP4 (ISO 14496-12): its tracks' tables, chapters, subtitles and titles."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from streaming.archive.boxes import box, full_box, u32

TIMESCALE = 48_000  # of the movie: the sound's, so that edits are exact for it
EPOCH = 2_082_844_800  # seconds from 1904, where MP4's time begins, to 1970

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_MOST = 255  # chapters in Nero's list, and bytes of a title in it

Kind = Literal[b"vide", b"soun", b"sbtl", b"text"]


@dataclass(slots=True)
class Track:
    """One track. Times are in ticks of `rate`, but for edits, which count in `TIMESCALE`.

    `chunks` are (frames, sample entry from 0) of each run of frames that lie together, and
    `offsets` where each of them begins in the file.
    """

    kind: Kind
    rate: int
    entries: Sequence[bytes]
    sizes: Sequence[int]
    durations: Sequence[int]
    chunks: Sequence[tuple[int, int]]
    offsets: Sequence[int] = ()
    compositions: Sequence[int] = ()  # from decoding to showing
    keys: Sequence[int] | None = None  # None: all are
    edits: Sequence[tuple[int, int]] = ()  # (duration, media time or -1 for nothing)
    language: str = "und"
    size: tuple[int, int] = (0, 0)
    enabled: bool = True
    chapters: int = 0  # the number of the track with its chapters


@dataclass(frozen=True, slots=True)
class Titles:
    """What a file says of itself; `date` is broadcast time, `chapters` have seconds of film."""

    title: str = ""
    artist: str = ""
    album: str = ""
    date: float = 0.0
    day: str = ""  # the same as people write it
    chapters: Sequence[tuple[float, str]] = field(default=())


def moov(tracks: Sequence[Track], duration: int, titles: Titles, *, wide: bool) -> bytes:
    """`duration` is in ticks of `TIMESCALE`; `wide` leaves 64 bits for each place in the file.

    It is as long whatever the tracks' offsets are.
    """
    made = round(titles.date) + EPOCH if titles.date > 0 else 0
    header = full_box(
        b"mvhd",
        0,
        0,
        u32(made, made, TIMESCALE, duration, 0x10000),
        struct.pack(">H", 0x100),
        bytes(10),
        _MATRIX,
        bytes(24),
        u32(len(tracks) + 1),
    )
    written = (_track(index + 1, track, duration, made, wide) for index, track in enumerate(tracks))
    return box(b"moov", header, *written, box(b"udta", _chapter_list(titles), _metadata(titles)))


def subtitle_entry(width: int, height: int) -> bytes:
    """The sample entry of 3GPP timed text (TS 26.245, 5.16): white, centred, at the bottom."""
    style = struct.pack(">HHHBBI", 0, 0, 1, 0, max(12, height // 18), 0xFFFFFFFF)
    place = struct.pack(">4H", 0, 0, height, width)
    fonts = box(b"ftab", struct.pack(">HHB", 1, 1, 10), b"Sans-Serif")
    look = struct.pack(">Ibb", 0, 1, -1) + bytes(4)
    return box(b"tx3g", bytes(6), b"\0\1", look, place, style, fonts)


def chapter_entry() -> bytes:
    """The sample entry of QuickTime text, which nobody shows as such."""
    return box(b"text", bytes(6), b"\0\1", u32(1, 1), bytes(6 + 8 + 8 + 2 + 2 + 1 + 2 + 6 + 1))


def text_sample(text: str) -> bytes:
    """A subtitle, or nothing."""
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def chapter_sample(title: str) -> bytes:
    return text_sample(title) + box(b"encd", u32(0x100))  # it is UTF-8


def _track(number: int, track: Track, duration: int, made: int, wide: bool) -> bytes:
    edits = b""
    if track.edits:
        listed = b"".join(struct.pack(">IiI", *edit, 0x10000) for edit in track.edits)
        edits = box(b"edts", full_box(b"elst", 0, 0, u32(len(track.edits)), listed))
    points = box(b"tref", box(b"chap", u32(track.chapters))) if track.chapters else b""
    return box(
        b"trak",
        full_box(
            b"tkhd",
            0,
            3 if track.enabled else 2,
            u32(made, made, number, 0, duration),
            bytes(8),
            struct.pack(">HHHH", 0, 1 if track.kind == b"sbtl" else 0, _volume(track), 0),
            _MATRIX,
            u32(track.size[0] << 16, track.size[1] << 16),
        ),
        edits,
        points,
        box(
            b"mdia",
            full_box(
                b"mdhd",
                0,
                0,
                u32(made, made, track.rate, sum(track.durations)),
                struct.pack(">HH", _language(track.language), 0),
            ),
            full_box(b"hdlr", 0, 0, u32(0), track.kind, bytes(12), b"\0"),
            box(b"minf", _media_header(track.kind), _OWN_DATA, _tables(track, wide)),
        ),
    )


def _volume(track: Track) -> int:
    return 0x100 if track.kind == b"soun" else 0


_OWN_DATA = box(b"dinf", full_box(b"dref", 0, 0, u32(1), full_box(b"url ", 0, 1)))


def _media_header(kind: Kind) -> bytes:
    match kind:
        case b"vide":
            return full_box(b"vmhd", 0, 1, bytes(8))
        case b"soun":
            return full_box(b"smhd", 0, 0, bytes(4))
        case b"sbtl":
            return full_box(b"nmhd", 0, 0)
        case b"text":
            look = struct.pack(">HHHHHH", 0x40, 0x8000, 0x8000, 0x8000, 0, 0)
            return box(b"gmhd", full_box(b"gmin", 0, 0, look), box(b"text", _MATRIX))


def _tables(track: Track, wide: bool) -> bytes:
    tables = [
        full_box(b"stsd", 0, 0, u32(len(track.entries)), *track.entries),
        _runs(b"stts", 0, track.durations),
    ]
    if any(track.compositions):
        tables.append(_runs(b"ctts", 0, track.compositions))
    if track.keys is not None:
        keys = [key + 1 for key in track.keys]
        tables.append(full_box(b"stss", 0, 0, u32(len(keys), *keys)))
    tables.append(_chunks(track.chunks))
    tables.append(full_box(b"stsz", 0, 0, u32(0, len(track.sizes), *track.sizes)))
    offsets = track.offsets or [0] * len(track.chunks)
    if not wide:
        tables.append(full_box(b"stco", 0, 0, u32(len(offsets), *offsets)))
    else:
        places = struct.pack(f">{len(offsets)}Q", *offsets)
        tables.append(full_box(b"co64", 0, 0, u32(len(offsets)), places))
    return box(b"stbl", *tables)


def _runs(kind: bytes, version: int, values: Iterable[int]) -> bytes:
    """A table of values, each with how often it comes in a row."""
    entries = [(sum(1 for _ in same), value) for value, same in groupby(values)]
    return full_box(kind, version, 0, u32(len(entries)), *(u32(*entry) for entry in entries))


def _chunks(chunks: Sequence[tuple[int, int]]) -> bytes:
    entries = []
    for index, (count, entry) in enumerate(chunks):
        if index == 0 or chunks[index - 1] != (count, entry):
            entries.append(u32(index + 1, count, entry + 1))
    return full_box(b"stsc", 0, 0, u32(len(entries)), *entries)


def _language(code: str) -> int:
    """ISO 639-2, five bits for each letter."""
    first, second, third = (ord(letter) - 0x60 for letter in code)
    return first << 10 | second << 5 | third


def _chapter_list(titles: Titles) -> bytes:
    """Nero's list of chapters, which many players know better than QuickTime's track of them."""
    listed = titles.chapters[:_MOST]
    if not listed:
        return b""
    entries = []
    for start, title in listed:
        name = title.encode()[:_MOST].decode(errors="ignore").encode()
        entries.append(struct.pack(">QB", round(start * 10_000_000), len(name)) + name)
    return full_box(b"chpl", 1, 0, u32(0), bytes((len(listed),)), *entries)


def _metadata(titles: Titles) -> bytes:
    said = (
        (b"\xa9nam", titles.title),
        (b"\xa9ART", titles.artist),
        (b"\xa9alb", titles.album),
        (b"\xa9day", titles.day),
    )
    items = [box(kind, box(b"data", u32(1, 0), text.encode())) for kind, text in said if text]
    handler = full_box(b"hdlr", 0, 0, u32(0), b"mdir", b"appl", bytes(8), b"\0")
    return full_box(b"meta", 0, 0, handler, box(b"ilst", *items)) if items else b""
