"""Questions: who may do what when, and what merging and undoing leave."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engagement.fold import Accepted, Reason, Refused
from engagement.questions import (
    BURST,
    EVERY,
    PENDING_EACH,
    Anchor,
    AnyQuestionEvent,
    Question,
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionEvent,
    QuestionMerged,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionWithdrawn,
    SupportGiven,
    SupportTakenBack,
)
from engagement.talks import TalkEnded, TalkPublished, TalkStarted
from tests.engagement.room import Room, reason


@pytest.fixture
def room() -> Room:
    return Room()


def test_question_waits_for_a_moderator(room: Room) -> None:
    outcome = room.ask("q", anchor=Anchor(12.5, ("plateau-12000",), "un toit"))
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.item, Question)
    assert (outcome.item.state, outcome.item.shown) == ("pending", False)
    assert outcome.item.anchor == Anchor(12.5, ("plateau-12000",), "un toit")


def test_question_goes_from_asked_to_answered(room: Room) -> None:
    room.approved("q")
    room.do(QuestionTaken, question="q", at=1000.0)
    assert (room["q"].state, room["q"].taken_at) == ("live", 1000.0)
    room.do(QuestionAnswered, question="q", at=1060.0)
    assert (room["q"].state, room["q"].answered_at) == ("answered", 1060.0)


def test_next_take_closes_the_answer_under_way(room: Room) -> None:
    room.approved("a", "b")
    room.do(QuestionTaken, question="a", at=1000.0)
    room.do(QuestionTaken, question="b", at=1100.0)
    assert (room["a"].state, room["a"].answered_at) == ("answered", 1100.0)
    live = room.audience.questions.live("direct")
    assert live is not None
    assert live.id == "b"


def test_mark_that_comes_late_counts_from_when_it_was_pressed(room: Room) -> None:
    room.approved("a", "b")
    room.do(QuestionTaken, question="a", at=1000.0)
    room.do(QuestionTaken, question="b", at=1100.0, pressed_at=1040.0)
    assert room["a"].answered_at == room["b"].taken_at == 1040.0
    room.do(QuestionAnswered, question="b", at=1130.0, pressed_at=1010.0)  # a wrong clock
    assert room["b"].answered_at == 1040.0
    room.approved("c")
    room.do(QuestionTaken, question="c", at=1200.0, pressed_at=9999.0)
    assert room["c"].taken_at == 1200.0


def test_take_from_before_the_answer_under_way_began_does_not_end_it(room: Room) -> None:
    room.approved("a", "b")
    room.do(QuestionTaken, question="b", at=1100.0)
    late = room.do(QuestionTaken, question="a", at=1160.0, pressed_at=1099.0)
    assert late == Refused(Reason.WRONG_STATE, room["b"])
    assert (room["a"].state, room["b"].state) == ("approved", "live")
    assert isinstance(room.do(QuestionTaken, question="a", at=1160.0), Accepted)


def test_end_of_the_talk_closes_the_answer_under_way(room: Room) -> None:
    room.do(TalkStarted, talk="direct")
    room.approved("q")
    room.do(QuestionTaken, question="q")
    room.do(TalkEnded, talk="direct", at=5000.0)
    assert (room["q"].state, room["q"].answered_at) == ("answered", 5000.0)


def test_released_question_can_be_taken_again(room: Room) -> None:
    room.approved("q")
    room.do(QuestionTaken, question="q")
    room.do(QuestionReleased, question="q")
    assert room["q"].state == "approved"
    assert isinstance(room.do(QuestionTaken, question="q"), Accepted)


def test_author_sees_why_a_question_was_rejected(room: Room) -> None:
    room.ask("q", by="ann")
    room.do(QuestionRejected, question="q", reason="hors sujet")
    assert (room["q"].state, room["q"].reason) == ("rejected", "hors sujet")
    assert [mine.id for mine in room.audience.questions.asked_by("direct", "ann")] == ["q"]


def test_only_its_author_withdraws_a_question(room: Room) -> None:
    room.ask("q", by="ann")
    assert reason(room.do(QuestionWithdrawn, "bob", question="q")) == Reason.NOT_YOURS
    assert isinstance(room.do(QuestionWithdrawn, "ann", question="q"), Accepted)
    assert not room["q"].public


def test_merge_is_the_union_of_supporters_and_can_be_undone(room: Room) -> None:
    room.approved("a", "b")
    room.support("a", "1", "2", "3")
    room.support("b", "3", "4", "5")
    room.do(QuestionMerged, question="b", into="a")
    assert (room["a"].support, room["b"].state) == (5, "merged")
    assert room.audience.questions.supports("direct", "5") == ["a"]
    room.do(QuestionRestored, question="b")
    assert (room["a"].support, room["b"].support) == (3, 3)
    assert room.audience.questions.supports("direct", "5") == ["b"]


def test_refusal_by_mistake_is_undone_while_nobody_has_seen_the_question(room: Room) -> None:
    room.ask("q", by="ann")
    room.do(QuestionRejected, question="q", reason="off_topic")
    room.do(QuestionRestored, question="q", to_read=True)
    assert (room["q"].state, room["q"].reason, room["q"].was_public) == ("pending", "", False)
    room.do(QuestionApproved, question="q")
    room.do(QuestionRejected, question="q", reason="other")
    undone = room.do(QuestionRestored, question="q", to_read=True)
    assert reason(undone) == Reason.WRONG_STATE
    room.do(QuestionRestored, question="q")
    assert room["q"].public


def test_support_that_came_by_a_merge_can_be_taken_back(room: Room) -> None:
    room.approved("a", "b")
    room.support("b", "5")
    room.do(QuestionMerged, question="b", into="a")
    room.do(SupportTakenBack, "5", question="a")
    assert room["a"].support == 0
    assert room.audience.questions.supports("direct", "5") == []


def test_merges_make_no_chain(room: Room) -> None:
    room.approved("a", "b", "c")
    room.support("c", "1")
    room.do(QuestionMerged, question="c", into="b")
    room.do(QuestionMerged, question="b", into="a")
    assert room["c"].merged_into == "a"
    assert room["a"].support == 1
    assert reason(room.do(QuestionMerged, question="a", into="a")) == Reason.WRONG_MERGE
    assert reason(room.do(QuestionMerged, question="a", into="b")) == Reason.WRONG_STATE


def test_supporter_of_what_is_merged_twice_is_told_each_time(room: Room) -> None:
    room.approved("a", "b", "c")
    room.support("c", "1")
    room.do(QuestionMerged, question="c", into="b")
    assert room.audience.questions.supports("direct", "1") == ["b"]
    room.do(QuestionMerged, question="b", into="a")
    assert room.audience.questions.supports("direct", "1") == ["a"]
    assert ("me", "direct", "1") in room.audience.touched


def test_key_of_another_act_is_refused_not_taken_for_the_old_one(room: Room) -> None:
    room.approved("a", "b", "c")
    merge = QuestionMerged(id="m", at=1.0, by="crew", question="c", into="a")
    assert isinstance(room.audience.apply("50-0", merge), Accepted)
    assert isinstance(room.audience.apply("51-0", replace(merge, at=2.0)), Accepted)
    other = room.audience.apply("52-0", replace(merge, into="b"))
    assert reason(other) == Reason.KEY_REUSED
    assert room["c"].merged_into == "a"


def test_of_two_moderators_the_one_who_saw_the_old_version_is_refused(room: Room) -> None:
    room.ask("q")
    seen = room["q"].version
    room.do(QuestionApproved, question="q", expects=(seen,))
    late = room.do(QuestionRejected, question="q", reason="hors sujet", expects=(seen,))
    assert late == Refused(Reason.CHANGED, room["q"])
    assert room["q"].state == "approved"


def test_retry_of_an_act_is_no_clash_with_itself(room: Room) -> None:
    room.ask("q")
    act = QuestionApproved(id="a", at=1.0, by="crew", question="q", expects=(room["q"].version,))
    first = room.audience.apply("50-0", act)
    assert room.audience.apply("51-0", replace(act, at=2.0)) == first


def test_support_counts_each_person_once(room: Room) -> None:
    room.approved("q")
    room.support("q", "1", "1", "2")
    assert room["q"].support == 2
    room.do(SupportTakenBack, "1", question="q")
    room.do(SupportTakenBack, "1", question="q")
    assert room["q"].support == 1


def test_question_not_shown_takes_no_support(room: Room) -> None:
    room.ask("q")
    assert reason(room.do(SupportGiven, "bob", question="q")) == Reason.WRONG_STATE


def test_retry_is_no_second_question(room: Room) -> None:
    first = room.ask("q", body="Pourquoi ?")
    again = room.ask("q", body="Pourquoi ?")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert again.item == first.item
    assert len(room.audience.questions.by_id) == 1


def test_retry_with_other_words_is_refused(room: Room) -> None:
    room.ask("q", body="Pourquoi ?")
    assert reason(room.ask("q", body="Comment ?")) == Reason.KEY_REUSED
    assert reason(room.ask("q", by="bob", body="Pourquoi ?")) == Reason.KEY_REUSED


def test_who_asks_too_fast_is_told_how_long_to_wait(room: Room) -> None:
    for number in range(BURST):
        assert isinstance(room.ask(f"q{number}", at=0.0), Accepted)
    outcome = room.ask("one more", at=4.0)
    assert isinstance(outcome, Refused)
    assert outcome.reason == Reason.TOO_MANY
    assert outcome.wait == pytest.approx(EVERY - 4.0)
    assert isinstance(room.ask("bob's", by="bob", at=4.0), Accepted)
    assert isinstance(room.ask("later", at=EVERY), Accepted)


def test_who_has_many_questions_waiting_waits(room: Room) -> None:
    for number in range(PENDING_EACH):
        assert isinstance(room.ask(f"q{number}"), Accepted)
    assert reason(room.ask("one more")) == Reason.TOO_MANY
    room.do(QuestionApproved, question="q0")
    assert isinstance(room.ask("one more"), Accepted)


def test_no_question_for_an_unknown_talk_or_a_replay(room: Room) -> None:
    unknown = room.do(QuestionAsked, "ann", question="q", talk="nulle part", body="?")
    assert reason(unknown) == Reason.UNKNOWN_TALK
    room.do(TalkStarted, talk="direct")
    room.do(TalkEnded, talk="direct")
    room.do(TalkPublished, talk="direct", consent=True)
    assert reason(room.ask("q")) == Reason.TALK_CLOSED


def test_unknown_question_is_refused(room: Room) -> None:
    assert reason(room.do(QuestionApproved, question="q")) == Reason.UNKNOWN_QUESTION
    room.ask("q")
    assert reason(room.do(QuestionMerged, question="q", into="?")) == Reason.UNKNOWN_QUESTION


ACTS = [
    QuestionApproved,
    QuestionRejected,
    QuestionWithdrawn,
    QuestionRestored,
    QuestionTaken,
    QuestionReleased,
    QuestionAnswered,
    SupportGiven,
    SupportTakenBack,
    QuestionMerged,
]


@st.composite
def acts(draw: st.DrawFn) -> list[tuple[type[QuestionEvent], dict[str, Any]]]:
    names = st.sampled_from(["a", "b", "c", "d"])
    drawn: list[Any] = []
    for _ in range(draw(st.integers(0, 40))):
        type: Any = draw(st.sampled_from(ACTS))
        fields = {"question": draw(names), "by": draw(st.sampled_from(["1", "2", "3"]))}
        if type is QuestionMerged:
            fields["into"] = draw(names)
        if type is QuestionRestored:
            fields["to_read"] = draw(st.booleans())
        drawn.append((type, fields))
    return drawn


# On a busy machine drawing is slow: that says nothing of the questions.
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(acts())
def test_whatever_happens_questions_stay_coherent(
    drawn: list[tuple[type[AnyQuestionEvent], dict[str, Any]]],
) -> None:
    room = Room()
    for name in "abcd":
        room.ask(name, by="1")
    for type, fields in drawn:
        before = dict(room.audience.questions.by_id)
        outcome = room.do(type, **fields)
        after = room.audience.questions
        if isinstance(outcome, Refused):
            assert after.by_id == before
        live = [question for question in after.by_id.values() if question.state == "live"]
        assert len(live) <= 1
        assert after.live("direct") == (live[0] if live else None)
        for question in after.by_id.values():
            assert question.support == len(after.supporters(question.id))
            assert not (question.state == "pending" and question.shown)
            assert bool(question.merged_into) == (question.state == "merged")
            if question.merged_into:  # no chains
                assert after.by_id[question.merged_into].state != "merged"
