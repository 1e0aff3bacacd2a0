"""The API of reactions: one tap, counted with all others of the same second, and by nobody.

- `POST /api/v1/talks/{id}/reactions` `{"kind": "applause|heart|idea|smile", "media_time"}` → 202
  `{"kind", "at"}` (participants, while the talk is live). `media_time` is the broadcast time of the
  picture that they saw; without one, now. `at` is the second that it counts for. It shows within a
  second or two, and a few may be lost when a process ends. 409 `talk-not-live`, 422 `invalid-body`,
  429 `too-fast`, 503 `too-many-reactions`.
- `GET /api/v1/talks/{id}/reactions` → `{"id", "total": {"applause", …}, "seconds": [{"at",
  "applause", …}], "version"}`: each second in which anybody reacted since the talk began; those of
  its replay once it is over.

The topic `reactions:{id}` of the socket brings the newest seconds, as `poll_items.reaction_item`.
"""

from math import floor
from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.fold import Item
from engagement.origin import trust
from engagement.reactions import Reaction
from tv import poll_items
from tv.auth import identity
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import Problem
from tv.reacting import Reacting
from tv.storms import Act, Asked, endpoint
from tv.upstream import Upstream
from tv.writing import Writer, json, talk_of

AHEAD = 1.0  # seconds by which a page's picture may seem to be ahead of our clock


class Tap(msgspec.Struct, frozen=True):
    """The body of a reaction."""

    kind: Literal["applause", "heart", "idea", "smile"]
    media_time: float | None = None


def routes(
    follower: Follower, writer: Writer, reacting: Reacting, upstream: Upstream
) -> list[BaseRoute]:
    audience = follower.audience

    @takes(Tap)
    def react(asked: Asked) -> Act:
        who = identity(asked)
        who.must_take_part()
        talk, now = talk_of(asked, audience.talks), upstream.now()
        said = asked.said(Tap)
        if talk.state != "live" or talk.started_at is None:
            raise Problem(
                409,
                "talk-not-live",
                "Pas en direct",
                "On ne peut réagir à une intervention que pendant son direct.",
            )
        seen = now if said.media_time is None else said.media_time
        at = floor(seen if talk.started_at <= seen <= now + AHEAD else now)

        def reacted(_: Item | None) -> tuple[int, dict[str, Any]]:
            if not reacting.count(talk.id, at, said.kind, trust(who.origin, now)):
                raise Problem(
                    503,
                    "too-many-reactions",
                    "Réactions en attente",
                    "Trop de réactions attendent d’être enregistrées. Réessayez dans un instant.",
                    retry_after=5,
                )
            return 202, {"kind": said.kind, "at": at}

        return Act(who, None, reacted, talk.id)

    async def every(request: Request) -> Response:
        talk = talk_of(request, audience.talks)
        reaction = audience.reactions.by_talk.get(talk.id) or Reaction(id=talk.id)
        start, end = talk.marks or (talk.started_at or 0.0, upstream.now() + AHEAD)
        seconds = audience.reactions.between(talk.id, floor(start), end)
        return json(
            {
                "id": talk.id,
                "total": msgspec.structs.asdict(reaction.total),
                "seconds": [poll_items.second_item(second) for second in seconds],
                "version": reaction.version,
            }
        )

    return [
        Route("/api/v1/talks/{talk}/reactions", endpoint(react, writer), methods=["POST"]),
        Route("/api/v1/talks/{talk}/reactions", every, methods=["GET"]),
    ]
