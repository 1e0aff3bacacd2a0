"""Taking part: a device gets a random name of its own, and a pseudonym if it wants one.

- `POST /api/v1/participants` `{"name": ""}` → 201 `{"id", "token", "name"}` and a cookie. `token`
  is for `Authorization: Bearer`. Each time it is a new participant. 429 `join-wave`.
- `PUT /api/v1/participants/me` `{"name": "Ann"}` → the same, of who asks: one keeps one's id, and
  takes the new token and cookie; what was asked before keeps the name it had.
"""

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.limits import Limit
from tv.auth import PARTICIPANT_COOKIE, Passes, identity, set_cookie
from tv.passes import PARTICIPANT_LIFETIME
from tv.problems import Problem, clean, read_json
from tv.writing import json

PSEUDONYM = 40  # characters


class Newcomer(msgspec.Struct, frozen=True):
    """The body of both requests."""

    name: str = ""


def routes(passes: Passes) -> list[BaseRoute]:
    # A whole audience may join within a minute, from one address: only the sum is limited.
    wave = Limit(burst=3_000, every=1 / 200)

    async def join(request: Request) -> Response:
        """A new participant each time: a shared tablet makes one for each person."""
        if wait := wave.take("all", time.monotonic()):
            raise Problem(
                429,
                "join-wave",
                "Beaucoup d’arrivées",
                "Beaucoup de personnes arrivent en même temps. Réessayez dans un instant.",
                retry_after=wait,
            )
        return await answer(request, "", 201)

    async def rename(request: Request) -> Response:
        """Take another pseudonym, and stay who one is."""
        who = identity(request).participant
        if not who:
            raise Problem(
                401,
                "participant-required",
                "Participation non ouverte",
                "Il faut d’abord rejoindre l’événement (POST /api/v1/participants).",
            )
        return await answer(request, who, 200)

    async def answer(request: Request, id: str, status: int) -> Response:
        said = await read_json(request, Newcomer, limit=4096)
        participant, token = passes.welcome(clean(said.name, "Pseudonyme", PSEUDONYM, 0), id)
        response = json({"id": participant.id, "token": token, "name": participant.name}, status)
        set_cookie(request, response, PARTICIPANT_COOKIE, token, PARTICIPANT_LIFETIME)
        return response

    return [
        Route("/api/v1/participants", join, methods=["POST"]),
        Route("/api/v1/participants/me", rename, methods=["PUT"]),
    ]
