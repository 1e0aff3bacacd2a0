"""The schedule as people read it: what is on, what comes next, and each day hour by hour."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import groupby
from math import ceil
from urllib.parse import quote

from babel.dates import format_date

from engagement.talks import Talk
from tv.schedule import times
from tv.schedule.day import Expected, day_of, days_of, forecast

NEXT = 3  # talks that come next, at most
LATE = 180.0  # seconds after which a talk is said to be late
ABOUT = 300.0  # what « vers » is a multiple of, in seconds


@dataclass(frozen=True)
class Row:
    """A talk. `link` leads to it on the page, `way` to where one sees it, "" while there is nothing
    to see; `late` is the hour at which it is expected instead, `moved` when and where it was to be,
    "" when it is as planned."""

    talk: Talk
    link: str
    start: str
    end: str
    place: str
    way: str
    late: str = ""
    moved: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Hour:
    """What begins at the same time."""

    start: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Shown:
    """The whole of a page. `day` is the one shown, None where no talk has an hour; `undated` are
    the talks that have none."""

    days: tuple[date, ...]
    day: date | None
    on: tuple[Row, ...]
    next: tuple[Row, ...]
    hours: tuple[Hour, ...]
    undated: tuple[Row, ...]


def shown(
    talks: Collection[Talk],
    now: float,
    zone: tzinfo,
    places: Mapping[str, str],
    day: date | None = None,
    lab: str = "",
) -> Shown:
    """What there is to show of `talks`, in their order, on a `day` or on the one that matters now,
    and of one `lab`. `places` has the names of channels and labs."""
    expected = forecast(talks, now, zone)

    def row(talk: Talk) -> Row:
        return _row(talk, expected.get(talk.id), zone, places)

    here = [talk for talk in talks if not lab or talk.lab == lab]
    days = days_of(here, zone)
    today = times.local(now, zone).date()
    if day not in days:
        day = next((each for each in days if each >= today), days[0] if days else None)
    of_day = [talk for talk in here if talk.planned_start is not None and day_of(talk, zone) == day]
    hours = groupby(of_day, key=lambda talk: clock(talk.planned_start or 0.0, zone))
    coming = [talk for talk in here if talk.state == "scheduled" and talk.id in expected]
    coming.sort(key=lambda talk: expected[talk.id][0])
    return Shown(
        tuple(days),
        day,
        tuple(row(talk) for talk in here if talk.state == "live"),
        tuple(row(talk) for talk in coming if talk.kind != "break")[:NEXT],
        tuple(Hour(start, tuple(map(row, found))) for start, found in hours),
        tuple(row(talk) for talk in here if talk.planned_start is None),
    )


def _row(talk: Talk, expected: Expected | None, zone: tzinfo, places: Mapping[str, str]) -> Row:
    late = ""
    if expected and talk.state == "scheduled" and talk.planned_start is not None:
        behind = expected[0] - talk.planned_start
        late = clock(ceil(expected[0] / ABOUT) * ABOUT, zone) if behind >= LATE else ""
    end = expected[1] if expected and talk.state == "live" else talk.planned_end
    moved = ("", "")
    if talk.moved and talk.state in ("scheduled", "live"):
        was = talk.moved.start
        moved = ("" if was is None else clock(was, zone), talk.moved.room)
    return Row(
        talk,
        place_of(talk, zone),
        "" if talk.planned_start is None else clock(talk.planned_start, zone),
        "" if end is None else clock(end, zone),
        talk.room or places.get(talk.channel, ""),
        _way(talk),
        late,
        moved,
    )


def _way(talk: Talk) -> str:
    if talk.state == "live" and talk.channel:
        return f"/?canal={quote(talk.channel)}"
    return f"/revoir/{quote(talk.id)}" if talk.state == "replay" and talk.marks else ""


def place_of(talk: Talk, zone: tzinfo) -> str:
    """Where a talk is on the page of its day, behind that page's address."""
    day = day_of(talk, zone)
    return f"?jour={day}#{talk.id}" if day else f"#{talk.id}"


def clock(at: float, zone: tzinfo) -> str:
    """« 9 h 30 »"""
    local = times.local(at, zone)
    return f"{local.hour}\u00a0h\u00a0{local.minute:02}"


def named(day: date, language: str = "fr", short: bool = False) -> str:
    """« jeudi 26 novembre », « jeu. 26 »"""
    return format_date(day, "EEE d" if short else "EEEE d MMMM", locale=language)
