"""Questions of a talk that ask nearly the same, for who is about to ask, and for moderators.

By words (engagement/nearness.py), and by sense where a sentence model is installed
(tv/sentences.py). Whatever goes wrong, or takes too long, no question waits for it.
"""

import asyncio
import logging

from engagement.audience import Audience
from engagement.nearness import NEAR
from engagement.questions import Question, Questions
from tv.sentences import Sentences

logger = logging.getLogger(__name__)

HINTS = 3
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

    async def of(
        self, talk: str, text: str, hidden: bool = False, besides: str = ""
    ) -> list[tuple[Question, float]]:
        """At most HINTS questions near to `text`, the nearest first, each with its nearness.

        Those that are not public are told where `hidden` says so.
        """
        try:
            found = await self._found(talk, text)
        except Exception:
            logger.exception("questions cannot be compared")
            return []
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
            return questions.alike.near(talk, text, NEAR)
        by_words = {one.id: nearness for one, nearness in questions.alike.near(talk, text, 0.0)}
        nearness = {
            name: SENSE * sense + (1.0 - SENSE) * by_words.get(name, 0.0)
            for name, sense in by_sense.items()
            if name in questions.by_id
        }
        near = [(questions.by_id[name], each) for name, each in nearness.items() if each >= ALIKE]
        return sorted(near, key=lambda pair: (-pair[1], pair[0].id))

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
