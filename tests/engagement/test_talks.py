"""Talks: one at a time on a channel, and an end that was a slip can be undone."""

import pytest

from engagement.audience import Audience
from engagement.fold import Accepted, Outcome, Reason
from engagement.talks import (
    RESUME_WITHIN,
    Talk,
    TalkCancelled,
    TalkEnded,
    TalkEvent,
    TalkPublished,
    TalkResumed,
    TalkStarted,
)
from tests.engagement.room import Room, reason


@pytest.fixture
def room() -> Room:
    return Room()


def talk(room: Room) -> Talk:
    return room.audience.talks.by_id["direct"]


def test_without_a_schedule_there_is_one_talk(room: Room) -> None:
    assert [(talk.id, talk.channel, talk.state) for talk in room.audience.talk_changes()] == [
        ("direct", "plateau", "scheduled")
    ]


def test_talk_goes_from_scheduled_to_replay(room: Room) -> None:
    room.do(TalkStarted, talk="direct", at=10.0)
    assert (talk(room).state, talk(room).started_at) == ("live", 10.0)
    room.do(TalkEnded, talk="direct", at=20.0)
    assert (talk(room).state, talk(room).ended_at) == ("ended", 20.0)
    assert reason(room.do(TalkPublished, talk="direct", consent=False)) == Reason.NO_CONSENT
    room.do(TalkPublished, talk="direct", consent=True, reviewed=True)
    assert (talk(room).state, talk(room).reviewed) == ("replay", True)


def test_slip_is_undone_within_two_minutes(room: Room) -> None:
    room.do(TalkStarted, talk="direct", at=10.0)
    room.do(TalkEnded, talk="direct", at=20.0)
    late = room.do(TalkResumed, talk="direct", at=20.1 + RESUME_WITHIN)
    assert reason(late) == Reason.TOO_LATE
    room.do(TalkResumed, talk="direct", at=20.0 + RESUME_WITHIN)
    assert (talk(room).state, talk(room).started_at, talk(room).ended_at) == ("live", 10.0, None)


def test_standing_talk_starts_again(room: Room) -> None:
    room.do(TalkStarted, talk="direct", at=10.0)
    room.do(TalkEnded, talk="direct", at=20.0)
    room.do(TalkStarted, talk="direct", at=900.0)
    assert (talk(room).state, talk(room).started_at, talk(room).ended_at) == ("live", 900.0, None)


def test_standing_talk_starts_again_after_its_replay_or_its_cancellation(room: Room) -> None:
    room.do(TalkStarted, talk="direct")
    room.do(TalkEnded, talk="direct")
    room.do(TalkPublished, talk="direct", consent=True, reviewed=True)
    room.do(TalkStarted, talk="direct", at=900.0)
    assert (talk(room).state, talk(room).started_at, talk(room).reviewed) == ("live", 900.0, False)
    other = Room()
    other.do(TalkCancelled, talk="direct")
    other.do(TalkStarted, talk="direct")
    assert talk(other).state == "live"


def test_only_who_knows_the_current_version_acts_when_they_say_so(room: Room) -> None:
    before = talk(room).version
    room.do(TalkStarted, talk="direct", expects=(before,))
    assert talk(room).state == "live"
    assert reason(room.do(TalkEnded, talk="direct", expects=(before,))) == Reason.CHANGED


def test_wrong_turns_are_refused_with_the_current_state(room: Room) -> None:
    for early in (TalkEnded, TalkResumed):
        assert reason(room.do(early, talk="direct")) == Reason.WRONG_STATE
    room.do(TalkStarted, talk="direct")
    for wrong in (TalkStarted, TalkResumed, TalkCancelled):
        assert reason(room.do(wrong, talk="direct")) == Reason.WRONG_STATE
    assert reason(room.do(TalkStarted, talk="?")) == Reason.UNKNOWN_TALK


def test_channel_carries_one_talk_at_a_time() -> None:
    def on(channel: str, *names: str) -> tuple[Talk, ...]:
        return tuple(Talk(id=name, channel=channel, title=name) for name in names)

    audience = Audience(on("plateau", "a", "b") + on("labo-1", "c"))

    def do(number: int, type: type[TalkEvent], talk: str) -> Outcome:
        event = type(id=f"e{number}", at=float(number), by="crew", talk=talk)
        return audience.apply(f"{number}-0", event)  # type: ignore[arg-type]  # a leaf class

    do(1, TalkStarted, "a")
    assert reason(do(2, TalkStarted, "b")) == Reason.CHANNEL_BUSY
    assert isinstance(do(3, TalkStarted, "c"), Accepted)
    do(4, TalkEnded, "a")
    do(5, TalkStarted, "b")
    assert reason(do(6, TalkResumed, "a")) == Reason.CHANNEL_BUSY
    assert reason(do(7, TalkStarted, "a")) == Reason.WRONG_STATE  # only a standing one may
