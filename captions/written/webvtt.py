"""Cues as WebVTT (W3C WebVTT 1), for a whole talk or for one HLS segment."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.written.breaks import broken
from captions.written.layout import GAP, HANG, joined, lines
from captions.written.reading import seconds
from captions.written.spoken import announced, turn

_BLANKS = re.compile(r"[\x00-\x20\x7f]+")  # but not the no-break spaces of French
SHORTEST = 0.1  # seconds: a piece of a cue that nobody would see
STAY = 1.0  # seconds that words which came late stay at least
BACK = 30.0  # seconds before a segment in which cues began that it may have to show

# The one map for every segment, so that a cue repeated in two of them is the same bytes: a
# segment's media time 0 is the channel's origin, and so is the cues' (RFC 8216, 3.5).
TIMESTAMP_MAP = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"


# The same, said otherwise: of a cue behind a hole in the recording, hls.js (1.7) guesses the time,
# wrongly, when it has not seen the picture there yet and this is 0; else it waits for the picture.
SETTLED_MAP = "X-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:10.000"


def document(cues: Iterable[Cue], origin: float) -> str:
    """A whole file; its time 0 is `origin` on the broadcast clock."""
    return "\n".join(("WEBVTT\n", *(_block(cue, origin) for cue in announced(cues))))


def segment_vtt(
    cues: Iterable[Cue], start: float, end: float, origin: float, lag: float = float("inf")
) -> str:
    """The file of one segment, which is [start, end) on the broadcast clock.

    Players fetch it once, `lag` seconds after the segment, when a cue that goes on beyond it is not
    finished yet. So a cue is shown in pieces, each within one segment, with the words that have
    been heard by that segment's end: it grows with the speech, and is complete when it must be.
    Words that were settled too late for their file are in the next one that is not published yet,
    as long as `cues` go back `BACK` seconds before the segment. So nothing in a published file
    changes but what is corrected. A cue without times for its words is repeated whole in every
    segment that it crosses, always in the same bytes.
    """
    cues = list(cues)
    pieces: list[Cue] = []
    speaker = cues[0].speaker if cues else ""
    for cue, after in zip_longest(cues, cues[1:]):
        mark = turn(speaker, cue.speaker)
        speaker = cue.speaker or speaker
        if _divisible(cue):
            if piece := _piece(cue, after, start, end, lag):
                pieces.append(_marked(piece, mark))
        elif cue.start < end and cue.end > start:
            pieces.append(cue)
    blocks = (_block(piece, origin) for piece in pieces)
    return "\n".join((f"WEBVTT\n{TIMESTAMP_MAP}\n", *blocks))


def settled_vtt(cues: Iterable[Cue], start: float, end: float, origin: float) -> str:
    """The same when nothing will be added to the cues: whole in every segment that they cross."""
    shown = (cue for cue in cues if cue.start < end and cue.end > start)
    return "\n".join((f"WEBVTT\n{SETTLED_MAP}\n", *(_block(cue, origin) for cue in shown)))


def late(cues: Iterable[Cue], start: float, end: float, lag: float) -> int:
    """How many words are in this segment's file because they were too late for their own."""
    return sum(
        1
        for cue in cues
        for word in cue.words
        if word.start < start and start + lag < word.settled <= end + lag
    )


def timestamp(seconds: float, point: str = ".") -> str:
    """`hh:mm:ss.ttt`; hours have as many digits as they need."""
    minutes, milliseconds = divmod(max(0, round(seconds * 1000)), 60_000)
    hours, minutes = divmod(minutes, 60)
    whole, milliseconds = divmod(milliseconds, 1000)
    return f"{hours:02d}:{minutes:02d}:{whole:02d}{point}{milliseconds:03d}"


def _piece(cue: Cue, after: Cue | None, start: float, end: float, lag: float) -> Cue | None:
    """What of `cue` is shown in the segment [start, end); None when nothing is.

    It depends on nothing that was settled after its file was published, nor on the cue's end, which
    moves until then.
    """
    known = [word for word in cue.words if word.settled <= end + lag]
    heard = [word for word in known if word.start < end]
    if not heard:
        return None
    following = _begins(after, end + lag)
    begins, ends = max(cue.start, start), min(end, _stays(known, following))
    before = _before(cue, after, start, lag)
    new = [word for word in heard if word not in before]
    is_late = any(word.start < start for word in new)
    if cue.start < start and new and ends - start < (STAY if is_late else SHORTEST):
        # It is over, or nearly: what was shown of it is not shown again.
        wanted = max(STAY, min(seconds(len(joined(new))), following - start))
        heard, ends = new, min(end, start + wanted)
    elif ends - begins < SHORTEST and not (new and begins < ends < end):
        return None
    name = f"{cue.id}.{round(begins * 1000)}"
    return replace(cue, id=name, start=begins, end=ends, lines=lines(heard))


def _before(cue: Cue, after: Cue | None, start: float, lag: float) -> list[Word]:
    """The words that files have whose segments end at `start` or earlier."""
    known = [word for word in cue.words if word.settled <= start + lag]
    if not known:
        return []
    left_out = start - cue.start < SHORTEST and _stays(known, _begins(after, start + lag)) >= start
    return [] if left_out else [word for word in known if word.start < start]


def _stays(known: Sequence[Word], following: float) -> float:
    """Until when words stay that the cue starting at `following` comes after."""
    return max(min(known[-1].end + HANG, following - GAP), min(known[-1].end, following))


def _begins(cue: Cue | None, known: float) -> float:
    """When `cue` begins, if that was settled by then."""
    if cue is None or (cue.words and cue.words[0].settled > known):
        return float("inf")
    return cue.start


def _divisible(cue: Cue) -> bool:
    """Whether its words say when each part of it was heard."""
    return bool(cue.words) and joined(cue.words) == " ".join(cue.lines)


def _marked(cue: Cue, mark: str) -> Cue:
    if not mark:
        return cue
    return replace(cue, lines=broken([mark, *" ".join(cue.lines).split(" ")]))


def _block(cue: Cue, origin: float) -> str:
    times = f"{timestamp(cue.start - origin)} --> {timestamp(cue.end - origin)}"
    lines = [line for line in map(_escape, cue.lines) if line]
    if cue.speaker and lines:
        lines[0] = f"<v {_escape(cue.speaker)}>{lines[0]}"
    return "\n".join((cue.id, times, *lines, ""))


def plain(text: str) -> str:
    """`text` without line breaks, that would end its cue, and other control characters."""
    return _BLANKS.sub(" ", text).strip()


def _escape(text: str) -> str:
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
