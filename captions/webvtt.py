"""Cues as WebVTT (W3C WebVTT 1), for a whole talk or for one HLS segment."""

from collections.abc import Iterable

from captions.cues import Cue

# The one map for every segment, so that a cue repeated in two of them is the same bytes: a
# segment's media time 0 is the channel's origin, and so is the cues' (RFC 8216, 3.5).
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"


def document(cues: Iterable[Cue], origin: float) -> str:
    """A whole file; its time 0 is `origin` on the broadcast clock."""
    return "\n".join(("WEBVTT\n", *(_block(cue, origin) for cue in cues)))


def segment_vtt(cues: Iterable[Cue], start: float, end: float, origin: float) -> str:
    """The file of one segment, which holds the cues that show within [start, end)."""
    blocks = (_block(cue, origin) for cue in cues if cue.start < end and cue.end > start)
    return "\n".join((f"WEBVTT\n{TIMESTAMP_MAP}\n", *blocks))


def timestamp(seconds: float, point: str = ".") -> str:
    """`hh:mm:ss.ttt`; hours have as many digits as they need."""
    minutes, milliseconds = divmod(max(0, round(seconds * 1000)), 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{point}{milliseconds:03d}"


def _block(cue: Cue, origin: float) -> str:
    times = f"{timestamp(cue.start - origin)} --> {timestamp(cue.end - origin)}"
    lines = [line for line in map(_escape, cue.lines) if line]
    if cue.speaker and lines:
        lines[0] = f"<v {_escape(cue.speaker)}>{lines[0]}"
    return "\n".join((cue.id, times, *lines, ""))


def _escape(text: str) -> str:
    text = " ".join(text.split())  # a line break would end the cue
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
