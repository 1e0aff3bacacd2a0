"""What players make of a studio that is killed and comes back, again and again, with the slate.

    python -m benchmarks.returns [--returns 10] [--json returns.json]

ffmpeg publishes by RTMP, is killed, and starts again five seconds later. hls.js in Chromium watches
with the product's settings; ffplay, mpv and GStreamer (hlsdemux2) beside it, each as it comes.
Counted for hls.js: fatal errors, and stalls at each loss and return. The others go on when their
clocks do: how far each came is told beside the time that passed.
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, Route

from benchmarks import _film
from benchmarks._players import Player, playing
from benchmarks._witnesses import HLS_JS, PLAYER
from tests import viewers
from tests.servers import Fabrique, fabrique
from tests.studio import Studio

AWAY, BACK = 5.0, 8.0  # seconds without the studio, and with it
SETTLING = 12.0  # seconds that players watch before the first loss
WITHIN = 30.0  # seconds for the studio to be on air
STALLS = 1  # at most, for each loss and return


async def on_air(server: Fabrique, slot: str) -> None:
    """Wait until the channel shows this slot."""
    async with asyncio.timeout(WITHIN), httpx.AsyncClient(base_url=server.url) as client:
        while True:
            told = await client.get("/api/v1/views/channel:plateau")
            if told.json()["items"][0]["on_air"] == slot:
                return
            await asyncio.sleep(0.1)


async def open_page(page: Page, server: Fabrique) -> None:
    async def script(route: Route) -> None:
        await route.fulfill(path=HLS_JS, content_type="text/javascript")

    async def document(route: Route) -> None:
        await route.fulfill(body=PLAYER.replace("CHANNEL", "plateau"), content_type="text/html")

    await page.route("**/hls.js", script)
    await page.route("**/witness.html", document)
    await page.goto(f"{server.url}/witness.html")


async def measure(home: Path, returns: int) -> dict[str, Any]:
    film = home / "film.mp4"
    _film.make(film)
    with ExitStack() as stack:
        server = stack.enter_context(fabrique())
        studio = Studio(film, server.rtmp())
        studio.start()
        stack.callback(studio.kill)
        await on_air(server, "primary")
        async with viewers.chromium_beside() as browser:
            page = await browser.new_page()
            await open_page(page, server)
            players = stack.enter_context(playing(f"{server.url}/plateau/index.m3u8"))
            await asyncio.sleep(SETTLING)
            return await _lose(server, studio, page, players, returns)


async def _lose(
    server: Fabrique, studio: Studio, page: Page, players: list[Player], returns: int
) -> dict[str, Any]:
    rounds = []
    for number in range(returns):
        waits = await page.evaluate("seen.waits")
        began, clocks = time.monotonic(), [player.clock for player in players]
        studio.kill()
        await asyncio.sleep(AWAY)
        studio.start()
        await on_air(server, "primary")
        await asyncio.sleep(BACK)
        passed = time.monotonic() - began
        row = {
            "seconds": round(passed, 1),
            "hls.js stalls": await page.evaluate("seen.waits") - waits,
            **{
                player.name: round((player.clock or 0.0) - (clock or 0.0), 1)
                for player, clock in zip(players, clocks, strict=True)
            },
        }
        rounds.append(row)
        print(f"  {number + 1}: {row}", flush=True)
    seen = await page.evaluate("({fatal: seen.fatal, errors: seen.errors.length})")
    return {
        "returns": returns,
        "hls_js_fatal": seen["fatal"],
        "hls_js_errors": seen["errors"],
        "hls_js_stalls_each": [row["hls.js stalls"] for row in rounds],
        "rounds": rounds,
        "go_on": {
            player.name: player.runs and rounds[-1][player.name] > rounds[-1]["seconds"] / 2
            for player in players
        },
        "clock_turned_back": {player.name: player.turned_back for player in players},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--returns", type=int, default=10)
    parser.add_argument("--json", type=Path, default=Path("returns.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measure(Path(folder), options.returns))
    for key, value in found.items():
        if key != "rounds":
            print(f"{key:>20}  {value}")
    print(f"(hls.js: fatal none, stalls at most {STALLS} each)")
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
