"""The API of screens: displays paired with a code, told what to show, watched, cleared.

- `POST /api/v1/displays` → 201 `{"code", "secret", "expires_in", "address", "picture"}`: a display
  shows the code, and `picture`: a QR code of `address`, where the crew claims it by phone. 429
  `too-many-displays`: as many wait as may, 200 in all and 100 of one network, and each still asks.
- `POST /api/v1/displays/{code}:join` `{"secret"}` → 202 `{"state": "waiting"}`, or 201 `{"screen",
  "token"}` and the cookie once the code was claimed. 404 `unknown-code`.
- `POST /api/v1/screens` `{"code", "name", "face": "live|air|wall|lab|comparison", "channel", "lab",
  "group", "carries_overlay", "sound"}` → 201 screen (operator, admin): what the display with that
  code is now. 404 `unknown-code`, 409 `too-many-screens`, 422 `unknown-lab`: also for the face of a
  laboratory without one.
- `GET /api/v1/screens` → `{"items": [screen]}`, each with what it last said: `seen_at`, and as in
  `displays.Seen`; null and 0 for what it never did (crew). `GET /api/v1/screens/{id}` → screen.
- `PATCH /api/v1/screens/{id}` (the same fields; by `code` another display becomes this screen) →
  screen; `DELETE` → 204: its pass opens nothing any more; `:spot` → screen, which shows its name
  for ten seconds (operator, admin).
- `PUT /api/v1/screens/{id}/presence` `{"showing", "width", "height", "health", "heard"}` → 204:
  what a screen says of itself every ten seconds, by its own pass.
- `POST /api/v1/screens:clear|restore` → `air` of the overlay (moderator, operator, admin). Clearing
  takes everything off air at once, on screens and in the overlay; `restore` brings it back. 409
  `wrong-state`: there is nothing to restore.

Screens are as in `air_items.screen_item`; writes as in tv/writing.py.
"""

import time
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.rundown.events import ScreensCleared, ScreensRestored
from engagement.screens import (
    Face,
    Screen,
    ScreenPaired,
    ScreenRemoved,
    ScreenSet,
    ScreenSpotted,
    Setting,
)
from streaming.peers import network_of
from tv import items
from tv.air_items import screen_item
from tv.auth import CREW, MODERATORS, RUNNERS, Role, identity
from tv.cookies import PASS_COOKIE, set_cookie
from tv.displays import LASTS, Displays, Seen, TooManyWait, Waiting
from tv.follower import Follower
from tv.openapi import takes
from tv.pages.html import origin
from tv.pages.qr import QrCodes
from tv.passes import PASS_LIFETIME, Passes
from tv.problems import Problem, clean, read_json, rfc3339
from tv.settings import Settings
from tv.writing import Writer, absent, json, nothing

NAME = 60  # characters
GROUP = 40

Pixels = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class Change(msgspec.Struct, frozen=True):
    """The body that sets a screen, or pairs it by its code."""

    code: str = ""
    name: str | None = None
    face: Face | None = None
    channel: str | None = None
    lab: str | None = None
    group: str | None = None
    carries_overlay: bool | None = None
    sound: bool | None = None


class Secret(msgspec.Struct, frozen=True):
    secret: str


class Presence(msgspec.Struct, frozen=True):
    """What a screen says of itself."""

    showing: Annotated[str, msgspec.Meta(max_length=40)] = ""
    width: Pixels = 0
    height: Pixels = 0
    health: Literal["", "well", "mending", "card", "asleep"] = ""
    heard: Literal["", "off", "on", "refused"] = ""


def routes(
    follower: Follower,
    writer: Writer,
    displays: Displays,
    passes: Passes,
    settings: Settings,
    codes: QrCodes,
) -> list[BaseRoute]:
    desk = Desk(follower, writer, displays, passes, settings, codes)
    return [
        Route("/api/v1/displays", desk.wait, methods=["POST"]),
        Route("/api/v1/displays/{code}:join", desk.join, methods=["POST"]),
        Route("/api/v1/screens", desk.every, methods=["GET"]),
        Route("/api/v1/screens", desk.pair, methods=["POST"]),
        Route("/api/v1/screens:clear", desk.clear, methods=["POST"]),
        Route("/api/v1/screens:restore", desk.restore, methods=["POST"]),
        Route("/api/v1/screens/{screen}:spot", desk.spot, methods=["POST"]),
        Route("/api/v1/screens/{screen}/presence", desk.presence, methods=["PUT"]),
        Route("/api/v1/screens/{screen}", desk.one, methods=["GET"]),
        Route("/api/v1/screens/{screen}", desk.change, methods=["PATCH"]),
        Route("/api/v1/screens/{screen}", desk.remove, methods=["DELETE"]),
    ]


