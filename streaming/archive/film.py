"""A film: recorded segments between two marks as one MP4 that can be played while it is fetched.

Every frame is copied as it was sent, so that a talk takes as long as copying it. With several
codings in a talk (another studio, the waiting card) the file has a sample entry for each, which is
how MP4 says it, and each keyframe begins with its parameter sets as well: not every player looks at
the entries after the first.
"""

import os
import shutil
import struct
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from streaming.archive import movie
from streaming.archive.boxes import Unreadable, box
from streaming.archive.fragments import PICTURE, SOUND, configuration
from streaming.archive.movie import TIMESCALE, Titles, Track
from streaming.archive.reel import Chunk, Reel, Table
from streaming.errors import StreamingError
from streaming.h264 import join_units, parameter_sets

LONGEST = 12 * 3600.0  # seconds: a count of the picture's ticks has 32 bits
NARROW = (1 << 32) - (1 << 28)  # bytes of content whose places surely have 32 bits
BLINK = 0.1  # seconds: a subtitle that nobody would see
MILLI = 1000  # ticks of texts in a second


class NoRoom(StreamingError):
    """The disk has no room for a film."""


class Stopped(StreamingError):
    """Whoever asked for the film wants it no more."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a film says besides picture and sound; times are on the broadcast clock.

    `captions` are (start, end, text), `chapters` (start, title), both in the order of time.
    """

    title: str = ""
    artist: str = ""
    album: str = ""
    captions: Sequence[tuple[float, float, str]] = ()
    chapters: Sequence[tuple[float, str]] = ()


