"""The page of a screen in a room: `/ecran` shows a code to pair it, `/ecran/{screen}` the rest.

The page itself is for anyone: what it shows comes by the socket, to the pass of that screen. A
display that has none, or whose screen was removed, shows a code.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.auth import identity
from tv.pages.html import Pages, code, origin
from tv.pages.wall import WRITE
from tv.settings import Settings


def routes(settings: Settings) -> list[BaseRoute]:
    pages = Pages(settings)

    async def screen(request: Request) -> Response:
        here = origin(request, settings)
        wall = f"{here}{WRITE}"
        known = {
            "screen": request.path_params.get("screen", "")[:80] or identity(request).screen,
            "address": wall.partition("://")[2],
            "code": code(wall),
        }
        return pages.page(
            "screen.html",
            "screen.ts",
            known=known,
            address=here.partition("://")[2],
            code=code(here),
        )

    return [
        Route("/ecran", screen, methods=["GET"]),
        Route("/ecran/{screen}", screen, methods=["GET"]),
    ]
