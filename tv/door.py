"""An edge's door: WHEP by HTTP, in a process beside it whose loop no picture waits for.

Besides that it says whether it lives and is ready, and its figures, as a web process does.
"""

import socket
from collections.abc import Iterable, Iterator

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tv import connections, metrics, problems
from tv.folder import Folder
from tv.problems import Problem
from tv.replies import Headers
from tv.serving import Server, configure
from tv.settings import Settings
from tv.tasks import keep_running, running
from tv.upstream import Upstream
from tv.webrtc import whep


class Told(Collector):
    """What the edge has told, as Prometheus takes it."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from metrics.of_media(self._upstream)
        yield metrics.sessions(self._upstream.states.values())


class NoneReady:
    """No answer is ready before the application is asked: no crowd asks for the same here."""

    def ready(self, target: bytes, headers: Headers) -> None:
        return None

    def coming(self, target: bytes, headers: Headers) -> None:
        return None


def create_app(upstream: Upstream, settings: Settings) -> Starlette:
    registry = CollectorRegistry()
    registry.register(Told(upstream))

    async def livez(request: Request) -> Response:
        return Response("ok\n", media_type="text/plain", headers={"cache-control": "no-store"})

    async def readyz(request: Request) -> Response:
        ready = not upstream.interrupted and len(upstream.states) == len(upstream.channels)
        headers = {"cache-control": "no-store"} | ({} if ready else {"retry-after": "1"})
        return Response(
            msgspec.json.encode({"ready": ready, "media": ready}),
            200 if ready else 503,
            media_type="application/json",
            headers=headers,
        )

    async def figures(request: Request) -> Response:
        if not metrics.from_here(request):
            raise Problem(
                403, "local-only", "Accès refusé", "Ces chiffres se lisent depuis cette machine."
            )
        return metrics.answer(request, registry)

    servers = tuple(settings.webrtc.ice_servers.values())
    return Starlette(
        routes=[
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", figures),
            *whep.routes(upstream, frozenset(settings.channels), servers),
        ],
        exception_handlers=problems.handlers,
    )


async def run(folder: Folder, settings: Settings, listening: socket.socket) -> None:
    """Serve on `listening` until cancelled."""
    upstream = Upstream(folder.media_socket, list(settings.channels))
    app = create_app(upstream, settings)
    server = Server(configure(app, NoneReady(), behind=settings.server.proxies))
    watching = connections.keeping(server.server_state.connections)
    async with running(upstream.run(), keep_running("connections", watching)):
        await server.serve_until_cancelled(listening)
