"""The API of talks: how they are planned, the crew's start and end, what becomes of the replay.

- `GET /api/v1/talks` → `{"items": [talk]}`, in the order of their hours; `GET /api/v1/talks/{id}`
  → talk. With `guid`, `language` and `abstract`, which the socket leaves out.
- `POST /api/v1/talks` `{"title", …}` → 201 talk; `PATCH /api/v1/talks/{id}` `{…}` → talk (operator,
  admin). Each may have `type` (conference, intervention, restitution, break), `planned_start` and
  `planned_end` (RFC 3339, seconds of the broadcast clock, or null), `room`, `channel` and `lab` (a
  room named like one has it, and what leaves that room loses it), `speakers`, `abstract`,
  `language`, `track`; and the settings `questions` (open, off), `presenter_only_queued`,
  `moderation` (pre, post), `slow` (0, 30, 60, 120 or 300: in slow mode, the seconds from one
  question of a participant to their next). A new one may also have `guid`.
  409 `talk-exists`; 422 `wrong-times`, `unknown-channel`, `unknown-lab`, `too-many-talks`.
- `DELETE /api/v1/talks/{id}` → talk: nobody sees it any more (operator, admin; before it began).
  `POST …:restore` brings back what was deleted or cancelled.
- `POST /api/v1/talks/{id}:start|end|resume|cancel` → talk (operator, admin). `end` also ends the
  answer under way and closes open polls; `resume` undoes it within two minutes (409 `too-late`);
  409 `channel-busy` while another talk is live on the channel, 409 `wrong-state` otherwise.
- `POST /api/v1/talks/{id}:publish` `{"consent": true, "captions_reviewed": false}` → talk
  (operator, admin); 422 `no-consent`; 409 `wrong-state` too for one that must not be recorded.
  `:unpublish` → talk: at once, the replay is the crew's again.
- `POST /api/v1/talks/{id}:trim` `{"start", "end"}` → talk (operator, admin): between which times,
  RFC 3339 or seconds of the broadcast clock, its replay is; null: the talk's own. 422 `wrong-marks`
  unless they are in order, at most 12 h apart, within 10 minutes of the talk and outside others.
- `POST /api/v1/talks/{id}:record` `{"recorded": false}` → talk (operator, admin): its speakers do
  not want to be recorded: the recorder stops while it is live, and it has no replay.
- `POST /api/v1/talks/{id}:slow` `{"slow": 60}` → talk (moderator, operator, admin): that setting.

Talks are as in `items.talk_item`; writes as in tv/writing.py. 404 `unknown-talk`, `unknown-act`.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.talks import (
    AnyTalkEvent,
    Talk,
    TalkCancelled,
    TalkCreated,
    TalkEdited,
    TalkEnded,
    TalkPublished,
    TalkRecorded,
    TalkRemoved,
    TalkRestored,
    TalkResumed,
    TalkStarted,
    TalkTrimmed,
    TalkUnpublished,
)
from engagement.talks.plan import Edit, Slow
from tv import items
from tv.auth import MODERATORS, RUNNERS, Identity, identity
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import read_json
from tv.schedule.by_hand import Hand, Moment, Said, seconds
from tv.settings import Settings
from tv.writing import Writer, absent, json, unknown_act

ACTS: dict[
    str,
    type[TalkStarted]
    | type[TalkEnded]
    | type[TalkResumed]
    | type[TalkCancelled]
    | type[TalkRestored]
    | type[TalkUnpublished],
] = {
    "start": TalkStarted,
    "end": TalkEnded,
    "resume": TalkResumed,
    "cancel": TalkCancelled,
    "restore": TalkRestored,
    "unpublish": TalkUnpublished,
}


class Publication(msgspec.Struct, frozen=True):
    """The body of `:publish`: the speakers agree, and whether the captions were read over."""

    consent: bool = False
    captions_reviewed: bool = False


class Marks(msgspec.Struct, frozen=True):
    """The body of `:trim`."""

    start: Moment | None = None
    end: Moment | None = None


class Recording(msgspec.Struct, frozen=True):
    """The body of `:record`."""

    recorded: bool


class Slowing(msgspec.Struct, frozen=True):
    """The body of `:slow`: seconds between two questions of a participant; 0 for no limit."""

    slow: Slow


def routes(follower: Follower, writer: Writer, settings: Settings) -> list[BaseRoute]:
    talks = follower.audience.talks
    hand = Hand(settings)

    def find(request: Request, *, removed: bool = False) -> Talk:
        talk = talks.by_id.get(request.path_params["talk"])
        if talk is None or (talk.removed and not removed):
            raise absent("talk")
        return talk

    def may(request: Request, *, removed: bool = False) -> tuple[Talk, Identity]:
        talk, who = find(request, removed=removed), identity(request)
        who.must_be(*RUNNERS, talk=talk.id)
        return talk, who

    async def write(event: AnyTalkEvent, who: Identity, status: int = 200) -> Response:
        talk = await writer.write(event, who)
        assert isinstance(talk, Talk)
        headers = {"location": f"/api/v1/talks/{talk.id}"} if status == 201 else {}
        return json(items.whole_talk_item(talk), status, **headers)

    async def every(request: Request) -> Response:
        return json({"items": [items.whole_talk_item(talk) for talk in talks.listed()]})

    async def one(request: Request) -> Response:
        return json(items.whole_talk_item(find(request)))

    @takes(Said)
    async def create(request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        said = await read_json(request, Said)
        act = writer.act(request, who.signature)
        plan = hand.plan(said, act["id"])
        return await write(TalkCreated(**act, plan=plan, edit=hand.edit(said)), who, 201)

    @takes(Said)
    async def edit(request: Request) -> Response:
        talk, who = may(request)
        edit = hand.edit(await read_json(request, Said), talk)
        return await write(
            TalkEdited(**writer.act(request, who.signature), talk=talk.id, edit=edit), who
        )

    async def remove(request: Request) -> Response:
        talk, who = may(request, removed=True)
        event = TalkRemoved(**writer.act(request, who.signature), talk=talk.id)
        await writer.remove(talk, event, who)
        return json(items.whole_talk_item(talks.by_id[talk.id]))

    async def act(request: Request) -> Response:
        find(request, removed=True)
        if (type := ACTS.get(request.path_params["verb"])) is None:
            raise unknown_act()
        talk, who = may(request, removed=True)
        return await write(type(**writer.act(request, who.signature), talk=talk.id), who)

    @takes(Publication)
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

    @takes(Marks)
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

    @takes(Recording)
    async def record(request: Request) -> Response:
        talk, who = may(request)
        said = await read_json(request, Recording)
        event = TalkRecorded(
            **writer.act(request, who.signature), talk=talk.id, recorded=said.recorded
        )
        return await write(event, who)

    @takes(Slowing)
    async def slow(request: Request) -> Response:
        talk, who = find(request), identity(request)
        who.must_be(*MODERATORS, talk=talk.id)
        said = await read_json(request, Slowing)
        act = writer.act(request, who.signature)
        return await write(TalkEdited(**act, talk=talk.id, edit=Edit(slow=said.slow)), who)

    return [
        Route("/api/v1/talks", every, methods=["GET"]),
        Route("/api/v1/talks", create, methods=["POST"]),
        Route("/api/v1/talks/{talk}:publish", publish, methods=["POST"]),
        Route("/api/v1/talks/{talk}:trim", trim, methods=["POST"]),
        Route("/api/v1/talks/{talk}:record", record, methods=["POST"]),
        Route("/api/v1/talks/{talk}:slow", slow, methods=["POST"]),
        Route("/api/v1/talks/{talk}:{verb}", act, methods=["POST"]),
        Route("/api/v1/talks/{talk}", one, methods=["GET"]),
        Route("/api/v1/talks/{talk}", edit, methods=["PATCH"]),
        Route("/api/v1/talks/{talk}", remove, methods=["DELETE"]),
    ]
