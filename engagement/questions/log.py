"""What was done with the questions of a talk, by whom: so that one can account for each of them.

It has everything that changes what becomes of a question, no support and no look. It names the
crew, never the audience.
"""

from collections import defaultdict
from collections.abc import Collection

import msgspec
from msgspec.structs import replace

from engagement.questions.events import (
    AnswerWritten,
    AnyQuestionEvent,
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionEdited,
    QuestionFromRoom,
    QuestionLabelled,
    QuestionMerged,
    QuestionQueued,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionUnqueued,
    QuestionWithdrawn,
    SupportAccepted,
)

LOGGED = 60_000  # acts of a talk; beyond, the oldest are forgotten

NAMES: dict[type[AnyQuestionEvent], str] = {
    QuestionAsked: "asked",
    QuestionFromRoom: "asked in the room",
    QuestionApproved: "approved",
    QuestionRejected: "rejected",
    QuestionMerged: "merged",
    QuestionWithdrawn: "withdrawn",
    QuestionRestored: "restored",
    QuestionEdited: "edited",
    QuestionLabelled: "labelled",
    QuestionQueued: "queued",
    QuestionUnqueued: "unqueued",
    QuestionTaken: "taken",
    QuestionReleased: "released",
    QuestionAnswered: "answered",
    AnswerWritten: "answered in writing",
    SupportAccepted: "support accepted",
}
AUDIENCE = (QuestionAsked, QuestionWithdrawn)  # whose acts have no name here


class Logged(msgspec.Struct, frozen=True):
    """One act. `by` and `name` are of the crew; empty for the audience's acts, and for what came
    about by itself. `detail` is a reason, the question merged into, or labels."""

    at: float
    act: str
    question: str
    by: str = ""
    name: str = ""
    detail: str = ""


class Log:
    """The acts of each talk, the oldest first."""

    def __init__(self) -> None:
        self._acts: defaultdict[str, list[Logged]] = defaultdict(list)

    def of(self, talk: str) -> list[Logged]:
        return self._acts.get(talk, [])

    def note(self, talk: str, event: AnyQuestionEvent) -> None:
        """Note an act that took effect, if it is one that counts."""
        if (act := NAMES.get(type(event))) is None:
            return
        audience = isinstance(event, AUDIENCE)
        by, name = ("", "") if audience else (event.by, getattr(event, "name", ""))
        self.add(talk, Logged(event.at, act, event.question, by, name, _detail(event)))

    def add(self, talk: str, act: Logged) -> None:
        """Note what came about by itself, or by another act."""
        acts = self._acts[talk]
        acts.append(act)
        if len(acts) > LOGGED:
            del acts[: LOGGED // 10]

    def blank(self, talk: str, questions: Collection[str]) -> None:
        """Forget what was said about the questions of an author who is forgotten."""
        self._acts[talk] = [
            replace(act, detail="") if act.act == "rejected" and act.question in questions else act
            for act in self._acts[talk]
        ]

    def saved(self) -> dict[str, tuple[Logged, ...]]:
        return {talk: tuple(acts) for talk, acts in self._acts.items()}

    def restore(self, saved: dict[str, tuple[Logged, ...]]) -> None:
        self._acts.clear()
        self._acts.update((talk, list(acts)) for talk, acts in saved.items())


def _detail(event: AnyQuestionEvent) -> str:
    match event:
        case QuestionRejected(reason=detail) | QuestionMerged(into=detail):
            return detail
        case QuestionLabelled(labels=labels):
            return ", ".join(labels)
    return ""
