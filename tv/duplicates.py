"""Questions of a talk that ask nearly the same, for who is about to ask, and for moderators.

By words (engagement/nearness.py), and by sense where a sentence model is installed
(tv/sentences.py). Whatever goes wrong, or takes too long, no question waits for it.

A comparison takes 6 to 20 ms, and a talk may have 2,000 questions: one thread makes them all, the
event loop none. A moderator's page gets questions at once, and what is near them later.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from engagement.audience import Audience
from engagement.changes import Changes
from engagement.nearness import NEAR
from engagement.questions import Question, Questions
from tv.sentences import Sentences

logger = logging.getLogger(__name__)

T = TypeVar("T")

HINTS = 3
ASKING = 8  # who is about to ask, and waits for the thread; more get no hints
AT_ONCE = 8  # questions that are compared before who is about to ask has a turn
WITHIN = 0.4  # seconds for the model; after that, words alone
COMPARED = 1_000  # questions of a talk, the newest, that the model is asked about
SENSE = 0.6  # how much the model counts, words the rest
ALIKE = 0.27  # nearness from which one is told, by both; by words alone it is NEAR


class Duplicates:
    """Looks for them; with no `sentences`, by words alone."""

    def __init__(
        self, audience: Audience, sentences: Sentences | None = None, within: float = WITHIN
    ) -> None:
        self._audience = audience
        self._sentences = sentences or Sentences()
        self._within = within
        self._thread = ThreadPoolExecutor(1, "duplicates")
        self._asking = 0
        self._wanted = asyncio.Event()
        self._compared: defaultdict[str, Changes[str]] = defaultdict(Changes)  # ids, by talk
        self._count = 0
        self.on_compared: list[Callable[[str], None]] = []  # given a talk that has more to show

    def to(self, question: Question) -> list[str]:
        """The ids of questions to suggest for merging; empty before the comparison."""
        alike = self._audience.questions.alike
        near = alike.to(question)
        if alike.wanted:
            self._wanted.set()
        return near

    def compared(self, talk: str) -> Changes[str]:
        """The questions of a talk that others were found near to, in that order.

        Their versions are counts of this process.
        """
        return self._compared[talk]

    async def run(self) -> None:
        """Compare what moderators see, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while await self._compare():
                pass

    async def _compare(self) -> bool:
        """Compare some of what is wanted; False when there is nothing."""
        questions, alike = self._audience.questions, self._audience.questions.alike
        names = tuple(islice(alike.wanted, AT_ONCE))
        for name in names:
            del alike.wanted[name]
        some = [questions.by_id[name] for name in names if name in questions.by_id]
        found = await self._in_thread(lambda: [alike.compare(question) for question in some])
        talks: set[str] = set()
        for question, near in zip(some, found, strict=True):
            if alike.note(question, near) and near:
                self._count += 1
                self._compared[question.talk].put(f"{self._count}-0", question.id, question.id)
                talks.add(question.talk)
        for talk in talks:
            for tell in self.on_compared:
                tell(talk)
        return bool(names)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def of(
        self, talk: str, text: str, hidden: bool = False, besides: str = ""
    ) -> list[tuple[Question, float]]:
        """At most HINTS questions near to `text`, the nearest first, each with its nearness.

        Those that are not public are told where `hidden` says so.
        """
        if self._asking >= ASKING:
            return []
        self._asking += 1
        try:
            found = await self._found(talk, text)
        except Exception:
            logger.exception("questions cannot be compared")
            return []
        finally:
            self._asking -= 1
        told = [
            (question, round(nearness, 2))
            for question, nearness in found
            if question.id != besides and (hidden or question.public)
        ]
        return told[:HINTS]

    async def _found(self, talk: str, text: str) -> list[tuple[Question, float]]:
        questions = self._audience.questions
        if not text:
            return []
        try:
            async with asyncio.timeout(self._within):
                by_sense = await self._by_sense(questions, talk, text)
        except TimeoutError:
            by_sense = {}  # what it has read so far is remembered
        if not by_sense:
            return await self._by_words(talk, text, NEAR)
        by_words = {one.id: nearness for one, nearness in await self._by_words(talk, text, 0.0)}
        nearness = {
            name: SENSE * sense + (1.0 - SENSE) * by_words.get(name, 0.0)
            for name, sense in by_sense.items()
            if name in questions.by_id
        }
        near = [(questions.by_id[name], each) for name, each in nearness.items() if each >= ALIKE]
        return sorted(near, key=lambda pair: (-pair[1], pair[0].id))

    async def _by_words(self, talk: str, text: str, least: float) -> list[tuple[Question, float]]:
        alike = self._audience.questions.alike
        return await self._in_thread(lambda: alike.near(talk, text, least))

    async def _by_sense(self, questions: Questions, talk: str, text: str) -> dict[str, float]:
        """How near each question is by what it means; nothing where that cannot be told."""
        compared = [
            question
            for question in questions.by_id.values()
            if question.talk == talk
            and question.body
            and question.state not in ("rejected", "withdrawn", "merged")
        ][-COMPARED:]
        vectors = await self._sentences.of([text, *(question.body for question in compared)])
        if vectors is None or not compared:
            return {}
        asked, others = vectors[0], vectors[1:]
        return dict(zip((one.id for one in compared), (others @ asked).tolist(), strict=True))
