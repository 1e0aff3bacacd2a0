"""What one can jump to in a replay: the talk, the questions answered in it, its polls."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engagement.fold import Item
from engagement.polls import Poll
from engagement.questions import Question
from engagement.talks import Talk


@dataclass(frozen=True, slots=True)
class Chapter:
    """Times are on the broadcast clock, within the replay. Those of a kind do not overlap."""

    kind: Literal["talk", "question", "poll"]
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
    for item in items:
        match item:
            case Question(state="answered", taken_at=float(begins), answered_at=float(ends)):
                kind: Literal["question", "poll"] = "question"
                title = item.body
            case Poll(opened_at=float(begins)) if item.public:
                kind, title = "poll", item.prompt
                ends = end if item.closed_at is None else item.closed_at
            case _:
                continue
        if begins < end and ends > start:
            found.append(Chapter(kind, item.id, title, max(begins, start), min(ends, end)))
    return sorted(found, key=lambda chapter: (chapter.start, chapter.kind != "talk"))
