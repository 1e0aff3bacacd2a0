"""What the set sends to laboratories: it follows what it shows."""

import pytest

from engagement.fold import Accepted, Reason, Refused
from engagement.polls import PollClosed, PollPublished
from engagement.questions import QuestionRejected
from engagement.syntheses.events import (
    SendingTakenBack,
)
from engagement.syntheses.sendings import STANDING
from engagement.syntheses.synthesis import SENT
from tests.engagement.labs import Labs, shown
from tests.engagement.room import reason


@pytest.fixture
def labs() -> Labs:
    return Labs()


def test_sending_follows_what_it_shows_and_goes_with_it(labs: Labs) -> None:
    labs.approved("q")
    sending = shown(labs.send("x", "question", shows="q"))
    labs.support("q", "bob", "cem")
    assert labs.audience.sendings.by_id["x"].shown == labs["q"]
    labs.do(QuestionRejected, question="q")
    gone = labs.audience.sendings.by_id["x"]
    assert (sending.public, gone.public, gone.was_public) == (True, False, True)
    labs.restart()
    changes = labs.audience.changes(SENT)
    assert changes
    assert list(changes) == [gone]


def test_sent_poll_shows_its_votes_as_they_come(labs: Labs) -> None:
    labs.opened()
    labs.send("x", "poll", shows="p")
    labs.vote("ann", "o1")
    for act in (PollClosed, PollPublished):
        labs.do(act, poll="p")
    shows = labs.audience.sendings.by_id["x"].shown
    assert shows == labs.audience.polls.by_id["p"]
    assert shows
    assert getattr(shows, "ballots", 0) == 1


def test_what_nobody_may_see_yet_is_not_sent(labs: Labs) -> None:
    labs.ask("q")
    labs.begin()
    assert labs.send("x", "question", shows="q") == Refused(Reason.WRONG_STATE, labs["q"])
    assert labs.send("x", "synthesis", shows="s") == Refused(Reason.WRONG_STATE, labs())
    for kind, shows in (("question", "none"), ("poll", "q"), ("message", "q")):
        assert reason(labs.send("x", kind, shows=shows)) is Reason.UNKNOWN_REFERENCE
    assert reason(labs.send("x", "quote", text="…", talk="none")) is Reason.UNKNOWN_TALK


def test_sending_is_taken_back_once_and_retried_without_a_copy(labs: Labs) -> None:
    first = labs.send("x", text="À vos tables")
    assert labs.send("x", text="À vos tables") == first
    assert reason(labs.send("x", text="Autre")) is Reason.KEY_REUSED
    assert isinstance(labs.do(SendingTakenBack, sending="x"), Accepted)
    assert labs.audience.sendings.by_id["x"].gone
    assert reason(labs.do(SendingTakenBack, sending="x")) is Reason.UNKNOWN_SENDING
    assert reason(labs.send("x", text="À vos tables")) is Reason.UNKNOWN_SENDING
    for number in range(STANDING):
        assert isinstance(labs.send(f"y{number}"), Accepted)
    assert reason(labs.send("more")) is Reason.TOO_MANY_SENDINGS
