"""The rundown follows what it shows: what is answered, published, hidden, or over."""

import pytest

from engagement.fold import Accepted, Reason
from engagement.polls import PollClosed, PollPublished, PollReopened
from engagement.questions import (
    QuestionAnswered,
    QuestionApproved,
    QuestionRejected,
    QuestionTaken,
)
from engagement.rundown.entry import OVERLAY
from engagement.rundown.events import EntryOff, ScreensCleared, ScreensRestored
from engagement.talks import TalkEnded, TalkStarted, TalkTrimmed
from engagement.wall.post import PostApproved, PostHidden, PostShown, PostWritten
from tests.engagement.desk import Desk
from tests.engagement.room import reason


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_question_that_is_answered_is_on_air_as_long(desk: Desk) -> None:
    desk.pair("hall")
    desk.approved("q")
    desk.do(QuestionTaken, question="q")
    assert desk.on("hall") == desk.on(OVERLAY) == ["auto_q"]
    desk.support("q", "ann")
    [entry] = desk.rundown.air("hall").entries
    assert entry.shows
    assert entry.shows == desk["q"]
    desk.do(QuestionAnswered, question="q")
    assert (desk.on("hall"), desk.state("auto_q")) == ([], "off")


def test_question_taken_off_stays_off_while_it_is_answered(desk: Desk) -> None:
    desk.approved("q")
    desk.do(QuestionTaken, question="q")
    desk.do(EntryOff, entry="auto_q")
    desk.restart()
    desk.support("q", "ann")
    assert desk.on(OVERLAY) == []


def test_question_that_is_on_air_by_hand_is_not_there_twice(desk: Desk) -> None:
    desk.approved("q")
    desk.add("mine", "question", shows="q")
    desk.take("mine")
    desk.do(QuestionTaken, question="q")
    assert desk.on(OVERLAY) == ["mine"]


def test_results_go_on_air_when_they_are_published_and_off_in_a_new_round(desk: Desk) -> None:
    desk.opened("p")
    desk.vote("ann", "o1")
    desk.do(PollClosed, poll="p")
    assert desk.on(OVERLAY) == []
    desk.do(PollPublished, poll="p")
    assert desk.on(OVERLAY) == ["auto_p"]
    desk.do(PollReopened, poll="p")
    assert desk.on(OVERLAY) == []


def test_published_results_go_off_air_when_their_talk_ends(desk: Desk) -> None:
    desk.do(TalkStarted, talk="direct")
    desk.opened("p")
    desk.do(PollClosed, poll="p")
    desk.do(PollPublished, poll="p")
    desk.taken("name", "bandeau")
    desk.do(TalkEnded, talk="direct")
    assert desk.on(OVERLAY) == ["name"]


def test_results_of_a_talk_that_ended_while_screens_were_cleared_do_not_come_back(
    desk: Desk,
) -> None:
    desk.do(TalkStarted, talk="direct")
    desk.opened("p")
    desk.do(PollClosed, poll="p")
    desk.do(PollPublished, poll="p")
    desk.taken("name", "bandeau")
    desk.do(ScreensCleared)
    desk.do(TalkEnded, talk="direct")
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == ["name"]


def test_what_went_on_air_after_the_end_of_its_talk_stays_when_the_talk_changes(desk: Desk) -> None:
    desk.do(TalkStarted, talk="direct")
    desk.approved("q")
    desk.do(TalkEnded, talk="direct")
    desk.do(QuestionTaken, question="q")
    desk.do(TalkTrimmed, talk="direct")
    assert desk.on(OVERLAY) == ["auto_q"]


def test_what_nobody_may_see_cannot_be_taken_and_goes_off_at_once(desk: Desk) -> None:
    desk.ask("q")
    desk.add("mine", "question", shows="q")
    assert reason(desk.take("mine")) is Reason.WRONG_STATE
    desk.do(QuestionApproved, question="q")
    desk.take("mine")
    assert desk.on(OVERLAY) == ["mine"]
    desk.do(QuestionRejected, question="q", reason="other")
    assert (desk.on(OVERLAY), desk.state("mine")) == ([], "off")


def test_post_on_air_goes_off_with_the_wall(desk: Desk) -> None:
    desk.do(PostWritten, "ann", post="p", text="Bravo")
    desk.do(PostApproved, post="p")
    desk.do(PostShown, post="p")
    desk.taken("mine", "post", shows="p")
    assert desk.on(OVERLAY) == ["mine"]
    desk.do(PostHidden, post="p")
    assert desk.on(OVERLAY) == []


def test_what_is_hidden_while_screens_are_cleared_does_not_come_back(desk: Desk) -> None:
    desk.approved("q")
    desk.add("mine", "question", shows="q")
    desk.take("mine")
    desk.do(ScreensCleared)
    desk.do(QuestionRejected, question="q", reason="other")
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == []


def test_what_the_presenter_takes_while_screens_are_cleared_waits(desk: Desk) -> None:
    desk.approved("q", "r")
    desk.do(ScreensCleared)
    desk.do(QuestionTaken, question="q")
    desk.do(QuestionTaken, question="r")
    assert desk.on(OVERLAY) == []
    desk.do(ScreensRestored)
    assert desk.on(OVERLAY) == ["auto_r"]


def test_entry_goes_off_in_time_while_what_it_shows_changes(desk: Desk) -> None:
    desk.opened("p", visibility="live")
    desk.add("a", "poll", shows="p", duration=8.0)
    desk.take("a", at=1000.0)
    [due] = desk.audience.due(1008.0)
    desk.vote("ann", "o1")
    assert isinstance(desk.audience.apply("999999-0", due), Accepted)
    assert desk.on(OVERLAY) == []
