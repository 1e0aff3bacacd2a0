"""Comments about syntheses: read first, bounded, forgotten with who wrote them."""

import msgspec
import pytest

from engagement.fold import Accepted, Reason, Refused
from engagement.happening import ParticipantErased
from engagement.syntheses.comments import ABOUT, BURST, EVERY, WAITING_EACH
from engagement.syntheses.events import (
    CommentApproved,
    CommentRejected,
    CommentWithdrawn,
    SynthesisShared,
    SynthesisSupported,
)
from tests.engagement.labs import Labs, shown
from tests.engagement.room import reason


@pytest.fixture
def labs() -> Labs:
    return Labs()


def test_comment_shows_when_it_was_read(labs: Labs) -> None:
    labs.begin()
    assert reason(labs.comment("k")) is Reason.WRONG_STATE
    labs.do(SynthesisShared, "host", synthesis="s")
    comment = shown(labs.comment("k"))
    assert (comment.public, labs().comments) == (False, 0)
    labs.do(CommentApproved, comment="k")
    assert (labs.audience.comments.by_id["k"].public, labs().comments) == (True, 1)
    labs.do(CommentRejected, comment="k")
    assert (labs.audience.comments.by_id["k"].was_public, labs().comments) == (True, 0)
    labs.do(CommentApproved, comment="k")
    assert reason(labs.do(CommentWithdrawn, "bob", comment="k")) is Reason.NOT_YOURS
    labs.do(CommentWithdrawn, "ann", comment="k")
    assert reason(labs.do(CommentApproved, comment="k")) is Reason.WRONG_STATE
    assert labs().comments == 0


def test_comments_come_so_fast_and_so_many(labs: Labs) -> None:
    labs.shared("s")
    for number in range(BURST):
        assert isinstance(labs.comment(f"k{number}", at=10_000.0), Accepted)
    assert labs.comment("more", at=10_000.0) == Refused(Reason.TOO_MANY, wait=EVERY)
    assert isinstance(labs.comment("k4", at=10_000.0 + EVERY), Accepted)
    assert labs.comment("more", at=20_000.0) == Refused(Reason.TOO_MANY, wait=60.0)
    assert labs.audience.comments._waiting["ann"] == WAITING_EACH
    for number in range(ABOUT - WAITING_EACH):
        labs.comment(f"o{number}", by=f"p{number}")
    assert reason(labs.comment("one", by="zoe")) is Reason.CAPACITY


def test_retry_makes_no_second_comment(labs: Labs) -> None:
    labs.shared("s")
    assert labs.comment("k") == labs.comment("k")
    assert reason(labs.comment("k", by="bob")) is Reason.KEY_REUSED
    assert len(labs.audience.comments.about("s")) == 1


def test_forgotten_participant_is_in_no_comment_and_their_support_counts(labs: Labs) -> None:
    labs.shared("s")
    labs.comment("k", by="p_ann")
    labs.do(CommentApproved, comment="k")
    labs.do(SynthesisSupported, "p_ann", synthesis="s")
    labs.do(ParticipantErased, participant="p_ann", stand_in="gone_1")
    comment = labs.audience.comments.by_id["k"]
    assert (comment.text, comment.by, comment.state) == ("", "gone_1", "withdrawn")
    assert (labs().support, labs().comments) == (1, 0)
    assert b"p_ann" not in msgspec.msgpack.encode(labs.audience.saved())