def write(
    reel: Reel,
    words: Words,
    path: Path,
    *,
    free: int,
    progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Write a film, which is at `path` once it is whole, and on the disk.

    `free` bytes stay free beside it. `progress` is told shares of 1. Raises NoRoom, Stopped,
    Unreadable, and OSError.
    """
    if reel.duration > LONGEST:
        raise Unreadable("longer than twelve hours")
    sets = _parameter_sets(reel.picture) if len(reel.picture.entries) > 1 else []
    chapters, captions = chapters_of(reel, words), captions_of(reel, words.captions)
    texts = [movie.text_sample(text) for _, _, text in captions]
    texts += [movie.chapter_sample(title) for _, title in chapters]
    media = sum(chunk.size + _extra(chunk, sets) for chunk in reel.chunks)
    start, head = _head(reel, words, sets, chapters, captions, sum(map(len, texts)) + media)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if shutil.disk_usage(path.parent).free < start + media + free:
        raise NoRoom(f"{media / 1e9:.1f} GB are needed")
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(head)
            file.writelines(texts)
            _copy(reel.chunks, sets, file, media, progress, stop)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def chapters_of(reel: Reel, words: Words) -> list[tuple[float, str]]:
    """Chapters by seconds of film, the first at 0: what began before it goes on then."""
    placed: dict[float, str] = {}
    for start, title in words.chapters:
        at = round(reel.place(start), 3)
        if at < reel.duration - BLINK:
            placed[at] = title
    if placed and 0.0 not in placed:
        first = min(placed)
        placed[0.0] = placed.pop(first) if first < BLINK else words.title
    return sorted(placed.items())


def captions_of(
    reel: Reel, captions: Sequence[tuple[float, float, str]]
) -> list[tuple[int, int, str]]:
    """Captions by milliseconds of film, with the pauses between them as empty ones.

    This track shows one thing at a time: what goes on into the next caption ends there.
    """
    placed = []
    for start, end, text in captions:
        begins, ends = round(reel.place(start) * MILLI), round(reel.place(end) * MILLI)
        if ends - begins >= BLINK * MILLI:
            placed.append((begins, ends, text))
    laid: list[tuple[int, int, str]] = []
    whole = round(reel.duration * MILLI)
    at = 0
    for index, (begins, ends, text) in enumerate(placed):
        if index + 1 < len(placed):
            ends = min(ends, placed[index + 1][0])
        begins = max(begins, at)
        if ends <= begins:
            continue
        if begins > at:
            laid.append((at, begins, ""))
        laid.append((begins, ends, text))
        at = ends
    if laid and at < whole:
        laid.append((at, whole, ""))
    return laid


def _head(
    reel: Reel,
    words: Words,
    sets: list[bytes],
    chapters: list[tuple[float, str]],
    captions: list[tuple[int, int, str]],
    content: int,
) -> tuple[int, bytes]:
    """All that goes before the content, and its length. `content` is the length of what follows."""
    duration = round(reel.duration * TIMESCALE)
    size = _size_of(max(reel.picture.entries, key=_area))
    picture = _picture_track(reel, sets, duration, size)
    sound = _sound_track(reel)
    tracks = [picture] + ([sound] if sound.sizes else [])
    if captions:
        tracks.append(_texts(b"sbtl", [(begins, ends, len(movie.text_sample(text)))
                                       for begins, ends, text in captions],
                             movie.subtitle_entry(*size), size))  # fmt: skip
    if chapters:
        ends = [start for start, _ in chapters[1:]] + [reel.duration]
        spans = [
            (round(start * MILLI), round(end * MILLI), len(movie.chapter_sample(title)))
            for (start, title), end in zip(chapters, ends, strict=True)
        ]
        tracks.append(_texts(b"text", spans, movie.chapter_entry(), (0, 0)))
        for track in tracks[:2] if sound.sizes else tracks[:1]:
            track.chapters = len(tracks)
    begun = reel.spans[0].start
    titles = Titles(
        words.title,
        words.artist,
        words.album,
        begun,
        datetime.fromtimestamp(begun, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        chapters,
    )
    kind = box(b"ftyp", b"isom", bytes(4), b"isomiso2avc1mp41")
    wide = content > NARROW
    content_head = (
        struct.pack(">I4sQ", 1, b"mdat", 16 + content)
        if wide
        else struct.pack(">I4s", 8 + content, b"mdat")
    )
    start = 0
    for _ in range(2):  # offsets depend on the length of what holds them
        _place(tracks, reel.chunks, sets, start)
        index = movie.moov(tracks, duration, titles, wide=wide)
        start = len(kind) + len(index) + len(content_head)
    return start, kind + index + content_head


def _place(tracks: list[Track], chunks: list[Chunk], sets: list[bytes], start: int) -> None:
    """Say where each chunk lies: texts first, then picture and sound as they were recorded."""
    for track in tracks:
        if track.kind in (b"sbtl", b"text"):
            track.offsets = [start]
            start += sum(track.sizes)
    offsets: dict[int, list[int]] = {PICTURE: [], SOUND: []}
    for chunk in chunks:
        offsets[chunk.track].append(start)
        start += chunk.size + _extra(chunk, sets)
    for track in tracks:
        if track.kind == b"vide":
            track.offsets = offsets[PICTURE]
        elif track.kind == b"soun":
            track.offsets = offsets[SOUND]


def _picture_track(reel: Reel, sets: list[bytes], duration: int, size: tuple[int, int]) -> Track:
    table = reel.picture
    chunks = [chunk for chunk in reel.chunks if chunk.track == PICTURE]
    sizes, first = array("I", table.sizes), 0
    for chunk in chunks:
        sizes[first] += _extra(chunk, sets)
        first += chunk.count
    offsets = [shown - decoded for shown, decoded in zip(table.shown, table.decoded, strict=True)]
    late = -min(offsets)  # a picture is decoded before it is shown
    # libav takes the last entry's size for that of the track; a difference makes pixels oblong.
    order = sorted(range(len(table.entries)), key=lambda entry: _area(table.entries[entry]))
    return Track(
        b"vide",
        table.rate,
        [table.entries[entry] for entry in order],
        sizes,
        _durations(table),
        [(chunk.count, order.index(chunk.entry)) for chunk in chunks],
        compositions=[offset + late for offset in offsets],
        keys=table.keys,
        edits=[(duration, offsets[0] + late)],
        size=size,
    )


def _sound_track(reel: Reel) -> Track:
    table = reel.sound
    edits = []
    if table.sizes:
        silent = round(table.decoded[0] * TIMESCALE / table.rate)
        if silent > 0:
            edits.append((silent, -1))
        heard = (table.until - table.decoded[0]) * TIMESCALE // table.rate
        edits.append((heard, 0))
    return Track(
        b"soun",
        table.rate,
        table.entries,
        table.sizes,
        _durations(table),
        [(chunk.count, chunk.entry) for chunk in reel.chunks if chunk.track == SOUND],
        edits=edits,
    )


def _texts(
    kind: movie.Kind, spans: list[tuple[int, int, int]], entry: bytes, size: tuple[int, int]
) -> Track:
    """A track of texts, from their (start, end, bytes)."""
    return Track(
        kind,
        MILLI,
        [entry],
        [size_bytes for _, _, size_bytes in spans],
        [end - start for start, end, _ in spans],
        [(len(spans), 0)],
        language="fra",
        size=size,
        enabled=False,  # whoever watches turns them on
    )


def _durations(table: Table) -> "array[int]":
    times = table.decoded
    last = max(1, table.until - table.shown[-1]) if times else 0
    return array("I", [b - a for a, b in pairwise(times)] + [last] * bool(times))


def _size_of(entry: bytes) -> tuple[int, int]:
    """A picture's width and height, as its sample entry has them."""
    width, height = struct.unpack_from(">HH", entry, 32)
    return width, height


def _area(entry: bytes) -> int:
    width, height = _size_of(entry)
    return width * height


def _parameter_sets(table: Table) -> list[bytes]:
    """The parameter sets of each sample entry, as they go before a picture."""
    made = []
    for entry in table.entries:
        sps, pps = parameter_sets(configuration(entry))
        made.append(join_units([*sps, *pps]))
    return made


def _extra(chunk: Chunk, sets: list[bytes]) -> int:
    return len(sets[chunk.entry]) if sets and chunk.key else 0


def _copy(
    chunks: list[Chunk],
    sets: list[bytes],
    film: BinaryIO,
    size: int,
    progress: Callable[[float], None],
    stop: Callable[[], bool],
) -> None:
    source: BinaryIO | None = None
    opened: Path | None = None
    done = 0
    try:
        for chunk in chunks:
            if source is None or chunk.path != opened:
                if stop():
                    raise Stopped("asked to stop")
                progress(done / size)
                if source is not None:
                    source.close()
                source, opened = chunk.path.open("rb"), chunk.path
            source.seek(chunk.offset)
            data = source.read(chunk.size)
            if len(data) != chunk.size:
                raise Unreadable(f"{chunk.path.name} has become shorter")
            if sets and chunk.key:
                film.write(sets[chunk.entry])
            film.write(data)
            done += chunk.size
    finally:
        if source is not None:
            source.close()
    progress(1.0)
