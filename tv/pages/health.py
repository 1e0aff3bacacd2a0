"""Whether this web process lives, and whether it is ready for viewers."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from streaming.hls import playlist
from tv.follower import Follower
from tv.upstream import Upstream


def routes(upstream: Upstream, follower: Follower) -> list[BaseRoute]:
    async def livez(request: Request) -> Response:
        return Response("ok\n", media_type="text/plain", headers={"cache-control": "no-store"})

    async def readyz(request: Request) -> Response:
        parts = {
            "media": upstream.connected.is_set(),
            "store": follower.ready.is_set(),
            "pictures": all(
                playlist.ready(upstream.windows[channel]) for channel in upstream.channels
            ),
        }
        ready = all(parts.values())
        return Response(
            msgspec.json.encode({"ready": ready, **parts}),
            200 if ready else 503,
            media_type="application/json",
            headers={"cache-control": "no-store"} | ({} if ready else {"retry-after": "1"}),
        )

    return [Route("/livez", livez), Route("/readyz", readyz)]
