"""Which questions of a talk ask nearly the same. Nothing that counts follows from it.

It is made when somebody first asks, of the questions as they read then, so that a replay of the
journal spends no time on it. So two processes may say it a little differently.
"""

from collections import defaultdict
from collections.abc import Mapping

from engagement.nearness import NEAR, Nearness
from engagement.questions.question import Question

ALIKE = 0.35  # nearness from which a moderator is told of another question
NEIGHBOURS = 5  # of which they are told at most


class Alike:
    """`questions` are all of them, by id."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self._questions = questions
        self._texts: defaultdict[str, Nearness] = defaultdict(Nearness)  # by talk
        self._unread: dict[str, None] = {}
        self._told: dict[str, list[str]] = {}

    def reword(self, question: str) -> None:
        """Take note that a question says something else, or is new."""
        self._unread[question] = None
        self._told.pop(question, None)

    def near(self, talk: str, text: str, least: float = NEAR) -> list[tuple[Question, float]]:
        """The questions of a talk that ask nearly what `text` asks, the nearest first.

        Those merged into another are told by that one; those that are no longer there are not.
        """
        for name in self._unread:
            question = self._questions[name]
            self._texts[question.talk].put(name, question.body)
        self._unread = {}
        found: dict[str, tuple[Question, float]] = {}
        for name, nearness in self._texts[talk].near(text, least):
            question = self._questions[name]
            question = self._questions[question.merged_into or name]
            if question.state not in ("rejected", "withdrawn"):
                found.setdefault(question.id, (question, nearness))
        return list(found.values())

    def to(self, question: Question) -> list[str]:
        """What a moderator may merge a question with, as it was when they first saw these words."""
        if question.id not in self._told:
            near = self.near(question.talk, question.body, least=ALIKE)
            others = [other.id for other, _ in near if other.id != question.id]
            self._told[question.id] = others[:NEIGHBOURS]
        return self._told[question.id]
