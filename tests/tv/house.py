"""The audience's side of the application, really served: routes, socket, journal and store."""

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
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect

from tv import journal, problems
from tv.auth import Authentication, Passes, Role
from tv.captioning.acts import CaptionActs
from tv.captioning.quality import Board
from tv.displays import Displays
from tv.duplicates import Duplicates
from tv.follower import Follower
from tv.journal import Journal
from tv.limits import Limits
from tv.live import Live, Pace
from tv.pages import (
    api_captioner,
    api_channels,
    api_cues,
    api_event,
    api_films,
    api_glossary,
    api_join,
    api_moderation,
    api_participants,
    api_polls,
    api_privacy,
    api_quality,
    api_questions,
    api_ratings,
    api_reactions,
    api_replay,
    api_reports,
    api_restreams,
    api_rundown,
    api_schedule,
    api_screens,
    api_talks,
    api_wall,
    captions_api,
    session,
    wall,
)
from tv.reacting import Reacting
from tv.recorded.films import Orders, Shelf
from tv.recorded.laid_out import LaidOuts
from tv.recorded.recordings import Recordings
from tv.recorded.replay import ReplayFiles
from tv.recorded.replays import Replays
from tv.settings import Settings, load
from tv.sockets import Sockets
from tv.tasks import running
from tv.upstream import Upstream
from tv.wall.pictures import Pictures
from tv.writing import Writer

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

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def client(self, token: str = "") -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    def crew(self, role: Role = Role.ADMIN, **limits: Any) -> httpx.AsyncClient:
        return self.client(self.passes.issue(role, **limits))

    def someone(self, name: str = "") -> httpx.AsyncClient:
        """A participant of their own."""
        return self.client(self.passes.welcome(name)[1])

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
    recordings: Path | None = None,
    films: Path | None = None,
    pictures: Path | None = None,
    **pace: float,
) -> AsyncIterator[House]:
    """A web process over `store`, caught up with its journal; `pace` is for `Live`.

    `media` is the socket of a media process; without one, nothing is ever on air. `recordings` is
    the folder of what was recorded, `films` that of films, `pictures` that of the
    wall's.
    """
    settings = settings or load(None, {})
    passes = Passes(SECRET)
    upstream = Upstream(media or Path("/nowhere"), list(settings.channels))
    async with journal.opened(store, settings.event.slug) as events:
        follower = Follower(events)
        writer = Writer(follower, upstream, Limits(settings.event.slug, settings.limits))
        duplicates = Duplicates(follower.audience)
        acts = CaptionActs(follower, upstream)
        reacting = Reacting(follower, upstream.now, every=0.05)
        recorded = Recordings(recordings or Path("/nowhere"), list(settings.channels))
        displays = Displays(store, settings.event.slug)
        drawn = Pictures(pictures or Path("/nowhere"))
        laid_out = LaidOuts()
        replays = Replays(recorded, follower, laid_out, upstream.now)
        orders = Orders(store, settings.event.slug)
        board = Board(store, settings.event.slug)
        live = Live(follower, upstream, store, settings, Pace(**{"interval": 0.02, **pace}))
        app = Starlette(
            routes=[
                *session.routes(passes),
                *api_join.routes(settings, follower, SECRET),
                *api_participants.routes(passes, settings.labs),
                *api_event.routes(follower, writer, settings.event),
                *api_reports.routes(follower, settings.event),
                *api_talks.routes(follower, writer, settings),
                *api_schedule.routes(follower, writer, settings, upstream.now),
                *api_questions.routes(follower, writer, duplicates),
                *api_moderation.routes(follower, writer, duplicates),
                *api_privacy.routes(writer),
                *api_polls.routes(follower, writer),
                *api_reactions.routes(follower, writer, reacting, upstream),
                *api_ratings.routes(follower, writer),
                *api_wall.routes(follower, writer, drawn),
                *api_rundown.routes(follower, writer, settings),
                *api_screens.routes(follower, writer, displays, passes, settings),
                *wall.routes(settings, follower, drawn),
                *api_channels.routes(upstream, live.airing),
                *api_restreams.routes(upstream, live.airing),
                *api_quality.routes(upstream, follower, live.airing, board),
                *captions_api.routes(follower, laid_out),
                *api_cues.routes(follower, acts),
                *api_glossary.routes(follower, acts),
                *api_captioner.routes(follower, upstream, acts, live, settings.channels),
                *api_replay.routes(follower, replays),
                *api_films.routes(follower, replays, orders, Shelf(films or Path("/nowhere"))),
                Route("/{channel}/replay/{file:path}", ReplayFiles(replays, lambda channel: ())),
                *live.routes(),
            ],
            middleware=[
                Middleware(Authentication, passes=passes, public_url=settings.server.public_url)
            ],
            exception_handlers=problems.handlers,
        )
        config = uvicorn.Config(
            app,
            ws=Sockets,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws_per_message_deflate=False,
            ws_max_size=65_536,
            timeout_graceful_shutdown=1,
        )
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
                yield House(f"{host}:{port}", passes, events, follower, upstream, live, store)
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
