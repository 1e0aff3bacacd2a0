"""A server on loopback as web processes have it, and a channel whose windows a test fills."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

import httpx
from starlette.types import ASGIApp

from captions.cues import Cue
from streaming.hls.tags import DateRange
from streaming.hls.window import InitAdded, Window, WindowEvent
from tests.streaming.hls.test_window import START, init, segment
from tests.waiting import when
from tv.connections import Answers
from tv.hls import Hls
from tv.replies import Headers
from tv.serving import Server, configure

SOUND = InitAdded("sound", b"sound", "mp4a.40.2", 0, 0, 0.0, 0.53)


class NoAnswers:
    """Leaves every request to the application."""

    def ready(self, target: bytes, headers: Headers) -> None:
        return None

    coming = ready


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, answers: Answers) -> AsyncIterator[tuple[Server, int]]:
    """uvicorn with our protocol, on a port of its own."""
    server = Server(configure(app, answers))
    server.config.port = 0
    task = asyncio.create_task(server.serve())
    await when(lambda: server.started)
    try:
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


@dataclass
class Site:
    """What is shown on one channel."""

    window: Window = field(default_factory=Window)
    renditions: dict[str, Window] = field(default_factory=dict)
    ranges: list[DateRange] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)
    now: float = START
    clock: Callable[[], float] | None = None
    server: Server | None = None  # while it is visited
    hls: Hls | None = None

    @property
    def asked(self) -> int:
        """How many requests have come on the connections that are open."""
        assert self.server is not None
        return sum(each.standing().request for each in self.server.server_state.connections)

    def apply(self, *events: WindowEvent | Iterable[WindowEvent]) -> None:
        for each in events:
            for event in each if isinstance(each, list) else [each]:
                self.window.apply(event)

    def fill(self, count: int = 4, open_parts: int = 2) -> None:
        self.apply(init(), *(segment(msn) for msn in range(count)))
        self.apply(segment(count, parts=open_parts, closed=False))

    def read_clock(self) -> float:
        return self.clock() if self.clock else self.now

    def heard(self, channel: str, start: float, end: float) -> list[Cue]:
        assert channel == "plateau"
        return [cue for cue in self.cues if cue.start < end and cue.end > start]


def fill_renditions(site: Site, *behind: int) -> None:
    """A source of 9 segments, a rendition and its sound alone, so many segments behind."""
    site.fill(9)
    site.renditions = {"480p": Window(), "audio": Window()}
    for name, late in zip(site.renditions, behind, strict=True):
        kind = "sound" if name == "audio" else "a"
        site.renditions[name].apply(SOUND if name == "audio" else init())
        for msn in range(9 - late):
            for event in segment(msn, name=kind):
                site.renditions[name].apply(event)


@contextlib.asynccontextmanager
async def visiting(site: Site, hold: float = 5.0) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the site, which is served."""
    windows = {"plateau": site.window}
    windows |= {f"plateau/{name}": window for name, window in site.renditions.items()}
    app = Hls(windows, site.heard, site.read_clock, hold=hold, ranges=lambda channel: site.ranges)
    site.hls = app
    async with (
        serving(app, app) as (site.server, port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield client
