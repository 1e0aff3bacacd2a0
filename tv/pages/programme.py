"""The schedule as a page, and as calendars that remind one of a talk. It works without a script.

- `GET /programme?jour=2026-11-26&labo=labo-1`: what is on, what comes next, and a day hour by hour;
  by itself the day that matters now.
- `GET /programme.ics?labo=labo-1`, `GET /programme/{talk}.ics`: calendars for people: each talk
  rings ten minutes before it begins and leads back to the page. (The files of `/api/v1/schedule`
  are for other tools.)
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import Talk
from tv.follower import Follower
from tv.labs.items import lab_item
from tv.pages.html import Pages, origin
from tv.schedule import icalendar, writing
from tv.schedule.shown import named, place_of, shown
from tv.settings import Settings
from tv.writing import attached, talk_of

CALENDAR = "text/calendar"


def routes(
    pages: Pages, settings: Settings, follower: Follower, now: Callable[[], float]
) -> list[BaseRoute]:
    event, talks = settings.event, follower.audience.talks
    labs: dict[str, dict[str, Any]] = {
        slug: lab_item(slug, lab) for slug, lab in settings.labs.items()
    }
    places = {slug: channel.name for slug, channel in settings.channels.items()}

    async def programme(request: Request) -> Response:
        planned = [talk for talk in writing.planned(talks) if not talk.standing]
        lab = request.query_params.get("labo", "")
        lab = lab if lab in labs else ""
        found = shown(planned, now(), event.zone, places, _day(request), lab)
        busy = {talk.lab for talk in planned}
        return pages.page(
            "programme.html",
            "programme.ts",
            reader=request,
            shown=found,
            empty=not planned,
            labs=labs,
            filters=[each for slug, each in labs.items() if slug in busy],
            lab=lab,
            named=named,
            host=origin(request, settings).partition("://")[2],
        )

    async def calendar(request: Request) -> Response:
        lab = request.query_params.get("labo", "")
        wanted = [talk for talk in writing.planned(talks) if not lab or talk.lab == lab]
        return answer(request, wanted, "programme")

    async def reminder(request: Request) -> Response:
        talk = talk_of(request, talks)
        return answer(request, [talk], talk.id)

    def answer(request: Request, wanted: list[Talk], name: str) -> Response:
        here = f"{origin(request, settings)}/programme"

        def page(talk: Talk) -> str:
            return here + place_of(talk, event.zone)

        written = icalendar.write(wanted, event.name, now(), page)
        return attached(written, CALENDAR, f"{name}.ics", "no-cache")

    return [
        Route("/programme", programme, methods=["GET"]),
        Route("/programme.ics", calendar, methods=["GET"]),
        Route("/programme/{talk}.ics", reminder, methods=["GET"]),
    ]


def _day(request: Request) -> date | None:
    try:
        return date.fromisoformat(request.query_params.get("jour", ""))
    except ValueError:
        return None
