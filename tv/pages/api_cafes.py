"""The API of world cafés: sessions of the laboratories, and calls for ideas to everybody.

- `GET /api/v1/cafes?state=a,b&type=world_cafe|call` → `{"items": [cafe]}`, in the order in which
  they were planned; drafts for the crew alone. 422 `unknown-filter`.
- `POST /api/v1/cafes` `{"type": "world_cafe"|"call", "title", "prompts", "tables": {"labo-1": 8},
  "rounds", "round_seconds", "moving_seconds", "seats", "dots", "private"}` → 201 cafe, a draft
  (operator, admin). One prompt for all rounds, or one for each; a call has one, and no tables. 422
  `wrong-plan`, `unknown-lab`, 409 `too-many-cafes`.
- `GET /api/v1/cafes/{id}` → cafe, with its `progress`: how far each of its laboratories is that
  shows it. `PATCH` any of these fields → cafe (operator, admin). One that is open keeps its
  laboratories and tables and the rounds that were, or has more (409 `cafe-begun`); a laboratory
  that comes late is where the slowest of the others is. `DELETE` → cafe: a draft, for good.
- `POST …/{id}:open`: its laboratories show it, before their first round; a call takes ideas. 409
  `lab-busy`: a laboratory has one open session at a time. `:close`: nothing is added any more, time
  stands still; opened again it goes on.
- `POST …/{id}:advance|pause|resume` `{"labs": []}`, `:extend` `{"labs", "seconds"}` → cafe with
  `progress` (operator, admin): all laboratories, or those named. `:advance` begins the next step at
  once: the first round, time to move, the next round, after the last one gathering; when its time
  is over that happens by itself. `seconds` may be negative. `If-Match` names versions of
  `progress`: laboratories that have another one by now are left alone. 409 `cafe-closed`, and
  `wrong-state` where it has no effect in any.

Shapes are those of `tv/labs/items.py`, writes as in tv/writing.py.
"""

from typing import Annotated, get_args

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.events import (
    CafeChanged,
    CafeClosed,
    CafeMade,
    CafeOpened,
    CafeRemoved,
    RoundAdvanced,
    RoundExtended,
    RoundPaused,
    RoundResumed,
)
from engagement.cafe.session import Cafe, CafeState, Kind
from tv import items
from tv.auth import RUNNERS, Identity, identity
from tv.filters import chosen
from tv.follower import Follower
from tv.labs.drafts import LABS, Change, Draft, planned
from tv.labs.items import Rendered, cafe_item, progress_item
from tv.labs.places import check_lab
from tv.openapi import asks, some, takes
from tv.problems import read_json
from tv.settings import Settings
from tv.writing import Writer, absent, json, unknown_act

ACTS: dict[str, type[CafeOpened | CafeClosed]] = {"open": CafeOpened, "close": CafeClosed}
DRIVES: dict[str, type[RoundAdvanced | RoundPaused | RoundResumed]] = {
    "advance": RoundAdvanced,
    "pause": RoundPaused,
    "resume": RoundResumed,
}

Labs = Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=LABS)]


class Where(msgspec.Struct, frozen=True):
    """The body of what drives rounds: in which laboratories, in all of the session for none."""

    labs: Labs = []


class Extension(Where, frozen=True, kw_only=True):
    """The body of `:extend`."""

    seconds: Annotated[float, msgspec.Meta(ge=-14_400, le=14_400)]


def routes(follower: Follower, writer: Writer, settings: Settings) -> list[BaseRoute]:
    desk = Desk(follower, writer, settings)
    cafe = "/api/v1/cafes/{cafe}"
    return [
        Route("/api/v1/cafes", desk.every, methods=["GET"]),
        Route("/api/v1/cafes", desk.make, methods=["POST"]),
        Route(f"{cafe}:extend", desk.extend, methods=["POST"]),
        Route(f"{cafe}:{{verb}}", desk.act, methods=["POST"]),
        Route(cafe, desk.one, methods=["GET"]),
        Route(cafe, desk.change, methods=["PATCH"]),
        Route(cafe, desk.remove, methods=["DELETE"]),
    ]


