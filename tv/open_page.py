"""One open page: the other end of a socket, what it shows, and the version it has of each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect

from engagement.fold import View
from tv.auth import Identity
from tv.sockets import EXTENSION, Message, Sockets
from tv.views import sees_all, view_of

VERSION = 1  # of the messages
TOPICS = 16  # per page
HELLOS = 60  # per page and minute

# The versions sent: of a view, and of what comes beside it (words that are still open, questions
# that were compared later).
Known = tuple[str, str]


@dataclass(frozen=True)
class News:
    """What is new in a view, and what a page then knows of it."""

    messages: tuple[Message, ...]
    known: Known

    @cached_property
    def frames(self) -> bytes:
        """The bytes of all on a socket, made once for all pages."""
        return b"".join(message.frame for message in self.messages)


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    """What a page shows: its topics, and the version it has of each ("" for none)."""

    version: int
    topics: dict[str, str]


_hello = msgspec.json.Decoder(Hello)


class NotUnderstood(Exception):
    """A page sent what is no message of ours; the socket closes with this reason."""


class Following:
    """A view that a page shows, and how much of it the page knows by now."""

    __slots__ = ("crew", "known", "page", "view")

    def __init__(self, page: "Page", view: View, crew: bool, known: Known) -> None:
        self.page = page
        self.view = view
        self.crew = crew  # whether it gets what the crew alone is told
        self.known = known


class Page:
    """One open socket."""

    def __init__(self, socket: WebSocket, who: Identity, unread_for: float) -> None:
        self.who = who
        self.shown: dict[View, Following] = {}
        self.wake = asyncio.Event()
        self.busy = False  # its task is sending
        self._socket = socket
        # Another server's socket than ours is served all the same, by ASGI alone.
        self._direct: Sockets | None = socket.scope.get("extensions", {}).get(EXTENSION)
        self.write: Callable[[bytes], bool] = self._direct.write if self._direct else _cannot
        """Send frames at once; False when that cannot be (see `Sockets.write`)."""
        self._unread_for = unread_for
        self._hellos = 0

    async def hello(self) -> Hello:
        """Wait for what the page shows. Raises NotUnderstood, WebSocketDisconnect."""
        message = await self._socket.receive()
        if message["type"] != "websocket.receive":
            raise WebSocketDisconnect(message.get("code", 1006))
        self._hellos += 1
        try:
            said = _hello.decode(message.get("text") or message.get("bytes") or b"")
        except ValueError as error:  # msgspec's own, or a text's that is no UTF-8
            raise NotUnderstood("not a hello") from error
        if said.version != VERSION:
            raise NotUnderstood(f"version {VERSION} only")
        if len(said.topics) > TOPICS or self._hellos > HELLOS:
            raise NotUnderstood("too many topics")
        return said

    def show(self, said: Hello) -> None:
        """Follow other topics. What was sent since the page wrote its hello counts as sent."""
        shown: dict[View, Following] = {}
        for topic, version in said.topics.items():
            view = view_of(topic, self.who.by)
            if view is None:
                raise NotUnderstood("no such topic")
            before = self.shown.get(view)
            if before is None or not version:  # else what is being sent to it counts
                before = Following(self, view, sees_all(self.who, view), (version, ""))
            shown[view] = before
        self.shown = shown
        self.wake.set()

    async def take(self, followed: Following, news: News) -> None:
        """Send what is new in a view. Raises as `send`."""
        for message in news.messages:
            await self.send(message)
        followed.known = news.known

    async def send(self, message: Message) -> None:
        """Raises TimeoutError when the page does not read, WebSocketDisconnect when it is gone."""
        if self.write(message.frame):
            return
        try:
            async with asyncio.timeout(self._unread_for):
                await self._socket.send({"type": "websocket.send", "text": message.text})
        except RuntimeError as error:  # it is being closed
            raise WebSocketDisconnect(1006) from error

    async def close(self, code: int, reason: str) -> None:
        async with asyncio.timeout(1):
            await self._socket.close(code, reason)

    def cut(self) -> None:
        """End the connection without the page's help."""
        if self._direct is not None:
            self._direct.cut()

    def forgive(self) -> None:
        """A minute has passed: hellos count from zero."""
        self._hellos = 0


def _cannot(frames: bytes) -> bool:
    return False
