"""Which questions of a talk ask nearly the same. Nothing that counts follows from it.

Texts are read when somebody first asks, so that a replay of the journal spends no time on it. So
two processes may say it a little differently. A comparison takes milliseconds: `near` and `compare`
are for one thread beside the event loop, which has the other methods. The two share a deque, and
`questions`, of which the thread takes one at a time.
"""

from collections import defaultdict, deque
from collections.abc import Mapping

from engagement.nearness import NEAR, Nearness
from engagement.questions.question import Question

ALIKE = 0.35  # nearness from which a moderator is told of another question
NEIGHBOURS = 5  # of which they are told at most
UNREAD = 10_000  # questions that wait to be read, the newest: a talk's 1,000 newest are compared


class Alike:
    """`questions` are all of them, by id."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self.wanted: dict[str, None] = {}  # questions that a moderator sees, not compared yet
        self._questions = questions
        self._texts: defaultdict[str, Nearness] = defaultdict(Nearness)  # by talk
        self._unread: deque[str] = deque(maxlen=UNREAD)
        self._told: dict[str, list[str]] = {}

    def reword(self, question: str) -> None:
        """Take note that a question says something else, or is new."""
        self._unread.append(question)
        self._told.pop(question, None)

    def to(self, question: Question) -> list[str]:
        """The ids of questions to suggest for merging, as last compared.

        Empty before the first comparison: the question is `wanted` from then on.
        """
        if (told := self._told.get(question.id)) is None:
            self.wanted[question.id] = None
            return []
        return told

    def note(self, question: Question, near: list[str]) -> bool:
        """Keep what `compare` said of a question; False when its words have changed meanwhile."""
        now = self._questions.get(question.id)
        if now is None or now.body != question.body:
            return False
        self._told[question.id] = near
        return True

    def near(self, talk: str, text: str, least: float = NEAR) -> list[tuple[Question, float]]:
        """The questions of a talk that ask nearly what `text` asks, the nearest first.

        Those merged into another are told by that one; those that are no longer there are not.
        """
        while self._unread:
            question = self._questions[self._unread.popleft()]
            self._texts[question.talk].put(question.id, question.body)
        found: dict[str, tuple[Question, float]] = {}
        for name, nearness in self._texts[talk].near(text, least):
            question = self._questions[name]
            question = self._questions[question.merged_into or name]
            if question.state not in ("rejected", "withdrawn"):
                found.setdefault(question.id, (question, nearness))
        return list(found.values())

    def compare(self, question: Question) -> list[str]:
        """The ids of questions to suggest for merging, the nearest first."""
        near = self.near(question.talk, question.body, least=ALIKE)
        return [other.id for other, _ in near if other.id != question.id][:NEIGHBOURS]
