"""The laboratories' part of the control room: cafés and calls, rounds, what waits to be read.

The page itself is for anyone: what it shows comes by the socket and the API, according to the pass.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages


def routes(pages: Pages) -> list[BaseRoute]:
    async def desk(request: Request) -> Response:
        return pages.page("labs_desk.html", "labs_desk.ts")

    return [Route("/regie/labos", desk, methods=["GET"])]
