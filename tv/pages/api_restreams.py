"""The API of restreams: where the channels also go, started and stopped by the crew.

- `GET /api/v1/restreams` → `{"items": [restream]}` (presenter, moderator, operator, admin), in the
  shape of `items.restream_item`: no address and no key.
- `POST /api/v1/restreams/{name}:start|stop` → restream (operator, admin). What is on goes on, what
  is off stays off; the answer says how it does now, the socket (`restreams`) how it fares.

A pass for one talk is none for restreams (403 `other-talk`). 404 `unknown-restream`, `unknown-act`;
503 `media-unavailable` while the video server is away.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.airing import Airing
from tv.auth import CREW, RUNNERS, identity
from tv.items import Rendered
from tv.problems import Problem
from tv.upstream import Upstream
from tv.writing import json, unknown_act

ACTS = {"start": True, "stop": False}


def routes(upstream: Upstream, airing: Airing) -> list[BaseRoute]:
    def find(name: str) -> Rendered:
        for restream in airing.every("restreams", crew=True):
            if restream["id"] == name:
                return restream
        raise Problem(
            404,
            "unknown-restream",
            "Rediffusion inconnue",
            f"Aucune rediffusion «\u00a0{name[:40]}\u00a0» dans les réglages.",
        )

    async def every(request: Request) -> Response:
        identity(request).must_be(*CREW)
        return json({"items": airing.every("restreams", crew=True)})

    async def act(request: Request) -> Response:
        identity(request).must_be(*RUNNERS)
        name, verb = request.path_params["restream"], request.path_params["verb"]
        find(name)
        if verb not in ACTS:
            raise unknown_act()
        await upstream.restream(name, ACTS[verb])
        return json(find(name))

    return [
        Route("/api/v1/restreams", every, methods=["GET"]),
        Route("/api/v1/restreams/{restream}:{verb}", act, methods=["POST"]),
    ]
