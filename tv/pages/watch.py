"""The public's page: the picture, its captions, the questions and the polls.

With `?sur-place`, as the codes of the house lead to it, it is for a phone among two thousand in the
room: nothing is fetched but what its words, questions and polls need.
"""

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.pages.html import Pages

ON_SITE = "sur-place"


def routes(pages: Pages) -> list[BaseRoute]:
    async def watch(request: Request) -> Response:
        template = "on_site.html" if ON_SITE in request.query_params else "watch.html"
        return pages.for_channel(request, template, "watch.ts", reader=request)

    # What a phone in the hall asks for first goes compressed.
    return [Route("/", watch, middleware=[Middleware(GZipMiddleware, minimum_size=500)])]
