"""Polls that stay open for a time: whose ballot comes too late is decided by when it came."""

from typing import Any

import pytest

from engagement.fold import Accepted, Outcome, Reason
from engagement.polls import (
    BallotCast,
    MoreTimeAsked,
    Poll,
    PollClosed,
    PollExtended,
    PollOpened,
    PollReopened,
)
from tests.engagement.room import Room, reason


@pytest.fixture
def room() -> Room:
    """A poll that was opened at 1000 for 60 s."""
    room = Room()
    room.poll(duration=60.0)
    room.do(PollOpened, poll="p", at=1000.0)
    return room


def poll(room: Room) -> Poll:
    return room.audience.polls.by_id["p"]


def vote(room: Room, by: str, at: float, round: int = 1) -> Outcome:
    return room.do(BallotCast, by, at=at, poll="p", round=round, choices=("o1",))


def close_what_is_due(room: Room, now: float) -> list[Any]:
    events = list(room.audience.polls.due(now))
    for event in events:
        room.audience.apply(f"{now:.0f}000-0", event)
    return events


def test_poll_says_when_it_closes(room: Room) -> None:
    assert poll(room).closes_at == 1060.0
    room.opened("other")
    assert room.audience.polls.by_id["other"].closes_at is None
    room.poll("third", duration=60.0)
    room.do(PollOpened, poll="third", at=1000.0, duration=0.0)
    assert room.audience.polls.by_id["third"].closes_at is None


def test_ballot_on_its_way_when_the_time_is_over_still_counts(room: Room) -> None:
    assert isinstance(vote(room, "ann", 1062.0), Accepted)
    assert reason(vote(room, "bob", 1062.1)) == Reason.POLL_NOT_OPEN  # whether closed or not
    close_what_is_due(room, 1062.5)
    assert poll(room).state == "closed"
    assert isinstance(vote(room, "cat", 1061.9), Accepted)  # it came in time, and is read late
    assert reason(vote(room, "dan", 1062.1)) == Reason.POLL_NOT_OPEN
    assert poll(room).ballots == 2


def test_poll_is_due_once_late_ballots_are_in_and_closes_at_its_time(room: Room) -> None:
    assert close_what_is_due(room, 1061.9) == []
    (event,) = close_what_is_due(room, 1100.0)
    assert (poll(room).state, poll(room).closed_at) == ("closed", 1060.0)
    assert close_what_is_due(room, 1101.0) == []
    again = room.audience.apply("9000000-0", event)  # two clerks write the same
    assert isinstance(again, Accepted)


def test_poll_that_was_extended_meanwhile_is_not_closed_by_its_old_time(room: Room) -> None:
    (event,) = room.audience.polls.due(1062.0)
    room.do(PollExtended, poll="p", seconds=30.0, at=1062.0)
    assert poll(room).closes_at == 1092.0
    assert reason(room.audience.apply("9000000-0", event)) == Reason.WRONG_STATE
    assert isinstance(vote(room, "ann", 1090.0), Accepted)
    assert room.audience.polls.due(1094.0)


def test_poll_closed_by_hand_takes_what_came_before_and_nothing_after(room: Room) -> None:
    room.do(PollClosed, poll="p", at=1030.0)
    assert isinstance(vote(room, "ann", 1029.9), Accepted)
    assert reason(vote(room, "bob", 1030.1)) == Reason.POLL_NOT_OPEN


def test_who_asked_for_more_time_has_a_minute_after_the_end(room: Room) -> None:
    assert isinstance(room.do(MoreTimeAsked, "ann", at=1050.0, poll="p"), Accepted)
    close_what_is_due(room, 1062.0)
    assert reason(vote(room, "bob", 1063.0)) == Reason.POLL_NOT_OPEN
    assert isinstance(vote(room, "ann", 1120.0), Accepted)
    assert reason(vote(room, "ann", 1120.1)) == Reason.POLL_NOT_OPEN
    assert isinstance(room.do(MoreTimeAsked, "bob", at=1100.0, poll="p"), Accepted)
    assert isinstance(vote(room, "bob", 1101.0), Accepted)
    late = room.do(MoreTimeAsked, "cat", at=1121.0, poll="p")
    assert reason(late) == Reason.POLL_NOT_OPEN
    assert poll(room).more_time == 2
    assert room.audience.polls.more_time_of("direct", "ann") == ["p"]


def test_more_time_is_for_one_round(room: Room) -> None:
    room.do(MoreTimeAsked, "ann", at=1050.0, poll="p")
    room.do(PollClosed, poll="p", at=1055.0)
    room.do(PollReopened, poll="p", at=1200.0, duration=10.0)
    assert (poll(room).closes_at, poll(room).more_time) == (1210.0, 0)
    assert room.audience.polls.more_time_of("direct", "ann") == []
    assert reason(vote(room, "ann", 1230.0, round=2)) == Reason.POLL_NOT_OPEN


def test_poll_is_never_extended_beyond_an_hour(room: Room) -> None:
    for _ in range(10):
        room.do(PollExtended, poll="p", seconds=600.0, at=1010.0)
    assert poll(room).closes_at == 1010.0 + 3600.0
