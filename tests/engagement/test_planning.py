"""What is planned of talks: by a file or by hand, before they begin and after."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.audience import Audience
from engagement.fold import Accepted, Outcome, Reason
from engagement.happening import PhaseSet
from engagement.talks import (
    DIRECT,
    Schedule,
    ScheduleImported,
    Talk,
    TalkCancelled,
    TalkCreated,
    TalkEdited,
    TalkEnded,
    TalkRecorded,
    TalkRemoved,
    TalkRestored,
    Talks,
    TalkStarted,
)
from engagement.talks.plan import Edit, Plan, id_of
from engagement.talks.planning import NOTICE, difference
from tests.engagement.room import Room, reason

HOUR = 1_000_000.0  # when what is planned here begins, on the broadcast clock


@pytest.fixture
def room() -> Room:
    return Room()


def plan(talk: str, **more: Any) -> Plan:
    fields = {"planned_start": HOUR, "planned_end": HOUR + 1800, "channel": "plateau"} | more
    return Plan(talk=talk, guid=talk, **{"title": talk.upper(), "room": "Plateau"} | fields)


def bring(room: Room, *plans: Plan, at: float = 0.0, **more: Any) -> Outcome:
    return room.do(ScheduleImported, plans=plans, at=at, **more)


def talk(room: Room, name: str) -> Talk:
    return room.audience.talks.by_id[name]


def shown(room: Room, since: str = "") -> dict[str, str]:
    changes = room.audience.changes(("talks", "", ""))
    assert changes
    return {item.id: item.state for item in changes.since(since) if isinstance(item, Talk)}


def test_file_makes_the_talks_that_it_names(room: Room) -> None:
    bring(room, plan("a", kind="restitution", lab="labo-1", speakers=("Ann",)), plan("b"))
    assert (talk(room, "a").kind, talk(room, "a").lab, talk(room, "a").speakers) == (
        "restitution",
        "labo-1",
        ("Ann",),
    )
    assert set(shown(room)) == {"direct", "a", "b"}
    assert [each.id for each in room.audience.talks.listed()] == ["a", "b", "direct"]


def test_same_file_again_changes_nothing(room: Room) -> None:
    plans = (plan("a"), plan("b", cancelled=True))
    bring(room, *plans)
    before = talk(room, "a").version, talk(room, "b").version
    again = ScheduleImported(id="x", at=9.0, by="crew", plans=plans)
    assert difference(room.audience.talks.by_id, again) == []
    bring(room, *plans)
    assert (talk(room, "a").version, talk(room, "b").version) == before


def test_difference_says_what_the_import_then_does(room: Room) -> None:
    bring(room, plan("a"), plan("b"), plan("c"))
    room.do(TalkCancelled, talk="c")
    plans = (plan("a", title="Autre", room="Salle 2", channel=""), plan("c"), plan("d"))
    event = ScheduleImported(id="x", at=1.0, by="crew", plans=plans)
    changes = difference(room.audience.talks.by_id, event)
    assert [(change.kind, change.after.id, change.fields) for change in changes] == [
        ("changed", "a", ("title", "room", "channel")),
        ("added", "d", ()),
        ("cancelled", "b", ("state",)),
    ]
    room.audience.apply("99-0", event)
    for change in changes:
        assert talk(room, change.after.id).title == change.after.title
        assert talk(room, change.after.id).state == change.after.state


def test_what_a_file_no_longer_has_is_cancelled_and_comes_back_with_it(room: Room) -> None:
    bring(room, plan("a"), plan("b"))
    bring(room, plan("a"))
    assert (talk(room, "b").state, talk(room, "b").by_schedule) == ("cancelled", True)
    bring(room, plan("a"), plan("b"))
    assert (talk(room, "b").state, talk(room, "b").by_schedule) == ("scheduled", False)


def test_what_the_crew_cancelled_no_file_brings_back(room: Room) -> None:
    bring(room, plan("a"))
    room.do(TalkCancelled, talk="a")
    bring(room, plan("a", title="Autre"))
    assert (talk(room, "a").state, talk(room, "a").title) == ("cancelled", "Autre")


def test_files_of_two_sources_leave_each_other_alone(room: Room) -> None:
    bring(room, plan("a"))
    bring(room, plan("b"), source="labos")
    room.do(TalkCreated, plan=plan("c"))
    bring(room, plan("d"))
    states = {name: talk(room, name).state for name in "abcd"}
    assert states == {"a": "cancelled", "b": "scheduled", "c": "scheduled", "d": "scheduled"}


def test_standing_talk_is_no_files_business(room: Room) -> None:
    bring(room, plan("direct", title="Piraté"), plan("a"))
    assert talk(room, "direct") == DIRECT
    bring(room, plan("b"), source=DIRECT.source)
    assert talk(room, "direct") == DIRECT


def test_talk_that_began_keeps_its_channel(room: Room) -> None:
    bring(room, plan("a"))
    room.do(TalkStarted, talk="a")
    bring(room, plan("a", channel="labo-1", title="Autre"))
    assert (talk(room, "a").channel, talk(room, "a").title) == ("plateau", "Autre")
    refused = room.do(TalkEdited, talk="a", edit=Edit(channel="labo-1"))
    assert reason(refused) == Reason.WRONG_STATE
    bring(room, plan("b"))
    assert talk(room, "a").state == "live"  # nor is it cancelled


def test_no_file_allows_the_recording_of_what_was_not_to_be_recorded(room: Room) -> None:
    bring(room, plan("a", recorded=False), plan("b"))
    assert not talk(room, "a").recorded
    bring(room, plan("a"), plan("b"))
    assert not talk(room, "a").recorded
    room.do(TalkRecorded, talk="a", recorded=True)
    bring(room, plan("a"), plan("b"))
    assert talk(room, "a").recorded
    bring(room, plan("a"), plan("b", recorded=False))
    assert not talk(room, "b").recorded
    room.do(TalkRecorded, talk="a", recorded=False)
    room.do(TalkRemoved, talk="a")
    bring(room, plan("a"), plan("b"))
    assert (talk(room, "a").removed, talk(room, "a").recorded) == (False, False)


def test_talk_moved_on_short_notice_says_when_and_where_it_was_to_be(room: Room) -> None:
    bring(room, plan("a"))
    bring(room, plan("a", planned_start=HOUR + 60), at=HOUR - NOTICE - 1)
    assert talk(room, "a").moved is None  # nobody knows the programme yet
    bring(room, plan("a", planned_start=HOUR + 120), at=HOUR - 60)
    bring(room, plan("a", planned_start=HOUR + 180, room="Salle 2"), at=HOUR - 50)
    moved = talk(room, "a").moved
    assert moved is not None
    assert (moved.start, moved.room) == (HOUR + 60, "Plateau")
    bring(room, plan("a", planned_start=HOUR + 60), at=HOUR - 40)
    assert talk(room, "a").moved is None


def test_overrun_is_what_came_after_the_planned_end(room: Room) -> None:
    bring(room, plan("a"))
    room.do(TalkStarted, talk="a", at=HOUR)
    assert talk(room, "a").overrun == 0.0
    room.do(TalkEnded, talk="a", at=HOUR + 1800 + 240)
    assert talk(room, "a").overrun == 240.0


def test_hand_creates_edits_removes_and_restores(room: Room) -> None:
    made = room.do(TalkCreated, plan=plan("a"), edit=Edit(room="Salle 2", moderation="post"))
    assert isinstance(made, Accepted)
    assert (talk(room, "a").room, talk(room, "a").moderation) == ("Salle 2", "post")
    assert reason(room.do(TalkCreated, plan=plan("a"))) == Reason.TALK_EXISTS
    room.do(TalkEdited, talk="a", edit=Edit(title="Autre", planned_end=None))
    assert (talk(room, "a").title, talk(room, "a").planned_start) == ("Autre", HOUR)
    assert talk(room, "a").planned_end is None
    before = room.audience.position
    room.do(TalkRemoved, talk="a")
    assert "a" not in [each.id for each in room.audience.talks.listed()]
    changes = room.audience.changes(("talks", "", ""))
    assert changes
    assert [item.gone for item in changes.since(before)] == [True]
    assert reason(room.do(TalkStarted, talk="a")) == Reason.UNKNOWN_TALK
    room.do(TalkRestored, talk="a")
    assert talk(room, "a").state == "scheduled"
    room.do(TalkCancelled, talk="a")
    room.do(TalkRestored, talk="a")
    assert talk(room, "a").state == "scheduled"
    assert reason(room.do(TalkRestored, talk="a")) == Reason.WRONG_STATE


def test_what_began_is_not_removed_nor_is_what_stands(room: Room) -> None:
    bring(room, plan("a"))
    room.do(TalkStarted, talk="a")
    for name in ("a", "direct"):
        assert reason(room.do(TalkRemoved, talk=name)) == Reason.WRONG_STATE


@pytest.mark.parametrize(
    ("start", "end"), [(HOUR, HOUR), (HOUR, HOUR - 1), (HOUR, HOUR + 90_000), (None, HOUR)]
)
def test_times_out_of_order_are_refused(room: Room, start: float | None, end: float) -> None:
    room.do(TalkCreated, plan=plan("a"))
    refused = room.do(TalkEdited, talk="a", edit=Edit(planned_start=start, planned_end=end))
    assert reason(refused) == Reason.WRONG_TIMES
    assert talk(room, "a").planned_end == HOUR + 1800


def test_questions_are_off_where_the_crew_says_so(room: Room) -> None:
    room.do(TalkEdited, talk="direct", edit=Edit(questions="off"))
    assert reason(room.ask("q")) == Reason.TALK_CLOSED
    room.do(TalkEdited, talk="direct", edit=Edit(questions="open"))
    assert isinstance(room.ask("q"), Accepted)


def test_only_who_saw_the_schedule_as_it_stands_brings_a_file(room: Room) -> None:
    bring(room, plan("a"))
    seen = room.audience.talks.schedule.version
    room.do(TalkStarted, talk="a")
    assert room.audience.talks.schedule.version == seen  # nothing was planned
    room.do(TalkEnded, talk="a")
    room.do(TalkEdited, talk="direct", edit=Edit(title="Plateau"))
    refused = bring(room, plan("b"), expects=(seen,))
    assert reason(refused) == Reason.CHANGED
    accepted = bring(room, plan("b"), expects=(room.audience.talks.schedule.version,))
    assert isinstance(accepted, Accepted)
    assert isinstance(accepted.item, Schedule)


def test_rooms_without_a_channel_do_not_keep_each_other_from_starting(room: Room) -> None:
    bring(room, plan("a", channel=""), plan("b", channel=""))
    room.do(TalkStarted, talk="a")
    assert isinstance(room.do(TalkStarted, talk="b"), Accepted)


def test_event_has_so_many_talks_and_no_more() -> None:
    talks = Talks(most=3)

    def brought(names: str) -> Outcome:
        plans = tuple(map(plan, names))
        return talks.apply("1-0", ScheduleImported(id="i", at=0.0, by="crew", plans=plans))

    assert reason(brought("abc")) == Reason.TOO_MANY_TALKS
    assert set(talks.by_id) == {"direct"}
    assert isinstance(brought("ab"), Accepted)
    created = TalkCreated(id="c", at=0.0, by="crew", plan=plan("c"))
    assert reason(talks.apply("2-0", created)) == Reason.TOO_MANY_TALKS


def test_rehearsal_leaves_the_schedule_and_takes_what_was_played(room: Room) -> None:
    bring(room, plan("a"), plan("b"))
    room.do(TalkStarted, talk="a", at=1.0)
    room.do(TalkEnded, talk="a", at=2.0)
    room.do(PhaseSet, phase="rehearsal")
    room.do(TalkStarted, talk="b", at=10.0)
    room.do(TalkEnded, talk="b", at=20.0)
    room.do(TalkEdited, talk="b", edit=Edit(title="Nouveau titre"))
    room.do(TalkCreated, plan=plan("c"))
    room.do(TalkStarted, talk="c", at=30.0)
    version = room.audience.talks.schedule.version
    room.do(PhaseSet, phase="open")
    assert (talk(room, "a").state, talk(room, "a").started_at) == ("ended", 1.0)
    b = talk(room, "b")
    assert (b.title, b.state, b.started_at, b.ended_at) == (
        "Nouveau titre",
        "scheduled",
        None,
        None,
    )
    assert talk(room, "c").state == "scheduled"
    assert room.audience.talks.schedule.version == version
    assert shown(room) == {"direct": "scheduled", "a": "ended", "b": "scheduled", "c": "scheduled"}


def test_what_is_saved_is_what_is_restored(room: Room) -> None:
    bring(room, plan("a", extra='{"x": 1}'), plan("b"), about='{"version": "2"}')
    room.do(TalkRemoved, talk="b")
    other = Talks()
    other.restore(room.audience.talks.saved())
    assert other.by_id == room.audience.talks.by_id
    assert other.schedule == room.audience.talks.schedule
    again = Audience()
    again.restore(room.audience.saved())
    assert again.saved() == room.audience.saved()


@given(st.text(max_size=80))
def test_every_guid_becomes_a_name_that_addresses_can_hold(guid: str) -> None:
    name = id_of(guid)
    assert name.replace("_", "").replace("-", "").replace(".", "").isalnum()
    assert name.isascii()
    assert 0 < len(name) <= 64
    assert id_of(name) == name
