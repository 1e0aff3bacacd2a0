"""A picture that somebody sends, for a message of the wall or for an idea."""

import asyncio
import time

from starlette.requests import Request
from starlette.responses import Response

from engagement.origin import trust
from tv.auth import identity
from tv.problems import Problem, announced, read_body
from tv.wall import naming
from tv.wall.pictures import LARGEST, Pictures
from tv.writing import Writer, json


async def receive(request: Request, writer: Writer, pictures: Pictures) -> Response:
    """Make ours of the body, and say what it is called. Raises Problem, StoreUnavailable."""
    who = identity(request)
    who.must_take_part()
    await writer.count(who, kind="picture")
    level = trust(who.origin, time.time())
    with pictures.room(announced(request, LARGEST), level):
        name = await pictures.add(await read_body(request, LARGEST), level)
    width, height = naming.size(name)
    return json({"id": name, "url": naming.address(name), "width": width, "height": height}, 201)


async def must_be_here(pictures: Pictures, name: str) -> None:
    """Raises Problem unless there is a picture of this name; "" is none, and is here."""
    if name and not await asyncio.to_thread(pictures.path, name):
        raise Problem(
            422,
            "unknown-picture",
            "Image inconnue",
            "Cette image n’est pas, ou plus, sur le serveur. Envoyez-la à nouveau.",
        )
