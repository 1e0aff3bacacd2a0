"""The API of the laboratories and of their tables: what each shows, who is there, who leads it.

- `GET /api/v1/labs` → `{"items": [{"id", "name", "step", "colour", "pictogram", "drawing", "cafe",
  "progress"}]}`: `cafe` is the session that it shows, the last that was opened there, and
  `progress` how far it is in that; null before the first. `GET /api/v1/labs/{lab}` → the same of
  one, with its `tables`. 404 `unknown-lab`.
- `GET /api/v1/tables?lab=` → `{"items": [table]}`: those of the sessions that laboratories show,
  with how many `ideas` show that were made there, and how many are `noted` privately.
  `GET /api/v1/tables/{table}`, as `labo-1.3` → one. 404 `unknown-table`, 422 `unknown-filter`.
- `POST …/{table}:sit` → table (participants): one is there, and at no other; counted in `seated`
  where one has proved to be in the laboratory (api_participants.py). 409 `cafe-closed`.
- `POST …/{table}:host` `{"name"}` → table: its host is there, under this name or their pass's (its
  hosts, moderator, operator, admin). There may be several: they see the same.
- `POST …/{table}:reveal` → table: what was noted privately in the round under way shows, and what
  comes from now on, as when the round is over (its hosts, moderator, operator, admin). 409
  `wrong-state` before the first.
- `POST …/{table}:person` `{"name", "cafe", "round"}` → 201 `{"id", "token", "name", "lab", "table",
  "seat"}`: *Nouvelle personne* on the table's own device (a kiosk's pass), a new participant who
  sits there. Their token is for `Authorization: Bearer`: no person’s stays on the device. 409
  `table-full`: as many sat there in this round as the table has places. `seat` is as in `me:cafe`,
  null where no session is open. `cafe` and `round` are told by a device that could not ask at
  once, and nobody can be sent away any more: the session and the round for which somebody sat down
  then. They are taken in above the places, as many as those of all rounds, and take none of a round
  that they are not in. A retry with the same `Idempotency-Key` is the same person, told late or
  not.

403 `other-table` for a pass of another table; 422 `name-reserved`, as for pseudonyms. Shapes are
those of `tv/labs/items.py`, writes as in tv/writing.py.
"""

from typing import Annotated

import msgspec
from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.events import NotesRevealed, SeatTaken, TableHosted
from engagement.cafe.session import Table, lab_of
from tv.auth import Passes, identity
from tv.cookies import PARTICIPANT_COOKIE, drop_cookie
from tv.filters import unknown_filter
from tv.follower import Follower
from tv.labs.items import Rendered, cafe_item, lab_item, own_seat, progress_item, table_item
from tv.labs.places import is_table
from tv.openapi import asks, takes
from tv.pages.api_participants import described
from tv.problems import Problem, read_json
from tv.pseudonyms import PSEUDONYM, Pseudonyms
from tv.settings import Settings
from tv.writing import Writer, absent, json


class Named(msgspec.Struct, frozen=True):
    """The body of what says somebody's name."""

    name: str = ""


class Coming(Named, frozen=True):
    """The body of `:person`; `round` is 0 for somebody who is there now."""

    cafe: str = ""
    round: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0


def routes(
    follower: Follower,
    writer: Writer,
    settings: Settings,
    passes: Passes,
    pseudonyms: Pseudonyms,
) -> list[BaseRoute]:
    desk = Desk(follower, writer, settings, passes, pseudonyms)
    table = "/api/v1/tables/{table}"
    return [
        Route("/api/v1/labs", desk.labs, methods=["GET"]),
        Route("/api/v1/labs/{lab}", desk.lab, methods=["GET"]),
        Route("/api/v1/tables", desk.tables, methods=["GET"]),
        Route(f"{table}:sit", desk.sit, methods=["POST"]),
        Route(f"{table}:host", desk.host, methods=["POST"]),
        Route(f"{table}:reveal", desk.reveal, methods=["POST"]),
        Route(f"{table}:person", desk.person, methods=["POST"]),
        Route(table, desk.table, methods=["GET"]),
    ]


