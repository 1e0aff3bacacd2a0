"""Taking part: a device gets a random name of its own, and a pseudonym if it wants one.

- `POST /api/v1/participants` `{"name": "", "lab": "", "table": "", "code": ""}` → 201 `{"id",
  "token", "name", "lab", "table", "place"}` and a cookie. `token` is for `Authorization: Bearer`.
  Each time it is a new participant. A table, as `labo-1.3`, is in its lab. 404 `unknown-code`, 422
  `unknown-lab`, `unknown-table`, `name-reserved`; 429 `join-wave`.
- `PUT /api/v1/participants/me` `{"name": "Ann", "lab": "labo-1"}` → the same, of who asks: one
  keeps one's id and what is not said, and takes the new token and cookie; what was asked before
  keeps the name it had, and votes the lab that they were given for. Who says another lab and no
  table is at none.

Anybody may say that they are somewhere: `lab` and `table` are for their own page. `place` is what
their device has proved: the laboratory or the table whose `code` it said, here or by scanning it
(`GET /rejoindre/{code}`). A code decides `lab` and `table`. The code of a table or of its
laboratory proves the laboratory and all its tables, for people change tables between rounds; codes
of talks and of the event prove nothing. A new participant of a browser keeps its `place`.
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
from tv.auth import ANYONE, Identity, Passes, identity
from tv.cookies import PARTICIPANT_COOKIE, set_cookie
from tv.joining import Place
from tv.labs.places import check_lab, check_table
from tv.openapi import takes
from tv.pages.api_join import Door
from tv.passes import PARTICIPANT_LIFETIME, Participant
from tv.problems import Problem, read_json
from tv.pseudonyms import Pseudonyms
from tv.writing import json


class Newcomer(msgspec.Struct, frozen=True):
    """The body of both requests."""

    name: str | UnsetType = UNSET
    lab: str | UnsetType = UNSET
    table: str | UnsetType = UNSET
    code: str = ""


class Wave:
    """Rate limits for joining, per network and in all.

    From one network a whole audience may join within a minute, from all networks twice as many. One
    client with many connections uses up the limit of its network, and leaves the other half.
    """

    def __init__(self) -> None:
        self._networks = Limit(burst=3_000, every=1 / 200)
        self._everybody = Limit(burst=6_000, every=1 / 400)

    def take(self, network: str, now: float) -> float:
        """Count a participant and return 0.0, or count nobody and return the seconds to wait."""
        wait = max(self._networks.wait(network, now), self._everybody.wait("", now))
        if not wait:
            self._networks.take(network, now)
            self._everybody.take("", now)
        return wait


def routes(
    passes: Passes, labs: Collection[str], door: Door, pseudonyms: Pseudonyms
) -> list[BaseRoute]:
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
        return await answer(request, "", 201, await read_json(request, Newcomer, limit=4096))

    @takes(Newcomer)
    async def rename(request: Request) -> Response:
        """Take another pseudonym, and stay who one is."""
        who = identity(request).must_have_joined()
        return await answer(request, who, 200, await read_json(request, Newcomer, limit=4096))

    async def answer(request: Request, id: str, status: int, said: Newcomer) -> Response:
        before = identity(request) if id else ANYONE
        name = before.name if said.name is UNSET else pseudonyms.checked(said.name)
        lab, table = _whereabouts(said, before, labs)
        place = identity(request).place
        if said.code.strip():
            shown = await door.place(request, said.code)
            lab, table, place = arrived(shown, lab, table, place)
        participant, token = passes.welcome(name, id, lab, table, before.joined, place)
        response = json(described(participant, token), status)
        set_cookie(request, response, PARTICIPANT_COOKIE, token, PARTICIPANT_LIFETIME)
        return response

    return [
        Route("/api/v1/participants", join, methods=["POST"]),
        Route("/api/v1/participants/me", rename, methods=["PUT"]),
    ]


def arrived(shown: Place, lab: str, table: str, place: str) -> tuple[str, str, str]:
    """The new lab, table and proved place of somebody who has shown the code of a place."""
    match shown.kind:
        case "table":
            return lab_of(shown.name), shown.name, shown.name
        case "lab":
            return shown.name, table if lab_of(table) == shown.name else "", shown.name
        case _:
            return lab, table, place


def described(participant: Participant, token: str) -> dict[str, Any]:
    """What somebody is told who takes part from now on, or under another name."""
    return {
        "id": participant.id,
        "token": token,
        "name": participant.name,
        "lab": participant.lab,
        "table": participant.table,
        "place": participant.place,
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
