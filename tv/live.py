"""The socket that keeps pages up to date: each says what it shows, and gets what changed in it.

Nothing is queued for a page. When something changes it gets what is new since the version it has:
at once if it has read what it was sent before, else when it has. A page that reads slowly gets more
at once, later, but never what is old; one that reads nothing for 20 s is cut off.

The protocol, version 1, at `/ws` (JSON texts). A page says within 10 s, and again whenever it shows
something else (at most 60 times a minute), its topics, at most 16, each with the version it has of
it, "" for none. A new hello replaces the topics of the one before.

    {"type": "hello", "version": 1, "topics": {"talk:direct": "", "captions:plateau": "17-0"}}

Topics, and the kinds of items that they bring (in the shapes of tv/items.py):
- `rundown`, for the crew: every `entry`, and the `air` of the overlay;
- `screens`, for the crew: every `screen`;
- `alerts`, for who moderates: every `alert`, what people reported;
- `blocks`, for who moderates: every `block`, a device whose sending was stopped;
- `overlay`: the `air` of what is mixed into the picture; `screen:{id}`: the `air` of a screen, and
  for that screen's own pass and the crew the `screen` itself;
- `event`: one `happening`: its `phase` (before, rehearsal, open, after), and since when;
- `talks`: every `talk`;
- `talk:{id}`: the `talk`, its `question`s, its `poll`s with the `answer`s written in them, and its
  `rating` (the crew sees all of them; the audience those that are public, and `counts` null while
  results are hidden);
- `reactions:{talk id}`: one `reaction`: how many of each kind, and those of the newest seconds;
- `me:{talk id}`: one `me`, what whoever asks did in that talk;
- `wall`: the `wall` and its `post`s (the audience sees those that show); `me:wall`: one `me`, the
  `posts` of whoever asks in any state, and those that they support;
- `cafes`: every `cafe`, a session or a call; `lab:{slug}`: those of a laboratory, its `progress`,
  `table`s and `pile`s; `table:{id}`: the `table`, its `pile`s, `idea`s, `cluster`s and
  `synthesis`es; `labs`: all of these but ideas and groups, and every `sending`; `shared`: the
  `synthesis`es that laboratories share; `sent`: every `sending`; `ideas`: what `/idees` shows;
  `me:cafe`: one `me`, where whoever asks sits, what they wrote, in any state, and gave dots to;
- `channel:{slug}`: one `channel`: what is on air, whether that is `interrupted` (the media process
  is away: players wait, there is no other way), how captions fare, `viewers` (the audience's
  pages that show the channel, over all web processes, or the WebRTC viewers where these are more),
  `qualities` (the smaller pictures that there are now), `signs` (the channel of its interpreter),
  and `feeds`: the feeds that WebRTC has, "live" and "delayed" where it is offered, each with its
  `delay` in seconds and which moment its pictures are of. The RTP timestamp `rtp` is that of the
  broadcast time `time`, `rate` count a second; the difference of two is taken modulo 2^32, with its
  sign. A pair is good for six hours, and is replaced every hour;
- `channels`: every `channel`; `restreams`: every `restream`, for the crew alone;
- `captions:{slug}`: the `cue`s of the last ten minutes, then each new one or new revision; one that
  a person hid is removed. Only who moderates every talk gets those of a talk that is over and not
  published, of a break or of a rehearsal, once they are no longer on air
  (tv/captioning/access.py);
- `captioning:{slug}`: for the crew alone, whole at each change: one `captioning` (who writes in the
  place of the machine, and the terms of the talk that is live), every `rule`, and the last ten
  minutes' hidden `cue`s.
A topic that names nothing brings an empty view, and more once it exists. The server says once who
is there, and what time it is on the broadcast clock:

    {"type": "welcome", "version": 1, "now": 1732.5, "role": "viewer", "participant": "p_1f" or
     null, "name": "", "retry_after_ms": 3750}

(if the socket breaks, the page waits so long before it opens another, so that a room full of pages
comes back evenly; what fails then is tried again after random waits that double), then a view per
topic, at once if its version is not the newest, and whenever it changes, at most five times a
second. `items` replace those of the same kind and id, `removed` go; with `reset`, all
that the page has of the topic goes first. A page keeps `version` and gives it back as it is.

    {"type": "view", "topic": …, "version": …, "reset": …, "items": […], "removed": ["kind:id"]}

With `captions:{slug}` come the words that may still change; each message replaces the one before:

    {"type": "partial", "channel": …, "words": [{"text", "start", "end"}]}

The server closes with 4400 what is no such hello (the reason says what is wrong), with 1013 when
it is still starting after 10 s, with 1012 when it stops: then come back; the reason says when, as
`retry_after_ms=3750`; with 1008 a socket that brings more than 400 frames, pings included, or
256 kB in 10 s. A page that says or reads nothing is cut off without a word. A page of another site
and a bearer token that is not ours are refused before the socket opens (403).

Where sockets are blocked: `GET /api/v1/views/{topic}?since={version}` answers the same view (with
no items when nothing is new), with an ETag for `If-None-Match` (304); 404 for what is no topic.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from engagement.fold import View
from engagement.talks import TALKS
from tv.airing import SILENCE, Airing
from tv.auth import Identity, Role, identity
from tv.captioning.access import CaptionAccess
from tv.captioning.partial import PARTIALS, Partial
from tv.duplicates import Duplicates
from tv.follower import EVERY_CAPTIONING, Follower
from tv.journal import heed_cancellation
from tv.open_page import VERSION, Known, News, NotUnderstood, Page
from tv.openapi import asks
from tv.problems import Problem
from tv.settings import Settings
from tv.sockets import Message, return_after
from tv.tasks import keep_running, running
from tv.telling import Telling
from tv.upstream import Upstream
from tv.views import Views, sees_all, view_of

logger = logging.getLogger(__name__)

HELLO_WITHIN = 10.0  # seconds for a page to say what it shows

BAD_HELLO, TRY_LATER = 4400, 1013  # codes that close a socket


@dataclass(frozen=True)
class Pace:
    """How often what happens, in seconds."""

    interval: float = 0.2  # between two messages of a topic, at least
    refresh: float = 2.0  # between two looks at who watches, and whether captions still come
    silence: float = SILENCE  # after which another process counts as gone
    unread_for: float = 20.0  # after which a page that reads nothing is cut off


DEFAULT_PACE = Pace()


class Live:
    """All open pages of this process, and what wakes them."""

    def __init__(
        self,
        follower: Follower,
        upstream: Upstream,
        store: Redis,
        settings: Settings,
        pace: Pace = DEFAULT_PACE,
        revoked: Callable[[], Collection[str]] = tuple,
        seen: Callable[[str], None] = lambda pass_id: None,
    ) -> None:
        self._follower = follower
        self._upstream = upstream
        self._store = store
        self._pace = pace
        self._revoked = revoked
        self._seen = seen  # told which passes have a page open
        self._watching = f"fabrique:{{{settings.event.slug}}}:viewers"  # where counts are told
        self._channels = tuple(settings.channels)
        self._pages: set[Page] = set()
        self._telling = Telling(self._news, pace.interval)
        process = secrets.token_hex(6)
        self.airing = Airing(upstream, settings, self._viewers, process, pace.silence)
        self.duplicates = Duplicates(follower.audience)
        self.duplicates.on_compared.append(lambda talk: self._stir({("talk", talk, "")}))
        self.access = CaptionAccess(follower, upstream.now)
        self.views = Views(follower, self.airing, self.duplicates, self.access)
        follower.changed.append(self._stir)
        upstream.on_state.append(self._state_changed)
        upstream.on_restream.append(self._restream_changed)

    def routes(self) -> list[BaseRoute]:
        return [
            WebSocketRoute("/ws", self.socket),
            Route("/api/v1/views/{topic}", self.view, methods=["GET"]),
        ]

    async def run(self) -> None:
        """Wake pages, listen to captions, look after channels, until cancelled."""
        comparing = keep_running("duplicates", self.duplicates.run)
        async with running(
            self._telling.push(), self._listen(), self._tell(), self._look(), comparing
        ):
            await asyncio.Event().wait()

    async def publish(self, partial: Partial) -> None:
        """Tell the pages of every process which words are open, unless the store is away."""
        with suppress(RedisError, OSError):
            await self._store.publish(PARTIALS, msgspec.json.encode(partial))

    async def socket(self, websocket: WebSocket) -> None:
        """One page, for as long as it is open."""
        await websocket.accept()
        page = Page(websocket, identity(websocket), self._pace.unread_for)
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                said = await page.hello()
                await self._follower.ready.wait()
            await page.send(self._welcome(page.who))
            async with self._following(page), running(self._telling.serve(page)):
                self._telling.show(page, said)
                while True:
                    self._telling.show(page, await page.hello())
        except* NotUnderstood as group:
            await self._close(page, BAD_HELLO, str(group.exceptions[0]))
        except* TimeoutError:
            if self._follower.ready.is_set():
                logger.info("a page that does not answer is cut off")
                page.cut()
            else:
                wait = self._return_after(page.who)
                await self._close(page, TRY_LATER, f"retry_after_ms={wait}")
        except* WebSocketDisconnect:
            pass

    @asks(since="the version that the page has")
    async def view(self, request: Request) -> Response:
        """The same views where sockets are blocked: `?since=` a version, with an ETag."""
        topic = request.path_params["topic"]
        who = identity(request)
        view = view_of(topic, who.by)
        if view is None:
            raise Problem(404, "unknown-view", "Introuvable", f"Aucune vue « {topic[:80]} ».")
        crew = sees_all(who, view)
        version = self.views.version(view, crew)
        tag = f'"{version}-{crew:d}-{view[2]}"'
        headers = {
            "etag": tag,
            "cache-control": "private, no-cache",
            "vary": "cookie, authorization",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        message = self.views.message(view, crew, request.query_params.get("since", ""))
        text = message.text or _nothing_new(topic, message.version)
        return Response(text, headers=headers, media_type="application/json")

    def _welcome(self, who: Identity) -> Message:
        body = {
            "type": "welcome",
            "version": VERSION,
            "now": self._upstream.now(),
            "role": who.role,
            "participant": who.participant or None,
            "name": who.name,
            "retry_after_ms": self._return_after(who),
        }
        return Message(msgspec.json.encode(body).decode(), "")

    def _return_after(self, who: Identity) -> int:
        """Milliseconds to wait if the socket breaks: crew and screens come before the audience."""
        pages = len(self._pages)
        return return_after(pages if who.role is Role.VIEWER else pages // 10)

    def _news(self, view: View, crew: bool, known: Known) -> News:
        version, besides = known
        message = self.views.message(view, crew, version)
        messages = (message,) if message.text else ()
        if view[0] == "captions":
            partial = self.airing.partial(view[1])
            if partial.text and besides != partial.version:
                messages, besides = (*messages, partial), partial.version
        if view[0] == "talk" and crew:
            compared = self.views.compared(view, message.version, besides)
            messages = (*messages, compared) if compared.text else messages
            besides = compared.version
        return News(messages, (message.version, besides))

    @asynccontextmanager
    async def _following(self, page: Page) -> AsyncIterator[None]:
        self._pages.add(page)
        try:
            yield
        finally:
            self._pages.discard(page)
            self._telling.hide(page)

    async def _close(self, page: Page, code: int, reason: str) -> None:
        try:
            await page.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            page.cut()

    def _stir(self, views: set[View]) -> None:
        self._telling.stir(views)
        if not views.isdisjoint((EVERY_CAPTIONING, TALKS)):
            self._telling.stir(("captioning", channel, "") for channel in self._channels)

    def _state_changed(self, channel: str) -> None:
        if channel in self._channels and self.airing.refresh(channel):
            self._stir(_views_of(channel))

    def _restream_changed(self, name: str) -> None:
        if self.airing.refresh_restream(name):
            self._stir({("restreams", "", "")})

    async def _listen(self) -> None:
        """Take in what captions and web processes publish; wait for a store that is away."""
        while True:
            try:
                async with self._store.pubsub(ignore_subscribe_messages=True) as published:
                    await published.subscribe(PARTIALS, self._watching)
                    heard = time.monotonic()
                    # We hear ourselves too: silence means a connection that is no more.
                    while time.monotonic() - heard < 3 * self._pace.silence:
                        heed_cancellation()
                        if message := await published.get_message(timeout=1.0):
                            heard = time.monotonic()
                            self._hear(message["channel"].decode(), message["data"])
            except (RedisError, OSError) as error:
                logger.warning("captions' partial words: the store does not answer (%s)", error)
                await asyncio.sleep(0.5)

    def _hear(self, channel: str, message: bytes) -> None:
        if channel == self._watching:
            self.airing.hear_watching(message)  # shown at the next look
        elif changed := self.airing.hear(message):
            self._stir(_views_of(changed))

    async def _tell(self) -> None:
        """Tell the other web processes how many pages show each channel here."""
        while True:
            heed_cancellation()
            with suppress(RedisError, OSError):
                await self._store.publish(self._watching, self.airing.watching())
            await asyncio.sleep(self._pace.refresh)

    async def _look(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(self._pace.refresh)
            for channel in self._channels:
                self._state_changed(channel)
            looks += 1
            revoked = self._revoked()
            for page in tuple(self._pages):
                if page.who.pass_id in revoked:
                    page.cut()  # it comes back as somebody of the audience
                elif page.who.pass_id:
                    self._seen(page.who.pass_id)
            if looks % 30 == 0:
                for page in self._pages:
                    page.forgive()

    def _viewers(self, channel: str) -> int:
        """Pages of the audience that show a channel, in this process."""
        following = self._telling.showing(("channel", channel, ""))
        return sum(1 for each in following if not each.page.who.crew(""))


def _views_of(channel: str) -> set[View]:
    return {("channel", channel, ""), ("channels", "", ""), ("captions", channel, "")}


def _nothing_new(topic: str, version: str) -> str:
    body = {
        "type": "view",
        "topic": topic,
        "version": version,
        "reset": False,
        "items": [],
        "removed": [],
    }
    return msgspec.json.encode(body).decode()
