"""What is mixed into the picture: a page with transparent ground, for OBS to lay over a studio.

As a browser source of 1920 × 1080: `/habillage?canal=plateau`. It has what is on air in the overlay
of that channel, and nothing to press.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages


def routes(pages: Pages) -> list[BaseRoute]:
    async def overlay(request: Request) -> Response:
        return pages.for_channel(request, "overlay.html", "overlay.ts")

    return [Route("/habillage", overlay, methods=["GET"])]
