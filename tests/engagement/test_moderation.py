"""What the crew does with questions: edits, labels, the queue, looks, answers, the log."""

import msgspec
import pytest

from engagement.audience import Audience, Saved
from engagement.bursts import AT_ONCE
from engagement.fold import Accepted, Outcome, Reason, Refused
from engagement.happening import ParticipantErased
from engagement.origin import SETTLED_AFTER_S, Origin
from engagement.questions import (
    ANSWER,
    LEASE,
    QUEUED,
    Anchor,
    AnswerWritten,
    Question,
    QuestionAnswered,
    QuestionApproved,
    QuestionAsked,
    QuestionEdited,
    QuestionFromRoom,
    QuestionLabelled,
    QuestionMerged,
    QuestionQueued,
    QuestionRejected,
    QuestionReleased,
    QuestionRestored,
    QuestionTaken,
    QuestionUnqueued,
    QuestionWithdrawn,
    Reading,
    ReadingBegun,
    ReadingEnded,
    SupportAccepted,
    SupportGiven,
    SupportTakenBack,
)
from engagement.talks import TalkEnded, TalkStarted
from tests.engagement.room import Room, reason


@pytest.fixture
def room() -> Room:
    return Room()


def queue(room: Room) -> list[str]:
    return [question.id for question in room.audience.questions.queue("direct")]


def restored(room: Room) -> Audience:
    again = Audience()
    saved = msgspec.msgpack.encode(room.audience.saved())
    again.restore(msgspec.msgpack.decode(saved, type=Saved))
    return again


def test_edit_before_publication_keeps_what_the_author_wrote(room: Room) -> None:
    room.ask("q", body="pk les loyer monte ??")
    room.do(QuestionEdited, question="q", body="Pourquoi les loyers montent-ils ?")
    room.do(QuestionEdited, question="q", body="Pourquoi les loyers augmentent-ils ?")
    assert room["q"].original == "pk les loyer monte ??"
    room.do(QuestionEdited, question="q", body="pk les loyer monte ??")
    assert room["q"].original == ""
    room.do(QuestionApproved, question="q")
    late = room.do(QuestionEdited, question="q", body="Autre chose")
    assert reason(late) == Reason.WRONG_STATE


def test_retry_of_a_question_that_was_edited_is_no_second_question(room: Room) -> None:
    room.ask("q", body="Pourquoi ?")
    room.do(QuestionEdited, question="q", body="Pourquoi donc ?")
    assert isinstance(room.ask("q", body="Pourquoi ?"), Accepted)
    assert reason(room.ask("q", body="Pourquoi donc ?")) == Reason.KEY_REUSED


def test_labels_replace_those_before(room: Room) -> None:
    room.ask("q")
    room.do(QuestionLabelled, question="q", labels=("loyers", "charges"))
    room.do(QuestionLabelled, question="q", labels=("travaux",))
    assert room["q"].labels == ("travaux",)


def test_queue_has_the_order_that_was_set(room: Room) -> None:
    room.approved("a", "b", "c", "d")
    for question in "abc":
        room.do(QuestionQueued, question=question)
    room.do(QuestionQueued, question="d", place=1)
    assert queue(room) == ["d", "a", "b", "c"]
    room.do(QuestionQueued, question="c", place=2)
    assert queue(room) == ["d", "c", "a", "b"]
    assert [room[question].place for question in "abcd"] == [3, 4, 2, 1]
    room.do(QuestionUnqueued, question="d")
    assert queue(room) == ["c", "a", "b"]
    assert reason(room.do(QuestionUnqueued, question="d")) == Reason.WRONG_STATE


@pytest.mark.parametrize(
    ("type", "fields"),
    [
        (QuestionTaken, {}),
        (QuestionRejected, {"reason": "off_topic"}),
        (QuestionWithdrawn, {"by": "author of a"}),
        (QuestionMerged, {"into": "c"}),
    ],
)
def test_what_is_no_longer_to_come_leaves_the_queue(
    room: Room, type: type, fields: dict[str, str]
) -> None:
    room.approved("a", "b", "c")
    room.do(QuestionQueued, question="a")
    room.do(QuestionQueued, question="b")
    assert isinstance(room.do(type, question="a", **fields), Accepted)
    assert queue(room) == ["b"]
    assert (room["a"].place, room["b"].place) == (0, 1)
    assert restored(room).questions.queue("direct") == room.audience.questions.queue("direct")


