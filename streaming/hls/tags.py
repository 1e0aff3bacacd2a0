"""The words of HLS playlists (RFC 8216bis), for whoever writes one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

TARGET = 3  # seconds: EXT-X-TARGETDURATION, the same for ever
VERSION = 9  # EXT-X-SKIP needs it (8)
TITLE_LENGTH = 200  # characters of a date range's texts


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole segment as a playlist lists it.

    `uri` and `init` are as the playlist says them; without `init` there is no EXT-X-MAP. `start` is
    the broadcast time of its first picture, `discontinuity` counts all up to its beginning. With
    `gap` there is nothing to fetch.
    """

    uri: str
    start: float
    duration: float
    init: str
    discontinuity: int
    gap: bool = False


@dataclass(frozen=True, slots=True)
class DateRange:
    """What happens between two broadcast times (4.4.5.1); `end` is None until it is known.

    `id` is its own for ever: nothing that was told of it changes, save that its end is added.
    `texts` are for people; their names begin with "X-".
    """

    id: str
    kind: str  # CLASS
    start: float
    end: float | None = None
    texts: tuple[tuple[str, str], ...] = ()


def header(*tags: str, target: int = TARGET) -> list[str]:
    """How every media playlist begins; `tags` describe the whole of it (4.4.3)."""
    return ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", f"#EXT-X-TARGETDURATION:{target}", *tags]


def numbers(msn: int, discontinuity: int) -> list[str]:
    """The numbers of the first segment, which stand before it."""
    return [
        f"#EXT-X-MEDIA-SEQUENCE:{msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{discontinuity}",
    ]


def body(entries: Iterable[Entry], before: Entry | None = None) -> list[str]:
    """Whole segments, one after the other, `before` being the one before them."""
    lines: list[str] = []
    for entry in entries:
        lines += opening(entry, before)
        lines += closing(entry)
        before = entry
    return lines


def opening(entry: Entry, before: Entry | None) -> list[str]:
    """What stands before a segment and its parts."""
    lines: list[str] = []
    if before is not None:
        lines += ["#EXT-X-DISCONTINUITY"] * (entry.discontinuity - before.discontinuity)
    if entry.init and (before is None or entry.init != before.init):
        lines.append(f'#EXT-X-MAP:URI="{entry.init}"')
    lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{date(entry.start)}")
    return lines


def closing(entry: Entry) -> list[str]:
    """What stands after a segment's parts."""
    lines = ["#EXT-X-GAP"] if entry.gap else []
    return [*lines, f"#EXTINF:{entry.duration:.5f},", entry.uri]


def date_ranges(ranges: Sequence[DateRange], start: float, end: float) -> list[str]:
    """Those of `ranges` that touch what a playlist shows, from `start` to `end`."""
    return [
        _date_range(each)
        for each in ranges
        if each.start <= end and (each.end is None or each.end >= start)
    ]


def date(time: float) -> str:
    """Broadcast time by ISO 8601, to the millisecond."""
    written = datetime.fromtimestamp(round(time, 3), UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def quoted(text: str, most: int = TITLE_LENGTH) -> str:
    """A quoted-string (4.2), which can hold neither quotation marks nor ends of lines."""
    plain = " ".join(text.replace('"', "”").split())
    return f'"{plain if len(plain) <= most else plain[: most - 1] + "…"}"'


def text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _date_range(each: DateRange) -> str:
    attributes = [
        f"ID={quoted(each.id)}",
        f"CLASS={quoted(each.kind)}",
        f'START-DATE="{date(each.start)}"',
    ]
    if each.end is not None:
        attributes.append(f'END-DATE="{date(max(each.start, each.end))}"')
    attributes += [f"{name}={quoted(said)}" for name, said in each.texts]
    return "#EXT-X-DATERANGE:" + ",".join(attributes)
