"""Who watches while a studio is mistreated: a WebRTC peer, hls.js in Chromium, and the link.

Each notes what it saw and when, by the monotonic clock, so that one run tells of all of them.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from aiortc.mediastreams import MediaStreamError
from playwright.async_api import Page, Route

from benchmarks._hls_crowd import Part
from streaming import link
from streaming.errors import LinkLost
from streaming.hls.window import PartAdded, SegmentOpened, Window, WindowEvent
from tests import viewers
from tests.servers import Fabrique
from tests.viewers import BARS
from tv.demo.scene import frame_number

HLS_JS = Path(__file__).parents[1] / "tv/web/node_modules/hls.js/dist/hls.min.js"
# The product's settings of hls.js; what the player shows is read from the film's bar code.
PLAYER = """<!doctype html><video muted playsinline width=256></video><script src=/hls.js></script>
<script>
const video = document.querySelector("video");
const bars = BARS;
const seen = window.seen = {fatal: [], errors: [], waits: 0, frames: [], dates: []};
const now = () => performance.timeOrigin + performance.now();
const hls = window.hls = new Hls({enableWorker: false, lowLatencyMode: true,
  maxLiveSyncPlaybackRate: 1.1, liveSyncOnStallIncrease: 0, backBufferLength: 30});
hls.on(Hls.Events.ERROR, (_, data) =>
  (data.fatal ? seen.fatal : seen.errors).push(data.details + " " + (data.error || "")));
video.addEventListener("waiting", () => seen.waits++);
function note() {
  seen.frames.push([now() / 1000, bars(video), video.videoWidth]);
  if (hls.playingDate) seen.dates.push(hls.playingDate.getTime() / 1000 - video.currentTime);
  video.requestVideoFrameCallback(note);
}
video.requestVideoFrameCallback(note);
hls.loadSource("/CHANNEL/index.m3u8"); hls.attachMedia(video); video.play();
</script>""".replace("BARS", BARS)


@dataclass
class Shown:
    """Frames as a viewer saw them: (monotonic seconds, number in the film or 0)."""

    frames: list[tuple[float, int]] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def gaps(self, start: float, end: float, film: bool = False) -> list[tuple[float, float]]:
        """From each frame (of the film) to the next one, in this time."""
        seen = (at for at, number in self.frames if number > 0 or not film)
        return list(pairwise([start, *(at for at in seen if start <= at <= end), end]))

    def longest_gap(self, start: float, end: float, film: bool = False) -> float:
        """Seconds between two frames (of the film) that were seen in this time."""
        return max(later - earlier for earlier, later in self.gaps(start, end, film))

    def first(self, after: float, film: bool) -> float | None:
        """When the film (or what is not the film) was first seen."""
        return next((at for at, number in self.frames if at > after and (number > 0) == film), None)

    async def sees(self, film: bool, after: float, seconds: float) -> float | None:
        """Wait for it; None when it is not seen in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(lambda: self.first(after, film) is not None)
        return self.first(after, film)

    async def note(self, number: int, width: int, at: float | None = None) -> None:
        self.frames.append((time.monotonic() if at is None else at, number))
        if not self.sizes or self.sizes[-1] != width:
            self.sizes.append(width)
        async with self.changed:
            self.changed.notify_all()


@dataclass
class Air:
    """What media said: the channel's states, and the parts of its window."""

    states: list[tuple[float, link.ChannelState]] = field(default_factory=list)
    made: dict[Part, float] = field(default_factory=dict)  # when each part was
    window: Window = field(default_factory=Window)
    hole: float = 0.0  # the longest between two segments, in seconds of the timeline
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self, server: Fabrique, channel: str = "plateau") -> None:
        """Follow media for ever, also a new one."""
        while True:
            with suppress(LinkLost):
                async with link.connected(server.folder.media_socket) as peer:
                    peer.send(link.Follow("hls"))
                    async for message in peer.receive():
                        await self._take(message, channel)
            await asyncio.sleep(0.1)

    async def _take(self, message: object, channel: str) -> None:
        now = time.monotonic()
        if isinstance(message, link.ChannelState) and message.channel == channel:
            self.states.append((now, message))
            async with self.changed:
                self.changed.notify_all()
        if isinstance(message, link.WindowChanged) and message.channel == channel:
            for event in message.events:
                self._apply(event, now)

    def _apply(self, event: WindowEvent, now: float) -> None:
        last = self.window.last
        self.window.apply(event)
        if isinstance(event, PartAdded):
            self.made[event.msn, event.index] = now
        elif isinstance(event, SegmentOpened) and last is not None:
            self.hole = max(self.hole, abs(event.start - last.end))

    async def shows(self, slot: str, seconds: float) -> None:
        """Wait until this slot, or the slate, is on air. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(
                lambda: bool(self.states) and self.states[-1][1].on_air == slot
            )


@dataclass
class Witnesses:
    webrtc: Shown
    hls: Shown
    air: Air
    page: Page
    lost: int = 0  # WebRTC connections that ended

    async def player(self) -> dict[str, Any]:
        """What hls.js counted: fatal and other errors, waits for the picture."""
        seen: dict[str, Any] = await self.page.evaluate(
            "({fatal: seen.fatal, errors: seen.errors, waits: seen.waits, dates: seen.dates})"
        )
        return seen


@asynccontextmanager
async def watching(server: Fabrique, channel: str = "plateau") -> AsyncIterator[Witnesses]:
    """All of them, until the body ends; it begins when each sees something."""

    async def script(route: Route) -> None:
        await route.fulfill(path=HLS_JS, content_type="text/javascript")

    async def document(route: Route) -> None:
        await route.fulfill(body=PLAYER.replace("CHANNEL", channel), content_type="text/html")

    async with viewers.chromium_beside() as browser, viewers.whep(server.url, channel) as peer:
        page = await browser.new_page()
        await page.route("**/hls.js", script)
        await page.route("**/witness.html", document)
        await page.goto(f"{server.url}/witness.html")
        found = Witnesses(Shown(), Shown(), Air(), page)
        tasks = [
            asyncio.create_task(work)
            for work in (_follow(found, peer), _look(found), found.air.listen(server, channel))
        ]
        try:
            for shown in (found.webrtc, found.hls):
                async with asyncio.timeout(30), shown.changed:
                    await shown.changed.wait_for(lambda shown=shown: bool(shown.frames))
            yield found
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(found: Witnesses, peer: viewers.Peer) -> None:
    try:
        while True:
            frame = await peer.picture()
            gray = frame.to_ndarray(format="gray")
            await found.webrtc.note(frame_number(gray), frame.width)
    except MediaStreamError:
        found.lost += 1


async def _look(found: Witnesses) -> None:
    offset = time.time() - time.monotonic()
    while True:
        frames = await found.page.evaluate("seen.frames.splice(0)")
        for at, number, width in frames:
            await found.hls.note(number, width, at - offset)
        await asyncio.sleep(0.05)


def summary(values: list[float]) -> dict[str, float]:
    """Median and worst, in seconds."""
    return {"median": round(statistics.median(values), 2), "worst": round(max(values), 2)}