def test_only_published_questions_are_queued_and_the_queue_has_an_end(room: Room) -> None:
    room.ask("pending")
    assert reason(room.do(QuestionQueued, question="pending")) == Reason.WRONG_STATE
    names = [f"q{number}" for number in range(QUEUED + 1)]
    room.approved(*names)
    for name in names[:-1]:
        assert isinstance(room.do(QuestionQueued, question=name), Accepted)
    assert reason(room.do(QuestionQueued, question=names[-1])) == Reason.QUEUE_FULL


def test_presenter_bound_to_the_queue_takes_from_it_alone(room: Room) -> None:
    room.approved("a", "b")
    room.do(QuestionQueued, question="b")
    assert reason(room.do(QuestionTaken, question="a", queued_only=True)) == Reason.NOT_QUEUED
    assert isinstance(room.do(QuestionTaken, question="b", queued_only=True), Accepted)
    assert isinstance(room.do(QuestionTaken, question="a"), Accepted)


def test_question_of_the_room_is_live_at_once_and_closes_the_answer_before(room: Room) -> None:
    room.approved("q")
    room.do(QuestionTaken, question="q", at=1000.0)
    fields = {"talk": "direct", "question": "r", "body": "Et les charges ?"}
    outcome = room.do(QuestionFromRoom, at=1100.0, **fields)
    assert isinstance(outcome, Accepted)
    assert (room["q"].state, room["q"].answered_at) == ("answered", 1100.0)
    assert (room["r"].state, room["r"].taken_at, room["r"].from_room) == ("live", 1100.0, True)
    again = room.do(QuestionFromRoom, at=1200.0, **fields)
    assert isinstance(again, Accepted)
    assert room["r"].taken_at == 1100.0


def test_answer_that_nobody_ends_is_over_after_a_while(room: Room) -> None:
    room.approved("q")
    room.do(QuestionTaken, question="q", at=1000.0)
    room.support("q", "1")
    assert room.audience.questions.due(1000.0 + ANSWER - 1) == []
    (over,) = room.audience.questions.due(1000.0 + ANSWER + 5)
    assert room.audience.questions.due(1000.0 + ANSWER + 9) == [over]
    room.audience.apply("900-0", over)
    assert (room["q"].state, room["q"].answered_at) == ("answered", 1000.0 + ANSWER)


def test_end_of_an_answer_is_not_taken_for_that_of_the_next_one(room: Room) -> None:
    room.approved("q")
    room.do(QuestionTaken, question="q", at=1000.0)
    (over,) = room.audience.questions.due(1000.0 + ANSWER)
    room.do(QuestionReleased, question="q")
    room.do(QuestionTaken, question="q", at=1000.0 + ANSWER - 1)
    assert reason(room.audience.apply("900-0", over)) == Reason.WRONG_STATE
    assert room["q"].state == "live"


def test_question_left_without_an_answer_gets_one_in_writing(room: Room) -> None:
    room.do(TalkStarted, talk="direct")
    room.approved("q")
    room.do(TalkEnded, talk="direct")
    room.do(AnswerWritten, question="q", answer="Voir notre site.", name="Anne")
    assert (room["q"].answer, room["q"].answered_by) == ("Voir notre site.", "Anne")
    assert room["q"].state == "approved"
    room.do(AnswerWritten, question="q", answer="", name="Anne")
    assert (room["q"].answer, room["q"].answered_by) == ("", "")
    room.ask("pending")
    early = room.do(AnswerWritten, question="pending", answer="Oui.")
    assert reason(early) == Reason.WRONG_STATE


def look(room: Room, by: str, at: float, name: str = "") -> Outcome:
    return room.do(ReadingBegun, by, at=at, question="q", name=name or by)


