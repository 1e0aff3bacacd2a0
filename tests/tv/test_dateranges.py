"""What playlists tell of talks, questions and polls, and never take back."""

from engagement.polls import PollClosed, PollOpened, PollReopened
from engagement.questions import QuestionAnswered, QuestionApproved, QuestionReleased, QuestionTaken
from engagement.talks import TalkEnded, TalkResumed, TalkStarted
from streaming.hls.tags import DateRange, date_ranges
from tests.engagement.room import Room
from tv.dateranges import EVERY, DateRanges
from tv.dateranges import date_ranges as found


def kinds(room: Room, channel: str = "plateau") -> list[tuple[str, float, float | None]]:
    return [(each.kind, each.start, each.end) for each in found(room.audience, channel)]


def test_a_talk_a_question_and_a_poll_are_told_from_their_beginning_to_their_end() -> None:
    room = Room()
    room.do(TalkStarted, talk="direct", at=10.0)
    approved(room)
    assert kinds(room) == [("fr.fabrique.talk", 10.0, None)]
    room.do(QuestionTaken, question="q", at=20.0)
    room.poll("p")
    room.do(PollOpened, poll="p", at=30.0)
    room.do(QuestionAnswered, question="q", at=40.0)
    room.do(PollClosed, poll="p", at=50.0)
    room.do(TalkEnded, talk="direct", at=60.0)
    assert kinds(room) == [
        ("fr.fabrique.talk", 10.0, 60.0),
        ("fr.fabrique.question", 20.0, 40.0),
        ("fr.fabrique.poll", 30.0, 50.0),
    ]
    assert kinds(room, "labo-1") == []
    question = found(room.audience, "plateau")[1]
    assert dict(question.texts)["X-FR-FABRIQUE-TITLE"] == "Pourquoi ?"
    assert dict(question.texts)["X-FR-FABRIQUE-ID"] == "q"


def approved(room: Room) -> None:
    """A question, as soon as the talk is on."""
    room.ask("q", at=11.0)
    room.do(QuestionApproved, question="q", at=12.0)


def test_what_is_not_public_is_not_told() -> None:
    room = Room()
    room.do(TalkStarted, talk="direct", at=10.0)
    room.ask("waiting")
    room.poll("draft")
    room.approved("q")
    room.do(QuestionTaken, question="q", at=20.0)
    room.do(QuestionReleased, question="q", at=21.0)
    assert [kind for kind, *_ in kinds(room)] == ["fr.fabrique.talk"]


def test_an_id_is_never_told_with_another_beginning_or_end() -> None:
    room = Room()
    told: dict[str, DateRange] = {}

    def look() -> None:
        for each in found(room.audience, "plateau"):
            before = told.setdefault(each.id, each)
            assert each.start == before.start
            assert before.end in (None, each.end)
            told[each.id] = each

    room.do(TalkStarted, talk="direct", at=10.0)
    approved(room)
    room.poll("p")
    for at in (100.0, 200.0):
        room.do(QuestionTaken, question="q", at=at)
        look()
        room.do(QuestionReleased, question="q", at=at + 1)
        room.do(PollOpened, poll="p", at=at)
        room.do(PollReopened, poll="p", at=at)
        look()
        room.do(PollClosed, poll="p", at=at + 2)
        room.do(TalkEnded, talk="direct", at=at + 3)
        look()
        room.do(TalkResumed, talk="direct", at=at + 4)
        look()
    room.do(TalkEnded, talk="direct", at=300.0)
    room.do(TalkStarted, talk="direct", at=400.0)
    look()
    assert len([name for name in told if name.startswith("talk-")]) == 4
    assert len([name for name in told if name.startswith("question-")]) == 2


def test_a_storm_of_votes_is_looked_at_twice_a_second() -> None:
    room, now = Room(), 1000.0
    ranges = DateRanges(room.audience, lambda: now)
    assert ranges("plateau") == ()
    room.do(TalkStarted, talk="direct", at=10.0)
    assert ranges("plateau") == ()
    now += EVERY
    first = ranges("plateau")
    assert len(first) == 1
    now += 60
    assert ranges("plateau") is first


def test_only_what_touches_the_playlist_is_in_it_and_people_s_words_are_quoted() -> None:
    title = (("X-FR-FABRIQUE-TITLE", 'Il a dit « "non" »,\nET=PARTI ' + "x" * 300),)
    ranges = [
        DateRange("over", "c", 0.0, 9.0),
        DateRange("on", "c", 5.0, None, title),
        DateRange("to come", "c", 21.0),
    ]
    (line,) = date_ranges(ranges, 10.0, 20.0)
    assert line.startswith(
        '#EXT-X-DATERANGE:ID="on",CLASS="c",START-DATE="1970-01-01T00:00:05.000Z"'
    )
    assert "”non”" in line
    assert line.count('"') == 8
    assert len(line) < 350
