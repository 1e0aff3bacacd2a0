"""The API of the schedule: the days, a file brought in, and files to take away.

- `GET /api/v1/schedule?day=2026-11-26&lab=labo-1` → `{"version", "time_zone", "days", "items":
  [talk]}`: all talks, or those of a day, or of a lab, in the order of their hours. Those of today
  that are not over also have `expected_start` and `expected_end`: later than planned when those
  before them run over, as planned for what a laboratory does by its hours, or null. 422
  `unknown-filter`.
- `POST /api/v1/schedule:import?dry_run=1&source=programme`, the file as the body → `{"version",
  "dry_run", "counts", "items": [{"change", "talk", "title", "fields"}], "notes"}` (operator,
  admin): frab JSON or XML, iCalendar or CSV, at most 5 MB. With `dry_run` nothing changes; with
  the `version` of that answer in If-Match, what was shown is what is applied (412 otherwise). Talks
  of the same `source` that the file no longer has are cancelled. 422 `schedule-unreadable`,
  `too-many-talks`; 413.
- `GET /api/v1/schedule.json` → frab's JSON, `GET /api/v1/schedule.ics` → iCalendar: for the crew
  with all that a file said (what a table had in columns that we do not know is `columns` of its
  talk), for others with what is everybody's.
"""

import asyncio
from collections.abc import Callable
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import ScheduleImported
from engagement.talks.planning import difference
from tv import items
from tv.auth import RUNNERS, identity
from tv.filters import unknown_filter
from tv.follower import Follower
from tv.openapi import asks
from tv.problems import Problem, clean, read_body, rfc3339
from tv.schedule import day, telling, writing
from tv.schedule.errors import Unreadable
from tv.schedule.places import Places
from tv.schedule.reading import LIMIT, SOURCE, Reading, read
from tv.settings import Settings
from tv.writing import Writer, attached, json


def routes(
    follower: Follower, writer: Writer, settings: Settings, now: Callable[[], float]
) -> list[BaseRoute]:
    desk = Desk(follower, writer, settings, now)
    return [
        Route("/api/v1/schedule", desk.days, methods=["GET"]),
        Route("/api/v1/schedule:import", desk.bring, methods=["POST"]),
        Route("/api/v1/schedule.json", desk.as_json, methods=["GET"]),
        Route("/api/v1/schedule.ics", desk.as_ical, methods=["GET"]),
    ]


class Desk:
    """Answers requests about the schedule as a whole."""

    def __init__(
        self, follower: Follower, writer: Writer, settings: Settings, now: Callable[[], float]
    ) -> None:
        self._audience = follower.audience
        self._writer = writer
        self._settings = settings
        self._places = Places.of(settings)
        self._zone = settings.event.zone
        self._now = now

    @asks(day="of a day (2026-05-21)", lab="of a laboratory")
    async def days(self, request: Request) -> Response:
        planned = writing.planned(self._audience.talks)
        wanted = self._day(request.query_params.get("day", ""))
        lab = request.query_params.get("lab", "")
        if lab and lab not in self._settings.labs:
            raise unknown_filter(f"lab\u00a0: {', '.join(self._settings.labs) or 'aucun'}")
        expected = day.forecast(planned, self._now(), self._zone)
        shown = [
            items.whole_talk_item(talk) | _expected(expected.get(talk.id))
            for talk in planned
            if (wanted is None or day.day_of(talk, self._zone) == wanted)
            and (not lab or talk.lab == lab)
        ]
        return json(
            {
                "version": self._audience.talks.schedule.version,
                "time_zone": str(self._zone),
                "days": [each.isoformat() for each in day.days_of(planned, self._zone)],
                "items": shown,
            }
        )

    @asks(source="whose talks these are", dry_run=("0", "1"))
    async def bring(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        source = clean(request.query_params.get("source", "programme"), "source", SOURCE)
        data = await read_body(request, LIMIT)
        said = await asyncio.to_thread(self._read, data)
        event = ScheduleImported(
            **self._writer.act(request, who.signature),
            plans=said.plans,
            source=source,
            about=said.about,
        )
        changes = difference(self._audience.talks.by_id, event)
        dry = request.query_params.get("dry_run", "") not in ("", "0", "false")
        if not dry:
            await self._writer.write(event, who)
        return json(
            {
                "version": self._audience.talks.schedule.version,
                "dry_run": dry,
                "counts": telling.counted(changes) | {"in_file": len(said.plans)},
                "items": telling.as_items(changes),
                "notes": list(said.notes),
            }
        )

    async def as_json(self, request: Request) -> Response:
        crew = identity(request).crew("")
        written = writing.as_json(self._audience.talks, self._settings.event, crew=crew)
        return attached(written, "application/json", "programme.json", "no-cache")

    async def as_ical(self, request: Request) -> Response:
        event, crew = self._settings.event, identity(request).crew("")
        written = writing.as_ical(self._audience.talks, event, self._now(), crew=crew)
        return attached(written, "text/calendar", "programme.ics", "no-cache")

    def _day(self, said: str) -> date | None:
        try:
            return date.fromisoformat(said) if said else None
        except ValueError as error:
            raise unknown_filter("day\u00a0: une date comme 2026-11-26") from error

    def _read(self, data: bytes) -> Reading:
        try:
            return read(data, self._zone, self._places)
        except Unreadable as error:
            raise Problem(422, "schedule-unreadable", "Programme illisible", str(error)) from error


def _expected(when: day.Expected | None) -> items.Rendered:
    start, end = when or (None, None)
    return {"expected_start": rfc3339(start), "expected_end": rfc3339(end)}
