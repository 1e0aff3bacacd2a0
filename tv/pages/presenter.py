"""The presenter's page: the question to answer, readable from two metres, and what comes next."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages
from tv.settings import Settings


def routes(settings: Settings) -> list[BaseRoute]:
    pages = Pages(settings)

    async def presenter(request: Request) -> Response:
        return pages.for_channel(request, "presenter.html", "presenter.ts")

    return [Route("/intervenant", presenter)]
