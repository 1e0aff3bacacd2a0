"""The event's phases: what a rehearsal wrote goes with it, for every page."""

from engagement.audience import Audience
from engagement.fold import Accepted, Reason
from engagement.happening import ParticipantErased, PhaseSet
from engagement.questions import QuestionMerged, QuestionRestored
from engagement.talks import TalkEnded, TalkStarted
from tests.engagement.room import Room, reason


def rehearsed() -> Room:
    room = Room()
    room.approved("before")
    room.support("before", "bob")
    room.do(PhaseSet, phase="rehearsal")
    room.do(TalkStarted, talk="direct")
    room.approved("during")
    room.support("before", "eve")
    room.opened()
    room.vote("ann", "o1")
    room.do(TalkEnded, talk="direct")
    return room


def test_what_a_rehearsal_wrote_is_gone_when_it_ends() -> None:
    room = rehearsed()
    assert room["before"].support == 2
    room.do(PhaseSet, phase="open")
    assert list(room.audience.questions.by_id) == ["before"]
    assert room["before"].support == 1
    assert not room.audience.polls.by_id
    assert room.audience.talks.by_id["direct"].state == "scheduled"
    assert room.audience.questions.supports("direct", "eve") == []


def test_every_page_starts_over_after_a_rehearsal() -> None:
    room = rehearsed()
    view = ("talk", "direct", "")
    seen = room.audience.changes(view)
    assert seen is not None
    version = seen.version
    room.do(PhaseSet, phase="open")
    assert {view, ("me", "direct", "eve"), ("event", "", "")} <= room.audience.touched
    after = room.audience.changes(view)
    assert after is not None
    assert after.forgotten == after.version != version
    assert {item.id for item in after} == {"direct", "before"}
    room.approved("later")  # and changes go on from there
    assert [item.id for item in after.since(after.forgotten)] == ["later"]


def test_an_act_of_the_rehearsal_may_be_done_anew() -> None:
    room = rehearsed()
    support = {"by": "eve", "question": "before"}
    before = len(room.audience.questions.supporters("before"))
    room.do(PhaseSet, phase="open")
    room.support("before", support["by"])
    assert len(room.audience.questions.supporters("before")) == before


def test_a_phase_that_goes_on_is_no_change() -> None:
    room = Room()
    assert reason(room.do(PhaseSet, phase="open")) == Reason.WRONG_STATE
    assert isinstance(room.do(PhaseSet, phase="after"), Accepted)


def test_who_is_erased_in_a_rehearsal_stays_erased_after_it() -> None:
    room = Room()
    room.ask("q", by="ann", body="Je suis Ann, de l’escalier B.", author="Ann")
    room.do(PhaseSet, phase="rehearsal")
    room.do(ParticipantErased, participant="ann", stand_in="x")
    room.do(PhaseSet, phase="open")
    assert (room["q"].by, room["q"].body, room["q"].author) == ("x", "", "")


def test_merged_question_of_who_was_erased_does_not_come_back_empty() -> None:
    room = Room()
    room.approved("q")
    room.ask("double", by="ann")
    room.do(QuestionMerged, question="double", into="q")
    room.do(ParticipantErased, participant="ann", stand_in="x")
    assert reason(room.do(QuestionRestored, question="double")) == Reason.WRONG_STATE
    assert room["double"].state == "merged"


def test_a_snapshot_in_a_rehearsal_knows_what_was_before() -> None:
    room = rehearsed()
    other = Audience()
    other.restore(room.audience.saved())
    room.audience, whole = other, room.audience
    ended = room.do(PhaseSet, phase="open", at=9e3)
    assert isinstance(ended, Accepted)
    assert list(room.audience.questions.by_id) == ["before"]
    assert list(whole.questions.by_id) == ["before", "during"]
