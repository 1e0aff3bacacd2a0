"""Tables: who sits and who hosts there, and what they reveal."""

from engagement.cafe.cafes import HOSTS
from engagement.cafe.events import (
    CafeClosed,
    NotesRevealed,
    RoundExtended,
    TableHosted,
)
from engagement.cafe.session import OWN, lab_of, table_id
from engagement.fold import Accepted, Reason
from tests.engagement.cafes import House
from tests.engagement.room import reason


def test_person_is_at_one_table(house: House) -> None:
    house.sit("ann", "labo-1.1")
    house.sit("ann", "labo-2.2")
    assert (house.table("labo-1.1").seated, house.table("labo-2.2").seated) == (0, 1)
    seat = house.cafes.seat("ann")
    assert seat
    assert (seat.table, seat.cafe, seat.round) == ("labo-2.2", "c", 1)
    assert ("me", OWN, "ann") in house.audience.touched
    assert reason(house.sit("ann", "labo-1.9")) == Reason.UNKNOWN_TABLE
    assert house.table("labo-2.2").seated == 1
    assert list(house.cafes.people("c", "labo-1")) == ["ann"]


def test_sitting_down_again_changes_nothing(house: House) -> None:
    house.sit("ann")
    before = house.table()
    assert isinstance(house.sit("ann"), Accepted)
    assert house.table() is before
    assert house.audience.touched == set()


def test_tables_own_device_takes_as_many_as_it_has_places(house: House) -> None:
    for person in ("ann", "bob"):
        assert isinstance(house.sit(person, kiosk=True), Accepted)
    assert reason(house.sit("cem", kiosk=True)) == Reason.TABLE_FULL
    assert isinstance(house.sit("ann", kiosk=True), Accepted)  # she is there already
    assert isinstance(house.sit("dia"), Accepted)  # by her own phone
    assert (house.table().seated, house.table().kiosk_seated) == (3, 2)
    house.advance()
    assert reason(house.sit("cem", kiosk=True)) == Reason.TABLE_FULL  # it is the same round
    house.advance()  # they move
    assert (house.table().seated, house.table().kiosk_seated) == (0, 0)
    assert isinstance(house.sit("cem", kiosk=True), Accepted)
    house.advance()
    assert house.table().kiosk_seated == 1
    house.advance()  # gathering: they stay
    assert house.table().kiosk_seated == 1


def test_late_ones_are_taken_in_above_the_places_but_not_without_end(house: House) -> None:
    house.advance()
    for person in ("ann", "bob"):
        house.sit(person, kiosk=True)
    assert isinstance(house.sit("cem", kiosk=True, late=1), Accepted)
    assert (house.table().seated, house.table().kiosk_seated) == (3, 3)
    house.advance()  # they move
    before = house.table()
    assert isinstance(house.sit("dia", kiosk=True, late=1), Accepted)
    assert house.table() is before  # that round is over
    seat = house.cafes.seat("dia")
    assert seat
    assert seat.round == 1
    assert "dia" in house.cafes.people("c", "labo-1")
    assert isinstance(house.sit("dia", kiosk=True, late=1), Accepted)  # sent again
    for person in ("eli", "fay"):
        assert isinstance(house.sit(person, kiosk=True), Accepted)
    for number in range(2):  # four in all: two places, two rounds
        assert isinstance(house.sit(f"late {number}", kiosk=True, late=1), Accepted)
    assert reason(house.sit("one more", kiosk=True, late=1)) == Reason.TABLE_FULL
    assert house.table().kiosk_seated == 2


def test_two_hosts_share_a_table(house: House) -> None:
    house.do(TableHosted, "pass_1", table="labo-1.1", name="Léa")
    house.do(TableHosted, "pass_2", table="labo-1.1", name="Max")
    house.do(TableHosted, "pass_1", table="labo-1.1", name="Léa P.")
    assert house.table().hosts == ("Léa P.", "Max")
    house.advance()
    house.advance()
    assert house.table().hosts == ("Léa P.", "Max")
    for number in range(HOSTS):
        house.do(TableHosted, f"other_{number}", table="labo-1.1", name=str(number))
    assert house.table().hosts == tuple(map(str, range(HOSTS)))


def test_notes_are_revealed_by_the_host_or_when_their_round_is_over(house: House) -> None:
    def revealed() -> tuple[int, int]:
        return house.table("labo-1.1").revealed, house.table("labo-1.2").revealed

    assert reason(house.do(NotesRevealed, table="labo-1.1")) == Reason.WRONG_STATE
    house.advance()
    house.do(NotesRevealed, table="labo-1.1")
    assert revealed() == (1, 0)
    house.do(RoundExtended, cafe="c", seconds=60.0)
    assert revealed() == (1, 0)
    house.advance()  # they move
    assert revealed() == (1, 1)
    house.advance()
    house.do(NotesRevealed, table="labo-1.2")
    assert revealed() == (1, 2)
    house.do(CafeClosed, cafe="c")
    assert revealed() == (2, 2)


def test_table_is_named_by_its_laboratory_and_number() -> None:
    assert table_id("labo-1", 3) == "labo-1.3"
    assert (lab_of("labo-1.3"), lab_of("labo-1"), lab_of("")) == ("labo-1", "", "")
