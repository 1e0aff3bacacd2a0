"""Joining in two steps, so that a whole room may come within seconds.

- `POST /api/v1/join` `{"code": "K7M2QX"}` → `{"event": {"id", "name", "phase"}, "talk", "lab",
  "table", "delay_ms"}`: the first step, which costs next to nothing and makes nobody a participant.
  `talk` is the code's, else what is live on the stage, as `{"id", "title", "channel", "state"}` or
  null; `lab` is the code's, as `{"id", "name"}` or null; so is `table`, as `{"id", "lab",
  "number"}`, and then `lab` is where it stands. Without a code it leads to the event itself. The
  second step (`POST /api/v1/participants`, then the socket) is for `delay_ms` milliseconds later:
  so the server spreads a wave of arrivals. Say the `code` of a laboratory or a table there again:
  it proves that the device is in that laboratory. 404 `unknown-code`: whoever tries many waits for
  each.
- `GET /api/v1/join/codes` → `{"items": [{"kind": "event|talk|lab|table", "id", "name", "code"}]}`,
  for the crew: what is printed on doors and shown on screens. The tables are those of all sessions
  that were planned.
- `GET /api/v1/join/codes/{table}` → `{"id", "code", "address", "image"}`, for the crew, and for who
  is in the laboratory of the table: its device, its hosts, people who have shown a code. `image` is
  the `address` as a QR code, as a `data:` URL. 403 `code-required`, 404 `unknown-table`.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from engagement.talks import Talk
from streaming.ingest.wrong_keys import WrongKeys
from tv.auth import CREW, Identity, identity
from tv.follower import Follower
from tv.joining import Codes, Place, Turnstile
from tv.labs.naming import table_name
from tv.labs.places import is_table, number_of, planned_tables
from tv.openapi import takes
from tv.pages.html import origin
from tv.pages.qr import QrCodes
from tv.problems import Problem, read_json
from tv.settings import DEFAULT_CHANNEL, Settings
from tv.writing import absent, json

CODE = 32  # characters that are looked at
PATIENCE = 1.5  # seconds that a wrong code waits at most: people mistype, too


class Arrival(msgspec.Struct, frozen=True):
    """The body of the first step."""

    code: str = ""


def routes(door: "Door") -> list[BaseRoute]:
    return [
        Route("/api/v1/join", door.join, methods=["POST"]),
        Route("/api/v1/join/codes", door.codes, methods=["GET"]),
        Route("/api/v1/join/codes/{table}", door.of_table, methods=["GET"]),
    ]


class Door:
    """Answers those who come."""

    def __init__(
        self, settings: Settings, follower: Follower, secret: bytes, pictures: QrCodes
    ) -> None:
        self._settings = settings
        self._follower = follower
        self._codes = Codes(secret)
        self._pictures = pictures
        self._turnstile = Turnstile()
        self._wrong = WrongKeys(time.monotonic)

    @takes(Arrival)
    async def join(self, request: Request) -> Response:
        said = await read_json(request, Arrival, limit=4096)
        place = Place("event", self._settings.event.slug)
        if said.code.strip():
            place = await self.place(request, said.code)
        wait = self._turnstile.wait(time.monotonic(), identity(request).network)
        return json(
            {
                "event": {
                    "id": self._settings.event.slug,
                    "name": self._settings.event.name,
                    "phase": self._follower.audience.happening.now.phase,
                },
                "talk": _described(self._talk(place)),
                "lab": self._lab(place),
                "table": _table(place),
                "delay_ms": round(1000 * wait),
            }
        )

    async def codes(self, request: Request) -> Response:
        identity(request).must_be(*CREW)
        items = [
            {
                "kind": place.kind,
                "id": place.name,
                "name": self._name(place),
                "code": self._codes.of(place),
            }
            for place in self._places()
        ]
        return json({"items": items})

    async def of_table(self, request: Request) -> Response:
        table = request.path_params["table"]
        if not is_table(table, self._settings.labs):
            raise absent("table")
        must_be_in(identity(request), lab_of(table))
        address = self.address(request, Place("table", table))
        code = address.rpartition("/")[2]
        image = await self._pictures.of(address)
        return json({"id": table, "code": code, "address": address, "image": image})

    def address(self, request: Request, place: Place) -> str:
        """The address of a place's code, to print and to show to people who are there."""
        return f"{origin(request, self._settings)}/rejoindre/{self._codes.of(place)}"

    async def place(self, request: Request, code: str) -> Place:
        """Where a code leads, as somebody typed it.

        Raises Problem where it leads nowhere, later and later for who tries many.
        """
        if (found := self._codes.find(code[:CODE], self._places())) is not None:
            return found
        address = request.client.host if request.client else ""
        await asyncio.sleep(min(PATIENCE, self._wrong.note(address)))
        raise Problem(
            404,
            "unknown-code",
            "Code inconnu",
            "Ce code ne mène nulle part. Vérifiez-le sur l’affiche ou sur l’écran.",
        )

    def _places(self) -> Iterator[Place]:
        yield Place("event", self._settings.event.slug)
        for slug in self._settings.labs:
            yield Place("lab", slug)
        for table in planned_tables(self._follower.audience.cafes, self._settings.labs):
            yield Place("table", table)
        for talk in self._follower.audience.talks.listed():
            yield Place("talk", talk.id)

    def _name(self, place: Place) -> str:
        match place.kind:
            case "event":
                return self._settings.event.name
            case "lab":
                return self._settings.labs[place.name].name or place.name
            case "table":
                return table_name(place.name, self._settings.labs)
            case "talk":
                return self._follower.audience.talks.by_id[place.name].title

    def _lab(self, place: Place) -> dict[str, str] | None:
        slug = {"lab": place.name, "table": lab_of(place.name)}.get(place.kind)
        return None if slug is None else {"id": slug, "name": self._settings.labs[slug].name}

    def _talk(self, place: Place) -> Talk | None:
        talks = self._follower.audience.talks
        return (
            talks.by_id.get(place.name) if place.kind == "talk" else talks.live_on(DEFAULT_CHANNEL)
        )


def must_be_in(who: Identity, lab: str) -> None:
    """Raises Problem unless they have proved that they are in a laboratory."""
    if not who.is_in(lab):
        raise Problem(
            403,
            "code-required",
            "Code à scanner",
            "Scannez d’abord le code de la table ou de la porte : il montre que vous y êtes.",
        )


def _table(place: Place) -> dict[str, Any] | None:
    if place.kind != "table":
        return None
    return {"id": place.name, "lab": lab_of(place.name), "number": number_of(place.name)}


def _described(talk: Talk | None) -> dict[str, str] | None:
    if talk is None:
        return None
    return {"id": talk.id, "title": talk.title, "channel": talk.channel, "state": talk.state}
