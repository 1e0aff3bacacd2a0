"""A web process as it is served, with its journal and store, in the process of the test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from tv import journal
from tv.app import Application, create_app
from tv.auth import Passes, Role
from tv.captioning.quality import Board
from tv.displays import Displays
from tv.folder import Folder
from tv.follower import Follower
from tv.journal import Journal
from tv.live import Live, Pace
from tv.passes_in_use import PassesInUse
from tv.reacting import Reacting
from tv.recorded.films import Orders
from tv.recorded.recordings import Recordings
from tv.revoking import Revoked
from tv.serving import configure
from tv.settings import Settings, load
from tv.tasks import running
from tv.upstream import Upstream

SECRET = b"a secret of tests, thirty-two by"


class Server(uvicorn.Server):
    """uvicorn that says when it listens, and leaves signals to the test."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@dataclass
class House:
    """A web process, and what a test needs to talk to it."""

    address: str
    passes: Passes
    journal: Journal
    follower: Follower
    upstream: Upstream
    live: Live
    store: Redis
    app: Application

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    def crew(self, role: Role = Role.ADMIN, **limits: Any) -> httpx.AsyncClient:
        return self.client(self.passes.issue(role, **limits))

    def someone(self, name: str = "", place: str = "") -> httpx.AsyncClient:
        """A participant of their own, whose device has shown the code of `place`, if any."""
        return self.client(self.passes.welcome(name, place=place)[1])

    @asynccontextmanager
    async def page(self, token: str = "", **topics: str) -> AsyncIterator["Page"]:
        """An open page; topics have `_` for `:`, as in `talk_direct=""`."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with connect(f"ws://{self.address}/ws", additional_headers=headers) as open_socket:
            page = Page(open_socket)
            if topics:
                shown = {name.replace("_", ":", 1): at for name, at in topics.items()}
                await page.say({"type": "hello", "version": 1, "topics": shown})
            yield page


@dataclass
class Page:
    """The other end of the socket."""

    socket: ClientConnection

    async def say(self, message: Any) -> None:
        await self.socket.send(msgspec.json.encode(message).decode())

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            heard: dict[str, Any] = msgspec.json.decode(await self.socket.recv())
            return heard

    async def view(self, topic: str = "") -> dict[str, Any]:
        """The next view (of `topic`, if one is named)."""
        while True:
            heard = await self.hear()
            if heard["type"] == "view" and topic in ("", heard["topic"]):
                return heard


@asynccontextmanager
async def house(
    store: Redis,
    settings: Settings | None = None,
    media: Path | None = None,
    data: Path = Path("/nowhere"),
    recordings: Path | None = None,
    **pace: float,
) -> AsyncIterator[House]:
    """A web process over `store`, caught up with its journal; `pace` is for `Live`.

    `media` is the socket of a media process; without one, nothing is ever on air. `data` is the
    data folder, `recordings` that of what was recorded if it is elsewhere.
    """
    settings = settings or load(None, {})
    event = settings.event.slug
    folder = Folder(data)
    in_use = PassesInUse(store, event)
    upstream = Upstream(media or Path("/nowhere"), list(settings.channels))
    async with journal.opened(store, event) as events:
        follower = Follower(events)
        erased = follower.audience.happening.has_erased
        passes = Passes(SECRET, revoked=Revoked(folder.revoked), erased=erased, used=in_use.use)
        reacting = Reacting(follower, upstream.now, every=0.05)
        recorded = Recordings(recordings or folder.recording, list(settings.channels))
        often = Pace(**{"interval": 0.02, **pace})
        live = Live(follower, upstream, store, settings, often, passes.revoked, in_use.see)
        app = create_app(
            settings,
            passes,
            upstream,
            follower,
            live,
            SECRET,
            recorded,
            Orders(store, event),
            folder,
            Board(store, event),
            reacting,
            Displays(store, event),
            store,
            in_use,
        )
        config = configure(app, app.hls, app.taps.taking)
        config.timeout_graceful_shutdown = 1
        server = Server(config)
        listening = socket.create_server(("127.0.0.1", 0))
        processes = [upstream.run()] if media else []
        async with running(follower.run(), live.run(), recorded.run(), reacting.run(), *processes):
            serving = asyncio.create_task(server._serve([listening]))
            try:
                async with asyncio.timeout(10):
                    await server.listening.wait()
                    await follower.ready.wait()
                host, port = listening.getsockname()
                yield House(f"{host}:{port}", passes, events, follower, upstream, live, store, app)
            finally:
                server.should_exit = True
                await serving


@asynccontextmanager
async def stuck_page(address: str, *topics: str) -> AsyncIterator[asyncio.StreamReader]:
    """A page that says hello, and then reads nothing more than a kilobyte or two."""
    reader, writer = await asyncio.open_connection(*address.split(":"), limit=1024)
    try:
        writer.write(
            b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        shown = dict.fromkeys(topics, "")
        hello = msgspec.json.encode({"type": "hello", "version": 1, "topics": shown})
        writer.write(bytes((0x81, 0x80 | len(hello), 0, 0, 0, 0)) + hello)  # masked by zeros
        yield reader
    finally:
        writer.close()


def named(view: dict[str, Any]) -> dict[str, Any]:
    """The items of a view, by kind and id."""
    return {f"{item['kind']}:{item['id']}": item for item in view["items"]}
