"""World cafés: rounds that go by themselves, laboratories together or apart, people at tables."""

from engagement.cafe.cafes import CAFES
from engagement.cafe.events import (
    CafeChanged,
    CafeClosed,
    CafeOpened,
    CafeRemoved,
    RoundAdvanced,
    RoundResumed,
    TableHosted,
)
from engagement.cafe.session import CAFES as CAFES_VIEW
from engagement.cafe.session import LABS
from engagement.fold import Accepted, Reason
from engagement.happening import ParticipantErased, PhaseSet
from tests.engagement.cafes import PLAN, House, planned
from tests.engagement.room import reason


def test_laboratory_added_in_mid_session_is_where_the_others_are(house: House) -> None:
    house.advance(at=1000.0)
    house.advance("labo-2", at=1100.0)
    house.change(tables=(("labo-1", 3), ("labo-2", 2), ("labo-3", 4)))
    late, slowest = house.cafes.progress["labo-3"], house.cafes.progress["labo-1"]
    assert (late.step, late.round, late.ends_at) == ("round", 1, slowest.ends_at)
    assert [table.number for table in house.cafes.tables_of("labo-3")] == [1, 2, 3, 4]
    assert house.cafes.progress["labo-2"].step == "moving"
    house.time_passes(1600.0)
    assert house.steps()["labo-3"] == house.steps()["labo-1"] == ("moving", 1)


def test_tables_are_added_but_never_taken_away_in_mid_session(house: House) -> None:
    house.sit("ann")
    house.change(tables=(("labo-1", 5), ("labo-2", 2)))
    assert (len(house.cafes.tables_of("labo-1")), house.table().seated) == (5, 1)
    for tables in ((("labo-1", 4), ("labo-2", 2)), (("labo-1", 5),)):
        assert reason(house.change(tables=tables)) == Reason.CAFE_BEGUN
    assert reason(house.change(kind="call", tables=PLAN.tables)) == Reason.CAFE_BEGUN


def test_rounds_are_cut_short_down_to_the_one_under_way(house: House) -> None:
    house.change(rounds=5)
    house.advance(at=1000.0)
    house.time_passes(1660.0)
    assert house.steps()["labo-1"] == ("round", 2)
    assert reason(house.change(rounds=1)) == Reason.CAFE_BEGUN
    house.change(rounds=2)
    house.advance()
    assert house.steps()["labo-1"] == ("gathering", 2)
    house.change(rounds=3)
    house.advance()
    assert house.steps()["labo-1"] == ("round", 3)


def test_laboratory_shows_one_open_session_at_a_time(house: House) -> None:
    house.make("d", tables=(("labo-2", 1),))
    refused = house.do(CafeOpened, cafe="d")
    assert reason(refused) == Reason.LAB_BUSY
    assert refused.current == house.cafes.by_id["c"]
    house.make("e", tables=(("labo-3", 1),))
    house.do(CafeOpened, cafe="e")
    late = planned(tables=(("labo-3", 1), ("labo-1", 3)))
    assert reason(house.do(CafeChanged, cafe="e", plan=late)) == Reason.LAB_BUSY
    assert set(house.cafes.tables) == {*house.standing(), "labo-3.1"}


def test_next_session_of_a_laboratory_begins_with_empty_tables(house: House) -> None:
    house.sit("ann", "labo-1.2")
    house.do(TableHosted, "pass_1", table="labo-1.1", name="Léa")
    house.do(CafeClosed, cafe="c")
    assert house.table("labo-1.1").hosts == ("Léa",)  # it still shows what was
    house.opened("d", tables=(("labo-1", 2),))
    assert house.standing() == ["labo-1.1", "labo-1.2", "labo-2.1", "labo-2.2"]
    assert house.table("labo-1.3").gone
    assert {table.cafe for table in house.cafes.tables_of("labo-1")} == {"d"}
    assert (house.table("labo-1.1").hosts, house.table("labo-1.2").seated) == ((), 0)
    house.do(TableHosted, "pass_2", table="labo-1.1", name="Max")
    assert house.table("labo-1.1").hosts == ("Max",)
    assert house.steps()["labo-1"] == ("waiting", 0)


