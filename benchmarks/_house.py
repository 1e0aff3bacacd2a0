"""The whole service at work, and everybody it works for, to see what becomes of them.

A studio publishes the built-in talk, and comes back by itself; WebRTC screens and LL-HLS players
watch without decoding; two pages in Chromium, one by each way, decode; a page's socket hears the
captions. The studio and the pages are at the far ends of cables.
"""

import asyncio
import copy
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks._audience import Audience, audience
from benchmarks._cable import Cable, cable
from benchmarks._caption_talk import Heard
from benchmarks._deliveries import Answer
from benchmarks._encoders import Run
from benchmarks._hls_crowd import Crowd, Seen
from benchmarks._onlookers import Onlooker, looking_on
from benchmarks._studio import Studio, staying
from benchmarks._venue import Desk
from tests.disks import NoDisk, small_disk
from tests.impairment import Network, bad_network
from tests.servers import Fabrique, running
from tv.auth import Role
from tv.passes import Passes
from tv.studios.keys import load_secret

DISK = "2g"  # in memory
PATIENCE = 90.0  # seconds for everything to be there
SILENCE = 2.0  # seconds after which a screen without a picture is lost
SETTINGS = {
    "SERVER__WEB_WORKERS": "2",
    "CAPTIONS__CHANNELS": "plateau",
    "RECORDING__FREE_GB": "0.05",
}


@dataclass(frozen=True)
class Size:
    """Screens by WebRTC, players of LL-HLS, people who vote."""

    screens: int = 20
    players: int = 30
    people: int = 40


@dataclass
class House:
    size: Size
    server: Fabrique
    desk: Desk
    studio: Studio
    backup: Studio
    crowd: Audience
    players: Crowd
    onlookers: list[Onlooker]
    heard: Heard
    line: Cable  # to the pages, for what they ask by TCP
    network: Network  # the same for their datagrams
    studio_line: Cable
    disk: Path | None  # with all that is kept, where one could be mounted

    async def settle(self) -> None:
        """Wait until the film goes on for both pages. Raises TimeoutError."""
        since = time.monotonic()
        for each in self.onlookers:
            if await each.goes_on(since, PATIENCE) is None:
                raise TimeoutError(f"the film does not come by {each.way}")

    async def join(self, count: int) -> Answer:
        """Let so many screens come."""
        url = f"{self.server.url}/plateau/whep"
        return await asyncio.to_thread(self.crowd.join, url, count)

    async def replace_screens(self) -> None:
        """Others instead of those that were lost, as when each is switched off and on."""
        await self.screens("vanish", count=self.size.screens)
        await self.join(self.size.screens)

    async def screens(self, order: str, **words: float) -> Answer:
        return await asyncio.to_thread(self.crowd.do, order, **words)


@contextmanager
def _served(
    environment: Mapping[str, str], settings: Mapping[str, str]
) -> Iterator[tuple[Fabrique, Path | None]]:
    """The service, on a disk of its own where one can be mounted."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fabrique-")))
        disk: Path | None = None
        with suppress(NoDisk):
            disk = stack.enter_context(small_disk(folder / "disk", DISK))
        server = Fabrique((disk or folder) / "data", **SETTINGS | dict(settings))
        server.log = folder / "log"
        server.environment |= environment
        stack.enter_context(running(server))
        yield server, disk


@asynccontextmanager
async def opened(
    film: Path,
    size: Size,
    environment: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[House]:
    """All of it, on air, with everybody there. `environment` is the server's, beside settings."""
    async with AsyncExitStack() as stack:
        server, disk = stack.enter_context(_served(environment or {}, settings or {}))
        _start_talk(server)
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        studio_line = await stack.enter_async_context(cable(server.rtmp_port))
        far = copy.copy(server)
        far.rtmp_port = studio_line.port
        studio = await stack.enter_async_context(staying(Run(far, film, home)))
        backup = await stack.enter_async_context(staying(Run(server, film, home, slot="backup")))
        studio.come()
        line = await stack.enter_async_context(cable(server.port))
        network = stack.enter_context(bad_network())
        players = Crowd(server.port, Seen(stamped=False))
        stack.callback(players.leave)
        page = f"http://127.0.0.1:{line.port}/"
        house = House(
            size=size,
            server=server,
            desk=Desk(Passes(load_secret(server.folder.path))),
            studio=studio,
            backup=backup,
            crowd=stack.enter_context(audience()),
            players=players,
            onlookers=await stack.enter_async_context(looking_on(page, network)),
            heard=Heard(),
            line=line,
            network=network,
            studio_line=studio_line,
            disk=disk,
        )
        hearing = asyncio.create_task(house.heard.listen(server))
        stack.callback(hearing.cancel)
        await house.settle()
        await players.come(size.players)
        joined = await house.join(size.screens)
        if joined["failed"] or joined["without_picture"]:
            raise RuntimeError(f"screens: {joined['failed']}, {joined['without_picture']} dark")
        yield house


def _start_talk(server: Fabrique) -> None:
    crew = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
    with httpx.Client(base_url=server.url, headers=crew, timeout=30) as client:
        client.post("/api/v1/talks/direct:start").raise_for_status()
