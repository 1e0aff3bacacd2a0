"""HLS playlists (RFC 8216bis) of what was recorded between two marks, as pure functions of it."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from streaming.hls import tags
from streaming.recording.index import Recorded, RecordedInit

HOLE = 0.25  # seconds between two segments that are not one after the other any more


def multivariant(
    segments: Sequence[Recorded], inits: Mapping[str, RecordedInit], frame_rate: float = 0.0
) -> str:
    """The playlist of playlists: the picture with its sound, and the captions.

    Each of `segments`, of which there is one at least, names one of `inits`. What most of them are
    is announced; players find out about the others (a slate, another studio) as they come.
    """
    lengths: dict[str, float] = {}
    for segment in segments:
        lengths[segment.init] = lengths.get(segment.init, 0.0) + segment.duration
    init = inits[max(lengths, key=lambda name: lengths[name])]
    peak, mean = _bandwidth(segments)
    return tags.text(
        [
            "#EXTM3U",
            f"#EXT-X-VERSION:{tags.VERSION}",
            '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="Français",LANGUAGE="fr",'
            "DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,"
            'CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog",'
            'URI="subtitles.m3u8"',
            f'#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={mean},CODECS="{init.codecs}",'
            f"RESOLUTION={init.width}x{init.height},"
            + (f"FRAME-RATE={frame_rate:.3f}," if frame_rate else "")
            + 'CLOSED-CAPTIONS=NONE,SUBTITLES="captions"',
            "media.m3u8",
        ]
    )


def media(
    segments: Sequence[Recorded], *, complete: bool, ranges: Sequence[tags.DateRange] = ()
) -> str:
    """The picture's playlist; `complete`: nothing will come after the last of `segments`.

    Until then it may grow (EXT-X-PLAYLIST-TYPE:EVENT), and players begin at its beginning all the
    same. `ranges` are what happened meanwhile.
    """
    lines = _header(segments, complete, ranges)
    if all(segment.independent for segment in segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    return _written(lines, _entries(segments, "m4s"), complete)


def subtitles(
    segments: Sequence[Recorded], *, complete: bool, ranges: Sequence[tags.DateRange] = ()
) -> str:
    """The captions' playlist: the very segments, discontinuities and dates of the picture's.

    Where they differ, players lose every later caption.
    """
    return _written(_header(segments, complete, ranges), _entries(segments, "vtt"), complete)


class Timeline:
    """Where a moment is in a replay, whose holes players jump over."""

    def __init__(self, segments: Sequence[Recorded]) -> None:
        self._segments = segments
        self._starts = [segment.start for segment in segments]
        self._before = [0.0, *accumulate(segment.duration for segment in segments)]
        self.duration = self._before[-1]

    def at(self, time: float) -> float:
        """Seconds from the beginning of the replay to what was shown at a broadcast time.

        A moment in a hole, or beyond an end, is where what comes next is, or the very end.
        """
        index = bisect_right(self._starts, time) - 1
        if index < 0:
            return 0.0
        segment = self._segments[index]
        return self._before[index] + min(time - segment.start, segment.duration)


def _entries(segments: Sequence[Recorded], suffix: str) -> list[tags.Entry]:
    """As playlists list them, with discontinuities counted from none."""
    entries: list[tags.Entry] = []
    discontinuity = 0
    for before, segment in pairwise([None, *segments]):
        assert segment is not None
        discontinuity += before is not None and not _goes_on(before, segment)
        entries.append(
            tags.Entry(
                f"{segment.name}.{suffix}",
                segment.start,
                segment.duration,
                f"{segment.init}.mp4" if suffix == "m4s" else "",
                discontinuity,
            )
        )
    return entries


def _goes_on(before: Recorded, segment: Recorded) -> bool:
    same = (before.init, before.discontinuity) == (segment.init, segment.discontinuity)
    return same and abs(segment.start - before.end) < HOLE


def _header(
    segments: Sequence[Recorded], complete: bool, ranges: Sequence[tags.DateRange]
) -> list[str]:
    longest = max(segment.duration for segment in segments)
    return tags.header(
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if complete else 'EVENT'}",
        *([] if complete else ["#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"]),
        *tags.numbers(0, 0),
        target=max(tags.TARGET, int(longest + 0.5)),
    ) + tags.date_ranges(ranges, segments[0].start, segments[-1].end)


def _written(lines: Sequence[str], entries: Sequence[tags.Entry], complete: bool) -> str:
    return tags.text([*lines, *tags.body(entries), *(["#EXT-X-ENDLIST"] if complete else [])])


def _bandwidth(segments: Sequence[Recorded]) -> tuple[int, int]:
    """(peak, mean) bits per second. What is too short to count by itself makes no peak."""
    mean = 8 * sum(each.size for each in segments) / sum(each.duration for each in segments)
    counted = [each for each in segments if each.duration >= tags.TARGET / 2]
    peak = max((8 * each.size / each.duration for each in counted), default=mean)
    return round(max(peak, mean)), round(mean)
