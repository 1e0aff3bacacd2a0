"""What of a recorded segment lies between two marks: cut by frames, without encoding anything.

A picture can be decoded from a keyframe on, in the order of decoding: so what is left begins with
the first keyframe at or after the start mark, and ends before the first picture, in that order,
that is shown at or after the end mark. Sound is cut to what is left of the picture.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import NamedTuple

from streaming import aac
from streaming.archive.fragments import PICTURE, SOUND, Frame, read_init, read_runs
from streaming.hls import fmp4

# What a decoder makes of one access unit reaches into the next (ISO 14496-3, 4.6.11: windows
# overlap by half): one that ends at the mark holds something of what came after.
_REACH = 2 * aac.FRAME


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Fragments, whose first picture is shown at `start` on the broadcast clock."""

    data: bytes
    start: float
    duration: float


class _Placed(NamedTuple):
    """A frame of the `part`th part, shown at `shown`, in ticks of its track."""

    part: int
    shown: int
    frame: Frame


def trim(
    data: bytes, init: bytes, origin: float, start: float, end: float, *, follows: bool = False
) -> Trimmed | None:
    """Cut a segment to [start, end) on the broadcast clock; None when no picture is left.

    `init` is its initialisation section, `origin` the broadcast time that is 0 in the media.
    `follows`: it comes after another, and need not begin with a keyframe. Raises Unreadable.
    """
    known = read_init(init)
    picture_rate, sound_rate = known.picture_rate, known.sound_rate
    placed = list(_placed(data, known.delay))
    pictures = _between(
        [each for track, each in placed if track == PICTURE],
        round((start - origin) * picture_rate),
        round((end - origin) * picture_rate),
        follows=follows,
    )
    if not pictures:
        return None
    first = min(each.shown for each in pictures)
    sound_start = first * sound_rate / picture_rate
    sound_end = (end - origin) * sound_rate
    sounds = [
        each
        for track, each in placed
        if track == SOUND and sound_start <= each.shown <= sound_end - _REACH
    ]
    until = max(each.shown + each.frame.duration for each in pictures)
    return Trimmed(
        _written(data, pictures, sounds),
        origin + first / picture_rate,
        (until - first) / picture_rate,
    )


def _placed(data: bytes, delay: int) -> Iterator[tuple[int, _Placed]]:
    """Each frame, with its track."""
    part, tracks = 0, set[int]()
    for run in read_runs(io.BytesIO(data)):
        if run.track in tracks:
            part, tracks = part + 1, set()
        tracks.add(run.track)
        for frame in run.frames:
            early = delay if run.track == PICTURE else 0
            yield run.track, _Placed(part, frame.time + frame.composition - early, frame)


def _between(pictures: Sequence[_Placed], start: int, end: int, *, follows: bool) -> list[_Placed]:
    """The pictures that can be decoded and are shown in [start, end), in the order of decoding."""
    kept: list[_Placed] = []
    for picture in pictures:
        if not kept:
            if (follows or picture.frame.key) and start <= picture.shown < end:
                kept.append(picture)
        elif picture.shown >= end:
            break
        elif follows or picture.shown >= kept[0].shown:  # what leads a keyframe needs what was cut
            kept.append(picture)
    # Where pictures are left out, the one before lasts until the next in the order of decoding.
    return [
        before._replace(frame=replace(before.frame, duration=after.frame.time - before.frame.time))
        for before, after in pairwise(kept)
    ] + kept[-1:]


def _written(data: bytes, pictures: Sequence[_Placed], sounds: Sequence[_Placed]) -> bytes:
    runs: dict[int, list[fmp4.Run]] = {}
    for track, placed in ((PICTURE, pictures), (SOUND, sounds)):
        for part, group in groupby(placed, key=lambda each: each.part):
            frames = [each.frame for each in group]
            samples = [_sample(data, frame) for frame in frames]
            runs.setdefault(part, []).append(fmp4.Run(track, frames[0].time, samples))
    return b"".join(fmp4.fragment(part + 1, runs[part]) for part in sorted(runs))


def _sample(data: bytes, frame: Frame) -> fmp4.Sample:
    content = data[frame.offset : frame.offset + frame.size]
    return fmp4.Sample(content, frame.duration, frame.key, frame.composition)
