"""`GET /{channel}/thumbnail.jpg`: a small picture of what is on air, some ten seconds old at most.

404 `no-thumbnail` when there is none of now; 503 while the disk does not answer.
"""

import time
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.problems import Problem
from tv.recorded.recordings import Recordings

FRESH = 30.0  # seconds after which a picture is not of now any more


def routes(folder: Path, channels: frozenset[str], recordings: Recordings) -> list[BaseRoute]:
    """`folder` holds the newest picture of each channel; `recordings` knows how to ask a disk."""

    async def newest(request: Request) -> Response:
        channel = request.path_params["channel"]
        picture = None
        if channel in channels:
            picture = await recordings.in_thread(partial(_fresh, folder / f"{channel}.jpg"))
        if picture is None:
            raise Problem(
                404, "no-thumbnail", "Pas d’image", "Ce canal n’a pas d’image à cet instant."
            )
        headers = {"cache-control": "max-age=5", "access-control-allow-origin": "*"}
        return Response(picture, headers=headers, media_type="image/jpeg")

    return [Route("/{channel}/thumbnail.jpg", newest, methods=["GET"])]


def _fresh(path: Path) -> bytes | None:
    try:
        if time.time() - path.stat().st_mtime > FRESH:
            return None
        return path.read_bytes()
    except OSError:
        return None
