"""The API of passes: which are in use, and taking one back.

- `GET /api/v1/passes` → `{"items": [pass]}`: each pass that has not ended and was not taken back,
  `{"id", "role", "name", "talk", "lab", "table", "screen", "issued_at", "issued_by", "expires_at",
  "renewed", "seen_at", "own"}`, those seen last first (operator, admin). `issued_by` is "pairing"
  for a screen's, else "command"; `renewed`: it is prolonged while it is used; `seen_at` is null for
  one that nobody has used; `own`: it is that of who asks. A pass that was made while no server ran
  is listed from its first use. 2,000 are kept: more, and those not seen for longest go.
- `DELETE /api/v1/passes/{id}` → 204: it opens nothing any more, and its open pages lose their
  connection, within seconds, as by `fabrique-tv revoke` (operator, admin; an admin's: admin). 404
  `unknown-pass`.
"""

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv import revoking
from tv.auth import RUNNERS, Identity, Role, identity
from tv.folder import Folder
from tv.passes import Pass, Passes
from tv.passes_in_use import Listed, PassesInUse
from tv.problems import Problem, rfc3339
from tv.tasks import in_thread
from tv.writing import json, nothing

logger = logging.getLogger(__name__)

EFFECT = 3.0  # seconds to wait until a pass that is taken back opens nothing in this process


def routes(in_use: PassesInUse, passes: Passes, folder: Folder) -> list[BaseRoute]:
    async def listed() -> list[Listed]:
        await in_use.flush()
        revoked = passes.revoked()
        return [each for each in await in_use.every() if each.held.id not in revoked]

    async def every(request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        return json({"items": [_item(each, who) for each in await listed()]})

    async def remove(request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        wanted = request.path_params["pass"]
        found = next((each.held for each in await listed() if each.held.id == wanted), None)
        if found is None:
            raise Problem(
                404,
                "unknown-pass",
                "Laissez-passer inconnu",
                "Ce laissez-passer n’est pas, ou n’est plus, dans la liste.",
            )
        if found.role is Role.ADMIN:
            who.must_be(Role.ADMIN)
        await in_thread(partial(revoking.revoke, folder.revoked, passes, found.id))
        with suppress(TimeoutError):
            async with asyncio.timeout(EFFECT):
                while found.id not in passes.revoked():  # noqa: ASYNC110  # a file: one has to look
                    await asyncio.sleep(0.05)
        logger.info("%s is taken back by %s", found.id, who.by)
        return nothing()

    return [
        Route("/api/v1/passes", every, methods=["GET"]),
        Route("/api/v1/passes/{pass}", remove, methods=["DELETE"]),
    ]


def _item(listed: Listed, who: Identity) -> dict[str, Any]:
    held: Pass = listed.held
    return {
        "id": held.id,
        "role": held.role,
        "name": held.name,
        "talk": held.talk,
        "lab": held.lab,
        "table": held.table,
        "screen": held.screen,
        "issued_at": rfc3339(held.issued) if held.issued else None,
        "issued_by": "pairing" if held.screen else "command",
        "expires_at": rfc3339(held.expires),
        "renewed": held.renewed,
        "seen_at": rfc3339(listed.seen) if listed.seen else None,
        "own": held.id == who.pass_id,
    }
