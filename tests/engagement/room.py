"""An audience whose events get ids, times and positions by themselves."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from engagement.audience import Audience
from engagement.fold import Accepted, Outcome, Reason, Refused
from engagement.polls import BallotCast, Option, Poll, PollCreated, PollOpened
from engagement.questions import Question, QuestionApproved, QuestionAsked, SupportGiven


class Room:
    def __init__(self) -> None:
        self.audience = Audience()
        self._numbers: Iterator[int] = count(1)

    def do(self, type: Any, by: str = "crew", at: float | None = None, **fields: Any) -> Outcome:
        number = next(self._numbers)
        event = type(id=f"e{number}", at=number * 100.0 if at is None else at, by=by, **fields)
        return self.audience.apply(f"{number}-0", event)

    def ask(self, question: str, by: str = "ann", body: str = "Pourquoi ?", **more: Any) -> Outcome:
        return self.do(QuestionAsked, by, question=question, talk="direct", body=body, **more)

    def approved(self, *questions: str) -> None:
        for question in questions:
            self.ask(question, by=f"author of {question}")
            self.do(QuestionApproved, question=question)

    def support(self, question: str, *people: str) -> None:
        for person in people:
            assert isinstance(self.do(SupportGiven, person, question=question), Accepted)

    def poll(self, poll: str = "p", **more: Any) -> Outcome:
        options = (Option("o1", "Oui"), Option("o2", "Non"), Option("o3", "Je passe"))
        fields = {"talk": "direct", "kind": "single", "prompt": "Êtes-vous pour ?"} | more
        return self.do(PollCreated, poll=poll, **{"options": options, **fields})

    def opened(self, poll: str = "p", **more: Any) -> Poll:
        self.poll(poll, **more)
        self.do(PollOpened, poll=poll)
        return self.audience.polls.by_id[poll]

    def vote(self, by: str, *choices: str, poll: str = "p", round: int = 1) -> Outcome:
        return self.do(BallotCast, by, poll=poll, round=round, choices=choices)

    def __getitem__(self, question: str) -> Question:
        return self.audience.questions.by_id[question]


def reason(outcome: Outcome) -> Reason:
    assert isinstance(outcome, Refused)
    return outcome.reason
