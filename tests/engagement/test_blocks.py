"""Blocked devices: what they write is refused, what waited is rejected, and all of it is undone."""

from typing import Any

import msgspec
import pytest

from engagement.audience import Audience, Saved
from engagement.blocks import MOST, Block, DeviceBlocked, DeviceUnblocked
from engagement.fold import Accepted, Outcome, Reason
from engagement.happening import ParticipantErased, PhaseSet
from engagement.origin import Origin
from engagement.polls import BallotCast
from engagement.questions import QuestionApproved, SupportGiven
from engagement.syntheses.events import CommentWritten
from engagement.wall.post import PostWritten, WallSet
from tests.engagement.room import Room, reason

HERE = Origin(joined=1.0, network="abc")


@pytest.fixture
def room() -> Room:
    return Room()


def ask(room: Room, question: str, by: str = "p_ann") -> Outcome:
    return room.ask(question, by=by, origin=HERE)


def block(room: Room, participant: str = "p_ann") -> Block:
    outcome = room.do(DeviceBlocked, participant=participant, name="Paul")
    assert isinstance(outcome, Accepted)
    assert isinstance(outcome.item, Block)
    return outcome.item


def test_what_a_blocked_device_writes_has_no_effect_until_it_is_unblocked(room: Room) -> None:
    ask(room, "q")
    block(room)
    assert reason(ask(room, "r")) is Reason.BLOCKED
    post = {"post": "w", "text": "Bonjour", "origin": HERE}
    assert reason(room.do(PostWritten, "p_ann", **post)) is Reason.BLOCKED
    comment = {"comment": "k", "synthesis": "s", "text": "Non", "origin": HERE}
    assert reason(room.do(CommentWritten, "p_ann", **comment)) is Reason.BLOCKED
    assert isinstance(ask(room, "bob's", by="p_bob"), Accepted)
    assert isinstance(room.do(DeviceUnblocked, participant="p_ann"), Accepted)
    assert isinstance(ask(room, "r"), Accepted)


def test_blocked_device_still_votes_and_supports(room: Room) -> None:
    room.approved("q")
    poll = room.opened()
    block(room)
    supported = room.do(SupportGiven, "p_ann", question="q", origin=HERE)
    assert isinstance(supported, Accepted)
    vote = room.vote("p_ann", "o1", poll=poll.id)
    assert isinstance(vote, Accepted)
    words = room.opened("words", kind="words", options=(), max_choices=1)
    said: dict[str, Any] = {"poll": words.id, "round": 1, "texts": ("mot",), "origin": HERE}
    assert reason(room.do(BallotCast, "p_ann", **said)) is Reason.BLOCKED


def test_block_rejects_what_waits_and_its_end_restores_that(room: Room) -> None:
    for name in "abc":
        ask(room, name)
    room.do(QuestionApproved, question="b")
    room.do(WallSet, open=True, moderation="after")
    room.do(PostWritten, "p_ann", post="held", text="Bonjour", origin=HERE)
    assert block(room).rejected == (("question", ("a", "c")), ("post", ("held",)))
    assert [room[name].state for name in "abc"] == ["rejected", "approved", "rejected"]
    assert room.audience.posts.by_id["held"].state == "rejected"
    room.do(DeviceUnblocked, participant="p_ann")
    assert [room[name].state for name in "abc"] == ["pending", "approved", "pending"]
    assert room.audience.posts.by_id["held"].state == "pending"
    assert room.audience.blocks.blocked() == []


def test_two_moderators_block_the_same_device_once(room: Room) -> None:
    first = block(room)
    assert block(room) == first
    room.do(DeviceUnblocked, participant="p_ann")
    assert reason(room.do(DeviceUnblocked, participant="p_ann")) is Reason.WRONG_STATE
    assert reason(room.do(DeviceUnblocked, participant="p_bob")) is Reason.UNKNOWN_DEVICE
    assert block(room).id == first.id


def test_act_of_the_crew_is_never_refused(room: Room) -> None:
    block(room)
    assert isinstance(room.ask("q", by="p_ann"), Accepted)  # it has no origin


def test_block_goes_with_the_participant_who_erases_themselves(room: Room) -> None:
    ask(room, "q")
    name = block(room).id
    gone = {"participant": "p_ann", "stand_in": "gone_1"}
    room.do(ParticipantErased, **gone)
    assert room.audience.blocks.blocked() == []
    assert room["q"].state == "withdrawn"
    (left,) = room.audience.blocks.items()
    assert (left.id, left.gone) == (name, True)
    assert b"p_ann" not in msgspec.msgpack.encode(room.audience.saved())
    assert isinstance(ask(room, "r"), Accepted)


def test_block_holds_after_a_restart_and_not_after_a_rehearsal(room: Room) -> None:
    ask(room, "q")
    block(room)
    again = Room()
    again.audience = Audience()
    body = msgspec.msgpack.encode(room.audience.saved())
    again.audience.restore(msgspec.msgpack.decode(body, type=Saved))
    assert reason(ask(again, "r")) is Reason.BLOCKED
    room.do(PhaseSet, phase="rehearsal")
    block(room, "p_bob")
    room.do(PhaseSet, phase="open")
    assert [each.participant for each in room.audience.blocks.blocked()] == ["p_ann"]


def test_blocks_have_an_end(room: Room) -> None:
    for number in range(MOST):
        block(room, f"p_{number}")
    assert reason(room.do(DeviceBlocked, participant="more")) is Reason.TOO_MANY_BLOCKS
    assert isinstance(room.do(DeviceBlocked, participant="p_1"), Accepted)
