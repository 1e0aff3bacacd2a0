"""HLS playlists (RFC 8216bis) of a live window, as pure functions of it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from streaming.hls.window import InitAdded, Segment, Window

TARGET = 3  # seconds: EXT-X-TARGETDURATION, the same for ever
HOLD_BACK = 3 * TARGET
SKIP_UNTIL = 6 * TARGET
SYNCHRONISED_HOLD_BACK = 10.0  # seconds: the captions' lag, a segment, a poll, and a margin
CAPTION_LAG = 4.0  # seconds after its end when a segment's captions are listed
PARTS_LISTED = 3 * TARGET  # seconds: what is older is fetched as segments (6.2.2)


def ready(window: Window, *, synchronised: bool = False) -> bool:
    """Whether there is enough for a player to begin.

    hls.js takes a playlist without a whole segment for a broken one. A player that begins before
    the synchronised playlist is as long as its hold-back would stay too near to the live edge, and
    miss every caption.
    """
    whole = [segment.length for segment in window.segments if segment.duration and segment.parts]
    return bool(whole) and (not synchronised or sum(whole) >= SYNCHRONISED_HOLD_BACK + TARGET)


def multivariant(window: Window, *, synchronised: bool = False) -> str:
    """The playlist of playlists; `synchronised`: with captions that show when they are heard."""
    init = window.init
    if init is None:
        raise ValueError("nothing has been on air yet")
    media = "sync-media.m3u8" if synchronised else "media.m3u8"
    peak, mean = _bandwidth(window.listed())
    lines = ["#EXTM3U", "#EXT-X-VERSION:9"]
    captions = "CLOSED-CAPTIONS=NONE"
    if synchronised:
        lines.append(
            '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="Français",LANGUAGE="fr",'
            "DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,"
            'CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog",'
            'URI="subtitles.m3u8"'
        )
        captions += ',SUBTITLES="captions"'
    lines += (
        f'#EXT-X-STREAM-INF:BANDWIDTH={peak},AVERAGE-BANDWIDTH={mean},CODECS="{init.codecs}",'
        f"RESOLUTION={init.width}x{init.height},{captions}",
        media,
    )
    return _text(lines)


def media(window: Window, *, skip: bool = False) -> str:
    """The low-latency playlist; `skip`: as a delta update, without what the client must know."""
    segments = window.listed()
    init = _init(window)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        f"#EXT-X-TARGETDURATION:{TARGET}",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
        f"PART-HOLD-BACK={3 * init.part_target:.3f},HOLD-BACK={HOLD_BACK:.1f},"
        f"CAN-SKIP-UNTIL={SKIP_UNTIL:.1f}",
        f"#EXT-X-PART-INF:PART-TARGET={init.part_target:.3f}",
        *_numbers(segments),
    ]
    if _independent(segments):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    skipped = _skippable(segments) if skip else 0
    if skipped:
        lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
    newest = sum(segment.length for segment in segments)
    position = 0.0
    for index, segment in enumerate(segments):
        position += segment.length
        if index < skipped:
            continue
        lines += _preamble(segments, index, with_map=True)
        if newest - position + segment.length <= PARTS_LISTED:
            lines += _parts(segment)
        lines += _closed(segment, "m4s")
    lines.append(_hint(segments[-1]))
    return _text(lines)


def synchronised(window: Window) -> str:
    """The playlist without parts, far enough behind for captions to be there in time."""
    segments = [segment for segment in window.listed() if segment.duration is not None]
    return _text(
        [
            *_plain_header(segments),
            *(["#EXT-X-INDEPENDENT-SEGMENTS"] if _independent(segments) else []),
            *_plain_body(segments, "m4s", with_map=True),
        ]
    )


def subtitles(window: Window, now: float, lag: float = CAPTION_LAG) -> str:
    """The captions' playlist: the same segments as WebVTT, each `lag` after its end.

    Players want the very discontinuities and dates of the picture's playlist, or they lose every
    later caption. They never fetch a segment twice, so it is listed when its words are known.
    """
    segments = [segment for segment in window.listed() if segment.duration is not None]
    shown = [segment for segment in segments if segment.end + lag <= now]
    shown = shown or segments[:1]  # players take an empty playlist for a broken one
    return _text([*_plain_header(shown), *_plain_body(shown, "vtt", with_map=False)])


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


def _bandwidth(segments: Sequence[Segment]) -> tuple[int, int]:
    """(peak, mean) bits per second of the segments that are complete."""
    whole = [segment for segment in segments if segment.duration and segment.parts]
    whole = whole or [segment for segment in segments if segment.parts]
    if not whole:
        return 1_000_000, 1_000_000
    peak = max(8 * segment.size / segment.length for segment in whole)
    mean = 8 * sum(segment.size for segment in whole) / sum(segment.length for segment in whole)
    return round(peak), round(mean)


def _init(window: Window) -> InitAdded:
    init = window.init
    if init is None:
        raise ValueError("nothing has been on air yet")
    return init


def _numbers(segments: Sequence[Segment]) -> list[str]:
    first = segments[0].opened
    return [
        f"#EXT-X-MEDIA-SEQUENCE:{first.msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.discontinuity}",
    ]


def _plain_header(segments: Sequence[Segment]) -> list[str]:
    return [
        "#EXTM3U",
        "#EXT-X-VERSION:9",
        f"#EXT-X-TARGETDURATION:{TARGET}",
        f"#EXT-X-SERVER-CONTROL:HOLD-BACK={SYNCHRONISED_HOLD_BACK:.1f}",
        *_numbers(segments),
    ]


def _plain_body(segments: Sequence[Segment], suffix: str, *, with_map: bool) -> list[str]:
    lines: list[str] = []
    for index, segment in enumerate(segments):
        lines += _preamble(segments, index, with_map=with_map)
        lines += _closed(segment, suffix)
    return lines


def _preamble(segments: Sequence[Segment], index: int, *, with_map: bool) -> list[str]:
    """What stands before a segment. In a delta update, its predecessor may not be shown."""
    opened = segments[index].opened
    before = segments[index - 1].opened if index else None
    lines: list[str] = []
    if before is not None:
        lines += ["#EXT-X-DISCONTINUITY"] * (opened.discontinuity - before.discontinuity)
    if with_map and (before is None or opened.init != before.init):
        lines.append(f'#EXT-X-MAP:URI="{opened.init}.mp4"')
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(opened.start)}")
    return lines


def _parts(segment: Segment) -> list[str]:
    name = segment.opened.name
    return [
        f'#EXT-X-PART:DURATION={part.duration:.5f},URI="{name}.{part.index}.m4s"'
        + (",INDEPENDENT=YES" if part.independent else "")
        for part in segment.parts
    ]


def _closed(segment: Segment, suffix: str) -> list[str]:
    if segment.duration is None:
        return []
    lines = ["#EXT-X-GAP"] if segment.gap and suffix == "m4s" else []
    return [*lines, f"#EXTINF:{segment.duration:.5f},", f"{segment.opened.name}.{suffix}"]


def _hint(last: Segment) -> str:
    name, index = last.opened.name, len(last.parts)
    if last.duration is not None:
        # Media always opens the next segment at once; this is what it will be called.
        epoch = name.rpartition("-")[0]
        name, index = f"{epoch}-{last.opened.msn + 1}", 0
    return f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{name}.{index}.m4s"'


def _independent(segments: Sequence[Segment]) -> bool:
    return all(segment.parts[0].independent for segment in segments if segment.parts)


def _skippable(segments: Sequence[Segment]) -> int:
    """How many of the oldest segments lie wholly before the skip boundary (4.4.3.8)."""
    reach = 0.0
    for index in range(len(segments) - 1, -1, -1):
        reach += segments[index].length
        if reach >= SKIP_UNTIL:
            return index
    return 0


def _date(time: float) -> str:
    written = datetime.fromtimestamp(round(time, 3), UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
