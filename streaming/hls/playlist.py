"""HLS media playlists (RFC 8216bis) of a live window, as pure functions of it."""

from collections.abc import Mapping, Sequence

from streaming.hls import tags
from streaming.hls.tags import TARGET, DateRange, Entry
from streaming.hls.window import InitAdded, Segment, Window

HOLD_BACK = 3 * TARGET
SKIP_UNTIL = 6 * TARGET
SYNCHRONISED_HOLD_BACK = 10.0  # seconds: the captions' lag, a segment, a poll, and a margin
CAPTION_LAG = 4.0  # seconds after its end when a segment's captions are listed
# Seconds from the end from which on parts are listed; a segment is, as a whole or not at all. What
# is older is fetched as segments (6.2.2: after three target durations at the latest). hls.js gives
# parts up, and stands still, when the first one listed is as near to the end as its buffer is, as
# behind a few very short segments.
PARTED = 4.0


def ready(window: Window, *, synchronised: bool = False) -> bool:
    """Whether there is enough for a player to begin.

    hls.js takes a playlist without a whole segment for a broken one. A player that begins before
    the synchronised playlist is as long as its hold-back would stay too near to the live edge, and
    miss every caption.
    """
    whole = [segment.length for segment in window.segments if segment.duration and segment.parts]
    return bool(whole) and (not synchronised or sum(whole) >= SYNCHRONISED_HOLD_BACK + TARGET)


def media(
    window: Window,
    *,
    skip: bool = False,
    later: float = 0.0,
    ranges: Sequence[DateRange] = (),
    others: Mapping[str, Window] | None = None,
    earlier: Sequence[Entry] = (),
) -> str:
    """The low-latency playlist; `skip`: as a delta update, without what the client must know.

    `later` seconds are added to the hold-back, for who is served by a slower way. `others` are the
    channel's other renditions by the URI of their playlist (4.4.5.4). `earlier` are the segments
    right before those that the window lists, if the playlist is to reach further back.
    """
    segments = window.listed()
    entries = [*earlier, *map(entry_of, segments)]
    init = _init(window)
    lines = tags.header(
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
        f"PART-HOLD-BACK={3 * init.part_target + later:.3f},HOLD-BACK={HOLD_BACK + later:.1f},"
        f"CAN-SKIP-UNTIL={SKIP_UNTIL:.1f}",
        f"#EXT-X-PART-INF:PART-TARGET={init.part_target:.3f}",
        *tags.numbers(segments[0].opened.msn - len(earlier), entries[0].discontinuity),
        *_independent(segments),
    )
    skipped = _skippable(entries) if skip else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    # A delta update has all of them: it may leave out none but when CAN-SKIP-DATERANGES says so.
    lines += tags.date_ranges(ranges, entries[0].start, segments[-1].end)
    before = entries[skipped - 1] if skipped else None
    lines += tags.body(entries[skipped : len(earlier)], before)
    shown = max(skipped, len(earlier))
    before = entries[shown - 1] if shown else None
    left = segments[shown - len(earlier) :]
    to_come = sum(entry.duration for entry in entries[shown:])
    for entry, segment in zip(entries[shown:], left, strict=True):
        lines += tags.opening(entry, before)
        to_come -= entry.duration
        if to_come < PARTED:
            lines += _parts(segment)
        if segment.duration is not None:
            lines += tags.closing(entry)
        before = entry
    lines.append(_hint(segments[-1]))
    lines += [_report(uri, other) for uri, other in (others or {}).items()]
    return tags.text(lines)


def synchronised(window: Window, *, later: float = 0.0, ranges: Sequence[DateRange] = ()) -> str:
    """The playlist without parts, far enough behind for captions to be there in time."""
    segments = [segment for segment in window.listed() if segment.duration is not None]
    return tags.text(
        [
            *_plain_header(segments, later),
            *_independent(segments),
            *tags.date_ranges(ranges, segments[0].opened.start, segments[-1].end),
            *tags.body(map(entry_of, segments)),
        ]
    )


def subtitles(
    window: Window,
    now: float,
    lag: float = CAPTION_LAG,
    *,
    later: float = 0.0,
    ranges: Sequence[DateRange] = (),
) -> str:
    """The captions' playlist: the same segments as WebVTT, each `lag` after its end.

    Players want the very discontinuities and dates of the picture's playlist, or they lose every
    later caption. They never fetch a segment twice, so it is listed when its words are known.
    """
    segments = [segment for segment in window.listed() if segment.duration is not None]
    shown = [segment for segment in segments if segment.end + lag <= now]
    shown = shown or segments[:1]  # players take an empty playlist for a broken one
    return tags.text(
        [
            *_plain_header(shown, later),
            *tags.date_ranges(ranges, segments[0].opened.start, segments[-1].end),
            *tags.body(map(_captions_of, shown)),
        ]
    )


