"""Taking part: a device gets a random name of its own, and a pseudonym if it wants one.

- `POST /api/v1/participants` `{"name": "", "lab": "", "table": ""}` → 201 `{"id", "token", "name",
  "lab", "table"}` and a cookie. `token` is for `Authorization: Bearer`. Each time it is a new
  participant. A table, as `labo-1.3`, is in its lab. 422 `unknown-lab`, `unknown-table`; 429
  `join-wave`.
- `PUT /api/v1/participants/me` `{"name": "Ann", "lab": "labo-1"}` → the same, of who asks: one
  keeps one's id and what is not said, and takes the new token and cookie; what was asked before
  keeps the name it had, and votes the lab that they were given for. Who says another lab and no
  table is at none.
"""

import time
from collections.abc import Collection
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import lab_of
from engagement.limits import Limit
from tv.auth import ANYONE, PARTICIPANT_COOKIE, Identity, Passes, identity, set_cookie
from tv.labs.places import check_lab, check_table
from tv.openapi import takes
from tv.passes import PARTICIPANT_LIFETIME, Participant
from tv.problems import Problem, clean, read_json
from tv.writing import json

PSEUDONYM = 40  # characters


class Newcomer(msgspec.Struct, frozen=True):
    """The body of both requests."""

    name: str | UnsetType = UNSET
    lab: str | UnsetType = UNSET
    table: str | UnsetType = UNSET


class Wave:
    """How many may join: a whole audience within a minute, from one network, and twice as many.

    One client with many connections takes what its network may have, and leaves the other half.
    """

    def __init__(self) -> None:
        self._networks = Limit(burst=3_000, every=1 / 200)
        self._everybody = Limit(burst=6_000, every=1 / 400)

    def take(self, network: str, now: float) -> float:
        """Count one who joins and return 0.0; or count nobody and return the seconds to wait."""
        wait = max(self._networks.wait(network, now), self._everybody.wait("", now))
        if not wait:
            self._networks.take(network, now)
            self._everybody.take("", now)
        return wait


def routes(passes: Passes, labs: Collection[str]) -> list[BaseRoute]:
    wave = Wave()

    @takes(Newcomer)
    async def join(request: Request) -> Response:
        """A new participant each time: a shared tablet makes one for each person."""
        if wait := wave.take(identity(request).network, time.monotonic()):
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
        who = identity(request).must_have_joined()
        return answer(request, who, 200, await read_json(request, Newcomer, limit=4096))

    def answer(request: Request, id: str, status: int, said: Newcomer) -> Response:
        before = identity(request) if id else ANYONE
        name = before.name if said.name is UNSET else clean(said.name, "Pseudonyme", PSEUDONYM, 0)
        lab, table = _whereabouts(said, before, labs)
        participant, token = passes.welcome(name, id, lab, table, before.joined, before.place)
        response = json(described(participant, token), status)
        set_cookie(request, response, PARTICIPANT_COOKIE, token, PARTICIPANT_LIFETIME)
        return response

    return [
        Route("/api/v1/participants", join, methods=["POST"]),
        Route("/api/v1/participants/me", rename, methods=["PUT"]),
    ]


def described(participant: Participant, token: str) -> dict[str, Any]:
    """What somebody is told who takes part from now on, or under another name."""
    return {
        "id": participant.id,
        "token": token,
        "name": participant.name,
        "lab": participant.lab,
        "table": participant.table,
    }


def _whereabouts(said: Newcomer, before: Identity, labs: Collection[str]) -> tuple[str, str]:
    """The lab and the table where somebody is now. Raises Problem."""
    if said.table:
        check_table(said.table, labs)
        if said.lab not in (UNSET, "", lab_of(said.table)):
            raise Problem(
                422,
                "unknown-table",
                "Table inconnue",
                "Cette table est dans un autre laboratoire.",
            )
        return lab_of(said.table), said.table
    lab = before.lab if said.lab is UNSET else said.lab
    if lab:
        check_lab(lab, labs)
    stays = said.table is UNSET and lab == lab_of(before.table)
    return lab, before.table if stays else ""
