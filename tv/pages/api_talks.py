"""The API of talks: what is on, and the crew's start and end.

- `GET /api/v1/talks` → `{"items": [talk]}`; `GET /api/v1/talks/{id}` → talk.
- `POST /api/v1/talks/{id}:start|end|resume|cancel` → talk (operator, admin). `end` also ends the
  answer under way and closes open polls; `resume` undoes it within two minutes (409 `too-late`);
  409 `channel-busy` while another talk is live on the channel, 409 `wrong-state` otherwise.
- `POST /api/v1/talks/{id}:publish` `{"consent": true, "captions_reviewed": false}` → talk
  (operator, admin); 422 `no-consent`.

Talks are as in `items.talk_item`; writes as in tv/writing.py. 404 `unknown-talk`, `unknown-act`.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import (
    Talk,
    TalkCancelled,
    TalkEnded,
    TalkPublished,
    TalkResumed,
    TalkStarted,
)
from tv import items
from tv.auth import Role, identity
from tv.follower import Follower
from tv.problems import Problem, read_json
from tv.writing import Writer, absent, json

ACTS: dict[str, type[TalkStarted | TalkEnded | TalkResumed | TalkCancelled]] = {
    "start": TalkStarted,
    "end": TalkEnded,
    "resume": TalkResumed,
    "cancel": TalkCancelled,
}


class Publication(msgspec.Struct, frozen=True):
    """The body of `:publish`: the speakers agree, and whether the captions were read over."""

    consent: bool = False
    captions_reviewed: bool = False


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    talks = follower.audience.talks.by_id

    def find(request: Request) -> Talk:
        if (talk := talks.get(request.path_params["talk"])) is None:
            raise absent("talk")
        return talk

    async def every(request: Request) -> Response:
        return json({"items": [items.talk_item(talk) for talk in talks.values()]})

    async def one(request: Request) -> Response:
        return json(items.talk_item(find(request)))

    async def act(request: Request) -> Response:
        talk, who = find(request), identity(request)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise Problem(404, "unknown-act", "Introuvable", "Cette action n’existe pas.")
        who.must_be(Role.OPERATOR, Role.ADMIN, talk=talk.id)
        event = type(**writer.act(request, who.signature), talk=talk.id)
        return json(items.item(await writer.write(event, who), crew=True))

    async def publish(request: Request) -> Response:
        talk, who = find(request), identity(request)
        who.must_be(Role.OPERATOR, Role.ADMIN, talk=talk.id)
        said = await read_json(request, Publication)
        event = TalkPublished(
            **writer.act(request, who.signature),
            talk=talk.id,
            consent=said.consent,
            reviewed=said.captions_reviewed,
        )
        return json(items.item(await writer.write(event, who), crew=True))

    return [
        Route("/api/v1/talks", every, methods=["GET"]),
        Route("/api/v1/talks/{talk}:publish", publish, methods=["POST"]),
        Route("/api/v1/talks/{talk}:{verb}", act, methods=["POST"]),
        Route("/api/v1/talks/{talk}", one, methods=["GET"]),
    ]
