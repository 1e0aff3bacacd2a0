"""Talks: one at a time on a channel, and an end that was a slip can be undone."""

import pytest

from engagement.audience import Audience
from engagement.fold import Accepted, Outcome, Reason
from engagement.talks import (
    DIRECT,
    LONGEST,
    MARGIN,
    RESUME_WITHIN,
    TALKS,
    Talk,
    TalkCancelled,
    TalkEnded,
    TalkEvent,
    TalkPublished,
    TalkRecorded,
    TalkResumed,
    TalkStarted,
    TalkTrimmed,
    TalkUnpublished,
)
from tests.engagement.room import Room, reason


@pytest.fixture
def room() -> Room:
    return Room()


def talk(room: Room) -> Talk:
    return room.audience.talks.by_id["direct"]


def test_without_a_schedule_there_is_one_talk(room: Room) -> None:
    assert list(room.audience.changes(TALKS) or ()) == [DIRECT]


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


def ended(room: Room, start: float = 1000.0, end: float = 2000.0) -> None:
    room.do(TalkStarted, talk="direct", at=start)
    room.do(TalkEnded, talk="direct", at=end)


def test_replay_goes_from_the_start_of_the_talk_to_its_end(room: Room) -> None:
    assert talk(room).marks is None
    room.do(TalkStarted, talk="direct", at=1000.0)
    assert talk(room).marks is None
    room.do(TalkEnded, talk="direct", at=2000.0)
    assert talk(room).marks == (1000.0, 2000.0)
    room.do(TalkPublished, talk="direct", consent=True)
    assert talk(room).marks == (1000.0, 2000.0)


def test_published_replay_is_withdrawn_and_needs_consent_again(room: Room) -> None:
    ended(room)
    assert reason(room.do(TalkUnpublished, talk="direct")) == Reason.WRONG_STATE
    room.do(TalkPublished, talk="direct", consent=True)
    room.do(TalkUnpublished, talk="direct")
    assert talk(room).state == "ended"
    assert reason(room.do(TalkPublished, talk="direct", consent=False)) == Reason.NO_CONSENT
    room.do(TalkPublished, talk="direct", consent=True)
    assert talk(room).state == "replay"


def test_marks_are_moved_and_given_back(room: Room) -> None:
    ended(room)
    room.do(TalkTrimmed, talk="direct", start=1000.0 - MARGIN, end=1500.0)
    assert talk(room).marks == (1000.0 - MARGIN, 1500.0)
    room.do(TalkPublished, talk="direct", consent=True)
    room.do(TalkTrimmed, talk="direct", end=2000.0 + MARGIN)
    assert talk(room).marks == (1000.0, 2000.0 + MARGIN)
    room.do(TalkTrimmed, talk="direct")
    assert talk(room).marks == (1000.0, 2000.0)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (1500.0, 1500.0),
        (1600.0, 1500.0),
        (2000.0, None),
        (None, 1000.0),
        (999.9 - MARGIN, None),
        (None, 2000.1 + MARGIN),
        (float("nan"), None),
        (None, float("inf")),
    ],
)
def test_marks_out_of_order_or_far_from_the_talk_are_refused(
    room: Room, start: float | None, end: float | None
) -> None:
    ended(room)
    refused = room.do(TalkTrimmed, talk="direct", start=start, end=end)
    assert reason(refused) == Reason.WRONG_MARKS
    assert talk(room).marks == (1000.0, 2000.0)


def test_replay_lasts_twelve_hours_at_most(room: Room) -> None:
    """Somebody forgot to end the talk."""
    ended(room, 1000.0, 1000.0 + 2 * LONGEST)
    assert talk(room).marks == (1000.0, 1000.0 + LONGEST)
    later = room.do(TalkTrimmed, talk="direct", start=2000.0, end=2001.0 + LONGEST)
    assert reason(later) == Reason.WRONG_MARKS
    room.do(TalkTrimmed, talk="direct", start=2000.0, end=2000.0 + LONGEST)
    assert talk(room).marks == (2000.0, 2000.0 + LONGEST)


def test_marks_are_forgotten_when_the_talk_goes_on_or_begins_anew(room: Room) -> None:
    ended(room)
    room.do(TalkTrimmed, talk="direct", end=1500.0)
    room.do(TalkResumed, talk="direct", at=2001.0)
    assert (talk(room).marks, talk(room).resumed) == (None, 1)
    room.do(TalkEnded, talk="direct", at=2100.0)
    assert talk(room).marks == (1000.0, 2100.0)
    room.do(TalkTrimmed, talk="direct", end=1500.0)
    ended(room, 9000.0, 9500.0)
    assert (talk(room).marks, talk(room).resumed) == ((9000.0, 9500.0), 0)


def test_who_does_not_want_to_be_recorded_has_no_replay(room: Room) -> None:
    room.do(TalkRecorded, talk="direct", recorded=False)
    assert talk(room).recorded is False
    ended(room)
    assert talk(room).marks is None
    published = room.do(TalkPublished, talk="direct", consent=True)
    assert reason(published) == Reason.WRONG_STATE
    room.do(TalkRecorded, talk="direct", recorded=True)
    assert talk(room).marks == (1000.0, 2000.0)


def test_marks_stay_out_of_other_talks() -> None:
    a, b = (Talk(id=name, channel="plateau", title=name) for name in "ab")
    audience = Audience((a, b))
    for number, (type, name, at) in enumerate(
        [
            (TalkStarted, "a", 100.0),
            (TalkEnded, "a", 200.0),
            (TalkStarted, "b", 250.0),
            (TalkEnded, "b", 400.0),
        ]
    ):
        audience.apply(f"{number}-0", type(id=f"e{number}", at=at, by="crew", talk=name))

    def trimmed(start: float) -> Outcome:
        event = TalkTrimmed(id=f"t{start}", at=500.0, by="crew", talk="b", start=start)
        return audience.apply("9-0", event)

    assert reason(trimmed(199.0)) == Reason.WRONG_MARKS
    assert isinstance(trimmed(200.0), Accepted)


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
