"""A question, and what each act makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from engagement.changes import START, order
from engagement.fold import Item, Reason, View
from engagement.origin import Origin
from engagement.questions.events import (
    Anchor,
    AnswerWritten,
    AnyQuestionEvent,
    QuestionAnswered,
    QuestionApproved,
    QuestionEdited,
    QuestionLabelled,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionWithdrawn,
)
from engagement.wording import flags

QuestionState = Literal[
    "pending", "approved", "live", "answered", "rejected", "merged", "withdrawn"
]
PUBLIC = ("approved", "live", "answered")


class Question(Item, frozen=True, kw_only=True):
    """`by` asked it; `author` is the pseudonym they had then, or what people call the `table` (its
    id) that they asked for. `shown`: it has been public.

    `original` is what its author wrote, where `body` was edited. `quote` is what the cues that it
    quotes say now, since `quote_version`; None when they say what its anchor does. `answer` is the
    one in writing, by `answered_by`. `place` is its turn in the queue, from 1 on; 0 when it has
    none. `aside` is support not counted yet. `flags` are what a moderator should look at twice:
    `personal`, `words`. `badge`: "crew" or "host" for who asks as such. `erased`: who asked it is
    forgotten. `origin`: where it came from; limits count by that, and the audience never learns it.
    """

    talk: str
    body: str
    by: str
    asked_at: float
    author: str = ""
    table: str = ""
    anchor: Anchor | None = None
    state: QuestionState = "pending"
    support: int = 0
    reason: str = ""
    merged_into: str = ""
    taken_at: float | None = None
    answered_at: float | None = None
    shown: bool = False
    original: str = ""
    quote: str | None = None
    quote_version: str = START
    answer: str = ""
    answered_by: str = ""
    labels: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    place: int = 0
    aside: int = 0
    from_room: bool = False
    badge: str = ""
    erased: bool = False
    origin: Origin | None = None

    @property
    def views(self) -> tuple[View, ...]:
        return (("talk", self.talk, ""),)

    @property
    def position(self) -> str:
        return max(self.version, self.quote_version, key=order)

    @property
    def public(self) -> bool:
        return self.state in PUBLIC

    @property
    def was_public(self) -> bool:
        return self.shown

    @property
    def quoted(self) -> str:
        """The words that it is about, as they read now."""
        return self.quote if self.quote is not None else self.anchor.quote if self.anchor else ""

    def closed(self, at: float) -> "Question":
        """The same once the answer that is under way is over."""
        return replace(self, state="answered", answered_at=max(self.taken_at or at, at))


@dataclass(frozen=True)
class Counts:
    """How many questions a talk got, and what became of each: the others add up to `received`."""

    talk: str
    received: int
    pending: int
    published: int
    answered: int
    merged: int
    rejected: int
    withdrawn: int


def decide(question: Question, event: AnyQuestionEvent) -> Question | Reason:
    """What an act makes of a question; or why it makes nothing of it."""
    match event, question.state:
        case QuestionWithdrawn(by=by), _ if by != question.by:
            return Reason.NOT_YOURS
        case QuestionApproved(), "pending":
            return replace(question, state="approved")
        case QuestionRejected(reason=reason), "pending" | "approved" | "answered":
            return replace(question, state="rejected", reason=reason)
        case QuestionWithdrawn(), "pending" | "approved":
            return replace(question, state="withdrawn")
        case QuestionRestored(), _ if question.erased:
            return Reason.WRONG_STATE
        case QuestionRestored(to_read=True), _ if question.shown or question.state == "answered":
            return Reason.WRONG_STATE
        case QuestionRestored(to_read=to_read), "rejected" | "merged" | "answered":
            return replace(
                question,
                state="pending" if to_read else "approved",
                reason="",
                merged_into="",
                taken_at=None,
                answered_at=None,
            )
        case QuestionEdited(body=body), "pending":
            first = question.original or question.body
            original = "" if body == first else first
            return replace(question, body=body, original=original, flags=flags(body))
        case QuestionLabelled(labels=labels), _:
            return replace(question, labels=labels)
        case QuestionTaken(queued_only=True), "approved" if not question.place:
            return Reason.NOT_QUEUED
        case QuestionTaken(), "approved":
            began = max(question.asked_at, event.moment)
            return replace(question, state="live", taken_at=began, answered_at=None)
        case QuestionReleased(), "live":
            return replace(question, state="approved", taken_at=None)
        case QuestionAnswered(taken_at=taken_at), "live":
            if taken_at not in (None, question.taken_at):
                return Reason.WRONG_STATE
            return question.closed(event.moment)
        case AnswerWritten(answer=answer, name=name), "approved" | "live" | "answered":
            return replace(question, answer=answer, answered_by=name if answer else "")
    return Reason.WRONG_STATE


def blank(question: Question, stand_in: str) -> Question:
    """A question of somebody who is to be forgotten: it counts, and says nothing."""
    return replace(
        question,
        by=stand_in,
        body="",
        original="",
        author="",
        anchor=None,
        quote=None,
        quote_version=START,
        reason="",
        answer="",
        answered_by="",
        flags=(),
        erased=True,
        origin=None,
        state="merged" if question.state == "merged" else "withdrawn",
    )


def counted(talk: str, states: Mapping[QuestionState, int]) -> Counts:
    """What became of the questions of a talk, by how many are in each state."""
    return Counts(
        talk=talk,
        received=sum(states.values()),
        pending=states.get("pending", 0),
        published=states.get("approved", 0) + states.get("live", 0),
        answered=states.get("answered", 0),
        merged=states.get("merged", 0),
        rejected=states.get("rejected", 0),
        withdrawn=states.get("withdrawn", 0),
    )
