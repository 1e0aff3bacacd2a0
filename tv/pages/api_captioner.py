"""The API of who writes a channel's captions: the machine, or a person in its place.

- `POST /api/v1/channels/{slug}/captions:take` `{"source": "keyboard|stream", "over": false}` →
  `{"by", "at", "source"}`: the machine rests from now on. 409 `captions-taken` with `current` while
  another person holds the channel, unless `over` says to take it from them.
- `POST /api/v1/channels/{slug}/captions:release` → the same of what ends: the machine goes on.
  Anybody of the crew may. 409 `captions-not-taken`.
- `POST /api/v1/channels/{slug}/captions:name` `{"speaker"}` → `{"speaker"}`: who speaks from now
  on, "" when nobody knows; the next talk begins without. For cues that are written already, see
  tv/pages/api_cues.py.
- WebSocket `/api/v1/channels/{slug}/captions/stream?source=stream&delay=2`: the text itself. It
  takes the channel, unless another person holds it. `delay` is how many seconds one writes behind
  what one hears, 0 to 15. 404 `unknown-channel`, 422 `invalid-delay` before it opens.

What a captioner sends, JSON texts of at most 500 characters each; `time` (optional, on the
broadcast clock, a minute ago at most) is when the text had been heard, else `delay` says:

    {"type": "words", "text": "nous parlons du lo", "time": 1732.5}
    {"type": "commit", "text": "nous parlons", "time": 1732.5}
    {"type": "line", "text": "du logement social.", "time": 1733.5, "speaker": "Anne Morel"}

`words` are open, and take the place of those before: pages show them as they change. `commit` and
`line` settle theirs (and end what is open): word by word, as stenotype software sends, or line by
line. `speaker` is who says this line and what follows, "" when nobody knows.

What it gets: `{"type": "taken", "channel", "by", "at", "source"}` first; `{"type": "cues", "items":
[cue]}` for what its text made or changed; a problem, as the API's, with `"type": "problem"` and
`code`, for a message that had no effect (`not-understood`, `text-too-long`, `too-fast`). The server
closes with 4409 when the channel is given back or taken by another, with 4429 for more than 20
messages a second, with 1013 when the store is away. A socket that ends releases nothing: come back
within 15 s, or the machine goes on.

Who may: tv/captioning/acts.py.
"""

import secrets
from collections.abc import Collection
from contextlib import suppress
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from captions.wording.captioned import Hold
from captions.wording.events import CaptionsReleased, CaptionsTaken, Source, SpeakerNamed
from tv import items
from tv.auth import Identity, identity
from tv.captioning.acts import CaptionActs
from tv.captioning.captioner import SPEAKER, Captioner, HoldOver, TooFast
from tv.follower import Follower
from tv.journal import StoreUnavailable
from tv.live import Live
from tv.openapi import takes
from tv.problems import Problem, clean, read_json
from tv.upstream import Upstream
from tv.writing import json

DELAY, LONGEST = 2.0, 15.0  # seconds that a captioner is behind what they hear
TAKEN, TOO_MANY, TRY_LATER = 4409, 4429, 1013  # codes that close a socket


class Name(msgspec.Struct, frozen=True):
    """The body of `:name`."""

    speaker: str


class Take(msgspec.Struct, frozen=True):
    """The body of `:take`."""

    source: Source
    over: bool = False


def routes(
    follower: Follower,
    upstream: Upstream,
    acts: CaptionActs,
    live: Live,
    channels: Collection[str],
) -> list[BaseRoute]:
    desk = Desk(follower, upstream, acts, live, channels)
    path = "/api/v1/channels/{channel}/captions"
    return [
        Route(f"{path}:take", desk.take, methods=["POST"]),
        Route(f"{path}:release", desk.release, methods=["POST"]),
        Route(f"{path}:name", desk.name, methods=["POST"]),
        WebSocketRoute(f"{path}/stream", desk.stream),
    ]


class Desk:
    """Answers whoever writes captions, or lets the machine do so."""

    def __init__(
        self,
        follower: Follower,
        upstream: Upstream,
        acts: CaptionActs,
        live: Live,
        channels: Collection[str],
    ) -> None:
        self._follower = follower
        self._upstream = upstream
        self._acts = acts
        self._live = live
        self._channels = frozenset(channels)

    @takes(Take)
    async def take(self, request: Request) -> Response:
        channel, who = self._find(request)
        said = await read_json(request, Take)
        act = CaptionsTaken(
            **self._acts.act(request, who), channel=channel, source=said.source, over=said.over
        )
        return json(items.hold_item(await self._hold(act)))

    async def release(self, request: Request) -> Response:
        channel, who = self._find(request)
        act = CaptionsReleased(**self._acts.act(request, who), channel=channel)
        return json(items.hold_item(await self._hold(act)))

    @takes(Name)
    async def name(self, request: Request) -> Response:
        channel, who = self._find(request)
        said = await read_json(request, Name)
        speaker = clean(said.speaker, "Intervenant", SPEAKER, least=0)
        await self._acts.write(
            SpeakerNamed(**self._acts.act(request, who), channel=channel, speaker=speaker)
        )
        return json({"speaker": speaker})

    async def stream(self, socket: WebSocket) -> None:
        try:
            channel, who = self._find(socket)
            source, delay = _source(socket), _delay(socket)
        except Problem as problem:
            await socket.send_denial_response(problem.response())
            return
        await socket.accept()
        try:
            act = CaptionsTaken(
                **self._acts.signed(who, secrets.token_hex(10)), channel=channel, source=source
            )
            hold = await self._hold(act)
            taken = {"type": "taken", "channel": channel} | items.hold_item(hold)
            await socket.send_text(msgspec.json.encode(taken).decode())
            captioner = Captioner(
                socket,
                hold,
                delay,
                self._follower,
                self._upstream,
                self._live,
                partial(self._acts.may, who, channel),
            )
            await captioner.run()
        except* WebSocketDisconnect:
            pass
        except* HoldOver:
            await _close(socket, TAKEN, "captions-released")
        except* TooFast:
            await _close(socket, TOO_MANY, "too-many-messages")
        except* Problem:
            await _close(socket, TAKEN, "captions-taken")
        except* StoreUnavailable:
            await _close(socket, TRY_LATER, "store-unavailable")

    async def _hold(self, act: CaptionsTaken | CaptionsReleased) -> Hold:
        hold = await self._acts.write(act)
        assert isinstance(hold, Hold)
        return hold

    def _find(self, asked: Request | WebSocket) -> tuple[str, Identity]:
        channel, who = asked.path_params["channel"], identity(asked)
        self._acts.may(who, channel)
        if channel not in self._channels:
            raise Problem(
                404,
                "unknown-channel",
                "Canal inconnu",
                f"Canal inconnu\u00a0: «\u00a0{channel[:40]}\u00a0».",
            )
        return channel, who


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    with suppress(RuntimeError, WebSocketDisconnect):  # it may be gone already
        await socket.close(code, reason)


def _source(socket: WebSocket) -> Source:
    return "keyboard" if socket.query_params.get("source") == "keyboard" else "stream"


def _delay(socket: WebSocket) -> float:
    try:
        delay = float(socket.query_params.get("delay", DELAY))
    except ValueError:
        delay = -1.0
    if not 0.0 <= delay <= LONGEST:
        raise Problem(
            422,
            "invalid-delay",
            "Retard illisible",
            f"delay\u00a0: un nombre de secondes, de 0 à {LONGEST:.0f}.",
        )
    return delay
