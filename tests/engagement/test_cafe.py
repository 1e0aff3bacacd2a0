"""World cafés: rounds that go by themselves, laboratories together or apart, people at tables."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.cafe.cafes import CAFES, HOSTS, Cafes
from engagement.cafe.events import (
    CafeChanged,
    CafeClosed,
    CafeMade,
    CafeOpened,
    CafeRemoved,
    NotesRevealed,
    RoundAdvanced,
    RoundExtended,
    RoundPaused,
    RoundResumed,
    SeatTaken,
    TableHosted,
)
from engagement.cafe.rounds import LONGEST, driven, following
from engagement.cafe.session import CAFES as CAFES_VIEW
from engagement.cafe.session import LABS, OWN, Plan, Progress, Table, lab_of, table_id
from engagement.fold import Accepted, Outcome, Reason
from engagement.happening import ParticipantErased, PhaseSet
from tests.engagement.room import Room, reason

PLAN = Plan(
    title="Demain",
    prompts=("Que faut-il ?",),
    tables=(("labo-1", 3), ("labo-2", 2)),
    rounds=2,
    round_seconds=600.0,
    moving_seconds=60.0,
    seats=2,
)


class House(Room):
    """A room with laboratories."""

    @property
    def cafes(self) -> Cafes:
        return self.audience.cafes

    def make(self, cafe: str = "c", **plan: Any) -> Outcome:
        return self.do(CafeMade, cafe=cafe, plan=_planned(**plan))

    def change(self, cafe: str = "c", **plan: Any) -> Outcome:
        return self.do(CafeChanged, cafe=cafe, plan=_planned(**plan))

    def opened(self, cafe: str = "c", at: float = 0.0, **plan: Any) -> None:
        self.make(cafe, **plan)
        assert isinstance(self.do(CafeOpened, cafe=cafe, at=at), Accepted)

    def advance(self, *labs: str, at: float | None = None, **more: Any) -> Outcome:
        return self.do(RoundAdvanced, cafe="c", labs=labs, at=at, **more)

    def sit(self, by: str, table: str = "labo-1.1", kiosk: bool = False) -> Outcome:
        return self.do(SeatTaken, by, table=table, kiosk=kiosk)

    def time_passes(self, until: float) -> None:
        """Do what is due, each when it is."""
        while ends := [end for each in self.cafes.progress.values() if (end := each.ends_at)]:
            if min(ends) > until:
                return
            for event in self.audience.due(min(ends)):
                self.do(type(event), **_fields(event))

    def steps(self) -> dict[str, tuple[str, int]]:
        return {lab: (each.step, each.round) for lab, each in self.cafes.progress.items()}

    def table(self, name: str = "labo-1.1") -> Table:
        return self.cafes.tables[name]

    def standing(self) -> list[str]:
        """The tables that there are."""
        return [table.id for lab in ("labo-1", "labo-2") for table in self.cafes.tables_of(lab)]


def _planned(**changes: Any) -> Plan:
    return Plan(**{name: getattr(PLAN, name) for name in PLAN.__struct_fields__} | changes)


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__ if name != "id"}


@pytest.fixture
def house() -> House:
    house = House()
    house.opened()
    return house


def test_laboratories_go_through_their_rounds_by_themselves(house: House) -> None:
    assert house.steps() == {"labo-1": ("waiting", 0), "labo-2": ("waiting", 0)}
    house.advance(at=1000.0)
    seen = []
    for time in (1000.0, 1600.0, 1660.0, 2260.0, 9000.0):
        house.time_passes(time)
        assert house.steps()["labo-1"] == house.steps()["labo-2"]
        seen.append(house.steps()["labo-1"])
    assert seen == [
        ("round", 1),
        ("moving", 1),
        ("round", 2),
        ("gathering", 2),
        ("gathering", 2),
    ]
    assert house.cafes.progress["labo-1"].ends_at is None
    assert reason(house.advance()) == Reason.WRONG_STATE


def test_step_that_two_processes_find_due_is_taken_once(house: House) -> None:
    house.advance(at=1000.0)
    assert house.audience.due(1599.9) == []
    ours, theirs = house.audience.due(1600.0), house.audience.due(1600.2)
    assert [event.id for event in ours] == [event.id for event in theirs]
    for number, event in enumerate((*ours, *theirs), 500):
        house.audience.apply(f"{number}-0", event)
    assert house.steps() == {"labo-1": ("moving", 1), "labo-2": ("moving", 1)}
    assert house.cafes.progress["labo-1"].ends_at == 1660.0


def test_due_step_gives_way_to_who_was_faster(house: House) -> None:
    house.advance(at=1000.0)
    late, _ = house.audience.due(1600.0)
    house.advance("labo-1", at=1600.0)  # somebody presses at the very moment
    house.audience.apply("900-0", late)
    assert house.steps()["labo-1"] == ("moving", 1)


def test_moving_is_cut_short(house: House) -> None:
    house.advance(at=1000.0)
    house.time_passes(1600.0)
    house.advance(at=1610.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.step, progress.round, progress.ends_at) == ("round", 2, 2210.0)


def test_without_time_to_move_a_round_follows_the_other() -> None:
    house = House()
    house.opened(moving_seconds=0.0)
    house.advance(at=1000.0)
    house.advance(at=1600.0)
    assert house.steps()["labo-1"] == ("round", 2)


def test_laboratories_are_driven_apart(house: House) -> None:
    house.advance("labo-2", at=1000.0)
    assert house.steps() == {"labo-1": ("waiting", 0), "labo-2": ("round", 1)}
    house.do(RoundPaused, cafe="c", labs=("labo-2",), at=1100.0)
    house.advance(at=1200.0)
    assert house.steps() == {"labo-1": ("round", 1), "labo-2": ("moving", 1)}


def test_second_press_of_a_button_advances_nobody(house: House) -> None:
    seen = tuple({progress.version for progress in house.cafes.progress.values()})
    assert isinstance(house.advance(expects=seen), Accepted)
    assert reason(house.advance(expects=seen)) == Reason.CHANGED
    assert house.steps()["labo-1"] == ("round", 1)


def test_paused_time_stands_still_and_goes_on(house: House) -> None:
    house.advance(at=1000.0)
    house.do(RoundPaused, cafe="c", at=1100.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.ends_at, progress.left) == (None, 500.0)
    assert house.audience.due(9999.0) == []
    assert reason(house.do(RoundPaused, cafe="c")) == Reason.WRONG_STATE
    house.do(RoundExtended, cafe="c", seconds=60.0)
    house.do(RoundResumed, cafe="c", at=2000.0)
    progress = house.cafes.progress["labo-1"]
    assert (progress.ends_at, progress.left) == (2560.0, None)
    assert reason(house.do(RoundResumed, cafe="c")) == Reason.WRONG_STATE


def test_step_takes_longer_or_less(house: House) -> None:
    house.advance(at=1000.0)
    house.do(RoundExtended, cafe="c", seconds=120.0, at=1100.0)
    assert house.cafes.progress["labo-1"].ends_at == 1720.0
    house.do(RoundExtended, cafe="c", seconds=-9999.0, at=1200.0)
    assert house.cafes.progress["labo-1"].ends_at == 1200.0
    house.do(RoundExtended, cafe="c", seconds=1e9, at=1200.0)
    assert house.cafes.progress["labo-1"].ends_at == 1200.0 + LONGEST


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
    late = _planned(tables=(("labo-3", 1), ("labo-1", 3)))
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


def test_table_is_named_by_its_laboratory_and_number() -> None:
    assert table_id("labo-1", 3) == "labo-1.3"
    assert (lab_of("labo-1.3"), lab_of("labo-1"), lab_of("")) == ("labo-1", "", "")


ACTS = st.one_of(
    *(
        st.builds(type, id=st.just("x"), by=st.just("x"), cafe=st.just("c"), at=st.floats(0, 1e6))
        for type in (RoundAdvanced, RoundPaused, RoundResumed)
    ),
    st.builds(
        RoundExtended,
        id=st.just("x"),
        by=st.just("x"),
        cafe=st.just("c"),
        at=st.floats(0, 1e6),
        seconds=st.floats(-1e5, 1e5),
    ),
)


@given(st.lists(ACTS, max_size=30), st.integers(1, 4), st.sampled_from([0.0, 60.0]))
def test_rounds_never_go_back_and_time_is_never_wrong(
    acts: list[Any], rounds: int, moving: float
) -> None:
    plan = _planned(rounds=rounds, moving_seconds=moving)
    progress = Progress(id="labo-1", cafe="c")
    for event in sorted(acts, key=lambda event: event.at):
        after = driven(plan, progress, event) or progress
        assert after.round in (progress.round, progress.round + 1)
        assert after.round <= rounds
        assert after.ends_at is None or after.left is None
        timed = after.step in ("round", "moving")
        assert timed == (after.ends_at is not None or after.left is not None)
        assert (
            after.ends_at is None
            or event.at <= after.ends_at <= event.at + LONGEST
            or (after.ends_at == progress.ends_at)
        )
        progress = after
    while following(plan, progress, 0.0):
        progress = following(plan, progress, 0.0) or progress
    assert (progress.step, progress.round) == ("gathering", rounds)
