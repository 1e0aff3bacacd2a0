"""The socket that keeps pages up to date: each says what it shows, and gets what changed in it.

Nothing is queued for a page. When something changes it is woken, and takes what is new since the
version it has: a page that reads slowly wakes later and takes more at once, but never what is old.

A page says, first and whenever it shows something else (topic -> the version it has, "" for none):

    {"type": "hello", "version": 1, "topics": {"talk:direct": "", "captions:plateau": "17-0"}}

Topics are `talks`, `talk:{id}`, `me:{id}` (of a talk), `channel:{slug}` and `captions:{slug}`. It
hears a `welcome` once, then views (`reset`: drop what you have; items replace those of the same
kind and id), and for captions the words that may still change:

    {"type": "view", "topic": …, "version": …, "reset": …, "items": […], "removed": ["kind:id"]}
    {"type": "partial", "channel": …, "words": [{"text", "start", "end"}]}
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tv.airing import Airing
from tv.auth import Identity, identity
from tv.follower import Follower, View
from tv.open_page import VERSION, Hello, NotUnderstood, Page
from tv.problems import Problem
from tv.settings import Settings
from tv.tasks import running
from tv.upstream import Upstream
from tv.views import Message, Views, view_of

logger = logging.getLogger(__name__)

PARTIALS = "fabrique:partial"  # where the captions process publishes
INTERVAL = 0.2  # seconds between two messages of a topic, at least
REFRESH = 2.0  # seconds between two looks at who watches, and whether captions still come
HELLO_WITHIN = 10.0  # seconds for a page to say what it shows
UNREAD_FOR = 20.0  # seconds after which a page that reads nothing is cut off
AT_ONCE = 200  # pages woken before others have a turn

BAD_HELLO, TRY_LATER = 4400, 1013  # codes that close a socket


class Live:
    """All open pages of this process, and what wakes them."""

    def __init__(
        self,
        follower: Follower,
        upstream: Upstream,
        store: Redis,
        settings: Settings,
        unread_for: float = UNREAD_FOR,
    ) -> None:
        self._follower = follower
        self._upstream = upstream
        self._store = store
        self._unread_for = unread_for
        self._channels = tuple(settings.channels)
        self._pages: set[Page] = set()
        self._shown: defaultdict[View, set[Page]] = defaultdict(set)
        self._changed: set[View] = set()
        self._stirred = asyncio.Event()
        self.airing = Airing(upstream, settings, self._viewers)
        self.views = Views(follower, self.airing)
        follower.changed.append(self._stir)
        upstream.on_state.append(self._state_changed)

    def routes(self) -> list[BaseRoute]:
        return [
            WebSocketRoute("/ws", self.socket),
            Route("/api/v1/views/{topic}", self.view, methods=["GET"]),
        ]

    async def run(self) -> None:
        """Wake pages, listen to captions, look after channels, until cancelled."""
        async with running(self._push(), self._listen(), self._look()):
            await asyncio.Event().wait()

    async def socket(self, websocket: WebSocket) -> None:
        """One page, for as long as it is open."""
        await websocket.accept()
        page = Page(websocket, identity(websocket), self._unread_for)
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                said = await page.hello()
                await self._follower.ready.wait()
            await page.send(self._welcome(page.who))
            async with self._following(page), running(self._serve(page)):
                self._show(page, said)
                while True:
                    self._show(page, await page.hello())
        except* NotUnderstood as group:
            await self._close(page, BAD_HELLO, str(group.exceptions[0]))
        except* TimeoutError:
            if self._follower.ready.is_set():
                logger.info("a page that does not answer is cut off")
                page.cut()
            else:
                await self._close(page, TRY_LATER, "starting")
        except* WebSocketDisconnect:
            pass

    async def view(self, request: Request) -> Response:
        """The same views where sockets are blocked: `?since=` a version, with an ETag."""
        topic = request.path_params["topic"]
        who = identity(request)
        view = view_of(topic, who.by)
        if view is None:
            raise Problem(404, "unknown-view", "Introuvable", f"Aucune vue « {topic[:80]} ».")
        crew = _crew(who, view)
        version = self.views.version(view, crew)
        tag = f'"{version}-{crew:d}-{view[2]}"'
        headers = {
            "etag": tag,
            "cache-control": "private, no-cache",
            "vary": "cookie, authorization",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        message = self.views.message(topic, view, crew, request.query_params.get("since", ""))
        text = message.text or _nothing_new(topic, message.version)
        return Response(text, headers=headers, media_type="application/json")

    def _welcome(self, who: Identity) -> str:
        body = {
            "type": "welcome",
            "version": VERSION,
            "now": self._upstream.now(),
            "role": who.role,
            "participant": who.participant or None,
            "name": who.name,
        }
        return msgspec.json.encode(body).decode()

    async def _serve(self, page: Page) -> None:
        """Send a page what is new, each time it is woken."""
        while True:
            await page.wake.wait()
            page.wake.clear()
            for topic, (view, version) in tuple(page.topics.items()):
                message = self._new(page, topic, view, version)
                if page.topics.get(topic) == (view, version):
                    page.topics[topic] = (view, message.version)
                if message.text:
                    await page.send(message.text)
                if view[0] == "captions":
                    await self._send_partial(page, view[1])

    def _new(self, page: Page, topic: str, view: View, version: str) -> Message:
        return self.views.message(topic, view, _crew(page.who, view), version)

    async def _send_partial(self, page: Page, channel: str) -> None:
        number, text = self.airing.partial(channel)
        if page.partials.get(channel, 0) != number:
            page.partials[channel] = number
            await page.send(text)

    def _show(self, page: Page, said: Hello) -> None:
        self._hide(page)
        page.show(said)
        for view, _ in page.topics.values():
            self._shown[view].add(page)

    def _hide(self, page: Page) -> None:
        for view, _ in page.topics.values():
            if pages := self._shown.get(view):
                pages.discard(page)
                if not pages:
                    del self._shown[view]

    @asynccontextmanager
    async def _following(self, page: Page) -> AsyncIterator[None]:
        self._pages.add(page)
        try:
            yield
        finally:
            self._pages.discard(page)
            self._hide(page)

    async def _close(self, page: Page, code: int, reason: str) -> None:
        try:
            await page.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            page.cut()

    def _stir(self, views: set[View]) -> None:
        self._changed |= views
        self._stirred.set()

    def _state_changed(self, channel: str) -> None:
        if channel in self._channels and self.airing.refresh(channel):
            self._stir({("channel", channel, "")})

    async def _push(self) -> None:
        """Wake the pages that show what changed, at most every `INTERVAL`."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            changed, self._changed = self._changed, set()
            pages = {page for view in changed for page in self._shown.get(view, ())}
            for number, page in enumerate(pages, 1):
                page.wake.set()
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(INTERVAL)

    async def _listen(self) -> None:
        """Take in what the captions process publishes; wait for a store that is away."""
        while True:
            try:
                async with self._store.pubsub(ignore_subscribe_messages=True) as published:
                    await published.subscribe(PARTIALS)
                    while True:
                        message = await published.get_message(timeout=1.0)
                        if message and (channel := self.airing.hear(message["data"])):
                            self._stir({("captions", channel, ""), ("channel", channel, "")})
            except (RedisError, OSError) as error:
                logger.warning("captions' partial words: the store does not answer (%s)", error)
                await asyncio.sleep(0.5)

    async def _look(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(REFRESH)
            for channel in self._channels:
                self._state_changed(channel)
            looks += 1
            if looks % 30 == 0:
                for page in self._pages:
                    page.forgive()

    def _viewers(self, channel: str) -> int:
        """Pages of the audience that show a channel, in this process."""
        pages = self._shown.get(("channel", channel, ""), ())
        return sum(1 for page in pages if not page.who.crew(""))


def _crew(who: Identity, view: View) -> bool:
    kind, name, _ = view
    return who.crew(name if kind in ("talk", "me") else "")


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
