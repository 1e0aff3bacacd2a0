"""Polls: one ballot each and round, the last one counts, none is lost or counted twice."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engagement.fold import Accepted, Reason, Refused
from engagement.polls import (
    BallotCast,
    Option,
    Poll,
    PollClosed,
    PollOpened,
    PollPublished,
    PollReopened,
    Results,
    WordHidden,
)
from engagement.polls.fold import HIDDEN
from engagement.talks import TalkEnded, TalkStarted
from tests.engagement.room import Room, reason


@pytest.fixture
def room() -> Room:
    return Room()


def poll(room: Room, name: str = "p") -> Poll:
    return room.audience.polls.by_id[name]


def test_second_vote_replaces_the_first(room: Room) -> None:
    room.opened()
    room.vote("ann", "o1")
    room.vote("ann", "o2")
    room.vote("bob", "o2")
    assert (poll(room).counts, poll(room).ballots) == ((0, 2, 0), 2)
    assert room.audience.polls.ballots_of("direct", "ann")["p"].choices == ("o2",)


def test_ballot_for_a_poll_that_is_not_open_is_refused(room: Room) -> None:
    room.poll()
    assert reason(room.vote("ann", "o1")) == Reason.POLL_NOT_OPEN
    room.do(PollOpened, poll="p")
    room.vote("ann", "o1")
    room.do(PollClosed, poll="p")
    assert reason(room.vote("ann", "o2")) == Reason.POLL_NOT_OPEN
    assert poll(room).counts == (1, 0, 0)


def test_ballot_for_an_absent_option_or_several_is_refused(room: Room) -> None:
    room.opened()
    assert reason(room.vote("ann", "o9")) == Reason.UNKNOWN_OPTION
    assert reason(room.vote("ann", "o1", "o2")) == Reason.ONE_CHOICE
    assert reason(room.vote("ann")) == Reason.ONE_CHOICE
    assert reason(room.vote("ann", "o1", poll="?")) == Reason.UNKNOWN_POLL
    assert poll(room).ballots == 0


def test_new_round_starts_empty_and_keeps_the_last_one_apart(room: Room) -> None:
    room.opened()
    room.vote("ann", "o1")
    room.do(PollClosed, poll="p")
    room.do(PollReopened, poll="p")
    assert (poll(room).round, poll(room).counts, poll(room).ballots) == (2, (0, 0, 0), 0)
    assert reason(room.vote("ann", "o2", round=1)) == Reason.WRONG_ROUND
    room.vote("ann", "o2", round=2)
    assert room.audience.polls.results("p", 1) == Results(1, (1, 0, 0), 1)
    assert room.audience.polls.results("p") == Results(2, (0, 1, 0), 1)
    assert room.audience.polls.results("p", 3) is None


def test_results_are_hidden_until_closed(room: Room) -> None:
    opened = room.opened()
    assert opened.public
    assert not opened.results_public
    room.do(PollClosed, poll="p")
    assert poll(room).results_public


def test_visibility_shows_results_sooner_or_later(room: Room) -> None:
    assert room.opened("live", visibility="live").results_public
    room.opened("late", visibility="published")
    room.do(PollClosed, poll="late")
    assert not poll(room, "late").results_public
    room.do(PollPublished, poll="late")
    assert poll(room, "late").results_public


def test_poll_follows_its_lifecycle_only(room: Room) -> None:
    room.poll()
    for early in (PollClosed, PollPublished, PollReopened):
        assert reason(room.do(early, poll="p")) == Reason.WRONG_STATE
    room.do(PollOpened, poll="p")
    for wrong in (PollOpened, PollPublished, PollReopened):
        assert reason(room.do(wrong, poll="p")) == Reason.WRONG_STATE


def test_end_of_the_talk_closes_its_polls(room: Room) -> None:
    room.do(TalkStarted, talk="direct")
    room.opened()
    room.do(TalkEnded, talk="direct", at=5000.0)
    assert (poll(room).state, poll(room).closed_at) == ("closed", 5000.0)


def test_retry_is_no_second_poll(room: Room) -> None:
    assert isinstance(room.poll(), Accepted)
    version = poll(room).version
    assert isinstance(room.poll(), Accepted)
    assert poll(room).version == version
    other = (Option("o1", "Peut-être"), Option("o2", "Non"))
    assert reason(room.poll(options=other)) == Reason.KEY_REUSED


def test_event_delivered_twice_counts_once(room: Room) -> None:
    room.opened()
    ballot = BallotCast(id="b", at=1.0, by="ann", poll="p", round=1, choices=("o1",))
    room.audience.apply("50-0", ballot)
    room.audience.apply("51-0", replace(ballot, id="c", choices=("o2",)))
    again = room.audience.apply("52-0", ballot)
    assert isinstance(again, Accepted)
    assert poll(room).counts == (0, 1, 0)  # a late copy does not undo the newer ballot
    other = room.audience.apply("53-0", replace(ballot, choices=("o3",)))
    assert reason(other) == Reason.KEY_REUSED


def test_ballot_key_of_another_round_is_refused_not_taken_for_the_old_ballot(room: Room) -> None:
    room.opened()
    ballot = BallotCast(id="b", at=1.0, by="ann", poll="p", round=1, choices=("o1",))
    room.audience.apply("50-0", ballot)
    room.do(PollClosed, poll="p")
    room.do(PollReopened, poll="p")
    again = room.audience.apply("60-0", replace(ballot, at=9.0, round=2))
    assert reason(again) == Reason.KEY_REUSED
    assert poll(room).ballots == 0


def test_round_that_was_never_shown_stays_hidden_after_a_reopening(room: Room) -> None:
    room.opened(visibility="published")
    room.do(PollClosed, poll="p")
    room.do(PollReopened, poll="p")
    room.do(PollClosed, poll="p")
    assert not poll(room).round_public(1)
    room.do(PollPublished, poll="p")
    assert poll(room).round_public(2)
    room.do(PollReopened, poll="p")
    assert [poll(room).round_public(round) for round in (1, 2, 3)] == [False, True, False]


def test_act_on_a_version_that_is_no_more_is_refused_with_the_current_one(room: Room) -> None:
    drafted = room.poll()
    assert isinstance(drafted, Accepted)
    room.do(PollOpened, poll="p")
    late = room.do(PollClosed, poll="p", expects=(drafted.item.version,))
    assert late == Refused(Reason.CHANGED, poll(room))
    versions = (drafted.item.version, poll(room).version)
    assert isinstance(room.do(PollClosed, poll="p", expects=versions), Accepted)


def test_word_too_many_is_hidden_once_another_is_shown(room: Room) -> None:
    room.opened(kind="words", options=())
    for number in range(HIDDEN):
        room.do(WordHidden, poll="p", word=f"mot {number}")
    assert reason(room.do(WordHidden, poll="p", word="un de plus")) == Reason.TOO_MANY_HIDDEN
    room.do(WordHidden, poll="p", word="mot 7", hidden=False)
    assert isinstance(room.do(WordHidden, poll="p", word="un de plus"), Accepted)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["o1", "o2", "o3", "o4"]))))
def test_every_accepted_ballot_is_counted_exactly_once(votes: list[tuple[str, str]]) -> None:
    room = Room()
    room.opened()
    accepted = [vote for vote in votes if isinstance(room.vote(*vote), Accepted)]
    last = dict(accepted)
    expected = Counter(last.values())
    assert poll(room).counts == tuple(expected[option] for option in ("o1", "o2", "o3"))
    assert poll(room).ballots == len(last) == sum(poll(room).counts)
    results = room.audience.polls.results("p")
    assert results is not None
    assert results.counts == poll(room).counts
