"""Cues as WebVTT (W3C WebVTT 1), for a whole talk or for one HLS segment."""

import re
from collections.abc import Iterable

from msgspec.structs import replace

from captions.cues import Cue
from captions.layout import joined

_BLANKS = re.compile(r"[\x00-\x20\x7f]+")  # but not the no-break spaces of French
SHORTEST = 0.1  # seconds: a piece of a cue that nobody would see

# The one map for every segment, so that a cue repeated in two of them is the same bytes: a
# segment's media time 0 is the channel's origin, and so is the cues' (RFC 8216, 3.5).
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"


# The same, said otherwise: of a cue behind a hole in the recording, hls.js (1.7) guesses the time,
# wrongly, when it has not seen the picture there yet and this is 0; else it waits for the picture.
SETTLED_MAP = "X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:10.000"


def document(cues: Iterable[Cue], origin: float) -> str:
    """A whole file; its time 0 is `origin` on the broadcast clock."""
    return "\n".join(("WEBVTT\n", *(_block(cue, origin) for cue in cues)))


def segment_vtt(cues: Iterable[Cue], start: float, end: float, origin: float) -> str:
    """The file of one segment, which is [start, end) on the broadcast clock.

    Players fetch it once, a few seconds after the segment, when a cue that goes on beyond it is not
    finished yet. So a cue is shown in pieces, each within one segment, with the words that have
    been heard by that segment's end: it grows with the speech, and is complete when it must be. A
    cue without times for its words, or corrected by hand, is repeated whole in every segment that
    it crosses, always in the same bytes.
    """
    blocks = (
        _block(shown, origin)
        for cue in cues
        if cue.start < end and cue.end > start and (shown := _piece(cue, start, end))
    )
    return "\n".join((f"WEBVTT\n{TIMESTAMP_MAP}\n", *blocks))


def settled_vtt(cues: Iterable[Cue], start: float, end: float, origin: float) -> str:
    """The same when nothing will be added to the cues: whole in every segment that they cross."""
    blocks = (_block(cue, origin) for cue in cues if cue.start < end and cue.end > start)
    return "\n".join((f"WEBVTT\n{SETTLED_MAP}\n", *blocks))


def timestamp(seconds: float, point: str = ".") -> str:
    """`hh:mm:ss.ttt`; hours have as many digits as they need."""
    minutes, milliseconds = divmod(max(0, round(seconds * 1000)), 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{point}{milliseconds:03d}"


def _piece(cue: Cue, start: float, end: float) -> Cue | None:
    """What of `cue` is shown in the segment [start, end); None when nothing is."""
    if not cue.words or joined(cue.words) != " ".join(cue.lines):
        return cue
    heard = [word for word in cue.words if word.start < end]
    left = len(joined(heard))
    lines: list[str] = []
    for line in cue.lines:  # the words stay where the whole cue has them
        if left > 0:
            lines.append(line[:left])
        left -= len(line) + 1
    begins, ends = max(cue.start, start), min(cue.end, end)
    if not lines or ends - begins < SHORTEST:
        return None
    name = f"{cue.id}.{round(begins * 1000)}"
    return replace(cue, id=name, start=begins, end=ends, lines=tuple(lines))


def _block(cue: Cue, origin: float) -> str:
    times = f"{timestamp(cue.start - origin)} --> {timestamp(cue.end - origin)}"
    lines = [line for line in map(_escape, cue.lines) if line]
    if cue.speaker and lines:
        lines[0] = f"<v {_escape(cue.speaker)}>{lines[0]}"
    return "\n".join((cue.id, times, *lines, ""))


def _escape(text: str) -> str:
    text = _BLANKS.sub(" ", text).strip()  # a line break would end the cue
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