class Desk:
    """Answers requests about sessions and calls."""

    def __init__(self, follower: Follower, writer: Writer, settings: Settings) -> None:
        self._cafes = follower.audience.cafes
        self._writer = writer
        self._labs = settings.labs

    @asks(state=some(get_args(CafeState)), type=some(get_args(Kind)))
    async def every(self, request: Request) -> Response:
        crew = identity(request).crew("")
        states = chosen(request.query_params, "state", get_args(CafeState))
        kinds = chosen(request.query_params, "type", get_args(Kind))
        kept = [
            cafe_item(cafe)
            for cafe in self._cafes.all()
            if items.seen(cafe, crew) and cafe.state in states and cafe.plan.kind in kinds
        ]
        return json({"items": kept})

    @takes(Draft)
    async def make(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        plan = planned(await read_json(request, Draft), None, self._labs)
        act = self._writer.act(request, who.signature)
        made = await self._writer.write(CafeMade(**act, cafe=f"cafe_{act['id']}", plan=plan), who)
        return self._answer(made, 201, location=f"/api/v1/cafes/{made.id}")

    async def one(self, request: Request) -> Response:
        return self._answer(self._find(request))

    @takes(Change)
    async def change(self, request: Request) -> Response:
        cafe, who = self._led(request)
        plan = planned(await read_json(request, Change), cafe.plan, self._labs)
        act = self._writer.act(request, who.signature)
        return self._answer(
            await self._writer.write(CafeChanged(**act, cafe=cafe.id, plan=plan), who)
        )

    async def remove(self, request: Request) -> Response:
        cafe = self._cafes.by_id.get(request.path_params["cafe"])
        if cafe is None:
            raise absent("cafe")
        who = identity(request)
        who.must_be(*RUNNERS)
        event = CafeRemoved(**self._writer.act(request, who.signature), cafe=cafe.id)
        await self._writer.remove(cafe, event, who)
        return self._answer(self._cafes.by_id[cafe.id])

    @takes(Where)
    async def act(self, request: Request) -> Response:
        verb = request.path_params["verb"]
        cafe, who = self._led(request)
        act = self._writer.act(request, who.signature)
        if (type := ACTS.get(verb)) is not None:
            return self._answer(await self._writer.write(type(**act, cafe=cafe.id), who))
        if (drive := DRIVES.get(verb)) is None:
            raise unknown_act()
        labs = self._named(cafe, await read_json(request, Where))
        return self._answer(await self._writer.write(drive(**act, cafe=cafe.id, labs=labs), who))

    @takes(Extension)
    async def extend(self, request: Request) -> Response:
        cafe, who = self._led(request)
        said = await read_json(request, Extension)
        event = RoundExtended(
            **self._writer.act(request, who.signature),
            cafe=cafe.id,
            labs=self._named(cafe, said),
            seconds=said.seconds,
        )
        return self._answer(await self._writer.write(event, who))

    def _find(self, request: Request) -> Cafe:
        cafe = self._cafes.find(request.path_params["cafe"])
        if cafe is None or not items.seen(cafe, identity(request).crew("")):
            raise absent("cafe")
        return cafe

    def _led(self, request: Request) -> tuple[Cafe, Identity]:
        cafe, who = self._find(request), identity(request)
        who.must_be(*RUNNERS)
        return cafe, who

    def _named(self, cafe: Cafe, said: Where) -> tuple[str, ...]:
        for lab in said.labs:
            check_lab(lab, cafe.plan.labs)
        return tuple(dict.fromkeys(said.labs))

    def _answer(self, cafe: object, status: int = 200, **headers: str) -> Response:
        assert isinstance(cafe, Cafe)
        return json(self._rendered(cafe), status, **headers)

    def _rendered(self, cafe: Cafe) -> Rendered:
        progress = self._cafes.progress_of(cafe)
        return cafe_item(cafe) | {"progress": [progress_item(each) for each in progress]}
