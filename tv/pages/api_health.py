"""How what everything stands on does, for the crew: the store and the disk.

`GET /api/v1/health` → `{"store": {"up", "milliseconds"}, "disk": {"free", "total"}}` (presenter,
moderator, operator, admin): how long the store takes to answer, null when it does not; bytes of the
disk with the data folder, as this web process has it. Always 200: what is down is said, not raised.
"""

import asyncio
import shutil
import time
from pathlib import Path

from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.auth import CREW, identity
from tv.items import Rendered
from tv.store import answers
from tv.writing import json

PATIENCE = 2.0  # seconds that the store may take to answer


def routes(store: Redis, data: Path) -> list[BaseRoute]:
    async def health(request: Request) -> Response:
        identity(request).must_be(*CREW)
        disk = await asyncio.to_thread(_disk, data)
        return json({"store": await _store(store), "disk": disk})

    return [Route("/api/v1/health", health, methods=["GET"])]


async def _store(store: Redis) -> Rendered:
    asked = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            up = await answers(store)
    except TimeoutError:
        up = False
    took = round(1000 * (time.monotonic() - asked), 1)
    return {"up": up, "milliseconds": took if up else None}


def _disk(data: Path) -> Rendered:
    try:
        found = shutil.disk_usage(data)
    except OSError:  # it is nowhere yet, or its disk is gone
        return {"free": 0, "total": 0}
    return {"free": found.free, "total": found.total}
