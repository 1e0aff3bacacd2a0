"""The public's page: the picture, its captions, the questions and the polls."""

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages
from tv.settings import Settings


def routes(settings: Settings) -> list[BaseRoute]:
    pages = Pages(settings)

    async def watch(request: Request) -> Response:
        return pages.for_channel(request, "watch.html", "watch.ts")

    # What a phone in the hall asks for first goes compressed.
    return [Route("/", watch, middleware=[Middleware(GZipMiddleware, minimum_size=500)])]
