"""Ideas written at a table show at once if the device has proved to be there."""

import pytest

from engagement.cafe.events import NotesRevealed, SeatTaken
from engagement.fold import Accepted
from engagement.ideas.events import IdeaApproved, IdeaRejected
from engagement.origin import EVERYWHERE, Origin, is_in
from tests.engagement.laboratory import T3, T7, Labs, accepted

AWAY, HERE = Origin(1.0), Origin(1.0, place=T7)


@pytest.mark.parametrize(
    ("place", "here"),
    [
        ("labo-1", True),
        ("labo-1.3", True),
        (EVERYWHERE, True),
        ("", False),
        ("labo-2", False),
        ("labo-11", False),
        ("labo-11.3", False),
    ],
)
def test_code_of_a_table_or_its_laboratory_proves_the_laboratory(place: str, here: bool) -> None:
    assert is_in(Origin(place=place), "labo-1") is here
    assert not is_in(Origin(place=place), "")


def test_crew_is_wherever_it_says() -> None:
    assert is_in(None, "labo-1")


def test_idea_from_elsewhere_is_read_before_it_shows() -> None:
    labs = Labs()
    assert accepted(labs.make("away", origin=AWAY), labs.make("here", "bob", origin=HERE))
    assert (labs["away"].state, labs["here"].state) == ("pending", "shown")
    assert accepted(labs.do(IdeaApproved, idea="away"))
    assert labs["away"].state == "shown"


def test_private_note_from_elsewhere_is_read_when_notes_are_revealed() -> None:
    labs = Labs(private=True)
    labs.make("away", origin=AWAY)
    labs.make("here", "bob", origin=HERE)
    assert {labs["away"].state, labs["here"].state} == {"noted"}
    labs.do(NotesRevealed, table=T3)
    assert (labs["away"].state, labs["here"].state) == ("pending", "shown")


def test_ideas_show_once_their_author_has_shown_the_code_and_sits_there() -> None:
    labs = Labs()
    labs.make("plain", origin=AWAY)
    labs.make("doubtful", doubtful=True, origin=AWAY)
    labs.make("refused", origin=AWAY)
    labs.make("of another", "bob", origin=AWAY)
    labs.do(IdeaRejected, idea="refused")
    for elsewhere in (AWAY, Origin(1.0, place="labo-2.1")):
        labs.do(SeatTaken, "ann", table=T3, origin=elsewhere)
        assert labs["plain"].state == "pending"
    assert isinstance(labs.do(SeatTaken, "ann", table=T3, origin=HERE), Accepted)
    states = [labs[name].state for name in ("plain", "doubtful", "refused", "of another")]
    assert states == ["shown", "pending", "hidden", "pending"]


def test_seat_from_elsewhere_is_ones_own_and_takes_no_place() -> None:
    labs = Labs()

    def seated() -> tuple[int, int]:
        table = labs.audience.cafes.tables[T3]
        return table.seated, len(labs.audience.cafes.people("c", "labo-1"))

    for _ in range(2):
        assert isinstance(labs.do(SeatTaken, "ann", table=T3, origin=AWAY), Accepted)
    seat = labs.audience.cafes.seat("ann")
    assert (seat and seat.table, seated()) == (T3, (0, 0))
    for _ in range(2):
        labs.do(SeatTaken, "ann", table=T3, origin=HERE)
    assert seated() == (1, 1)


def test_answer_to_a_call_needs_no_place() -> None:
    labs = Labs()
    labs.answer("i", origin=AWAY)
    assert (labs["i"].state, labs["i"].proved) == ("pending", True)
