"""The pages of the laboratories: the journey, each laboratory, its tables, and codes to print.

The pages are for anyone, codes to print for the crew: what pages show and let one do comes by the
socket and the API. A code that is on a table leads by `/rejoindre` to its page with `?ici`: whoever
scans it says that they sit there, and proves it. No page that anyone may open has such a code.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.auth import CREW, identity
from tv.follower import Follower
from tv.joining import Place
from tv.labs.items import lab_item
from tv.labs.pictograms import path
from tv.labs.places import is_table, number_of, planned_tables
from tv.pages.api_join import Door
from tv.pages.html import Pages
from tv.settings import DEFAULT_CHANNEL, Settings

HERE = "?ici"  # on codes that people scan


def routes(pages: Pages, settings: Settings, follower: Follower, door: Door) -> list[BaseRoute]:
    desk = Desk(pages, settings, follower, door)
    table = "/labo/{lab}/table/{number}"
    return [
        Route("/labo", desk.journey, methods=["GET"]),
        Route("/labo/{lab}", desk.lab, methods=["GET"]),
        Route("/labo/{lab}/affiches", desk.codes, methods=["GET"]),
        Route(table, desk.table, methods=["GET"]),
        Route(f"{table}/hote", desk.host, methods=["GET"]),
    ]


class Desk:
    """Serves the pages."""

    def __init__(self, pages: Pages, settings: Settings, follower: Follower, door: Door) -> None:
        self._pages = pages
        self._settings = settings
        self._door = door
        self._cafes = follower.audience.cafes
        self._labs = [lab_item(slug, lab) for slug, lab in settings.labs.items()]

    async def journey(self, request: Request) -> Response:
        known = {"labs": self._labs}
        return self._pages.page("labs.html", "labs.ts", known, reader=request, labs=self._labs)

    async def lab(self, request: Request) -> Response:
        slug = request.path_params["lab"]
        if slug not in self._settings.labs:
            return self._missing(request)
        lab, known = self._settings.labs[slug], self._known(slug)
        return self._pages.page("lab.html", "lab.ts", known, reader=request, lab=lab)

    async def table(self, request: Request) -> Response:
        return await self._at_table(request, "table.html", "table.ts")

    async def host(self, request: Request) -> Response:
        return await self._at_table(request, "host.html", "host.ts")

    async def codes(self, request: Request) -> Response:
        """A sheet for the door, and one for each table that a session has there."""
        slug = request.path_params["lab"]
        if slug not in self._settings.labs:
            return self._missing(request)
        identity(request).must_be(*CREW)
        places = [Place("lab", slug)]
        places += [Place("table", table) for table in planned_tables(self._cafes, (slug,))]
        sheets: list[dict[str, Any]] = []
        for place in places:
            address = self._door.address(request, place)
            number = number_of(place.name) if place.kind == "table" else 0
            shown = address.partition("://")[2]
            code = await self._pages.codes.of(address)
            sheets.append({"number": number, "address": shown, "code": code})
        lab = self._settings.labs[slug]
        drawing = path(lab.pictogram)
        return self._pages.page(
            "lab_codes.html", lab=lab, drawing=drawing, slug=slug, sheets=sheets
        )

    async def _at_table(self, request: Request, template: str, script: str) -> Response:
        slug, said = request.path_params["lab"], request.path_params["number"]
        table = f"{slug}.{said}"
        if not is_table(table, self._settings.labs):
            return self._missing(request)
        number = int(said)
        known = self._known(slug) | {"table": table, "number": number}
        lab = self._settings.labs[slug]
        return self._pages.page(
            template, script, known, reader=request, lab=lab, slug=slug, number=number
        )

    def _known(self, slug: str) -> dict[str, Any]:
        own = slug if slug in self._settings.channels else ""
        return {"labs": self._labs, "lab": slug, "channel": DEFAULT_CHANNEL, "labChannel": own}

    def _missing(self, request: Request) -> Response:
        return self._pages.page("no_lab.html", status=404, reader=request, labs=self._labs)
