"""Moderation in bulk: one act for many things, the undo, and a log that adds up."""

from collections import Counter
from typing import Any, get_args

import pytest

from engagement.batches import MOST, Batch, ReadKind, ThingsRejected, ThingsRestored
from engagement.fold import Accepted, Outcome
from engagement.ideas.events import IdeaApproved
from engagement.questions import QuestionApproved, QuestionQueued, QuestionWithdrawn
from engagement.syntheses.events import CommentApproved
from engagement.wall.post import PostApproved, PostShown, PostWritten
from tests.engagement.laboratory import Labs
from tests.engagement.labs import Labs as Writing
from tests.engagement.room import Room

KINDS: tuple[ReadKind, ...] = get_args(ReadKind)
APPROVED = {
    "question": QuestionApproved,
    "post": PostApproved,
    "idea": IdeaApproved,
    "comment": CommentApproved,
}


@pytest.fixture
def room() -> Room:
    return Room()


def done(outcome: Outcome) -> tuple[str, ...]:
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.item, Batch)
    return outcome.item.done


def three(kind: ReadKind) -> tuple[Room, dict[str, Any]]:
    """Three things "a", "b" and "c" of three people that wait to be read; all of that kind."""
    place: Room
    match kind:
        case "question":
            place = Room()
            for name in "abc":
                place.ask(name, by=f"p_{name}")
            return place, place.audience.questions.by_id  # type: ignore[return-value]
        case "post":
            place = Room()
            for name in "abc":
                place.do(PostWritten, f"p_{name}", post=name, text="Bonjour")
            return place, place.audience.posts.by_id  # type: ignore[return-value]
        case "idea":
            place = labs = Labs()
            for name in "abc":
                labs.answer(name, f"p_{name}")
            return place, place.audience.ideas.by_id  # type: ignore[return-value]
        case "comment":
            place = writing = Writing()
            writing.shared("s")
            for name in "abc":
                writing.comment(name, f"p_{name}")
            return place, place.audience.comments.by_id  # type: ignore[return-value]


@pytest.mark.parametrize("kind", KINDS)
def test_what_waits_is_rejected_in_one_act_and_read_again_after_the_undo(kind: ReadKind) -> None:
    place, things = three(kind)
    place.do(APPROVED[kind], **{kind: "b"})
    public = things["b"].state
    rejected = place.do(ThingsRejected, kind=kind, things=("a", "b", "c", "nothing", "a"))
    assert done(rejected) == ("a", "c")
    assert [things[name].public for name in "ac"] == [False, False]
    assert things["b"].state == public
    restored = place.do(ThingsRestored, kind=kind, things=("a", "b", "c"))
    assert done(restored) == ("a", "c")
    assert [things[name].state for name in "abc"] == ["pending", public, "pending"]
    assert done(place.do(ThingsRestored, kind=kind, things=("a",))) == ()


def test_what_was_approved_after_its_rejection_is_left_by_the_undo(room: Room) -> None:
    for name in "ab":
        room.ask(name)
    room.do(ThingsRejected, kind="question", things=("a", "b"), reason="off_topic")
    assert room["a"].reason == "off_topic"
    room.do(ThingsRestored, kind="question", things=("a",))
    room.do(QuestionApproved, question="a")
    room.do(QuestionQueued, question="a")
    assert done(room.do(ThingsRestored, kind="question", things=("a", "b"))) == ("b",)
    assert (room["a"].state, room["a"].place) == ("approved", 1)


def test_posts_that_showed_are_not_read_again(room: Room) -> None:
    room.do(PostWritten, "p_ann", post="w", text="Bonjour")
    room.do(PostApproved, post="w")
    room.do(PostShown, post="w")
    assert done(room.do(ThingsRejected, kind="post", things=("w",))) == ()
    assert room.audience.posts.by_id["w"].public


def test_questions_of_another_talk_and_of_another_version_are_left(room: Room) -> None:
    room.ask("a")
    room.ask("b")
    assert done(room.do(ThingsRejected, kind="question", things=("a",), talk="other")) == ()
    seen = (room["a"].version,)
    named: dict[str, Any] = {"kind": "question", "things": ("a", "b"), "talk": "direct"}
    assert done(room.do(ThingsRejected, expects=seen, **named)) == ("a",)


def test_same_act_sent_again_changes_nothing_and_says_what_it_did(room: Room) -> None:
    room.ask("a")
    event = ThingsRejected(id="x", at=1.0, by="crew", kind="question", things=("a", "b"))
    first = room.audience.apply("900-0", event)
    version = room["a"].version
    assert done(room.audience.apply("901-0", event)) == done(first) == ("a",)
    assert room["a"].version == version


def test_log_and_counts_add_up_after_bulk_acts(room: Room) -> None:
    names = tuple(f"q{number}" for number in range(30))
    for name in names:
        room.ask(name, by=f"p_{name}")
    room.do(QuestionWithdrawn, "p_q3", question="q3")
    room.do(QuestionApproved, question="q4")
    room.do(ThingsRejected, kind="question", things=names, reason="other", name="Paul")
    room.do(ThingsRestored, kind="question", things=names[:10], name="Paul")
    acts = Counter(act.act for act in room.audience.questions.log.of("direct"))
    assert acts == {"asked": 30, "withdrawn": 1, "approved": 1, "rejected": 28, "restored": 8}
    logged = [act for act in room.audience.questions.log.of("direct") if act.act == "rejected"]
    assert {(act.by, act.name, act.detail) for act in logged} == {("crew", "Paul", "other")}
    counts = room.audience.questions.counts("direct")
    assert (counts.received, counts.rejected, counts.pending) == (30, 20, 8)
    assert counts.withdrawn == counts.published == 1


def test_thousands_at_once_touch_each_view_once(room: Room) -> None:
    names = tuple(f"q{number}" for number in range(MOST))
    for name in names:
        room.ask(name, by=f"p_{name}")
    rejected = room.do(ThingsRejected, kind="question", things=names)
    assert len(done(rejected)) == MOST
    talks = [view for view in room.audience.touched if view[0] == "talk"]
    assert talks == [("talk", "direct", "")]