def captioned(window: Window, now: float, lag: float = CAPTION_LAG) -> int:
    """How many segments the captions' playlist lists now."""
    return sum(
        segment.duration is not None and segment.end + lag <= now for segment in window.listed()
    )


def entry_of(segment: Segment) -> Entry:
    """A segment of a window as playlists beside it list it."""
    opened = segment.opened
    return Entry(
        f"{opened.name}.m4s",
        opened.start,
        segment.length,
        f"{opened.init}.mp4",
        opened.discontinuity,
        segment.gap,
    )


def has(window: Window, msn: int, part: int | None) -> bool:
    """Whether the playlist has reached segment `msn`, or its part `part` (6.2.5.2)."""
    last = window.last
    if last is None or not ready(window):
        return False
    if msn != last.opened.msn:
        # A part beyond the end of its segment stands for the first of the next.
        known = window.find(msn)
        if known is not None and part is not None and part >= len(known.parts):
            return has(window, msn + 1, 0)
        return msn < last.opened.msn
    return last.duration is not None if part is None else part < len(last.parts)


def too_far(window: Window, msn: int, part: int | None) -> bool:
    """Whether a request is so far ahead that it must be a mistake (6.2.5.2: answer it with 400)."""
    last = window.last
    if last is None:
        return False
    closed = last.opened.msn if last.duration is not None else last.opened.msn - 1
    if msn > closed + 2:
        return True
    init = window.init
    if part is None or init is None:
        return False
    advance = max(3, -int(-3 // init.part_target)) if init.part_target < 1 else 3
    return msn > closed and part >= len(last.parts if last.duration is None else ()) + advance


def _init(window: Window) -> InitAdded:
    init = window.init
    if init is None:
        raise ValueError("nothing has been on air yet")
    return init


def _numbers(segments: Sequence[Segment]) -> list[str]:
    first = segments[0].opened
    return tags.numbers(first.msn, first.discontinuity)


def _plain_header(segments: Sequence[Segment], later: float) -> list[str]:
    hold_back = SYNCHRONISED_HOLD_BACK + later
    control = f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,HOLD-BACK={hold_back:.1f}"
    return tags.header(control, *_numbers(segments))


def _captions_of(segment: Segment) -> Entry:
    opened = segment.opened
    return Entry(f"{opened.name}.vtt", opened.start, segment.length, "", opened.discontinuity)


def _parts(segment: Segment) -> list[str]:
    name = segment.opened.name
    return [
        f'#EXT-X-PART:DURATION={part.duration:.5f},URI="{name}.{part.index}.m4s"'
        + (",INDEPENDENT=YES" if part.independent else "")
        for part in segment.parts
    ]


def _hint(last: Segment) -> str:
    name, index = last.opened.name, len(last.parts)
    if last.duration is not None:
        # Media always opens the next segment at once; this is what it will be called.
        epoch = name.rpartition("-")[0]
        name, index = f"{epoch}-{last.opened.msn + 1}", 0
    return f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{name}.{index}.m4s"'


def _report(uri: str, window: Window) -> str:
    """How far another rendition is: its last part, else its last segment."""
    report = f'#EXT-X-RENDITION-REPORT:URI="{uri}"'
    for segment in reversed(window.segments):
        if segment.parts:
            return f"{report},LAST-MSN={segment.opened.msn},LAST-PART={len(segment.parts) - 1}"
    last = window.last
    return report if last is None else f"{report},LAST-MSN={last.opened.msn}"


def _independent(segments: Sequence[Segment]) -> list[str]:
    whole = all(segment.parts[0].independent for segment in segments if segment.parts)
    return ["#EXT-X-INDEPENDENT-SEGMENTS"] if whole else []


def _skippable(entries: Sequence[Entry]) -> int:
    """How many of the oldest segments lie wholly before the skip boundary (4.4.3.8)."""
    reach = 0.0
    for index in range(len(entries) - 1, -1, -1):
        reach += entries[index].duration
        if reach >= SKIP_UNTIL:
            return index
    return 0