def test_who_looks_first_is_shown_to_the_other_for_a_minute(room: Room) -> None:
    room.ask("q")
    version = room["q"].version
    first = look(room, "anne", 100.0)
    assert isinstance(first, Accepted)
    assert isinstance(first.item, Reading)
    assert (first.item.name, first.item.until) == ("anne", 100.0 + LEASE)
    second = look(room, "paul", 130.0)
    assert second == Refused(Reason.BEING_READ, first.item)
    assert isinstance(look(room, "anne", 150.0), Accepted)
    assert isinstance(look(room, "paul", 150.0 + LEASE), Accepted)
    assert room["q"].version == version  # a look makes nobody's act stale
    assert isinstance(room.do(QuestionApproved, "anne", question="q"), Accepted)


def test_end_of_a_look_lets_another_look(room: Room) -> None:
    room.ask("q")
    look(room, "anne", 100.0)
    assert reason(room.do(ReadingEnded, "paul", at=110.0, question="q")) == Reason.BEING_READ
    assert isinstance(room.do(ReadingEnded, "anne", at=110.0, question="q"), Accepted)
    (reading,) = room.audience.questions.readings.values()
    assert reading.gone
    assert isinstance(look(room, "paul", 111.0), Accepted)


def test_burst_of_support_by_newcomers_is_set_aside_until_a_moderator_counts_it(
    room: Room,
) -> None:
    room.approved("q", "other")

    def give(person: str, joined: float, question: str = "q") -> None:
        room.do(SupportGiven, person, at=10_000.0, question=question, origin=Origin(joined))

    for number in range(AT_ONCE + 20):
        give(f"new {number}", joined=9_990.0)
    assert (room["q"].support, room["q"].aside) == (AT_ONCE, 20)
    give("old", joined=10_000.0 - SETTLED_AFTER_S)
    assert (room["q"].support, room["q"].aside) == (AT_ONCE + 1, 20)
    give("new 0", joined=9_990.0, question="other")
    assert (room["other"].support, room["other"].aside) == (1, 0)
    last = f"new {AT_ONCE + 19}"
    assert room.audience.questions.supported_by("q", last)
    assert room.audience.questions.supports("direct", last) == ["q"]
    assert restored(room).saved() == room.audience.saved()
    room.do(SupportTakenBack, last, question="q")
    assert room["q"].aside == 19
    room.do(SupportAccepted, question="q")
    assert (room["q"].support, room["q"].aside) == (AT_ONCE + 20, 0)
    give("newer", joined=9_999.0)
    assert (room["q"].support, room["q"].aside) == (AT_ONCE + 21, 0)


def test_support_set_aside_is_not_told_of_who_counts_by_a_merge(room: Room) -> None:
    room.approved("a", "b")
    for number in range(AT_ONCE + 2):
        room.do(SupportGiven, f"{number}", at=10_000.0, question="a", origin=Origin(9_990.0))
    room.support("b", f"{AT_ONCE + 1}")
    assert (room["a"].support, room["a"].aside) == (AT_ONCE, 2)
    room.do(QuestionMerged, question="b", into="a")
    assert (room["a"].support, room["a"].aside) == (AT_ONCE + 1, 1)


def test_quote_says_what_its_cue_says_now(room: Room) -> None:
    anchor = Anchor(12.0, ("c1", "c2"), "les oyers ont augmenté")
    room.ask("q", anchor=anchor)
    version = room["q"].version
    cues = {"c1": "On dit que les loyers", "c2": "ont augmenté cette année."}
    room.audience.requote("800-0", "c1", lambda cue: cues[cue])
    assert room["q"].quoted == "les loyers ont augmenté"
    assert room["q"].version == version
    assert ("talk", "direct", "") in room.audience.touched
    room.audience.requote("801-0", "c1", lambda cue: cues[cue])
    assert room.audience.touched == set()
    cues["c1"] = cues["c2"] = ""  # both were hidden
    room.audience.requote("802-0", "c2", lambda cue: cues[cue])
    assert room["q"].quoted == ""
    assert room["q"].anchor == anchor


