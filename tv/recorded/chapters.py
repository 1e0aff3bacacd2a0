"""What one can jump to in a replay: the talk, its questions, its polls, the syntheses told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from engagement.fold import Item
from engagement.polls import Poll
from engagement.questions import Question
from engagement.syntheses.synthesis import Synthesis
from engagement.talks import Talk

Kind = Literal["talk", "question", "poll", "synthesis"]


@dataclass(frozen=True, slots=True)
class Chapter:
    """Times are on the broadcast clock, within the replay. Those of a kind do not overlap."""

    kind: Kind
    id: str
    title: str
    start: float
    end: float


def chapters(talk: Talk, items: Iterable[Item], start: float, end: float) -> list[Chapter]:
    """The chapters of a talk's replay from `start` to `end`, in order; `items` are the talk's.

    What began before the first picture begins with it. A talk that could start again may have
    questions of its earlier runs: they are outside.
    """
    found = [Chapter("talk", talk.id, talk.title, start, end)]
    found += [
        replace(each, start=max(each.start, start), end=min(each.end, end))
        for item in items
        for each in _of(item, talk, end)
        if each.start < end and each.end > start
    ]
    return sorted(found, key=lambda chapter: (chapter.start, chapter.kind != "talk"))


def _of(item: Item, talk: Talk, end: float) -> Iterator[Chapter]:
    """The chapters of an item of the talk; what is not over yet lasts to the end."""
    match item:
        case Question(state="answered", taken_at=float(begins), answered_at=float(ends)):
            yield Chapter("question", item.id, item.body, begins, ends)
        case Poll(opened_at=float(begins)) if item.public:
            ends = end if item.closed_at is None else item.closed_at
            yield Chapter("poll", item.id, item.prompt, begins, ends)
        case Synthesis() if item.public:
            for airing in item.airings:
                if airing.talk == talk.id:
                    ends = end if airing.end is None else airing.end
                    yield Chapter("synthesis", item.id, item.text.title, airing.start, ends)
