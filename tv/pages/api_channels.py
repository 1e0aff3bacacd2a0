"""The API of channels: what is on air, how each studio does, and the crew's choice between them.

- `GET /api/v1/channels` → `{"items": [channel]}`; `GET /api/v1/channels/{slug}` → channel
  (presenter, moderator, operator, admin).
- `POST /api/v1/channels/{slug}:switch` `{"to": "auto|primary|backup|slate"}` → channel (operator,
  admin). "auto" leaves the choice to the rules again. With `If-Match`, 412 `changed-meanwhile` and
  `current` when something else is on air or chosen by now; figures alone are no change.
- `POST /api/v1/channels/{slug}/keys/{primary|backup}:renew` → 201 `{"channel", "slot", "rtmp",
  "whip", "srt"}`: new stream keys (operator, admin). Nothing else shows them. The old keys open
  nothing from then on, and who publishes with one is put out within a second. 404 `unknown-slot`;
  409 `too-many-renewals`: 1,000 of a slot.

Channels are as in `items.channel_item`, for the crew; the same come over the socket, as `channels`.
A pass for one talk is none for channels (403 `other-talk`). 404 `unknown-channel`; 503
`media-unavailable` while the video server is away.
"""

import logging
from functools import partial
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
from tv.studios.keys import SLOTS
from tv.studios.stream_keys import PROTOCOLS, StreamKeys, TooManyRenewals
from tv.tasks import in_thread
from tv.upstream import Upstream
from tv.views import POSITION
from tv.writing import expected_versions, json

logger = logging.getLogger(__name__)


class Choice(msgspec.Struct, frozen=True):
    """The body of `:switch`."""

    to: Literal["auto", "primary", "backup", "slate"]


def routes(upstream: Upstream, airing: Airing, keys: StreamKeys) -> list[BaseRoute]:
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

    async def renew(request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        channel, slot = find(request)["id"], request.path_params["slot"]
        if slot not in SLOTS:
            raise Problem(
                404,
                "unknown-slot",
                "Emplacement inconnu",
                "Il y a «\u00a0primary\u00a0» et «\u00a0backup\u00a0».",
            )
        try:
            await in_thread(partial(keys.renew, channel, slot))
        except TooManyRenewals as error:
            raise Problem(
                409, "too-many-renewals", "Trop de clés", "Cette clé a été changée trop souvent."
            ) from error
        logger.info("%s: the stream keys of %s are renewed by %s", channel, slot, who.by)
        made = {each: keys.key(channel, slot, each) for each in PROTOCOLS}
        return json({"channel": channel, "slot": slot} | made, 201)

    return [
        Route("/api/v1/channels", every, methods=["GET"]),
        Route("/api/v1/channels/{channel}:switch", switch, methods=["POST"]),
        Route("/api/v1/channels/{channel}/keys/{slot}:renew", renew, methods=["POST"]),
        Route("/api/v1/channels/{channel}", one, methods=["GET"]),
    ]
