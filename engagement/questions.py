"""Questions: asked, moderated, supported, answered on air, tied to the moment they are about."""

from collections import Counter, defaultdict
from typing import Literal

import msgspec
from msgspec.structs import replace

from engagement.fold import Accepted, Event, Item, Outcome, Reason, Refused, outdated
from engagement.limits import Limit

BURST = 8  # questions that a participant may ask at once
EVERY = 10.0  # seconds until one more
PENDING_EACH = 10  # questions of one participant that may wait for a moderator, per talk
PENDING_LIMIT = 2_000  # questions that may wait, per talk

QuestionState = Literal[
    "pending", "approved", "live", "answered", "rejected", "merged", "withdrawn"
]
PUBLIC = ("approved", "live", "answered")


class Anchor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The moment that a question is about, as its author saw it, and the words they quoted."""

    media_time: float
    cues: tuple[str, ...] = ()
    quote: str = ""


class QuestionAsked(Event, frozen=True):
    """A participant asks. A retry names the same question, so that it makes no copy."""

    question: str
    talk: str
    body: str
    author: str = ""
    anchor: Anchor | None = None


class QuestionEvent(Event, frozen=True):
    question: str


class QuestionApproved(QuestionEvent, frozen=True):
    """Everybody may see and support it."""


class QuestionRejected(QuestionEvent, frozen=True):
    """It will not be shown; its author sees the reason."""

    reason: str = ""


class QuestionMerged(QuestionEvent, frozen=True):
    """It says what `into` says: that one gains its supporters."""

    into: str


class QuestionWithdrawn(QuestionEvent, frozen=True):
    """Its author takes it back."""


class QuestionRestored(QuestionEvent, frozen=True):
    """A moderator undoes a rejection, a merge or an answer."""


class QuestionTaken(QuestionEvent, frozen=True):
    """The presenter begins to answer it, which closes the answer before."""


class QuestionReleased(QuestionEvent, frozen=True):
    """It goes back to the list without an answer."""


class QuestionAnswered(QuestionEvent, frozen=True):
    """The answer was given."""


class SupportGiven(QuestionEvent, frozen=True):
    """A participant would like it answered too."""


class SupportTakenBack(QuestionEvent, frozen=True):
    """They would not any more."""


AnyQuestionEvent = (
    QuestionAsked
    | QuestionApproved
    | QuestionRejected
    | QuestionMerged
    | QuestionWithdrawn
    | QuestionRestored
    | QuestionTaken
    | QuestionReleased
    | QuestionAnswered
    | SupportGiven
    | SupportTakenBack
)


class Question(Item, frozen=True, kw_only=True):
    """`by` asked it; `author` is the pseudonym they had then. `shown`: it has been public."""

    talk: str
    body: str
    by: str
    asked_at: float
    author: str = ""
    anchor: Anchor | None = None
    state: QuestionState = "pending"
    support: int = 0
    reason: str = ""
    merged_into: str = ""
    taken_at: float | None = None
    answered_at: float | None = None
    shown: bool = False

    @property
    def public(self) -> bool:
        return self.state in PUBLIC


class Questions:
    """All questions by id, and who supports which.

    `touched` holds the questions that the last event changed, in order.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Question] = {}
        self.touched: list[Question] = []
        self._supporters: defaultdict[str, set[str]] = defaultdict(set)
        self._merged: defaultdict[str, set[str]] = defaultdict(set)
        self._live: dict[str, str] = {}  # talk -> the question on air
        self._pending: Counter[str] = Counter()  # talk, or talk and participant
        self._limit = Limit(BURST, EVERY)

    def live(self, talk: str) -> Question | None:
        """The question that the presenter is answering."""
        live = self._live.get(talk)
        return None if live is None else self.by_id[live]

    def supporters(self, question: str) -> set[str]:
        """Who supports it: its own supporters and those of the questions merged into it."""
        merged = (self._supporters.get(other, set()) for other in self._merged.get(question, ()))
        return self._supporters.get(question, set()).union(*merged)

    def supported_by(self, question: str, participant: str) -> bool:
        return any(
            participant in self._supporters.get(name, ())
            for name in (question, *self._merged.get(question, ()))
        )

    def end_answer(self, position: str, talk: str, at: float) -> None:
        """Close the answer under way, if any: the next question is taken, or the talk ends."""
        if live := self.live(talk):
            self._put(position, replace(live, state="answered", answered_at=at))

    def apply(self, position: str, event: AnyQuestionEvent) -> Outcome:
        self.touched = []
        if isinstance(event, QuestionAsked):
            return self._ask(position, event)
        question = self.by_id.get(event.question)
        if question is None:
            return Refused(Reason.UNKNOWN_QUESTION)
        if outdated(event, question):
            return Refused(Reason.CHANGED, question)
        if isinstance(event, SupportGiven | SupportTakenBack):
            return self._support(position, question, event)
        if isinstance(event, QuestionMerged):
            return self._merge(position, question, event.into)
        decided = _decide(question, event)
        if isinstance(decided, Reason):
            return Refused(decided, question)
        if isinstance(event, QuestionTaken):
            self.end_answer(position, question.talk, event.at)
        if isinstance(event, QuestionRestored) and question.merged_into:
            return self._unmerge(position, decided, question.merged_into)
        return Accepted(self._put(position, decided))

    def _ask(self, position: str, event: QuestionAsked) -> Outcome:
        if known := self.by_id.get(event.question):
            same = (known.talk, known.body, known.anchor, known.by)
            if same == (event.talk, event.body, event.anchor, event.by):
                return Accepted(known)
            return Refused(Reason.KEY_REUSED, known)
        if self._pending[event.talk] >= PENDING_LIMIT:
            return Refused(Reason.TOO_MANY, wait=60.0)
        if self._pending[_each(event.talk, event.by)] >= PENDING_EACH:
            return Refused(Reason.TOO_MANY, wait=60.0)
        if wait := self._limit.take(event.by, event.at):
            return Refused(Reason.TOO_MANY, wait=wait)
        asked = Question(
            id=event.question,
            talk=event.talk,
            body=event.body,
            by=event.by,
            asked_at=event.at,
            author=event.author,
            anchor=event.anchor,
        )
        return Accepted(self._put(position, asked))

    def _support(
        self, position: str, question: Question, event: SupportGiven | SupportTakenBack
    ) -> Outcome:
        if question.state not in ("approved", "live"):
            return Refused(Reason.WRONG_STATE, question)
        supporters = self._supporters[question.id]
        if isinstance(event, SupportGiven):
            supporters.add(event.by)
        else:
            # Theirs may have come with a question merged into this one.
            for other in (question.id, *self._merged.get(question.id, ())):
                self._supporters[other].discard(event.by)
        return Accepted(self._put(position, question))

    def _merge(self, position: str, question: Question, into: str) -> Outcome:
        target = self.by_id.get(into)
        if target is None:
            return Refused(Reason.UNKNOWN_QUESTION)
        if question.state not in ("pending", "approved"):
            return Refused(Reason.WRONG_STATE, question)
        if target.state not in ("pending", "approved", "live"):
            return Refused(Reason.WRONG_STATE, target)
        if target.id == question.id or target.talk != question.talk:
            return Refused(Reason.WRONG_MERGE, question)
        # No chains: what was merged into this one goes along.
        followers = self._merged.pop(question.id, set())
        self._merged[into] |= {question.id} | followers
        for other in followers:
            self._put(position, replace(self.by_id[other], merged_into=into))
        merged = self._put(position, replace(question, state="merged", merged_into=into))
        self._put(position, target)
        return Accepted(merged)

    def _unmerge(self, position: str, restored: Question, target: str) -> Outcome:
        self._merged[target].discard(restored.id)
        self._put(position, self.by_id[target])
        return Accepted(self._put(position, restored))

    def _put(self, position: str, question: Question) -> Question:
        before = self.by_id.get(question.id)
        question = replace(
            question,
            version=position,
            support=len(self.supporters(question.id)),
            shown=question.shown or question.public,
        )
        self.by_id[question.id] = question
        self.touched.append(question)
        pending = (question.state == "pending") - (before is not None and before.state == "pending")
        self._pending[question.talk] += pending
        self._pending[_each(question.talk, question.by)] += pending
        if question.state == "live":
            self._live[question.talk] = question.id
        elif self._live.get(question.talk) == question.id:
            del self._live[question.talk]
        return question


def _decide(question: Question, event: AnyQuestionEvent) -> Question | Reason:
    match event, question.state:
        case QuestionWithdrawn(by=by), _ if by != question.by:
            return Reason.NOT_YOURS
        case QuestionApproved(), "pending":
            return replace(question, state="approved")
        case QuestionRejected(reason=reason), "pending" | "approved":
            return replace(question, state="rejected", reason=reason)
        case QuestionWithdrawn(), "pending" | "approved":
            return replace(question, state="withdrawn")
        case QuestionRestored(), "rejected" | "merged" | "answered":
            return replace(
                question,
                state="approved",
                reason="",
                merged_into="",
                taken_at=None,
                answered_at=None,
            )
        case QuestionTaken(at=at), "approved":
            return replace(question, state="live", taken_at=at, answered_at=None)
        case QuestionReleased(), "live":
            return replace(question, state="approved", taken_at=None)
        case QuestionAnswered(at=at), "live":
            return replace(question, state="answered", answered_at=at)
    return Reason.WRONG_STATE


def _each(talk: str, participant: str) -> str:
    return f"{talk} {participant}"
