"""The wall as a page for screens, the pages to write on it and to moderate it, and its pictures.

`GET /mur/images/{name}`: for all while a post or an idea that has it shows; else for the crew, for
its author, and for whoever leads the table of an idea that is not noted privately. A browser may
keep one for ten minutes, what caches for others a minute: what is hidden stops being given.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from tv.auth import identity
from tv.follower import Follower
from tv.labs.ideas import sees_all
from tv.pages.html import Pages, origin
from tv.problems import Problem
from tv.settings import Settings
from tv.wall.pictures import Pictures

WRITE = "/mur/ecrire"
SHOWN = "public, max-age=600, s-maxage=60, immutable"
NOT_SHOWN = "private, no-store"


def routes(
    pages: Pages, settings: Settings, follower: Follower, pictures: Pictures
) -> list[BaseRoute]:
    posts, ideas = follower.audience.posts, follower.audience.ideas

    async def wall(request: Request) -> Response:
        address = f"{origin(request, settings)}{WRITE}"
        code = await pages.codes.of(address)
        known = {"address": address.partition("://")[2], "code": code}
        return pages.page("wall.html", "wall.ts", known=known)

    async def write(request: Request) -> Response:
        return pages.page("wall_writing.html", "wall_writing.ts", reader=request)

    async def desk(request: Request) -> Response:
        return pages.page("wall_desk.html", "wall_desk.ts")

    async def image(request: Request) -> Response:
        name, who = request.path_params["name"], identity(request)
        shows = posts.shows(name) or ideas.shows(name)
        theirs = posts.has_sent(who.by, name) or any(
            sees_all(idea, who) for idea in ideas.with_picture(name)
        )
        if not (shows or theirs or who.crew("")):
            raise _absent()
        if (path := await asyncio.to_thread(pictures.path, name)) is None:
            raise _absent()
        headers = {
            "cache-control": SHOWN if shows else NOT_SHOWN,
            "cross-origin-resource-policy": "same-origin",
        }
        return FileResponse(path, headers=headers, media_type="image/jpeg")

    return [
        Route("/mur", wall, methods=["GET"]),
        Route(WRITE, write, methods=["GET"]),
        Route("/mur/relire", desk, methods=["GET"]),
        Route("/mur/images/{name}", image, methods=["GET"]),
    ]


def _absent() -> Problem:
    return Problem(404, "unknown-picture", "Introuvable", "Cette image n’est pas à voir ici.")
