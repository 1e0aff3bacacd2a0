"""The schedule as people read it: now, next, a day hour by hour, late, moved."""

from datetime import date
from zoneinfo import ZoneInfo

from engagement.talks import Talk
from engagement.talks.talk import Slot
from tests.tv.schedule.test_day import planned
from tests.tv.schedule.test_reading import at
from tv.schedule.shown import Shown, named, shown

PARIS = ZoneInfo("Europe/Paris")
PLACES = {"plateau": "Plateau", "labo-1": "Labo 1"}

DAYS = [
    planned("a", at(9), at(10), state="live", started_at=at(9, 5)),
    planned("b", at(10), at(10, 30)),
    planned("pause", at(10, 30), at(11), kind="break"),
    planned("ailleurs", at(10), at(11), channel="labo-1", lab="labo-1", room="Salle 2"),
    planned("c", at(11), at(12)),
    planned("demain", at(9, 0, 27), at(10, 0, 27)),
    planned("un jour", None),
]


def look(now: float, talks: list[Talk] = DAYS, day: date | None = None, lab: str = "") -> Shown:
    return shown(talks, now, PARIS, PLACES, day, lab)


def test_day_that_matters_now_is_shown_hour_by_hour() -> None:
    found = look(at(9, 30))
    assert found.day == date(2026, 11, 26)
    assert [row.talk.id for row in found.on] == ["a"]
    assert [row.talk.id for row in found.next] == ["b", "ailleurs", "c"]  # no break
    hours = {hour.start: [row.talk.id for row in hour.rows] for hour in found.hours}
    assert hours["10\u00a0h\u00a000"] == ["b", "ailleurs"]
    assert [row.talk.id for row in found.undated] == ["un jour"]
    places = {row.talk.id: row.place for hour in found.hours for row in hour.rows}
    assert (places["b"], places["ailleurs"]) == ("Plateau", "Salle 2")
    assert look(at(23, 0, 25)).day == date(2026, 11, 26)  # the day before
    assert look(at(9, 0, 30)).day == date(2026, 11, 26)  # when all is over


def test_another_day_and_one_lab_are_shown_to_who_asks() -> None:
    found = look(at(9, 30), day=date(2026, 11, 27))
    assert [row.talk.id for hour in found.hours for row in hour.rows] == ["demain"]
    (hour,) = look(at(9, 30), lab="labo-1").hours
    assert [row.talk.id for row in hour.rows] == ["ailleurs"]


def test_late_talk_is_told_to_the_next_five_minutes() -> None:
    (b,) = [row for row in look(at(10, 11)).next if row.talk.id == "b"]
    assert b.late == "10\u00a0h\u00a015"
    on = look(at(10, 11)).on[0]
    assert on.end == ""  # later than planned: until somebody ends it


def test_what_labs_do_by_their_hours_is_on_without_anybody_saying_so() -> None:
    found = look(at(10, 11))
    assert [(row.talk.id, row.state) for row in found.on] == [("a", "live"), ("ailleurs", "on")]
    assert found.on[1].way == "/labo/labo-1"
    states = {row.talk.id: row.state for hour in look(at(11, 10)).hours for row in hour.rows}
    assert (states["ailleurs"], states["b"]) == ("ended", "late")


def test_row_leads_to_where_a_talk_is_seen() -> None:
    talks = [
        planned("on", at(9), state="live", started_at=at(9)),
        planned("over", at(8), at(9), state="replay", started_at=at(8), ended_at=at(9)),
        planned("gone", at(8), at(9), state="cancelled"),
        planned("moved", at(12), at(13), moved=Slot(at(11), "Salle 1")),
    ]
    rows = {row.talk.id: row for hour in look(at(9, 30), talks).hours for row in hour.rows}
    ways = {name: row.way for name, row in rows.items()}
    assert ways == {"on": "/?canal=plateau", "over": "/revoir/over", "gone": "", "moved": ""}
    assert rows["moved"].moved == ("11\u00a0h\u00a000", "Salle 1")
    assert rows["moved"].link == "?jour=2026-11-26#moved"


def test_days_are_named_in_the_language_of_the_page() -> None:
    assert named(date(2026, 11, 26)) == "jeudi 26 novembre"
    assert named(date(2026, 11, 26), "en") == "Thursday 26 November"
