"""One media playlist as a client understands it: segments with their parts, numbers and dates."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from streaming.hls.check_text import Tag, Text

_DATE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?",
)


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A partial segment (EXT-X-PART)."""

    uri: str
    duration: float
    independent: bool
    gap: bool
    line: int


@dataclass(slots=True)
class ListedSegment:
    """A segment; the last may be open: it has parts, and neither `uri` nor `duration` yet.

    `discontinuity` counts all up to its beginning. `date` is in seconds since 1970.
    """

    msn: int
    discontinuity: int
    line: int
    uri: str = ""
    duration: float | None = None
    map: str = ""
    date: float | None = None
    gap: bool = False
    broken: bool = False  # EXT-X-DISCONTINUITY stands before it
    parts: list[ListedPart] = field(default_factory=list)


@dataclass
class Listed:
    """A media playlist. In a delta update `skipped` segments are missing at the beginning."""

    text: Text
    target: int
    part_target: float | None
    control: dict[str, str]
    segments: list[ListedSegment]
    skipped: int
    ranges: dict[str, dict[str, str]]  # of each id, all that was said of it
    hints: list[Tag]
    reports: list[Tag]
    ended: bool
    kind: str  # EXT-X-PLAYLIST-TYPE
    first_msn: int

    @property
    def whole(self) -> list[ListedSegment]:
        """The segments that are complete."""
        return [segment for segment in self.segments if segment.duration is not None]

    @property
    def last_msn(self) -> int:
        """Of the last segment that is complete."""
        whole = self.whole
        return whole[-1].msn if whole else self.first_msn + self.skipped - 1

    @property
    def length(self) -> float:
        return sum(segment.duration or 0.0 for segment in self.segments)

    @property
    def edge(self) -> tuple[int, int | None]:
        """(media sequence number, part index) of what comes next."""
        last = self.segments[-1] if self.segments else None
        if last is not None and last.duration is None:
            return last.msn, len(last.parts)
        return self.last_msn + 1, None if self.part_target is None else 0


def understand(text: Text) -> Listed:
    """The playlist that a text says; what it says wrongly is left out."""
    skip = text.first("EXT-X-SKIP")
    skipped = integer(skip.attributes.get("SKIPPED-SEGMENTS", "")) if skip else 0
    first_msn = integer(_value(text, "EXT-X-MEDIA-SEQUENCE"))
    part_inf = text.first("EXT-X-PART-INF")
    control = text.first("EXT-X-SERVER-CONTROL")
    ranges: dict[str, dict[str, str]] = {}
    for tag in text.all("EXT-X-DATERANGE"):
        known = ranges.setdefault(tag.attributes.get("ID", ""), {})
        known.update({key: said for key, said in tag.attributes.items() if key not in known})
    return Listed(
        text=text,
        target=integer(_value(text, "EXT-X-TARGETDURATION")),
        part_target=seconds(part_inf.attributes.get("PART-TARGET", "")) if part_inf else None,
        control=control.attributes if control else {},
        segments=list(_segments(text, first_msn + skipped)),
        skipped=skipped,
        ranges=ranges,
        hints=list(text.all("EXT-X-PRELOAD-HINT")),
        reports=list(text.all("EXT-X-RENDITION-REPORT")),
        ended=text.first("EXT-X-ENDLIST") is not None,
        kind=_value(text, "EXT-X-PLAYLIST-TYPE"),
        first_msn=first_msn,
    )


def when(written: str) -> float | None:
    """Seconds since 1970 of an ISO 8601 date; None: it is none. Without a zone it is UTC."""
    if not _DATE.fullmatch(written):
        return None
    try:
        date = datetime.fromisoformat(written)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def seconds(written: str) -> float | None:
    try:
        found = float(written) if len(written) < 32 else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def integer(written: str) -> int:
    """0 for what is none."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 21 else 0


def _segments(text: Text, msn: int) -> Iterator[ListedSegment]:
    discontinuity = integer(_value(text, "EXT-X-DISCONTINUITY-SEQUENCE"))
    segment = ListedSegment(msn, discontinuity, 0)
    init = ""
    for tag in text.tags:
        match tag.name:
            case "EXTINF":
                segment.duration = seconds(tag.value.partition(",")[0])
            case "EXT-X-DISCONTINUITY":
                segment.discontinuity += 1
                segment.broken = True
            case "EXT-X-MAP":
                init = tag.attributes.get("URI", "")
            case "EXT-X-PROGRAM-DATE-TIME":
                segment.date = when(tag.value)
            case "EXT-X-GAP":
                segment.gap = True
            case "EXT-X-PART":
                segment.map = init
                segment.parts.append(_part(tag))
            case "":
                segment.uri, segment.line, segment.map = tag.value, tag.line, init
                if segment.duration is None:
                    segment.duration = 0.0  # said elsewhere: a segment without EXTINF
                yield segment
                segment = ListedSegment(segment.msn + 1, segment.discontinuity, 0)
    if segment.parts:
        segment.duration = None
        segment.line = segment.parts[0].line
        yield segment


def _part(tag: Tag) -> ListedPart:
    said = tag.attributes
    return ListedPart(
        said.get("URI", ""),
        seconds(said.get("DURATION", "")) or 0.0,
        said.get("INDEPENDENT") == "YES",
        said.get("GAP") == "YES",
        tag.line,
    )


def _value(text: Text, name: str) -> str:
    tag = text.first(name)
    return tag.value if tag else ""
