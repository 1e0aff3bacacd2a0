"""What it costs to tell thousands of pages the same small thing, and how long the last waits."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec

from benchmarks import _phones
from benchmarks._phones import Page
from benchmarks._storms import WAVE, Row
from benchmarks._venue import Server, Venue
from captions.cues import Cue
from captions.wording.events import CueWritten
from tv import journal, store
from tv.live import DEFAULT_PACE

TOPIC = "captions:plateau"
LINE = "mot " * 30  # a cue of about 300 bytes on the wire
PAUSE = 1.2 * DEFAULT_PACE.interval  # ours never tells of a topic more often
PATIENCE = 30.0  # seconds for all pages to come, and one more for each message; then it fails


class Crowd:
    """When each page had the newest message."""

    def __init__(self, pages: int) -> None:
        self._pages = pages
        self.times: list[float] = []
        self.all = asyncio.Event()

    def heard(self, page: Page, message: bytes) -> None:
        if b'"type":"view"' in message[:40]:
            self.times.append(time.monotonic())
            if len(self.times) >= self._pages:
                self.all.set()

    async def wait(self) -> list[float]:
        await self.all.wait()
        self.all.clear()
        times, self.times = self.times, []
        return times


def cue(number: int) -> Cue:
    return Cue(f"plateau-{number}", 1, number, number + 1.0, (LINE,))


async def ours(venue: Venue, server: Server, pages: int, messages: int) -> Row:
    """A cue in the journal, written by another process, as captions are."""
    slug = venue.settings.event.slug
    async with (
        store.connected(venue.store_address) as client,
        journal.opened(client, slug) as events,
    ):

        async def change(number: int) -> None:
            await events.append(CueWritten("plateau", cue(number)))

        return await _run(server, pages, messages, change)


async def peer(server: Server, pages: int, messages: int) -> Row:
    """The same bytes, posted to the peer, which passes them on."""

    async def change(number: int) -> None:
        view = {
            "type": "view",
            "topic": TOPIC,
            "version": f"{int(time.time() * 1000)}-{number}",
            "reset": False,
            "items": [{"kind": "cue", **msgspec.to_builtins(cue(number)), "corrected": False}],
            "removed": [],
        }
        told = asyncio.Event()
        phone.ask(_phones.request("POST", "/change", "", view), lambda *_: told.set())
        await told.wait()

    phone = await _phones.dial(server.port)
    try:
        return await _run(server, pages, messages, change)
    finally:
        phone.transport.close()


async def _run(
    server: Server, pages: int, messages: int, change: Callable[[int], Awaitable[None]]
) -> Row:
    crowd, coming = Crowd(pages), asyncio.Semaphore(WAVE)
    before = server.memory()

    async def come() -> Page:
        async with coming:
            return await _phones.open_page(server.port, "", {TOPIC: ""}, crowd.heard)

    async with asyncio.timeout(PATIENCE + messages):
        opened = await asyncio.gather(*(come() for _ in range(pages)))
        await crowd.wait()  # each has its first view
        held = server.memory() - before
        delays: list[float] = []
        used = server.cpu()
        for number in range(messages):
            await asyncio.sleep(PAUSE)
            began = time.monotonic()
            await change(number)
            delays += [at - began for at in await crowd.wait()]
        used = server.cpu() - used
    for page in opened:
        page.transport.close()
    return {
        "pages": pages,
        "messages": messages,
        "cpu_us_per_message": round(used / (pages * messages) * 1e6, 2),
        "kb_per_page": round(held / pages / 1024, 1),
        "delivered": len(delays),
        **{f"{share}_ms": time for share, time in _phones.milliseconds(delays).items()},
    }
