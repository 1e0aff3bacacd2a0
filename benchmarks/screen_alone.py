"""A screen in a room that nobody touches: how soon it has its picture back, whatever happened.

    python -m benchmarks.screen_alone [--seconds 60] [--json screen_alone.json]

ffmpeg publishes a film by RTMP; Chromium shows `/ecran`, paired as one does it. Then, one after the
other: the publisher is killed, media is killed, the server is stopped and started again, the cable
of the screen is pulled for `--seconds` (TCP and UDP, without a word to anybody), and its tab stands
still for as long (SIGSTOP). Told of each: how long the film was away; how long it took once what
was wrong was right again; whether the page was loaded anew; what it had to show meanwhile, from a
look each second: the darkest one, and how many were without anything to see. All decode in software
on this machine.
"""

import argparse
import asyncio
import io
import json
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image
from playwright.async_api import Page

from benchmarks._cable import Cable, cable
from tests import viewers
from tests.impairment import CLEAR, Network, Weather, bad_network
from tests.servers import Fabrique, fabrique
from tests.studio import Studio
from tv.auth import Role
from tv.demo import film as demo_film

WINDOW: Any = {"width": 1280, "height": 720}
AWAY = 5.0  # seconds that a publisher or a server is away
SETTLED = 8.0  # seconds of picture before the next mishap
WITHIN = 90.0  # seconds in which the picture must be back
LOOK = 0.2  # seconds between two looks at what is shown
NOTHING = Weather(loss=1.0)
FLAT = 6.0  # the deviation of what has nothing to see, of 255


@dataclass
class Seen:
    """What was seen of a screen since it was begun."""

    film: list[tuple[float, int]] = field(default_factory=list)  # its frames, and when
    details: list[float] = field(default_factory=list)
    brightness: list[float] = field(default_factory=list)


class Watch:
    """Looks at a screen all along."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seen = Seen()

    async def run(self) -> None:
        shot = 0.0
        while True:
            with suppress(Exception):  # a page that loads, or stands still, answers another time
                async with asyncio.timeout(2):
                    shown = await self.page.evaluate(viewers.SHOWN)
                if shown["number"] > 0:
                    self.seen.film.append((time.monotonic(), shown["number"]))
                if time.monotonic() - shot > 1:
                    shot = time.monotonic()
                    async with asyncio.timeout(3):
                        self._note(await self.page.screenshot(type="jpeg", quality=60))
            await asyncio.sleep(LOOK)

    def _note(self, picture: bytes) -> None:
        grey = np.asarray(Image.open(io.BytesIO(picture)).convert("L"), dtype=float)
        self.seen.details.append(float(grey.std()))
        self.seen.brightness.append(float(grey.mean()))

    async def film(self, after: float) -> float | None:
        """When the film was seen to move after that; None when it was not in time."""
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            since = [(at, number) for at, number in self.seen.film if at > after]
            moved = [at for at, number in since if number != since[0][1]]
            if moved:
                return moved[0]
            await asyncio.sleep(LOOK / 4)
        return None


@dataclass
class Room:
    server: Fabrique
    studio: Studio
    network: Network
    cable: Cable
    seconds: float


async def _publisher(room: Room) -> None:
    room.studio.kill()
    await asyncio.sleep(AWAY)
    room.studio.start()


async def _media(room: Room) -> None:
    room.server.kill("media")
    await asyncio.sleep(1.0)
    room.studio.kill()  # its connection has ended
    await asyncio.to_thread(room.server.wait_ready)
    room.studio.start()


async def _server(room: Room) -> None:
    await asyncio.to_thread(room.server.stop)
    room.studio.kill()
    await asyncio.sleep(AWAY)
    room.server.start()
    await asyncio.to_thread(room.server.wait_ready)
    room.studio.start()


async def _cut(room: Room) -> None:
    room.cable.pull()
    room.network.up.weather = room.network.down.weather = NOTHING
    await asyncio.sleep(room.seconds)
    room.network.up.weather = room.network.down.weather = CLEAR
    room.cable.plug()


async def _frozen(room: Room) -> None:
    children = psutil.Process().children(recursive=True)
    tabs = [each.pid for each in children if "--type=renderer" in each.cmdline()]
    for tab in tabs:
        os.kill(tab, signal.SIGSTOP)
    try:
        await asyncio.sleep(room.seconds)
    finally:
        for tab in tabs:
            os.kill(tab, signal.SIGCONT)


MISHAPS: dict[str, Callable[[Room], Awaitable[None]]] = {
    "publisher killed": _publisher,
    "media killed": _media,
    "server restarted": _server,
    "network cut": _cut,
    "tab frozen": _frozen,
}


async def measure(room: Room, page: Page) -> dict[str, Any]:
    watch = Watch(page)
    found: dict[str, Any] = {}
    task = asyncio.create_task(watch.run())
    try:
        began = time.monotonic()
        first = await watch.film(began)
        assert first is not None, "the film does not come"
        for name, mishap in MISHAPS.items():
            await asyncio.sleep(SETTLED)
            await page.evaluate("window.alone = true")
            watch.seen = Seen()
            began = time.monotonic()
            await mishap(room)
            right = time.monotonic()
            back = await watch.film(right)
            row = {
                "away_s": round(right - began, 1),
                "picture_after_s": None if back is None else round(back - right, 1),
                "loaded_anew": not await page.evaluate("Boolean(window.alone)"),
                "darkest": round(min(watch.seen.brightness, default=0.0)),
                "without_anything": sum(each < FLAT for each in watch.seen.details),
                "looks": len(watch.seen.details),
            }
            found[name] = row
            print(f"{name:>18}  {row}", flush=True)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return found


async def _pair(page: Page, server: Fabrique) -> None:
    headers = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers) as crew:
        code = page.locator(".pairing-code")
        await page.wait_for_selector("#pairing img")
        said = {"code": await code.text_content(), "name": "Hall"}
        (await crew.post("/api/v1/screens", json=said)).raise_for_status()
    await page.wait_for_url("**/ecran/screen_*")


@asynccontextmanager
async def screen(server: Fabrique, line: Cable, network: Network) -> AsyncIterator[Page]:
    """A paired screen at the far end of the cable."""
    async with viewers.chromium_beside() as browser:
        page = await (await browser.new_context(viewport=WINDOW)).new_page()
        await network.stand_before(page)
        await page.goto(f"http://127.0.0.1:{line.port}/ecran")
        await _pair(page, server)
        yield page
        await page.unroute_all(behavior="ignoreErrors")


async def run(film: Path, seconds: float) -> dict[str, Any]:
    with fabrique() as server, bad_network() as network:
        studio = Studio(film, server.rtmp())
        studio.start()
        try:
            async with cable(server.port) as line, screen(server, line, network) as page:
                return await measure(Room(server, studio, network, line, seconds), page)
        finally:
            studio.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=Path("screen_alone.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=32)
        found = asyncio.run(run(film, options.seconds))
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
