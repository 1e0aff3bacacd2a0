"""The public page of ideas: calls to answer, and what tables made of theirs.

It is there before, during and after the event; what it shows comes by the socket and the API.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.cafe.session import Cafe
from tv.follower import Follower
from tv.pages.html import Pages
from tv.settings import Settings


def routes(pages: Pages, settings: Settings, follower: Follower) -> list[BaseRoute]:
    happening = follower.audience.happening

    async def ideas(request: Request) -> Response:
        phase = happening.now.phase
        return pages.page(
            "ideas.html", "ideas.ts", reader=request, phase=phase, labs=bool(settings.labs)
        )

    return [Route("/idees", ideas, methods=["GET"])]


def open_calls(follower: Follower) -> list[Cafe]:
    """The calls that take answers now, the newest first."""
    cafes = follower.audience.cafes.all()
    found = [each for each in cafes if each.plan.kind == "call" and each.state == "open"]
    return sorted(found, key=lambda call: call.opened_at or 0.0, reverse=True)
