"""« Signaler »: one alert about a thing, settled by keeping the thing or by taking it away."""

from engagement.alerts import BURST, Alert, AlertKept, AlertRaised
from engagement.fold import Accepted, Outcome, Reason, Refused
from engagement.happening import ParticipantErased
from engagement.questions import QuestionRejected, QuestionRestored, QuestionWithdrawn
from engagement.wall.post import (
    PostApproved,
    PostHidden,
    PostRestored,
    PostRetired,
    PostShown,
    PostWritten,
)
from tests.engagement.room import Room, reason


class Moderated(Room):
    """A room with a question that shows."""

    def __init__(self) -> None:
        super().__init__()
        self.approved("q")

    def raised(
        self, by: str, thing: str = "q", kind: str = "question", at: float = 0.0, **more: str
    ) -> Outcome:
        more = {"grounds": "offensive"} | more
        return self.do(AlertRaised, by, kind=kind, thing=thing, at=at or None, **more)

    def alert(self, name: str = "question.q") -> Alert:
        return self.audience.alerts.by_id[name]


def test_people_who_report_the_same_raise_one_alert() -> None:
    room = Moderated()
    for person in ("ann", "bob", "cem"):
        assert isinstance(room.raised(person, note=f"Lisez, dit {person}"), Accepted)
    room.raised("ann", grounds="private")  # the last grounds count
    alert = room.alert()
    assert (alert.state, alert.people) == ("open", 3)
    assert dict(alert.grounds) == {"offensive": 2, "private": 1}
    assert alert.notes == ("Lisez, dit bob", "Lisez, dit cem")
    assert not alert.public


def test_what_does_not_show_cannot_be_reported() -> None:
    room = Moderated()
    room.ask("unread")
    for thing in ("unread", "nothing"):
        assert reason(room.raised("ann", thing)) is Reason.UNKNOWN_REFERENCE


def test_whoever_takes_the_thing_away_settles_its_alert() -> None:
    room = Moderated()
    room.approved("other")
    room.do(PostWritten, "dia", post="w", text="Bonjour")
    room.do(PostApproved, post="w")
    room.do(PostShown, post="w")
    room.raised("ann")
    room.raised("ann", "other")
    room.raised("ann", "w", "post")
    room.do(QuestionRejected, question="q", reason="offensive")
    room.do(QuestionWithdrawn, "author of other", question="other")
    room.do(PostHidden, post="w")
    states = [alert.state for alert in room.audience.alerts.by_id.values()]
    assert states == ["removed", "removed", "removed"]
    room.do(QuestionRestored, question="q")
    assert room.alert().state == "removed"  # until somebody reports it again
    room.raised("bob")
    assert room.alert().state == "open"


def test_kept_is_looked_at_again_when_more_than_twice_as_many_report_it() -> None:
    room = Moderated()
    room.raised("ann")
    room.raised("bob")
    assert isinstance(room.do(AlertKept, alert="question.q", name="Anne"), Accepted)
    assert (room.alert().state, room.alert().settled_by) == ("kept", "Anne")
    assert reason(room.do(AlertKept, alert="question.q")) is Reason.WRONG_STATE
    for person in ("ann", "cem", "dia"):
        room.raised(person)
        assert room.alert().state == "kept"
    room.raised("eli")
    assert (room.alert().state, room.alert().people) == ("open", 5)
    counts = room.audience.alerts.counts()
    assert counts.received == counts.open + counts.kept + counts.removed == 1


def test_what_was_kept_and_is_taken_away_later_counts_as_taken_away() -> None:
    room = Moderated()
    room.raised("ann")
    room.do(AlertKept, alert="question.q", name="Anne")
    room.do(QuestionRejected, question="q", reason="offensive")
    assert (room.alert().state, room.alert().settled_by) == ("removed", "")
    counts = room.audience.alerts.counts()
    assert (counts.received, counts.kept, counts.removed) == (1, 0, 1)


def test_post_that_made_room_for_newer_ones_is_still_to_be_looked_at() -> None:
    room = Moderated()
    room.do(PostWritten, "dia", post="w", text="Bonjour")
    room.do(PostApproved, post="w")
    room.do(PostShown, post="w")
    room.raised("ann", "w", "post")
    for act in (PostRetired, PostRestored, PostShown, PostRetired):
        room.do(act, post="w")
        assert room.alert("post.w").state == "open"
    room.do(PostHidden, post="w")
    assert room.alert("post.w").state == "removed"
    room.do(PostRestored, post="w")
    assert room.alert("post.w").state == "removed"


def test_participant_reports_so_much_and_no_more() -> None:
    room = Moderated()
    names = [f"q{number}" for number in range(BURST + 1)]
    room.approved(*names)
    *taken, refused = [room.raised("ann", name, at=5000.0) for name in names]
    assert all(isinstance(each, Accepted) for each in taken)
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.TOO_MANY
    assert refused.wait > 0
    assert isinstance(room.raised("bob", names[-1], at=5000.0), Accepted)


def test_who_is_forgotten_leaves_no_words_in_alerts() -> None:
    room = Moderated()
    room.approved("other")
    room.raised("ann", note="C’est mon voisin")
    room.raised("bob", "other", note="Signé Bob")
    for person in ("author of q", "bob"):
        room.do(ParticipantErased, participant=person, stand_in=f"gone_{person}")
    assert room.alert().notes == ()  # what was said about words that are gone
    assert room.alert("question.other").notes == ()
    assert room.alert("question.other").people == 1
    assert room.audience.alerts.raised_by("bob") == []