def test_page_that_was_away_gets_the_new_quote_from_a_process_that_began_anew(room: Room) -> None:
    room.ask("q", anchor=Anchor(12.0, ("c1",), "les loyers"))
    room.approved("other")
    room.audience.requote("800-0", "c1", lambda cue: "")
    for audience in (room.audience, restored(room)):
        changes = audience.changes(("talk", "direct", ""))
        assert changes
        (quoting,) = [item for item in changes.since("799-0") if isinstance(item, Question)]
        assert (quoting.id, quoting.quoted, changes.position("question:q")) == ("q", "", "800-0")


def test_quote_that_is_not_in_the_cue_any_more_stays(room: Room) -> None:
    room.ask("q", anchor=Anchor(12.0, ("c1",), "les loyers ont augmenté"))
    room.audience.requote("800-0", "c1", lambda cue: "tout autre chose ici")
    assert room["q"].quoted == "les loyers ont augmenté"


def test_counts_add_up_and_the_log_accounts_for_each_question(room: Room) -> None:
    room.approved("a", "b", "c", "d")
    room.ask("e", by="eve")
    room.ask("f", by="fay")
    room.do(QuestionMerged, question="b", into="a", name="Anne")
    room.do(QuestionRejected, question="e", reason="off_topic", name="Paul")
    room.do(QuestionWithdrawn, "fay", question="f")
    room.do(QuestionTaken, question="a")
    room.do(QuestionTaken, question="c")
    room.do(QuestionRestored, question="e", name="Anne")
    counts = room.audience.questions.counts("direct")
    assert counts.received == 6
    assert (counts.pending, counts.published, counts.answered) == (0, 3, 1)
    assert (counts.merged, counts.rejected, counts.withdrawn) == (1, 0, 1)
    acts = room.audience.questions.log.of("direct")
    assert [act.act for act in acts].count("asked") == counts.received
    rejection = next(act for act in acts if act.act == "rejected")
    assert (rejection.name, rejection.detail) == ("Paul", "off_topic")
    assert {act.by for act in acts if act.act in ("asked", "withdrawn")} == {""}
    closed = [act.question for act in acts if act.act == "answered"]
    assert closed == ["a"]  # by the next one


def test_erased_author_counts_and_says_nothing(room: Room) -> None:
    room.ask("q", by="ann", body="Moi, Anne Martin", anchor=Anchor(1.0, ("c",), "mots"))
    room.do(QuestionEdited, question="q", body="Moi, Anne")
    room.do(QuestionRejected, question="q", reason="Anne se nomme")
    room.do(ParticipantErased, participant="ann", stand_in="gone")
    question = room["q"]
    assert (question.body, question.original, question.reason) == ("", "", "")
    assert (question.by, question.anchor, question.state) == ("gone", None, "withdrawn")
    counts = room.audience.questions.counts("direct")
    assert (counts.received, counts.withdrawn) == (1, 1)
    assert b"Anne" not in msgspec.msgpack.encode(room.audience.questions.saved())
    assert room.audience.questions.quoting("c") == []


def test_question_published_without_a_moderator_is_public_at_once(room: Room) -> None:
    outcome = room.do(
        QuestionAsked, "ann", question="q", talk="direct", body="Pourquoi ?", published=True
    )
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.item, Question)
    assert outcome.item.public


def test_moderator_is_told_of_questions_that_ask_the_same(room: Room) -> None:
    room.ask("a", by="1", body="Pourquoi les loyers augmentent-ils chaque année ?")
    room.ask("b", by="2", body="Y aura-t-il des arbres dans la cour ?")
    room.ask("c", by="3", body="pourquoi les loyers augmentent chaque annee")
    alike = room.audience.questions.alike
    assert alike.compare(room["c"]) == ["a"]
    assert alike.compare(room["b"]) == []
    room.do(QuestionMerged, question="c", into="a")
    near = alike.near("direct", "Pourquoi donc les loyers augmentent ?")
    assert [question.id for question, _ in near] == ["a"]
    room.do(QuestionRejected, question="a")
    room.do(QuestionAnswered, question="a")
    assert alike.near("direct", "Pourquoi les loyers augmentent-ils ?") == []
