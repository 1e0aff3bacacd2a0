"""The presenter's page: the question to answer, readable from two metres, and what comes next."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages


def routes(pages: Pages) -> list[BaseRoute]:
    async def presenter(request: Request) -> Response:
        return pages.for_channel(request, "presenter.html", "presenter.ts")

    return [Route("/intervenant", presenter)]
