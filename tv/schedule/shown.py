"""The schedule as people read it: what is on, what comes next, and each day hour by hour."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from itertools import groupby
from math import ceil
from typing import Literal
from urllib.parse import quote

from babel.dates import format_date

from engagement.talks import Talk
from tv.schedule import times
from tv.schedule.day import Expected, by_its_hours, day_of, days_of, forecast

NEXT = 3  # talks that come next, at most
LATE = 180.0  # seconds after which a talk is said to be late
ABOUT = 300.0  # what « vers » is a multiple of, in seconds


State = Literal["coming", "late", "on", "live", "ended", "replay", "cancelled"]


@dataclass(frozen=True)
class Row:
    """A talk. `link` leads to it on the page, `way` to where one sees it, "" while there is nothing
    to see; `late` is the hour at which it is expected instead, `moved` when and where it was to be,
    "" when it is as planned. `soon`: one may want to be reminded of it.

    `state` is "on" for what takes place in a laboratory by its hours, without anybody saying so.
    """

    talk: Talk
    state: State
    link: str
    start: str
    end: str
    place: str
    way: str = ""
    late: str = ""
    moved: tuple[str, str] = ("", "")
    soon: bool = False


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
    """What there is to show of `talks` on a `day`, or else on the one that matters now.

    `lab`: of that one alone, "" for all. `places` has the names of channels.
    """
    reading = _Reading(forecast(talks, now, zone), now, zone, places)
    here = [talk for talk in talks if not lab or talk.lab == lab]
    here.sort(key=lambda talk: talk.planned_start or 0.0)
    days = days_of(here, zone)
    today = times.local(now, zone).date()
    if day not in days:
        day = next((each for each in days if each >= today), days[0] if days else None)
    rows = [reading.row(talk) for talk in here]
    dated = [row for row in rows if row.start and day_of(row.talk, zone) == day]
    coming = [row for row in rows if row.state in ("coming", "late") and row.start]
    coming = [row for row in coming if row.talk.kind != "break" and day_of(row.talk, zone) == today]
    coming.sort(key=lambda row: reading.begins(row.talk))
    return Shown(
        tuple(days),
        day,
        tuple(row for row in rows if row.state in ("live", "on") and row.talk.kind != "break"),
        tuple(coming[:NEXT]),
        tuple(Hour(start, tuple(of)) for start, of in groupby(dated, key=lambda row: row.start)),
        tuple(row for row in rows if not row.start),
    )


class _Reading:
    """What is said of each talk at a time."""

    def __init__(
        self, expected: Mapping[str, Expected], now: float, zone: tzinfo, places: Mapping[str, str]
    ) -> None:
        self._expected = expected
        self._now = now
        self._zone = zone
        self._places = places

    def begins(self, talk: Talk) -> float:
        """When to expect it."""
        return self._expected.get(talk.id, (talk.planned_start or 0.0, None))[0]

    def row(self, talk: Talk) -> Row:
        state, late = self._state(talk)
        end = talk.planned_end
        if state == "live" and self._expected.get(talk.id, (0.0, end))[1] != end:
            end = None  # it runs over: nobody knows
        return Row(
            talk,
            state,
            place_of(talk, self._zone),
            self._clock(talk.planned_start),
            self._clock(end),
            self._places.get(talk.room, talk.room) or self._places.get(talk.channel, ""),
            _way(talk, state),
            late,
            self._moved(talk),
            state == "coming" and talk.kind != "break" and (talk.planned_start or 0.0) > self._now,
        )

    def _state(self, talk: Talk) -> tuple[State, str]:
        """Its state, and when to expect it if it is late."""
        if talk.state != "scheduled" or talk.planned_start is None:
            return ("coming" if talk.state == "scheduled" else talk.state), ""
        start, end = talk.planned_start, talk.planned_end or talk.planned_start
        if by_its_hours(talk) or talk.kind == "break":
            return ("coming" if self._now < start else "on" if self._now < end else "ended"), ""
        if (begins := self.begins(talk)) - start >= LATE:
            return "late", clock(ceil(begins / ABOUT) * ABOUT, self._zone)
        return "coming", ""

    def _moved(self, talk: Talk) -> tuple[str, str]:
        if talk.moved is None or talk.state not in ("scheduled", "live"):
            return "", ""
        return self._clock(talk.moved.start), talk.moved.room

    def _clock(self, at: float | None) -> str:
        return "" if at is None else clock(at, self._zone)


def _way(talk: Talk, state: State) -> str:
    if state == "on":
        return f"/labo/{talk.lab}" if talk.lab else ""
    return seen_at(talk) if state == "live" else replay_of(talk)


def seen_at(talk: Talk) -> str:
    """Where one sees a talk while it is on: its channel, or its laboratory; "" for neither."""
    if talk.channel:
        return f"/?canal={quote(talk.channel)}"
    return f"/labo/{talk.lab}" if talk.lab else ""


def replay_of(talk: Talk) -> str:
    """Where one sees it again; "" while one cannot."""
    return f"/revoir/{quote(talk.id)}" if talk.state == "replay" and talk.marks else ""


def place_of(talk: Talk, zone: tzinfo) -> str:
    """Where a talk is on the page of its day, behind that page's address."""
    day = day_of(talk, zone)
    return f"?jour={day}#{talk.id}" if day else f"#{talk.id}"


def clock(at: float, zone: tzinfo) -> str:
    """« 9 h 30 »"""
    local = times.local(at, zone)
    return f"{local.hour}\u00a0h\u00a0{local.minute:02}"


def named(day: date, language: str = "fr") -> str:
    """« jeudi 26 novembre »"""
    return format_date(day, "EEEE d MMMM", locale=language)
