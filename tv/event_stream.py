"""Server-sent events (WHATWG HTML, 9.2): what waits for one reader, and how it is written."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from streaming.link import replaces

HEARTBEAT = 15.0  # seconds without news after which a proxy may think that nobody is there
RETRY = 2000  # ms after which a reader whose connection broke comes back


class Events:
    """What happened and was not read yet: of each kind of news only the newest waits."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._waiting: dict[str, tuple[str, str]] = {}
        self._over = False

    def put(self, event: str, data: str) -> None:
        """Add an event; `data` is one line of JSON."""
        self._waiting.pop(replaces(event), None)
        self._waiting[replaces(event)] = event, data
        self._news.set()

    def end(self) -> None:
        """Nothing comes after what waits now."""
        self._over = True
        self._news.set()

    async def written(self, heartbeat: float = HEARTBEAT) -> AsyncGenerator[bytes, None]:
        """All events as they come, in the protocol's own form, until the end."""
        yield f"retry: {RETRY}\n\n".encode()
        while True:
            waiting, self._waiting = self._waiting, {}
            for event, data in waiting.values():
                yield f"event: {event}\ndata: {data}\n\n".encode()
            if self._waiting:
                continue
            if self._over:
                return
            self._news.clear()
            try:
                async with asyncio.timeout(heartbeat):
                    await self._news.wait()
            except TimeoutError:
                yield b":\n\n"


class EventStream(StreamingResponse):
    """Events as they come, until their end or their reader's; then `close` is called."""

    def __init__(self, events: Events, close: Callable[[], Awaitable[None]]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(events.written(), headers=headers, media_type="text/event-stream")
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._close()
