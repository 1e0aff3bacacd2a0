"""The control room's page: the talk, the questions to read and to air, the polls, the sources.

The page itself is for anyone: what it shows comes by the socket, according to the pass.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages
from tv.settings import Settings


def routes(pages: Pages, settings: Settings) -> list[BaseRoute]:

    async def control_room(request: Request) -> Response:
        return pages.for_channel(
            request, "control_room.html", "control_room.ts", rtmpPort=settings.rtmp.port
        )

    return [Route("/regie", control_room)]
