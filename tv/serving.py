"""A web process: HLS from memory, pages, API and sockets, over what media and the journal say."""

import asyncio
import contextlib
import functools
import logging
import socket
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack

import uvicorn
from starlette.types import ASGIApp

from tv import connections, cycles, journal, proxies, store
from tv.app import create_app
from tv.auth import Passes
from tv.captioning.quality import Board
from tv.displays import Displays
from tv.folder import Folder
from tv.follower import Follower
from tv.live import Live
from tv.passes_in_use import PassesInUse
from tv.reacting import Reacting
from tv.recorded.films import Orders
from tv.recorded.recordings import Recordings
from tv.revoking import Revoked
from tv.settings import Settings
from tv.sockets import Sockets
from tv.tasks import keep_running, running
from tv.upstream import Upstream

logger = logging.getLogger(__name__)

HEARTBEAT = 30.0  # seconds between two pings of a page: routers forget what is silent for longer
# On every answer, that of a refused head and of a socket's handshake too: a browser takes what we
# send for what we say that it is.
EVERYWHERE = [("x-content-type-options", "nosniff")]
GOODBYE = 2  # seconds that held requests and sockets have when we stop


class Server(uvicorn.Server):
    """uvicorn without its signals.

    uvicorn raises SIGTERM again when it has stopped, which would end the process before the blocks
    around it have closed; `tv/process.py` handles signals. uvicorn looks ten times a second
    whether it is to stop: this one is told.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._over = asyncio.Event()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):  # what it does each second
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), 1.0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve_until_cancelled(self, listening: socket.socket) -> None:
        """Serve, and when cancelled end as one should: who is being answered has `GOODBYE`."""
        serving = asyncio.create_task(self.serve(sockets=[listening]))
        try:
            await asyncio.shield(serving)
        finally:
            self.should_exit = True
            self._over.set()
            await serving


def configure(
    app: ASGIApp,
    answers: connections.Answers,
    taking: connections.Taking = lambda method, target: None,
    behind: Iterable[str] = (),
) -> uvicorn.Config:
    """How we want to be served; `behind` are proxies of other machines.

    Raises nothing; allows as many connections as the system does.
    """
    connections.allow_connections()
    return uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        http=functools.partial(  # type: ignore[arg-type]
            connections.Connection, answers=answers, taking=taking
        ),
        ws=Sockets,
        ws_ping_interval=HEARTBEAT,
        ws_per_message_deflate=False,
        ws_max_size=65_536,
        forwarded_allow_ips=proxies.trusted(behind),
        timeout_graceful_shutdown=GOODBYE,
        server_header=False,
        headers=EVERYWHERE,
    )


async def run(folder: Folder, settings: Settings, secret: bytes, listening: socket.socket) -> None:
    """Serve on `listening` until cancelled."""
    upstream = Upstream(folder.media, list(settings.channels))
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            store.connected(store.address(folder, settings.store.url))
        )
        events = await stack.enter_async_context(
            journal.opened(client, settings.event.slug, settings.store.replicas)
        )
        follower = Follower(events)
        recordings = Recordings(folder.recording, settings.recording.channels)
        in_use = PassesInUse(client, settings.event.slug)
        upstream.on_machine.append(in_use.use_encoded)
        erased = follower.audience.happening.has_erased
        passes = Passes(secret, revoked=Revoked(folder.revoked), erased=erased, used=in_use.use)
        live = Live(follower, upstream, client, settings, revoked=passes.revoked, seen=in_use.see)
        app = create_app(
            settings,
            passes,
            upstream,
            follower,
            live,
            secret,
            recordings,
            Orders(client, settings.event.slug),
            folder,
            Board(client, settings.event.slug),
            reacting := Reacting(follower, upstream.now),
            Displays(client, settings.event.slug),
            client,
            in_use,
        )
        server = Server(configure(app, app.hls, app.taps.taking, settings.server.proxies))
        watching = connections.keeping(server.server_state.connections)
        await stack.enter_async_context(
            running(
                upstream.run(),
                keep_running("live", live.run, pause=0.5),
                follower.run(),
                keep_running("recordings", recordings.run),
                keep_running("reactions", reacting.run),
                keep_running("connections", watching),
                keep_running("passes in use", in_use.run),
                cycles.collecting(follower.ready),
            )
        )
        await server.serve_until_cancelled(listening)
