"""Limits on the questions of a talk: pending, pending or published, and in any state."""

from collections import Counter

from engagement.fold import Refused
from engagement.origin import Origin
from engagement.questions.question import Question, QuestionState
from engagement.shares import Shares

PENDING_LIMIT = 2_000  # questions that may wait, per talk
ASKED_LIMIT = 10_000  # the same that wait or are published
KEPT_LIMIT = 20_000  # the same in any state: what is rejected frees its place, but stays in memory

FREE = ("rejected", "merged", "withdrawn")


class Places:
    """Counts of one talk's questions by state, checked against the limits."""

    def __init__(self) -> None:
        self.states: Counter[QuestionState] = Counter()
        self._pending = Shares(PENDING_LIMIT)
        self._asked = Shares(ASKED_LIMIT)
        self._kept = Shares(KEPT_LIMIT)

    def put(self, before: Question | None, question: Question) -> None:
        """Count a question that is new or changed."""
        if before and before.state == question.state and before.origin is question.origin:
            return  # it got support, as by far the most changes are
        if before is not None:
            self.states[before.state] -= 1
            for shares in self._holding(before):
                shares.count(before.origin, before.asked_at, -1)
        self.states[question.state] += 1
        for shares in self._holding(question):
            shares.count(question.origin, question.asked_at)

    def refusal(self, origin: Origin | None, at: float, pending: bool) -> Refused | None:
        """The refusal of another question from `origin`; `pending`: a moderator must read it."""
        full = self._pending.refusal(origin, at) if pending else None
        return full or self._asked.refusal(origin, at) or self._kept.refusal(origin, at)

    def _holding(self, question: Question) -> list[Shares]:
        """The shares in which a question counts."""
        holding = [self._kept]
        if question.state not in FREE:
            holding.append(self._asked)
        if question.state == "pending":
            holding.append(self._pending)
        return holding
