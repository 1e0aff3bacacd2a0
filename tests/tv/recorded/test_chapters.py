"""What one can jump to in a replay."""

from engagement.polls import Option, Poll
from engagement.questions import Question
from engagement.syntheses.synthesis import Airing, Synthesis, SynthesisState, Text
from engagement.talks import Talk
from tv.recorded.chapters import Chapter, chapters

TALK = Talk(id="t", channel="plateau", title="Le toit", state="ended")


def question(id: str, state: str, taken: float | None, answered: float | None) -> Question:
    return Question(
        id=id,
        talk="t",
        body=f"Question {id}",
        by="ann",
        asked_at=0.0,
        state=state,  # type: ignore[arg-type]
        taken_at=taken,
        answered_at=answered,
    )


def poll(id: str, state: str, opened: float | None, closed: float | None) -> Poll:
    return Poll(
        id=id,
        talk="t",
        by="crew",
        kind="single",
        prompt=f"Sondage {id}",
        options=(Option("o", "Oui"),),
        state=state,  # type: ignore[arg-type]
        opened_at=opened,
        closed_at=closed,
    )


def synthesis(id: str, state: SynthesisState, *airings: Airing) -> Synthesis:
    text = Text(title=f"Synthèse {id}", body="Un atelier partagé.")
    return Synthesis(
        id=id,
        cafe="c",
        lab="labo-1",
        table="labo-1.3",
        text=text,
        first=text,
        by="pass_1",
        written_at=0.0,
        state=state,
        airings=airings,
    )


def test_chapters_are_the_talk_its_answers_and_its_polls_in_order() -> None:
    items = [
        TALK,
        poll("p", "closed", 30.0, 45.0),
        question("q", "answered", 12.0, 20.0),
        poll("o", "published", 60.0, None),
    ]
    assert chapters(TALK, items, 10.0, 100.0) == [
        Chapter("talk", "t", "Le toit", 10.0, 100.0),
        Chapter("question", "q", "Question q", 12.0, 20.0),
        Chapter("poll", "p", "Sondage p", 30.0, 45.0),
        Chapter("poll", "o", "Sondage o", 60.0, 100.0),
    ]


def test_what_was_not_answered_not_public_or_not_within_is_no_chapter() -> None:
    items = [
        question("pending", "pending", None, None),
        question("withdrawn", "withdrawn", 20.0, 30.0),
        question("before", "answered", 5.0, 9.0),
        question("after", "answered", 100.0, 120.0),
        poll("draft", "draft", None, None),
    ]
    assert [each.kind for each in chapters(TALK, items, 10.0, 100.0)] == ["talk"]


def test_chapter_lies_within_the_replay() -> None:
    items = [question("p", "answered", 8.0, 12.0), question("q", "answered", 90.0, 130.0)]
    assert [(each.id, each.start, each.end) for each in chapters(TALK, items, 10.0, 100.0)] == [
        ("t", 10.0, 100.0),
        ("p", 10.0, 12.0),
        ("q", 90.0, 100.0),
    ]


def test_synthesis_is_a_chapter_each_time_that_it_was_told_in_the_talk() -> None:
    items = [
        synthesis("s", "shared", Airing("t", 15.0, 25.0), Airing("u", 30.0, 35.0)),
        synthesis("again", "shared", Airing("t", 40.0, 50.0), Airing("t", 90.0)),
        synthesis("hidden", "hidden", Airing("t", 60.0, 70.0)),
    ]
    found = chapters(TALK, items, 10.0, 100.0)
    assert [(each.kind, each.title, each.start, each.end) for each in found[1:]] == [
        ("synthesis", "Synthèse s", 15.0, 25.0),
        ("synthesis", "Synthèse again", 40.0, 50.0),
        ("synthesis", "Synthèse again", 90.0, 100.0),
    ]
