"""The page of a screen in a room: `/ecran` shows a code to pair it, `/ecran/{screen}` the rest.

The page itself is for anyone: what it shows comes by the socket, to the pass of that screen. A
display that has none, or whose screen was removed, shows a code. Somebody of the crew types it in
the control room, or scans it: `/ecran/associer/{code}` is for their phone.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.auth import identity
from tv.pages.html import Pages, origin
from tv.pages.wall import WRITE
from tv.settings import Settings

HERE = "/?sur-place"  # what people in the room scan: their phones need no picture


def routes(pages: Pages, settings: Settings) -> list[BaseRoute]:
    hours = settings.screens
    night = {"off": hours.off, "on": hours.on}

    async def screen(request: Request) -> Response:
        here = origin(request, settings)
        wall = f"{here}{WRITE}"
        known = {
            "screen": request.path_params.get("screen", "")[:80] or identity(request).screen,
            "address": wall.partition("://")[2],
            "code": await pages.codes.of(wall),
            "join": {
                "address": here.partition("://")[2],
                "code": await pages.codes.of(f"{here}{HERE}"),
            },
            "night": night if hours.off else None,
        }
        return pages.page("screen.html", "screen.ts", known=known)

    async def claim(request: Request) -> Response:
        known = {
            "code": request.path_params["code"][:12].upper(),
            "channels": [{"id": slug, "name": name} for slug, name in pages.channels.items()],
        }
        return pages.page("screen_claim.html", "screen_claim.ts", known=known)

    return [
        Route("/ecran", screen, methods=["GET"]),
        Route("/ecran/associer/{code}", claim, methods=["GET"]),
        Route("/ecran/{screen}", screen, methods=["GET"]),
    ]