class Desk:
    """Answers requests about laboratories and tables."""

    def __init__(
        self,
        follower: Follower,
        writer: Writer,
        settings: Settings,
        passes: Passes,
        pseudonyms: Pseudonyms,
    ) -> None:
        self._audience = follower.audience
        self._cafes = follower.audience.cafes
        self._writer = writer
        self._labs = settings.labs
        self._passes = passes
        self._pseudonyms = pseudonyms

    async def labs(self, request: Request) -> Response:
        return json({"items": [self._lab(slug) for slug in self._labs]})

    async def lab(self, request: Request) -> Response:
        slug = request.path_params["lab"]
        if slug not in self._labs:
            raise Problem(404, "unknown-lab", "Introuvable", "Ce laboratoire n’existe pas.")
        tables = [self._rendered(table) for table in self._cafes.tables_of(slug)]
        return json(self._lab(slug) | {"tables": tables})

    @asks(lab="of a laboratory")
    async def tables(self, request: Request) -> Response:
        wanted = request.query_params.get("lab", "")
        if wanted and wanted not in self._labs:
            known = ", ".join(self._labs) or "aucun"
            raise unknown_filter(f"lab\u00a0: {known}")
        found = [
            self._rendered(table)
            for lab in ([wanted] if wanted else self._labs)
            for table in self._cafes.tables_of(lab)
        ]
        return json({"items": found})

    async def table(self, request: Request) -> Response:
        return json(self._rendered(self._find(request)))

    async def sit(self, request: Request) -> Response:
        table, who = self._find(request), identity(request)
        who.must_take_part()
        by = who.must_have_joined()
        event = SeatTaken(
            **self._writer.act(request, by), table=table.id, kiosk=who.kiosk(table.id)
        )
        return self._done(await self._writer.write(event, who))

    @takes(Named)
    async def host(self, request: Request) -> Response:
        table, who = self._find(request), identity(request)
        who.must_host(table.id)
        said = await read_json(request, Named)
        event = TableHosted(
            **self._writer.act(request, who.signature),
            table=table.id,
            name=self._pseudonyms.checked(said.name, "Nom") or who.name[:PSEUDONYM],
        )
        return self._done(await self._writer.write(event, who))

    async def reveal(self, request: Request) -> Response:
        table, who = self._find(request), identity(request)
        who.must_host(table.id)
        event = NotesRevealed(**self._writer.act(request, who.signature), table=table.id)
        return self._done(await self._writer.write(event, who))

    @takes(Coming)
    async def person(self, request: Request) -> Response:
        """A new participant at a table without a session too: polls are answered there as well."""
        name = request.path_params["table"]
        if not is_table(name, self._labs):
            raise absent("table")
        who = identity(request)
        who.must_be_kiosk(name)
        said = await read_json(request, Coming)
        called = self._pseudonyms.checked(said.name)
        device = replace(who, participant="")
        await self._writer.count(device)
        act = self._writer.act(request, device.by)
        # Their id follows from the act's, so that a retry makes nobody else.
        participant, token = self._passes.welcome(
            called, f"p_{act['id'][:16]}", lab_of(name), name, place=name
        )
        seat = None
        if self._in_session(name, said.cafe):
            act |= {"by": participant.id}
            if said.round:
                act["id"] += "-late"  # the same person, who may have been told otherwise
            event = SeatTaken(**act, table=name, kiosk=True, late=said.round)
            await self._writer.write(event, replace(who, participant=participant.id))
            seat = own_seat(self._cafes, participant.id)["seat"]
        response = json(described(participant, token) | {"seat": seat}, 201)
        drop_cookie(response, PARTICIPANT_COOKIE)
        return response

    def _in_session(self, name: str, cafe: str) -> bool:
        """Whether a table is in a session that is open: in the one told, if one is."""
        table = self._cafes.table(name)
        if table is None or cafe not in ("", table.cafe):
            return False
        return self._cafes.by_id[table.cafe].state == "open"

    def _find(self, request: Request) -> Table:
        table = self._cafes.table(request.path_params["table"])
        if table is None:
            raise absent("table")
        return table

    def _lab(self, slug: str) -> Rendered:
        progress = self._cafes.progress.get(slug)
        said = lab_item(slug, self._labs[slug])
        return said | {
            "cafe": cafe_item(self._cafes.by_id[progress.cafe]) if progress else None,
            "progress": progress_item(progress) if progress else None,
        }

    def _done(self, table: object) -> Response:
        assert isinstance(table, Table)
        return json(self._rendered(table))

    def _rendered(self, table: Table) -> Rendered:
        pile = self._audience.ideas.pile(table.cafe, table.id)
        return table_item(table) | {"ideas": pile.ideas, "noted": pile.noted}
