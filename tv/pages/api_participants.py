"""Taking part: a device gets a random name of its own, and a pseudonym if it wants one.

- `POST /api/v1/participants` `{"name": "", "lab": ""}` → 201 `{"id", "token", "name", "lab"}` and a
  cookie. `token` is for `Authorization: Bearer`. Each time it is a new participant. 422
  `unknown-lab`; 429 `join-wave`.
- `PUT /api/v1/participants/me` `{"name": "Ann", "lab": "labo-1"}` → the same, of who asks: one
  keeps one's id and what is not said, and takes the new token and cookie; what was asked before
  keeps the name it had, and votes the lab that they were given for.
"""

import time
from collections.abc import Collection

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.limits import Limit
from tv.auth import ANYONE, PARTICIPANT_COOKIE, Passes, identity, set_cookie
from tv.openapi import takes
from tv.passes import PARTICIPANT_LIFETIME
from tv.problems import Problem, clean, read_json
from tv.writing import json

PSEUDONYM = 40  # characters


class Newcomer(msgspec.Struct, frozen=True):
    """The body of both requests."""

    name: str | UnsetType = UNSET
    lab: str | UnsetType = UNSET


def routes(passes: Passes, labs: Collection[str]) -> list[BaseRoute]:
    # A whole audience may join within a minute, from one address: only the sum is limited.
    wave = Limit(burst=3_000, every=1 / 200)

    @takes(Newcomer)
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
        return answer(request, "", 201, await read_json(request, Newcomer, limit=4096))

    @takes(Newcomer)
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
        return answer(request, who, 200, await read_json(request, Newcomer, limit=4096))

    def answer(request: Request, id: str, status: int, said: Newcomer) -> Response:
        before = identity(request) if id else ANYONE
        name = before.name if said.name is UNSET else clean(said.name, "Pseudonyme", PSEUDONYM, 0)
        lab = before.lab if said.lab is UNSET else said.lab
        if lab and lab not in labs:
            raise Problem(
                422,
                "unknown-lab",
                "Laboratoire inconnu",
                f"Laboratoire inconnu\u202f: il y a {', '.join(labs) or 'aucun laboratoire'}.",
            )
        participant, token = passes.welcome(name, id, lab)
        response = json(
            {
                "id": participant.id,
                "token": token,
                "name": participant.name,
                "lab": participant.lab,
            },
            status,
        )
        set_cookie(request, response, PARTICIPANT_COOKIE, token, PARTICIPANT_LIFETIME)
        return response

    return [
        Route("/api/v1/participants", join, methods=["POST"]),
        Route("/api/v1/participants/me", rename, methods=["PUT"]),
    ]
