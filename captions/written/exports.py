"""A talk's captions as files: WebVTT, SubRip, text to read, and words to compute on.

All take cues as they are to be read, laid out by `finished`; times count from `origin`, a time on
the broadcast clock. Who speaks is announced where another begins to.
"""

from collections.abc import Iterable

from captions.cues import SPACE, Cue
from captions.written.spoken import announced, paragraphs
from captions.written.webvtt import document, plain, timestamp


def vtt(cues: Iterable[Cue], origin: float) -> str:
    return document(cues, origin)


def srt(cues: Iterable[Cue], origin: float) -> str:
    """SubRip, as players read it: there is no standard."""
    blocks: list[str] = []
    for number, cue in enumerate(announced(cues), 1):
        start, end = (timestamp(time - origin, ",") for time in (cue.start, cue.end))
        blocks.append("\n".join((str(number), f"{start} --> {end}", *map(plain, cue.lines), "")))
    return "\n".join(blocks)


def text(cues: Iterable[Cue]) -> str:
    """Paragraphs by speaker and pause, an empty line between them."""
    written: list[str] = []
    known = ""
    for speaker, sentences in paragraphs(cues):
        said = plain(" ".join(word.text for sentence in sentences for word in sentence))
        named = speaker and speaker != known
        written.append(f"{plain(speaker)}{SPACE}:\n{said}\n" if named else f"{said}\n")
        known = speaker or known
    return "\n".join(written)


def words(cue: Cue) -> list[dict[str, str | float]]:
    """When each word was heard, on the broadcast clock."""
    return [
        {
            "text": word.text,
            "start": word.start,
            "end": word.end,
            "probability": word.probability,
        }
        for word in cue.words
    ]
