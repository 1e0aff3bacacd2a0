"""Joining in two steps, so that a whole room may come within seconds.

- `POST /api/v1/join` `{"code": "K7M2QX"}` → `{"event": {"id", "name", "phase"}, "talk", "lab",
  "delay_ms"}`: the first step, which costs next to nothing and makes nobody a participant. `talk`
  is the code's, else what is live on the stage, as `{"id", "title", "channel", "state"}` or null;
  `lab` is the code's, as `{"id", "name"}` or null. Without a code it leads to the event itself. The
  second step (`POST /api/v1/participants`, then the socket) is for `delay_ms` milliseconds later:
  so the server spreads a wave of arrivals. 404 `unknown-code`: whoever tries many waits for each.
- `GET /api/v1/join/codes` → `{"items": [{"kind": "event|talk|lab", "id", "name", "code"}]}`, for
  the crew: what is printed on doors and shown on screens.
"""

import asyncio
import time
from collections.abc import Iterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import Talk
from streaming.ingest.wrong_keys import WrongKeys
from tv.auth import CREW, identity
from tv.follower import Follower
from tv.joining import Codes, Place, Turnstile
from tv.openapi import takes
from tv.problems import Problem, read_json
from tv.settings import DEFAULT_CHANNEL, Settings
from tv.writing import json

CODE = 32  # characters that are looked at
PATIENCE = 1.5  # seconds that a wrong code waits at most: people mistype, too


class Arrival(msgspec.Struct, frozen=True):
    """The body of the first step."""

    code: str = ""


def routes(settings: Settings, follower: Follower, secret: bytes) -> list[BaseRoute]:
    door = Door(settings, follower, secret)
    return [
        Route("/api/v1/join", door.join, methods=["POST"]),
        Route("/api/v1/join/codes", door.codes, methods=["GET"]),
    ]


class Door:
    """Answers those who come."""

    def __init__(self, settings: Settings, follower: Follower, secret: bytes) -> None:
        self._settings = settings
        self._follower = follower
        self._codes = Codes(secret)
        self._turnstile = Turnstile()
        self._wrong = WrongKeys(time.monotonic)

    @takes(Arrival)
    async def join(self, request: Request) -> Response:
        said = await read_json(request, Arrival, limit=4096)
        place: Place | None = Place("event", self._settings.event.slug)
        if code := said.code[:CODE].strip():
            place = self._codes.find(code, self._places())
        if place is None:
            address = request.client.host if request.client else ""
            await asyncio.sleep(min(PATIENCE, self._wrong.note(address)))
            raise Problem(
                404,
                "unknown-code",
                "Code inconnu",
                "Ce code ne mène nulle part. Vérifiez-le sur l’affiche ou sur l’écran.",
            )
        return json(
            {
                "event": {
                    "id": self._settings.event.slug,
                    "name": self._settings.event.name,
                    "phase": self._follower.audience.happening.now.phase,
                },
                "talk": _described(self._talk(place)),
                "lab": {"id": place.name, "name": self._name(place)}
                if place.kind == "lab"
                else None,
                "delay_ms": round(1000 * self._turnstile.wait(time.monotonic())),
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

    def _places(self) -> Iterator[Place]:
        yield Place("event", self._settings.event.slug)
        for slug in self._settings.labs:
            yield Place("lab", slug)
        for talk in self._follower.audience.talks.listed():
            yield Place("talk", talk.id)

    def _name(self, place: Place) -> str:
        match place.kind:
            case "event":
                return self._settings.event.name
            case "lab":
                return self._settings.labs[place.name].name or place.name
            case "talk":
                return self._follower.audience.talks.by_id[place.name].title

    def _talk(self, place: Place) -> Talk | None:
        talks = self._follower.audience.talks
        return (
            talks.by_id.get(place.name) if place.kind == "talk" else talks.live_on(DEFAULT_CHANNEL)
        )


def _described(talk: Talk | None) -> dict[str, str] | None:
    if talk is None:
        return None
    return {"id": talk.id, "title": talk.title, "channel": talk.channel, "state": talk.state}