class Desk:
    """Answers requests about screens."""

    def __init__(
        self,
        follower: Follower,
        writer: Writer,
        displays: Displays,
        passes: Passes,
        settings: Settings,
        codes: QrCodes,
    ) -> None:
        self._screens = follower.audience.screens
        self._writer = writer
        self._displays = displays
        self._passes = passes
        self._settings = settings
        self._channels = settings.channels
        self._labs = settings.labs
        self._codes = codes

    async def wait(self, request: Request) -> Response:
        try:
            code, waiting = await self._displays.wait(_network(request))
        except TooManyWait as error:
            raise Problem(
                429,
                "too-many-displays",
                "Trop d’écrans en attente",
                "Trop d’écrans attendent d’être associés. Réessayez dans quelques minutes.",
                retry_after=60,
            ) from error
        address = f"{origin(request, self._settings)}/ecran/associer/{code}"
        return json(
            {
                "code": code,
                "secret": waiting.secret,
                "expires_in": LASTS,
                "address": address,
                "picture": await self._codes.of(address),
            },
            201,
        )

    @takes(Secret)
    async def join(self, request: Request) -> Response:
        """Asked again and again by a display, until somebody has claimed its code."""
        code = request.path_params["code"]
        said = await read_json(request, Secret, limit=1024)
        waiting = await self._displays.find(code)
        if waiting is None or waiting.secret != said.secret:
            raise _unknown_code()
        screen = self._screens.find(waiting.screen) if waiting.screen else None
        if screen is None:
            await self._displays.hear(code)
            return json({"state": "waiting"}, 202)
        token = self._passes.issue(Role.SCREEN, screen.setting.name, screen=screen.id)
        response = json({"screen": screen.id, "token": token}, 201)
        set_cookie(request, response, PASS_COOKIE, token, PASS_LIFETIME)
        return response

    async def every(self, request: Request) -> Response:
        identity(request).must_be(*CREW)
        seen = await self._displays.seen()
        return json({"items": [_rendered(screen, seen) for screen in self._screens.all()]})

    async def one(self, request: Request) -> Response:
        identity(request).must_be(*CREW)
        screen = self._find(request)
        return json(_rendered(screen, await self._displays.seen()))

    @takes(Change)
    async def pair(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        said = await read_json(request, Change)
        act = self._writer.act(request, who.signature)
        event = ScreenPaired(
            **act,
            screen=f"screen_{act['id']}",
            setting=self._setting(said, Setting(name="", channel=next(iter(self._channels)))),
        )
        waiting = await self._waiting(said.code, event.screen)
        paired = await self._writer.write(event, who)
        await self._displays.claim(said.code, waiting, paired.id)
        return json(items.item(paired, crew=True), 201, location=f"/api/v1/screens/{paired.id}")

    @takes(Change)
    async def change(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        screen, said = self._find(request), await read_json(request, Change)
        event = ScreenSet(
            **self._writer.act(request, who.signature),
            screen=screen.id,
            setting=self._setting(said, screen.setting),
        )
        waiting = await self._waiting(said.code, screen.id) if said.code else None
        changed = await self._writer.write(event, who)
        if waiting:
            await self._displays.claim(said.code, waiting, screen.id)
        return json(items.item(changed, crew=True))

    async def spot(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        screen = self._find(request)
        event = ScreenSpotted(**self._writer.act(request, who.signature), screen=screen.id)
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def remove(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*RUNNERS)
        screen = self._find(request, gone=True)
        event = ScreenRemoved(**self._writer.act(request, who.signature), screen=screen.id)
        await self._writer.remove(screen, event, who)
        await self._displays.lose(screen.id)
        return nothing()

    @takes(Presence)
    async def presence(self, request: Request) -> Response:
        who, screen = identity(request), self._find(request)
        if who.screen != screen.id:
            raise Problem(
                403, "not-this-screen", "Accès refusé", "Seul cet écran peut dire ce qu’il montre."
            )
        said = await read_json(request, Presence, limit=1024)
        showing = clean(said.showing, "Affichage", 40, least=0)
        seen = Seen(time.time(), showing, said.width, said.height, said.health, said.heard)
        await self._displays.see(screen.id, seen)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    async def clear(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        event = ScreensCleared(**self._writer.act(request, who.signature))
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def restore(self, request: Request) -> Response:
        who = identity(request)
        who.must_be(*MODERATORS)
        event = ScreensRestored(**self._writer.act(request, who.signature))
        return json(items.item(await self._writer.write(event, who), crew=True))

    async def _waiting(self, code: str, screen: str) -> Waiting:
        """The display that shows `code`, and has not become another screen. Raises Problem."""
        waiting = await self._displays.find(code)
        if waiting is None or waiting.screen not in ("", screen):
            raise _unknown_code()
        return waiting

    def _find(self, request: Request, *, gone: bool = False) -> Screen:
        screen = self._screens.find(request.path_params["screen"], gone=gone)
        if screen is None:
            raise absent("screen")
        return screen

    def _setting(self, said: Change, before: Setting) -> Setting:
        """What a screen is to be. Raises Problem."""
        name = before.name if said.name is None else said.name
        group = before.group if said.group is None else said.group
        channel = before.channel if said.channel is None else said.channel
        if channel not in self._channels:
            raise Problem(422, "unknown-channel", "Canal inconnu", "Ce canal n’existe pas.")
        face = said.face or before.face
        lab = before.lab if said.lab is None else said.lab
        if lab not in self._labs and (face == "lab" or lab not in ("", before.lab)):
            raise Problem(
                422,
                "unknown-lab",
                "Laboratoire inconnu",
                "Choisissez le laboratoire que cet écran montre.",
            )
        carries = before.carries_overlay if said.carries_overlay is None else said.carries_overlay
        sound = before.sound if said.sound is None else said.sound
        return Setting(
            name=clean(name, "Nom de l’écran", NAME),
            face=face,
            channel=channel,
            lab=lab,
            group=clean(group, "Groupe", GROUP, least=0),
            carries_overlay=carries,
            sound=sound,
        )


def _rendered(screen: Screen, seen: dict[str, Seen]) -> items.Rendered:
    said = seen.get(screen.id)
    return screen_item(screen) | {
        "seen_at": rfc3339(said.at if said else None),
        "showing": said.showing if said else None,
        "width": said.width if said else 0,
        "height": said.height if said else 0,
        "health": said.health if said else None,
        "heard": said.heard if said else None,
    }


def _network(request: Request) -> str:
    """The network of a request: kept in memory, never stored."""
    return network_of(request.client.host) if request.client else ""


def _unknown_code() -> Problem:
    return Problem(
        404,
        "unknown-code",
        "Code inconnu",
        "Aucun écran ne montre ce code, ou il n’est plus valable. Relisez-le sur l’écran.",
    )
