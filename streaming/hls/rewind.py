"""What a playlist lists before the live window, to reach back to the start of a talk. Pure."""

import itertools
from collections.abc import Iterator, Sequence

from streaming.hls.playlist import entry_of
from streaming.hls.tags import TARGET, Entry
from streaming.hls.window import Segment
from streaming.recording.index import Recorded

SHORTEST = 0.001  # seconds: what EXTINF says of a segment that took no time


def earlier(recorded: Sequence[Recorded], kept: Sequence[Segment], first: Segment) -> list[Entry]:
    """The segments right before `first`, the oldest that the live window lists.

    `recorded` are on the disk; `kept` are still in memory, the newest of them right before `first`,
    and may not be on the disk yet, or never. Both are oldest first. Numbers have no hole: what is
    missing is a gap (EXT-X-GAP) of as long as it was. Where the numbers began anew, so does this.
    """
    since = kept[0].opened.start if kept else first.opened.start
    before = [each for each in recorded if each.start < since]
    numbered = [(each.msn, _entry(each)) for each in before]
    numbered += [(each.opened.msn, entry_of(each)) for each in kept]
    entries: list[Entry] = []  # the newest first
    msn, following = first.opened.msn, entry_of(first)
    for number, entry in reversed(numbered):
        missing = msn - number - 1
        hole = max(0.0, following.start - entry.start - entry.duration)
        if missing < 0 or entry.discontinuity > following.discontinuity or _absurd(missing, hole):
            break
        entries += reversed(list(_gaps(missing, hole, number, entry)))
        entries.append(entry)
        msn, following = number, entry
    entries.reverse()
    return list(itertools.dropwhile(lambda entry: entry.gap, entries))


def _entry(recorded: Recorded) -> Entry:
    return Entry(
        f"{recorded.name}.m4s",
        recorded.start,
        recorded.duration,
        f"{recorded.init}.mp4",
        recorded.discontinuity,
    )


def _gaps(missing: int, hole: float, msn: int, before: Entry) -> Iterator[Entry]:
    """As many segments as are missing after `before`, whose number is `msn`."""
    epoch = before.uri.partition("-")[0]
    length = min(float(TARGET), hole / missing) if missing else 0.0
    for index in range(missing):
        yield Entry(
            f"{epoch}-{msn + 1 + index}.m4s",
            before.start + before.duration + index * length,
            max(SHORTEST, length),
            before.init,
            before.discontinuity,
            gap=True,
        )


def _absurd(missing: int, hole: float) -> bool:
    """Whether so many segments cannot have been in so long a hole: the numbers are others'."""
    return missing > 10 + 10 * hole
