"""The page that everybody watches, by each of its two ways, in Chromium: when it showed what.

A page is left alone: what it does by itself when something breaks is what is looked at. It notes
each new picture, twenty-five times a second at most; whoever measures fetches its notes.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from playwright.async_api import Error, Page

from benchmarks._witnesses import Shown
from tests import viewers
from tests.impairment import Network
from tests.viewers import BARS, VISIBLE

WAYS = ("webrtc", "hls")
LOOK = 0.3  # seconds between two fetches
PATIENCE = 5.0  # seconds that a page has to answer
BREAK = 1.0  # seconds without the film that are one
CALM = 5.0  # seconds of film without a break: it goes on
STANDS = 25  # looks without a new picture, a second: what the video has then is noted
NOTES = f"""(() => {{
  const seen = window.seen = [], stood = window.stood = [], bars = {BARS};
  const spans = (of) => Array.from({{length: of.length}}, (_, n) => [of.start(n), of.end(n)]);
  let last, count = -1, still = 0;
  setInterval(() => {{
    const video = {VISIBLE};
    const now = video ? video.getVideoPlaybackQuality().totalVideoFrames : -1;
    if (video && (video !== last || now !== count)) {{
      seen.push([Date.now() / 1000, bars(video), video.videoWidth]);
      still = 0;
    }} else if (video && ++still % {STANDS} === 0) {{
      const {{currentTime, readyState, playbackRate, paused}} = video;
      const buffered = spans(video.buffered);
      stood.push([Date.now() / 1000, {{currentTime, buffered, readyState, playbackRate, paused}}]);
    }}
    last = video;
    count = now;
  }}, 40);
}})()"""


class Onlooker:
    """One page: what it showed, and how often it was loaded."""

    def __init__(self, way: str, page: Page) -> None:
        self.way = way
        self.shown = Shown()
        self.loads = 0
        self.stood: deque[tuple[float, dict[str, Any]]] = deque(maxlen=600)
        self._page = page
        page.on("load", self._count)

    def _count(self, page: Page) -> None:
        self.loads += 1

    async def look(self) -> None:
        """Fetch its notes, for ever."""
        while True:
            offset = time.time() - time.monotonic()
            with suppress(Error, TimeoutError):  # it loads, or stands still
                async with asyncio.timeout(PATIENCE):
                    notes, stood = await self._page.evaluate(
                        "[seen, stood].map((each) => each.splice(0))"
                    )
                self.stood += [(at - offset, had) for at, had in stood]
                for at, number, width in notes:
                    await self.shown.note(number, width, at - offset)
            await asyncio.sleep(LOOK)

    async def goes_on(self, since: float, within: float) -> float | None:
        """Wait until the film goes on; since when it does, None when it does not in time."""
        end = time.monotonic() + within
        while (now := time.monotonic()) < end:
            breaks = [
                later
                for earlier, later in self.shown.gaps(since, now, film=True)
                if later - earlier > BREAK
            ]
            began = breaks[-1] if breaks else since
            if now - began > CALM:
                return began
            await asyncio.sleep(LOOK)
        return None


@asynccontextmanager
async def looking_on(url: str, network: Network) -> AsyncIterator[list[Onlooker]]:
    """A page by each way, whose datagrams go through `network`."""
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(viewers.chromium_beside())
        found = []
        for way in WAYS:
            page = await browser.new_page(viewport={"width": 640, "height": 480})
            await page.add_init_script(NOTES)
            if way == "hls":
                await page.add_init_script("delete window.RTCPeerConnection")
            await network.stand_before(page)
            await page.goto(url)
            stack.push_async_callback(page.unroute_all, behavior="ignoreErrors")
            found.append(Onlooker(way, page))
        tasks = [asyncio.create_task(each.look()) for each in found]
        try:
            yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
