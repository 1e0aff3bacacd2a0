"""The API of talks: what is on, the crew's start and end, and what becomes of the replay.

- `GET /api/v1/talks` → `{"items": [talk]}`; `GET /api/v1/talks/{id}` → talk.
- `POST /api/v1/talks/{id}:start|end|resume|cancel` → talk (operator, admin). `end` also ends the
  answer under way and closes open polls; `resume` undoes it within two minutes (409 `too-late`);
  409 `channel-busy` while another talk is live on the channel, 409 `wrong-state` otherwise.
- `POST /api/v1/talks/{id}:publish` `{"consent": true, "captions_reviewed": false}` → talk
  (operator, admin); 422 `no-consent`. `:unpublish` → talk: at once, the replay is the crew's again.
- `POST /api/v1/talks/{id}:trim` `{"start", "end"}` → talk (operator, admin): between which times,
  RFC 3339 or seconds of the broadcast clock, its replay is; null: the talk's own. 422 `wrong-marks`
  unless they are in order, at most 12 h apart, within 10 minutes of the talk and outside others.
- `POST /api/v1/talks/{id}:record` `{"recorded": false}` → talk (operator, admin): its speakers do
  not want to be recorded: the recorder stops while it is live, and it has no replay.

Talks are as in `items.talk_item`; writes as in tv/writing.py. 404 `unknown-talk`, `unknown-act`.
"""

from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import (
    AnyTalkEvent,
    Talk,
    TalkCancelled,
    TalkEnded,
    TalkPublished,
    TalkRecorded,
    TalkResumed,
    TalkStarted,
    TalkTrimmed,
    TalkUnpublished,
)
from tv import items
from tv.auth import Identity, Role, identity
from tv.follower import Follower
from tv.problems import Problem, read_json
from tv.writing import Writer, absent, json

ACTS: dict[
    str,
    type[TalkStarted]
    | type[TalkEnded]
    | type[TalkResumed]
    | type[TalkCancelled]
    | type[TalkUnpublished],
] = {
    "start": TalkStarted,
    "end": TalkEnded,
    "resume": TalkResumed,
    "cancel": TalkCancelled,
    "unpublish": TalkUnpublished,
}


class Publication(msgspec.Struct, frozen=True):
    """The body of `:publish`: the speakers agree, and whether the captions were read over."""

    consent: bool = False
    captions_reviewed: bool = False


class Marks(msgspec.Struct, frozen=True):
    """The body of `:trim`."""

    start: float | datetime | None = None
    end: float | datetime | None = None


class Recording(msgspec.Struct, frozen=True):
    """The body of `:record`."""

    recorded: bool


def routes(follower: Follower, writer: Writer) -> list[BaseRoute]:
    talks = follower.audience.talks.by_id

    def find(request: Request) -> Talk:
        if (talk := talks.get(request.path_params["talk"])) is None:
            raise absent("talk")
        return talk

    def may(request: Request) -> tuple[Talk, Identity]:
        talk, who = find(request), identity(request)
        who.must_be(Role.OPERATOR, Role.ADMIN, talk=talk.id)
        return talk, who

    async def write(event: AnyTalkEvent, who: Identity) -> Response:
        return json(items.item(await writer.write(event, who), crew=True))

    async def every(request: Request) -> Response:
        return json({"items": [items.talk_item(talk) for talk in talks.values()]})

    async def one(request: Request) -> Response:
        return json(items.talk_item(find(request)))

    async def act(request: Request) -> Response:
        find(request)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise Problem(404, "unknown-act", "Introuvable", "Cette action n’existe pas.")
        talk, who = may(request)
        return await write(type(**writer.act(request, who.signature), talk=talk.id), who)

    async def publish(request: Request) -> Response:
        talk, who = may(request)
        said = await read_json(request, Publication)
        event = TalkPublished(
            **writer.act(request, who.signature),
            talk=talk.id,
            consent=said.consent,
            reviewed=said.captions_reviewed,
        )
        return await write(event, who)

    async def trim(request: Request) -> Response:
        talk, who = may(request)
        said = await read_json(request, Marks)
        event = TalkTrimmed(
            **writer.act(request, who.signature),
            talk=talk.id,
            start=seconds(said.start, "start"),
            end=seconds(said.end, "end"),
        )
        return await write(event, who)

    async def record(request: Request) -> Response:
        talk, who = may(request)
        said = await read_json(request, Recording)
        event = TalkRecorded(
            **writer.act(request, who.signature), talk=talk.id, recorded=said.recorded
        )
        return await write(event, who)

    return [
        Route("/api/v1/talks", every, methods=["GET"]),
        Route("/api/v1/talks/{talk}:publish", publish, methods=["POST"]),
        Route("/api/v1/talks/{talk}:trim", trim, methods=["POST"]),
        Route("/api/v1/talks/{talk}:record", record, methods=["POST"]),
        Route("/api/v1/talks/{talk}:{verb}", act, methods=["POST"]),
        Route("/api/v1/talks/{talk}", one, methods=["GET"]),
    ]


def seconds(time: float | datetime | None, field: str) -> float | None:
    """A time on the broadcast clock. Raises Problem when it says no offset from UTC."""
    if not isinstance(time, datetime):
        return time
    if time.tzinfo is None:
        raise Problem(
            422,
            "invalid-body",
            "Requête invalide",
            f"Champ à corriger\u202f: «\u00a0{field}\u00a0», il y manque le fuseau horaire (Z).",
        )
    return time.timestamp()
