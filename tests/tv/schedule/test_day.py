"""A day as it goes: talks that run over push others, breaks make up for it."""

from typing import Any
from zoneinfo import ZoneInfo

from engagement.talks import Talk
from tests.tv.schedule.test_reading import at
from tv.schedule.day import days_of, forecast

PARIS = ZoneInfo("Europe/Paris")


def planned(name: str, start: float | None, end: float | None = None, **more: Any) -> Talk:
    fields = {"channel": "plateau", "planned_start": start, "planned_end": end} | more
    return Talk(id=name, title=name, **fields)


MORNING = [
    planned("a", at(9), at(10), state="live", started_at=at(9, 5)),
    planned("b", at(10), at(10, 30)),
    planned("pause", at(10, 30), at(11), kind="break"),
    planned("c", at(11), at(12)),
    planned("ailleurs", at(10), at(11), channel="labo-1"),
    planned("demain", at(9, 0, 27), at(10, 0, 27)),
]


def expected(now: float) -> dict[str, tuple[float, float | None]]:
    return forecast(MORNING, now, PARIS)


def test_all_goes_as_planned_while_nobody_runs_over() -> None:
    assert expected(at(9, 30)) == {
        "a": (at(9, 5), at(10)),
        "b": (at(10), at(10, 30)),
        "pause": (at(10, 30), at(11)),
        "c": (at(11), at(12)),
        "ailleurs": (at(10), at(11)),
    }


def test_talk_that_runs_over_pushes_the_next_and_a_break_makes_up_for_it() -> None:
    late = expected(at(10, 20))
    assert late["a"] == (at(9, 5), at(10, 20))
    assert late["b"] == (at(10, 20), at(10, 50))
    assert late["pause"] == (at(10, 50), at(11))
    assert late["c"] == (at(11), at(12))


def test_delay_that_eats_the_break_goes_on() -> None:
    late = expected(at(10, 45))
    assert late["pause"] == (at(11, 15), at(11, 15))
    assert late["c"] == (at(11, 15), at(12, 15))


def test_talk_that_nobody_started_is_to_be_expected_now() -> None:
    assert expected(at(10, 5))["ailleurs"] == (at(10, 5), at(11, 5))


def test_what_has_no_room_pushes_nothing() -> None:
    talks = [planned(name, at(9), at(10), channel="") for name in "ab"]
    assert forecast(talks, at(8), PARIS) == {name: (at(9), at(10)) for name in "ab"}


def test_what_a_lab_does_by_its_hours_is_expected_then_until_it_is_over() -> None:
    talks = [
        planned("a", at(10), at(11), channel="labo-1", lab="labo-1"),
        planned("b", at(11), at(12), channel="labo-1", lab="labo-1"),
        planned("c", at(14), channel="labo-1", lab="labo-1"),
    ]
    assert forecast(talks, at(10, 30), PARIS) == {
        "a": (at(10), at(11)),
        "b": (at(11), at(12)),
        "c": (at(14), None),
    }
    assert forecast(talks, at(15), PARIS) == {}


def test_end_that_nobody_planned_is_not_made_up() -> None:
    talks = [planned("a", at(9)), planned("b", at(10))]
    assert forecast(talks, at(8), PARIS) == {"a": (at(9), None), "b": (at(10), None)}


def test_days_are_those_of_the_clocks_on_the_wall() -> None:
    late = planned("a", at(23, 30)), planned("b", at(0, 30, 27)), planned("c", None)
    assert [day.isoformat() for day in days_of(late, PARIS)] == ["2026-11-26", "2026-11-27"]
    assert [day.isoformat() for day in days_of(late, ZoneInfo("UTC"))] == ["2026-11-26"]
