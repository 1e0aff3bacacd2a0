"""Cues as they were spoken: when each word that is read was heard, also after a correction."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from captions.cues import SPACE, Cue, Word
from captions.written.breaks import balanced, ends_sentence, groups, units
from captions.written.layout import PAUSE, lines

SENTENCE_WORDS = 60  # at most: speech without a full stop
PARAGRAPH_PAUSE = 2.0  # seconds
PARAGRAPH = 400  # characters from which a paragraph ends with its sentence

Sentence = tuple[Word, ...]


def timed(cue: Cue) -> list[Word]:
    """The words of a cue as they are read, each with the time when it was heard.

    A correction as long as what it corrects has its times, word by word. Otherwise nobody knows
    them: the words share the time of what was said, each by its length.
    """
    read = units(text for text in " ".join(cue.lines).split(" ") if text)
    heard = whole(cue.words)
    if len(heard) == len(read):
        return [replace(word, text=text) for word, text in zip(heard, read, strict=True)]
    begins, ends = (heard[0].start, heard[-1].end) if heard else (cue.start, cue.end)
    total, before = sum(map(len, read)) or 1, 0
    shared: list[Word] = []
    for text in read:
        start = begins + (ends - begins) * before / total
        before += len(text)
        shared.append(Word(text, start, begins + (ends - begins) * before / total, 0.0))
    return shared


def within(cues: Iterable[Cue], start: float, end: float) -> list[Cue]:
    """What was said in [start, end): a cue that crosses a mark keeps the words on this side."""
    inside: list[Cue] = []
    for cue in cues:
        if start <= cue.start and cue.end <= end:
            inside.append(cue)
            continue
        words = [word for word in timed(cue) if start <= word.start and word.end <= end]
        if words:
            inside.append(
                replace(
                    cue,
                    start=max(cue.start, words[0].start if cue.start < start else start),
                    end=min(cue.end, end),
                    lines=lines(words),
                    words=tuple(words),
                )
            )
    return inside


def announced(cues: Iterable[Cue]) -> Iterator[Cue]:
    """Cues as they are shown: a dash says that another speaks, and the name who it is."""
    known = ""
    for cue in cues:
        mark = turn(known, cue.speaker)
        known = cue.speaker or known
        if mark:
            parts = units(" ".join(cue.lines).split(" "))
            cue = replace(cue, lines=balanced([mark, *parts]))
        yield cue


def turn(before: str, speaker: str) -> str:
    """What announces `speaker` after `before`; "" for who is not known or goes on speaking."""
    if not speaker or speaker == before:
        return ""
    return f"{f'–{SPACE}' if before else ''}{speaker}{SPACE}:"


def sentences(cues: Iterable[Cue]) -> Iterator[tuple[str, Sentence]]:
    """(speaker, words) of each sentence, in order; a pause or another speaker ends one too."""
    said: list[Word] = []
    speaker = ""
    for cue in cues:
        for word in timed(cue):
            pause = said and word.start - said[-1].end > PAUSE
            if said and (
                pause
                or cue.speaker != speaker
                or ends_sentence(said[-1].text)
                or len(said) >= SENTENCE_WORDS
            ):
                yield speaker, tuple(said)
                said = []
            said.append(word)
            speaker = cue.speaker
    if said:
        yield speaker, tuple(said)


def paragraphs(cues: Iterable[Cue]) -> Iterator[tuple[str, list[Sentence]]]:
    """(speaker, sentences) to be read as one, in order."""
    group: list[Sentence] = []
    length, of = 0, ""
    for speaker, sentence in sentences(cues):
        if group and (
            speaker != of
            or length >= PARAGRAPH
            or sentence[0].start - group[-1][-1].end > PARAGRAPH_PAUSE
        ):
            yield of, group
            group, length = [], 0
        group.append(sentence)
        length, of = length + sum(len(word.text) + 1 for word in sentence), speaker
    if group:
        yield of, group


def whole(words: Sequence[Word]) -> list[Word]:
    """Words with the marks around them, as a line has them."""
    found: list[Word] = []
    for group in groups(word.text for word in words):
        first, last = words[0], words[len(group) - 1]
        words = words[len(group) :]
        if len(group) > 1:
            first = replace(first, text="".join(group), end=last.end, settled=last.settled)
        found.append(first)
    return found
