"""Questions that ask the same: told by words when the model cannot, and never waited for."""

import asyncio

import pytest

from engagement.questions import QuestionApproved, QuestionRejected
from tests.engagement.room import Room
from tv.duplicates import Duplicates
from tv.sentences import Sentences

SAME = "pourquoi le loyer augmente chaque annee"


@pytest.fixture
def room() -> Room:
    room = Room()
    room.ask("rents", by="1", body="Pourquoi les loyers augmentent-ils chaque année ?")
    room.ask("trees", by="2", body="Y aura-t-il des arbres dans la cour ?")
    return room


async def told(duplicates: Duplicates, text: str, hidden: bool = False) -> list[str]:
    return [question.id for question, _ in await duplicates.of("direct", text, hidden)]


async def test_audience_is_told_of_public_questions_alone(room: Room) -> None:
    duplicates = Duplicates(room.audience)
    assert await told(duplicates, SAME) == []
    assert await told(duplicates, SAME, hidden=True) == ["rents"]
    room.do(QuestionApproved, question="rents")
    assert await told(duplicates, SAME) == ["rents"]
    room.do(QuestionRejected, question="rents")
    assert await told(duplicates, SAME, hidden=True) == []


async def test_words_alone_tell_when_the_model_has_no_time(room: Room) -> None:
    hurried = Duplicates(room.audience, within=0.0)
    assert await told(hurried, SAME, hidden=True) == ["rents"]


async def test_words_alone_tell_when_the_model_fails(room: Room) -> None:
    sentences = Sentences()
    sentences._thread.shutdown()  # whatever it is asked from now on, it raises
    duplicates = Duplicates(room.audience, sentences)
    assert await told(duplicates, SAME, hidden=True) == ["rents"]
    assert sentences.there is False


async def test_what_is_asked_about_again_and_again_is_kept_and_what_was_typed_once_is_not() -> None:
    read = Counted()
    sentences = Sentences(read, kept=3)
    for typed in ("un", "deux", "trois", "quatre", "cinq"):
        assert await sentences.of([typed, "Pourquoi ?"]) is not None
    assert read.texts == ["un", "Pourquoi ?", "deux", "trois", "quatre", "cinq"]


async def test_what_others_ask_meanwhile_takes_nothing_away() -> None:
    sentences = Sentences(Counted(), kept=1)
    await sentences.of(["Pourquoi ?"])
    asked = [sentences.of(["Pourquoi ?", typed]) for typed in ("un", "deux", "trois")]
    assert all(vectors is not None for vectors in await asyncio.gather(*asked))
    assert sentences.there


class Counted:
    """In the place of the model: says what it was given to read."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: list[str]) -> list[list[float]]:
        self.texts += texts
        return [[float(len(text))] for text in texts]


async def test_nothing_typed_finds_nothing(room: Room) -> None:
    assert await told(Duplicates(room.audience), "", hidden=True) == []