def test_closed_session_takes_nothing_and_goes_on_when_opened_again(house: House) -> None:
    house.advance(at=1000.0)
    house.do(CafeClosed, cafe="c", at=1500.0)
    assert house.audience.due(9999.0) == []
    assert reason(house.advance()) == Reason.CAFE_CLOSED
    assert reason(house.sit("ann")) == Reason.CAFE_CLOSED
    assert reason(house.change(title="Autre")) == Reason.CAFE_CLOSED
    house.do(CafeOpened, cafe="c", at=3000.0)
    house.do(RoundResumed, cafe="c", at=3000.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.step, progress.round, progress.ends_at) == ("round", 1, 3100.0)


def test_session_opened_again_takes_back_a_laboratory_that_was_elsewhere(house: House) -> None:
    house.advance(at=1000.0)
    house.do(CafeClosed, cafe="c", at=1000.0)
    house.opened("d", tables=(("labo-2", 1),))
    assert reason(house.do(CafeOpened, cafe="c")) == Reason.LAB_BUSY
    house.do(CafeClosed, cafe="d")
    house.do(CafeOpened, cafe="c")
    assert house.steps() == {"labo-1": ("round", 1), "labo-2": ("round", 1)}
    assert house.table("labo-2.2").cafe == "c"


def test_draft_can_be_removed_and_nothing_else(house: House) -> None:
    assert reason(house.do(CafeRemoved, cafe="c")) == Reason.WRONG_STATE
    house.make("d")
    house.do(CafeRemoved, cafe="d")
    assert [cafe.id for cafe in house.cafes.all()] == ["c"]
    assert reason(house.do(CafeOpened, cafe="d")) == Reason.UNKNOWN_CAFE
    assert reason(house.make("d")) == Reason.UNKNOWN_CAFE


def test_draft_is_shown_to_nobody_and_a_retry_makes_no_second(house: House) -> None:
    house.make("d")
    assert not house.cafes.by_id["d"].public
    assert set(house.cafes.by_id["d"].views) == {CAFES_VIEW, LABS}  # it may lose its laboratories
    house.change("d", title="Autre")
    assert isinstance(house.make("d"), Accepted)
    assert house.cafes.by_id["d"].plan.title == "Autre"
    assert reason(house.make("d", rounds=7)) == Reason.KEY_REUSED


def test_sessions_are_bounded() -> None:
    house = House()
    for number in range(CAFES):
        house.make(f"c{number}")
    assert reason(house.make("more")) == Reason.TOO_MANY_CAFES
    house.do(CafeRemoved, cafe="c0")
    assert isinstance(house.make("more"), Accepted)


def test_call_is_opened_and_closed_without_laboratories() -> None:
    house = House()
    house.opened("call", kind="call", tables=())
    house.opened("other", kind="call", tables=())
    assert house.cafes.progress == {}
    assert reason(house.do(RoundAdvanced, cafe="call")) == Reason.WRONG_STATE
    house.do(CafeClosed, cafe="call")
    assert house.cafes.by_id["call"].state == "closed"


def test_person_who_is_erased_still_counts_under_no_name(house: House) -> None:
    house.sit("ann", kiosk=True)
    house.do(ParticipantErased, participant="ann", stand_in="gone_1")
    assert house.table().seated == 1
    assert list(house.cafes.people("c", "labo-1")) == ["gone_1"]
    assert house.cafes.seat("ann") is None
    house.sit("ann", kiosk=True)  # somebody else now
    assert house.table().kiosk_seated == 2


def test_session_of_a_rehearsal_goes_with_it() -> None:
    house = House()
    house.make("planned")
    house.do(PhaseSet, phase="rehearsal")
    house.do(CafeOpened, cafe="planned")
    house.sit("ann")
    house.do(PhaseSet, phase="open")
    assert house.cafes.by_id["planned"].state == "draft"
    assert (house.cafes.progress, house.cafes.tables, house.cafes.seat("ann")) == ({}, {}, None)
    assert isinstance(house.do(CafeOpened, cafe="planned"), Accepted)
