"""A talk in a folder of its own, that any browser plays without us: `fabrique-tv export --films`.

`film.mp4` with its captions and chapters in it, `captions.vtt`, `transcript.txt`, `talk.json`, and
`index.html`, one page that needs nothing else. Times are seconds of the film.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec.structs import replace

from captions.cues import Cue
from captions.written import exports
from captions.written.finished import finished
from captions.written.spoken import announced, paragraphs, within
from engagement.talks import Talk
from streaming.archive import film
from streaming.archive.film import Words
from streaming.archive.reel import Reel, reel_of
from streaming.recording.index import Index
from tv.follower import Follower
from tv.recorded.archiving import pieces, words_of
from tv.recorded.chapters import Chapter
from tv.recorded.films import chapters_of
from tv.reports.report import Report, report_of
from tv.settings import Event

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Keepsake:
    """What there is to say of a talk, all of one moment."""

    talk: Talk
    report: Report
    shown: list[Cue]
    chapters: list[Chapter]
    words: Words


def keepsake_of(talk: Talk, follower: Follower, event: Event) -> Keepsake:
    """Read it from the fold, where that is followed; `talk` has a replay."""
    assert talk.marks is not None, "a talk without a replay has no film"
    shown = finished(within(follower.cues(talk.channel, *talk.marks), *talk.marks))
    report = report_of(follower.audience, talk, event.name, event.zone)
    chapters = chapters_of(talk, follower, *talk.marks)
    return Keepsake(talk, report, shown, chapters, words_of(talk, shown, chapters, event.name))


def write(
    directory: Path,
    kept: Keepsake,
    index: Index,
    *,
    free: int,
    progress: Callable[[float], None] = lambda share: None,
) -> None:
    """Write the talk's folder at `directory`; `free` bytes stay free beside it.

    Takes its time: for a thread. Raises StreamingError (nothing was recorded, no room), OSError.
    """
    assert kept.talk.marks is not None
    start, end = kept.talk.marks
    index.refresh()
    reel = reel_of(pieces(index, start, end), start, end)
    directory.mkdir(parents=True, exist_ok=True)
    film.write(reel, kept.words, directory / "film.mp4", free=free, progress=progress)
    placed = [_placed(cue, reel) for cue in kept.shown]
    (directory / "captions.vtt").write_text(exports.vtt(placed, 0.0), encoding="utf-8")
    (directory / "transcript.txt").write_text(exports.text(kept.shown), encoding="utf-8")
    told = _told(kept, reel)
    (directory / "talk.json").write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1))
    captions = [
        {"start": cue.start, "end": cue.end, "text": "\n".join(cue.lines)}
        for cue in announced(placed)
    ]
    page = _templates.get_template("keepsake.html").render(captions=captions, **told)
    (directory / "index.html").write_text(page, encoding="utf-8")


def _told(kept: Keepsake, reel: Reel) -> dict[str, Any]:
    """What the page shows, and the JSON file says. What was asked is at the moment it was answered,
    in seconds of the film.
    """
    report, offset = kept.report, kept.talk.started_at or 0.0

    def moved(asked: dict[str, Any]) -> dict[str, Any]:
        at = asked["at"]
        return asked | {"at": None if at is None else round(reel.place(offset + at), 3)}

    return {
        "event": report.event,
        "title": report.title,
        "speakers": report.speakers,
        "abstract": report.abstract,
        "when": report.when,
        "reviewed": kept.talk.reviewed,
        "duration": round(reel.duration, 3),
        "chapters": [
            {"title": each.title, "at": round(reel.place(each.start), 3)} for each in kept.chapters
        ],
        "paragraphs": list(_paragraphs(kept.shown, reel)),
        "questions": [moved(asdict(each)) for each in report.answered],
        "unanswered": [moved(asdict(each)) for each in report.unanswered],
        "polls": [asdict(each) for each in report.polls],
    }


def _paragraphs(cues: list[Cue], reel: Reel) -> Iterator[dict[str, Any]]:
    for speaker, sentences in paragraphs(cues):
        yield {
            "speaker": speaker,
            "sentences": [
                {
                    "at": round(reel.place(words[0].start), 3),
                    "text": " ".join(word.text for word in words),
                }
                for words in sentences
            ],
        }


def _placed(cue: Cue, reel: Reel) -> Cue:
    return replace(cue, start=reel.place(cue.start), end=reel.place(cue.end))
