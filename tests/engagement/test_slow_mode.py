"""Slow mode: a participant asks one question per so many seconds in a talk."""

import pytest

from engagement.fold import Accepted, Reason, Refused
from engagement.questions import QuestionWithdrawn
from engagement.talks import TalkEdited
from engagement.talks.plan import Edit, Slow
from tests.engagement.room import Room


@pytest.fixture
def room() -> Room:
    return Room()


def slow(room: Room, seconds: Slow) -> None:
    outcome = room.do(TalkEdited, talk="direct", edit=Edit(slow=seconds))
    assert isinstance(outcome, Accepted)


def test_each_participant_asks_once_in_the_time_that_was_set(room: Room) -> None:
    slow(room, 60)
    assert isinstance(room.ask("a", at=1_000.0), Accepted)
    refused = room.ask("b", at=1_020.0)
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.wait) == (Reason.SLOW_MODE, 40.0)
    assert isinstance(room.ask("c", by="bob", at=1_020.0), Accepted)
    room.do(QuestionWithdrawn, "ann", question="a")
    assert isinstance(room.ask("b", at=1_059.0), Refused)
    assert isinstance(room.ask("b", at=1_060.0), Accepted)


def test_retry_of_a_question_is_no_second_question(room: Room) -> None:
    slow(room, 300)
    room.ask("a", at=1_000.0)
    assert isinstance(room.ask("a", at=1_010.0), Accepted)


def test_nobody_waits_once_it_is_over(room: Room) -> None:
    slow(room, 300)
    room.ask("a", at=1_000.0)
    slow(room, 0)
    assert isinstance(room.ask("b", at=1_001.0), Accepted)


def test_wait_is_no_longer_than_what_was_set_when_the_clock_was_put_back(room: Room) -> None:
    slow(room, 30)
    room.ask("a", at=50_000.0)
    refused = room.ask("b", at=1_000.0)
    assert isinstance(refused, Refused)
    assert refused.wait == 30.0
