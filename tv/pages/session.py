"""The session: a pass from a link's fragment, exchanged for a cookie that scripts cannot read.

- `POST /api/v1/session` `{"pass": "…"}` → 201 `{"role", "name", "talk", "lab", "table",
  "expires"}` and the cookie; 401 `pass-expired`, `pass-forged`.
- `GET /api/v1/session` → `{"role", "name", "talk", "lab", "table", "station", "place",
  "participant", "trouble"}`: who the server takes whoever asks for; `trouble` is "expired" or
  "forged" when their pass is no good. `table` is an id, as `labo-1.3`; `station` the table, or else
  the laboratory, that a host's or a kiosk's pass is for, "" for all of them; `place` the table or
  the laboratory whose code a participant has shown, "" for none.
- `DELETE /api/v1/session` → 204, the pass's cookie is gone (the participant's stays).
"""

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from tv.auth import Passes, identity, refused
from tv.cookies import PASS_COOKIE, drop_cookie, set_cookie
from tv.openapi import takes
from tv.passes import Pass, PassExpired, PassForged
from tv.problems import read_json, rfc3339
from tv.writing import json


class Shown(msgspec.Struct, frozen=True):
    """The body of the exchange."""

    pass_: str = msgspec.field(name="pass")


def routes(passes: Passes) -> list[BaseRoute]:
    @takes(Shown)
    async def open_session(request: Request) -> Response:
        said = await read_json(request, Shown, limit=4096)
        try:
            held = passes.read(said.pass_.strip())
        except PassExpired as error:
            raise refused("expired") from error
        except PassForged as error:
            raise refused("forged") from error
        response = json(_described(held), 201)
        lifetime = held.expires - time.time()
        set_cookie(request, response, PASS_COOKIE, said.pass_.strip(), lifetime)
        return response

    async def read_session(request: Request) -> Response:
        who = identity(request)
        return json(
            {
                "role": who.role,
                "name": who.name,
                "talk": who.talk,
                "lab": who.lab,
                "table": who.table,
                "station": who.station,
                "place": who.place,
                "participant": who.participant or None,
                "trouble": who.trouble or None,
            }
        )

    async def end_session(request: Request) -> Response:
        response = Response(status_code=204, headers={"cache-control": "no-store"})
        drop_cookie(response, PASS_COOKIE)
        return response

    return [
        Route("/api/v1/session", open_session, methods=["POST"]),
        Route("/api/v1/session", read_session, methods=["GET"]),
        Route("/api/v1/session", end_session, methods=["DELETE"]),
    ]


def _described(held: Pass) -> dict[str, str | None]:
    return {
        "role": held.role,
        "name": held.name,
        "talk": held.talk,
        "lab": held.lab or lab_of(held.table),
        "table": held.table,
        "expires": rfc3339(held.expires),
    }
