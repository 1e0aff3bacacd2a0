"""A replay with a hole in it, played by hls.js in a real browser: pictures, end, and captions."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route
from redis.asyncio import Redis

from tests.streaming.archive.recorded import studio
from tests.streaming.hls.film import Announced
from tests.tv.house import house
from tests.tv.recorded.test_replay import FILES, Played, record
from tests.tv.test_hls_playback import HLS_JS, PAGE

pytestmark = pytest.mark.slow
SAID = (1.0, 3.5, 8.5, 10.7)  # seconds after the recording began; 4 to 8 were not recorded


async def test_player_jumps_over_a_hole_and_shows_captions_when_they_were_said(
    redis: Redis, tmp_path: Path, tab: Page
) -> None:
    began = float(int(time.time()) - 900)
    announced = Announced(origin=began - 50.0).play(studio(15.0, gop=50).moved(began))
    record(tmp_path / "plateau", announced, without=(103, 104))
    async with house(redis, recordings=tmp_path) as served:
        played = Played(served, tmp_path, began)
        await played.talk(0.0, 12.0)
        for number, at in enumerate(SAID):
            await played.say(f"Phrase {number}", at)
        async with served.crew() as crew:
            await crew.post("/api/v1/talks/direct:publish", json={"consent": True})
        seen = await _played_to_its_end(tab, served.url)
    assert seen["fatal"] == []
    assert abs(seen["duration"] - 8.0) < 0.2
    assert list(seen["cues"]) == [f"Phrase {number}" for number in range(len(SAID))]
    for (shown, _), at in zip(seen["cues"].values(), SAID, strict=True):
        assert abs(shown - (began + at)) < 0.3


async def _played_to_its_end(tab: Page, url: str) -> dict[str, Any]:
    async def script(route: Route) -> None:
        await route.fulfill(path=HLS_JS, content_type="text/javascript")

    async def document(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    async with asyncio.timeout(60):
        await tab.route("**/hls.js", script)
        await tab.route("**/player.html", document)
        await tab.goto(f"{url}/player.html")
        await tab.evaluate(f"start('{FILES}/index.m3u8', {{}})")
        await tab.evaluate(
            "() => new Promise((done) => video.addEventListener('ended', done, {once: true}))"
        )
        seen: dict[str, Any] = await tab.evaluate("window.seen")
        return seen | {"duration": await tab.evaluate("video.duration")}
