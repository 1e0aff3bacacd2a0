"""The API of channels: what is on air, how each studio does, and the crew's choice between them.

- `GET /api/v1/channels` → `{"items": [channel]}`; `GET /api/v1/channels/{slug}` → channel
  (presenter, moderator, operator, admin).
- `POST /api/v1/channels/{slug}:switch` `{"to": "auto|primary|backup|slate"}` → channel (operator,
  admin). "auto" leaves the choice to the rules again. With `If-Match`, 412 `changed-meanwhile` and
  `current` when something else is on air or chosen by now; figures alone are no change.

Channels are as in `items.channel_item`, for the crew; the same come over the socket, as `channels`.
A pass for one talk is none for channels (403 `other-talk`). 404 `unknown-channel`; 503
`media-unavailable` while the video server is away.
"""

from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.airing import Airing
from tv.auth import CREW, RUNNERS, identity
from tv.items import Rendered
from tv.openapi import takes
from tv.problems import Problem, read_json
from tv.upstream import Upstream
from tv.views import POSITION
from tv.writing import expected_versions, json


class Choice(msgspec.Struct, frozen=True):
    """The body of `:switch`."""

    to: Literal["auto", "primary", "backup", "slate"]


def routes(upstream: Upstream, airing: Airing) -> list[BaseRoute]:
    def find(request: Request) -> Rendered:
        slug = request.path_params["channel"]
        if (found := airing.item(slug, crew=True)) is None:
            raise Problem(
                404,
                "unknown-channel",
                "Canal inconnu",
                f"Canal inconnu\u00a0: «\u00a0{slug[:40]}\u00a0».",
            )
        return found

    def check(request: Request, channel: Rendered) -> None:
        """Raises Problem when who asks has seen something else than what is so now."""
        seen = expected_versions(request)
        valid = [version for version in seen if POSITION.fullmatch(version)]
        if seen and all(airing.switched_since(channel["id"], version) for version in valid):
            raise Problem(
                412,
                "changed-meanwhile",
                "Modifié entre-temps",
                "L’antenne a changé entre-temps. Regardez-la à nouveau.",
                current=channel,
            )

    async def every(request: Request) -> Response:
        identity(request).must_be(*CREW)
        return json({"items": airing.every("channels", crew=True)})

    async def one(request: Request) -> Response:
        identity(request).must_be(*CREW)
        return json(find(request))

    @takes(Choice)
    async def switch(request: Request) -> Response:
        identity(request).must_be(*RUNNERS)
        channel = find(request)
        choice = await read_json(request, Choice)
        check(request, channel)
        await upstream.switch(channel["id"], choice.to)
        return json(find(request))  # media has said what changed before it said that it is done

    return [
        Route("/api/v1/channels", every, methods=["GET"]),
        Route("/api/v1/channels/{channel}:switch", switch, methods=["POST"]),
        Route("/api/v1/channels/{channel}", one, methods=["GET"]),
    ]
