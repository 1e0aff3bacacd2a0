"""The API of the event itself: its name, and in which phase it is.

- `GET /api/v1/event` → `{"id", "name", "time_zone", "phase", "since", "version"}`.
- `POST /api/v1/event:phase` `{"phase": "before|rehearsal|open|after"}` → the same (operator,
  admin). What is written in a rehearsal (questions, polls, ballots, posts, what became of talks …)
  is gone for everybody when the next phase begins; schedule and screens stay. 409 `wrong-state`
  when it is in that phase.

The phase comes over the socket as topic `event`, and pages say when it is a rehearsal.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.happening import Happening, Phase, PhaseSet
from tv import items, settings
from tv.auth import RUNNERS, identity
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import read_json
from tv.writing import Writer, json


class Next(msgspec.Struct, frozen=True):
    """The body of `:phase`."""

    phase: Phase


def routes(follower: Follower, writer: Writer, event: settings.Event) -> list[BaseRoute]:
    def rendered(happening: Happening) -> Response:
        named = {"name": event.name, "time_zone": event.time_zone}
        return json(items.happening_item(happening) | named)

    async def one(request: Request) -> Response:
        return rendered(follower.audience.happening.now)

    @takes(Next)
    async def phase(request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        said = await read_json(request, Next)
        entered = PhaseSet(**writer.act(request, who.signature), phase=said.phase)
        now = await writer.write(entered, who)
        assert isinstance(now, Happening)
        return rendered(now)

    return [
        Route("/api/v1/event", one, methods=["GET"]),
        Route("/api/v1/event:phase", phase, methods=["POST"]),
    ]
