"""The API of the rundown: items lined up, previewed, taken on air and off.

- `GET /api/v1/rundown` → `{"items": [entry], "cleared"}`, in order (crew).
- `POST /api/v1/rundown` `{"type", …}` → 201 entry, queued at the end (moderator, operator, admin).
  `type`: `bandeau` (`title`, `text`), `announcement` (`text`, `title`), `countdown` (`title`, and
  `duration` in seconds or `until`), `question`, `poll` and `post` with `shows`, the id of one, or
  `synthesis` with either (`title` and `text`). For each, `target`: "screens", "overlay" or "both";
  `channel`: null for that of the talk it is about, "" for all; `to`: ids or groups of screens, none
  for all; `duration`: seconds on air, null until it is taken off. 422 `unknown-reference`,
  `bad-entry`.
- `GET /api/v1/rundown/{id}` → entry; `PATCH` (the same fields but `type` and `shows`) → entry, at
  once also on air (then operator, admin); `DELETE` → 204, if it is not on air.
- `POST /api/v1/rundown/{id}:preview` → entry; `:move` `{"before": id}` (null: to the end);
  `:take|off` → entry (operator, admin). What is taken goes on in the place of what is there: each
  place has one bandeau, one countdown, and one of all the others. 409 `wrong-state`: also for what
  the audience may not see, such as a question that is not published.
- `POST /api/v1/talks/{id}/messages` `{"text"}` → 201 message, for whoever is on stage (moderator,
  operator, admin); 409 `too-many-messages`. `GET` → `{"items": [message]}` (crew of the talk);
  `POST /api/v1/messages/{id}:acknowledge` → message (the same, presenter included).

Entries are as in `air_items.entry_item`, messages as in `air_items.message_item`; writes as in
tv/writing.py. What is on air now: the views `overlay` and `screen:{id}`.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.messages import MessageAcknowledged, MessageSent
from engagement.rundown.entry import OVERLAY, REFERRING, Content, Entry, Kind, Target
from engagement.rundown.events import (
    EntryAdded,
    EntryDeleted,
    EntryEdited,
    EntryMoved,
    EntryOff,
    EntryPreviewed,
    EntryTaken,
)
from tv import items
from tv.air_items import message_item
from tv.auth import CREW, MODERATORS, RUNNERS, Identity, Role, identity
from tv.follower import Follower
from tv.openapi import takes
from tv.problems import Problem, clean, read_json
from tv.schedule.by_hand import of_our_time
from tv.settings import Settings
from tv.writing import Writer, absent, json, nothing, talk_of, unknown_act

TITLE = 120  # characters
TEXT = 1_200
MESSAGE = 200
PLACES = 50  # screens and groups that an entry may name

ACTS: dict[str, tuple[type[EntryPreviewed | EntryTaken | EntryOff], tuple[Role, ...]]] = {
    "preview": (EntryPreviewed, MODERATORS),
    "take": (EntryTaken, RUNNERS),
    "off": (EntryOff, RUNNERS),
}

Seconds = Annotated[float, msgspec.Meta(ge=1.0, le=86_400.0)]
Names = Annotated[
    list[Annotated[str, msgspec.Meta(max_length=80)]], msgspec.Meta(max_length=PLACES)
]


class Change(msgspec.Struct, frozen=True):
    """What an entry is to say; what is left out stays as it is."""

    title: str | None = None
    text: str | None = None
    target: Target | None = None
    channel: str | None = None
    to: Names | None = None
    duration: Seconds | UnsetType | None = UNSET
    until: datetime | UnsetType | None = UNSET


class New(Change, frozen=True, kw_only=True):
    type: Kind
    shows: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Move(msgspec.Struct, frozen=True):
    before: str | None = None


class Words(msgspec.Struct, frozen=True):
    """The body of a message to the stage."""

    text: str


def routes(follower: Follower, writer: Writer, settings: Settings) -> list[BaseRoute]:
    desk = Desk(follower, writer, settings)
    return [
        Route("/api/v1/rundown", desk.every, methods=["GET"]),
        Route("/api/v1/rundown", desk.add, methods=["POST"]),
        Route("/api/v1/rundown/{entry}:move", desk.move, methods=["POST"]),
        Route("/api/v1/rundown/{entry}:{verb}", desk.act, methods=["POST"]),
        Route("/api/v1/rundown/{entry}", desk.one, methods=["GET"]),
        Route("/api/v1/rundown/{entry}", desk.edit, methods=["PATCH"]),
        Route("/api/v1/rundown/{entry}", desk.delete, methods=["DELETE"]),
        Route("/api/v1/talks/{talk}/messages", desk.messages, methods=["GET"]),
        Route("/api/v1/talks/{talk}/messages", desk.send, methods=["POST"]),
        Route("/api/v1/messages/{message}:acknowledge", desk.acknowledge, methods=["POST"]),
    ]


class Desk:
    """Answers requests about the rundown, and messages to the stage."""

    def __init__(self, follower: Follower, writer: Writer, settings: Settings) -> None:
        self._audience = follower.audience
        self._rundown = follower.audience.rundown
        self._writer = writer
        self._channels = settings.channels

    async def every(self, request: Request) -> Response:
        identity(request).must_be(*CREW)
        listed = [items.item(entry, crew=True) for entry in self._rundown.all()]
        return json({"items": listed, "cleared": self._rundown.air(OVERLAY).cleared})

    async def one(self, request: Request) -> Response:
        return json(items.item(self._find(request), crew=True))

    @takes(New)
    async def add(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        said = await read_json(request, New)
        if said.type != "synthesis" and (said.type in REFERRING) != bool(said.shows):
            raise _bad(
                "« shows » nomme la question, le sondage ou le message à montrer, et lui seul."
            )
        content = self._content(said, Content(channel=self._channel_of(said)))
        act = self._writer.act(request, who.signature)
        event = EntryAdded(
            **act,
            entry=f"entry_{act['id']}",
            kind=said.type,
            content=_complete(said.type, content, bool(said.shows)),
            shows=said.shows,
        )
        added = await self._writer.write(event, who)
        location = f"/api/v1/rundown/{added.id}"
        return json(items.item(added, crew=True), 201, location=location)

    @takes(Change)
    async def edit(self, request: Request) -> Response:
        who, entry = identity(request), self._find(request)
        who.must_be(*(RUNNERS if entry.state == "on_air" else MODERATORS))
        content = self._content(await read_json(request, Change), entry.content)
        event = EntryEdited(
            **self._writer.act(request, who.signature),
            entry=entry.id,
            content=_complete(entry.kind, content, entry.shows is not None),
        )
        return json(items.item(await self._writer.write(event, who), crew=True))

    @takes(Move)
    async def move(self, request: Request) -> Response:
        who, entry = identity(request), self._find(request)
        who.must_be(*MODERATORS)
        said = await read_json(request, Move)
        act = self._writer.act(request, who.signature)
        event = EntryMoved(**act, entry=entry.id, before=said.before or "")
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def act(self, request: Request) -> Response:
        who, entry = identity(request), self._find(request)
        if (known := ACTS.get(request.path_params["verb"])) is None:
            raise unknown_act()
        type, roles = known
        who.must_be(*roles)
        event = type(**self._writer.act(request, who.signature), entry=entry.id)
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def delete(self, request: Request) -> Response:
        who, entry = identity(request), self._find(request, gone=True)
        who.must_be(*MODERATORS)
        event = EntryDeleted(**self._writer.act(request, who.signature), entry=entry.id)
        await self._writer.remove(entry, event, who)
        return nothing()

    async def messages(self, request: Request) -> Response:
        talk = self._talk(request, identity(request), *CREW)
        return json({"items": [message_item(each) for each in self._audience.messages.of(talk)]})

    @takes(Words)
    async def send(self, request: Request) -> Response:
        who = identity(request)
        talk = self._talk(request, who, *MODERATORS)
        said = await read_json(request, Words)
        act = self._writer.act(request, who.signature)
        event = MessageSent(
            **act,
            message=f"message_{act['id']}",
            talk=talk,
            text=clean(said.text, "Message", MESSAGE),
            author=who.name,
        )
        return json(items.item(await self._writer.write(event, who), crew=True), 201)

    async def acknowledge(self, request: Request) -> Response:
        who = identity(request)
        message = self._audience.messages.find(request.path_params["message"])
        if message is None or not who.crew(message.talk):
            raise absent("message")
        act = self._writer.act(request, who.signature)
        event = MessageAcknowledged(**act, message=message.id)
        return json(items.item(await self._writer.write(event, who), crew=True))

    def _find(self, request: Request, *, gone: bool = False) -> Entry:
        """The entry that the address names; whoever asks must be of the crew. Raises Problem."""
        identity(request).must_be(*CREW)
        entry = self._rundown.find(request.path_params["entry"], gone=gone)
        if entry is None:
            raise absent("entry")
        return entry

    def _talk(self, request: Request, who: Identity, *roles: Role) -> str:
        talk = talk_of(request, self._audience.talks).id
        who.must_be(*roles, talk=talk)
        return talk

    def _channel_of(self, said: New) -> str:
        """The channel of the talk that what it shows belongs to; "" for none."""
        about = self._audience.questions.by_id.get(said.shows)
        found = about or self._audience.polls.by_id.get(said.shows)
        talk = self._audience.talks.by_id.get(found.talk) if found else None
        return talk.channel if talk else ""

    def _content(self, said: Change, before: Content) -> Content:
        """What an entry is to say. Raises Problem."""
        channel = before.channel if said.channel is None else said.channel
        if channel and channel not in self._channels:
            raise Problem(422, "unknown-channel", "Canal inconnu", "Ce canal n’existe pas.")
        until = before.until if said.until is UNSET else of_our_time(said.until, "until")
        names = before.to if said.to is None else [clean(name, "Écran", 80) for name in said.to]
        return Content(
            title=before.title if said.title is None else clean(said.title, "Titre", TITLE, 0),
            text=before.text if said.text is None else clean(said.text, "Texte", TEXT, 0),
            target=said.target or before.target,
            channel=channel,
            to=tuple(dict.fromkeys(names)),
            duration=before.duration if said.duration is UNSET else said.duration,
            until=until,
        )


def _complete(kind: Kind, content: Content, refers: bool) -> Content:
    """`content`, which has all that an entry of its kind shows, if that is not elsewhere. Raises
    Problem."""
    if kind in ("bandeau", "synthesis") and not (content.title or refers):
        raise _bad("Donnez-lui un titre.")
    if kind in ("announcement", "synthesis") and not (content.text or refers):
        raise _bad("Donnez-lui un texte.")
    if kind == "countdown" and (content.duration is None) == (content.until is None):
        raise _bad("Un compte à rebours a une durée, ou une heure.")
    if kind != "countdown" and content.until is not None:
        raise _bad("Seul un compte à rebours a une heure.")
    return content


def _bad(detail: str) -> Problem:
    return Problem(422, "bad-entry", "Élément à revoir", detail)
