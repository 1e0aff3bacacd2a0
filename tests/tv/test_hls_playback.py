"""hls.js in a real browser, through a loss of the studio and its return."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

from captions.cues import Cue
from streaming.hls.packager import Packager
from streaming.packet import Packet
from tests.streaming.hls.film import Film, film, moved
from tests.tv.hls.site import Site, visiting

HLS_JS = Path(__file__).parents[2] / "tv/web/node_modules/hls.js/dist/hls.min.js"
pytestmark = pytest.mark.slow
LOW_LATENCY = "{lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.1}"
PAGE = """<!doctype html><video muted playsinline width=256></video><script src=/hls.js></script>
<script>
const video = document.querySelector("video");
const seen = window.seen =
  {fatal: [], errors: [], waits: 0, parts: [], latencies: [], sizes: [], cues: {}};
const wait = (ready) => new Promise((done) => {
  const timer = setInterval(() => ready() && (clearInterval(timer), done()), 50);
});
function start(url, config) {
  const hls = window.hls = new Hls(config);
  hls.on(Hls.Events.ERROR, (_, data) =>
    (data.fatal ? seen.fatal : seen.errors).push(data.details + " " + (data.error || "")));
  hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => {
    hls.subtitleTrack = 0; hls.subtitleDisplay = true;
  });
  hls.on(Hls.Events.FRAG_LOADED, (_, {frag, part}) => seen.parts.push(part?.index ?? null));
  video.addEventListener("waiting", () => seen.waits++);
  video.addEventListener("resize", () => seen.sizes.push(video.videoWidth));
  hls.loadSource(url); hls.attachMedia(video); video.play();
  setInterval(() => {
    if (!video.paused && video.readyState > 2) seen.latencies.push(hls.latency);
    for (const track of video.textTracks) for (const cue of track.activeCues || [])
      seen.cues[cue.text] ??= [hls.playingDate.getTime() / 1000, cue.endTime - cue.startTime];
  }, 50);
}
</script>"""


class OnAir:
    """A channel played in real time: a studio, a slate while it is away, the studio again.

    `killed` is when media dies, to be back two seconds later: what was on its way is lost. `age` is
    for how long the channel has been there before.
    """

    def __init__(
        self,
        site: Site,
        *scenes: Film,
        history: float = 0.0,
        killed: float | None = None,
        age: float = 1000.0,
    ) -> None:
        self.began = time.time() - history
        self.over = asyncio.Event()
        self._site = site
        self._killed = killed
        self._age = age
        self._numbers = itertools.count(1)
        self._packager = self._start_packager(epoch=1)
        self._due = iter([pair for scene in scenes for pair in scene.interleaved()])
        self._loop = asyncio.get_running_loop()
        self._start = self._loop.time() - history
        self._next()

    def _start_packager(self, epoch: int) -> Packager:
        return Packager(
            origin=self.began - self._age,
            epoch=epoch,
            next_msn=self._numbers.__next__,
            next_discontinuity=itertools.count(2 * epoch).__next__,
            emit=self._site.window.apply,
        )

    def _next(self) -> None:
        kind, packet = next(self._due, ("over", None))
        if packet is None:
            self.over.set()
            return
        due = packet.dts
        if self._killed is not None and due >= self._killed:
            due = self._killed + 2.0
            self._killed = None
            self._packager = self._start_packager(epoch=2)
        self._loop.call_at(self._start + due, self._send, kind, packet)

    def _send(self, kind: str, packet: Packet) -> None:
        placed = moved(packet, self.began)
        (self._packager.video if kind == "video" else self._packager.sound)(placed)
        self._next()


def scenes(*lengths: float, **second: int) -> Sequence[Film]:
    """Studio, slate, studio …, each so long, under one sound that never stops.

    `second` is what every second one has of its own.
    """
    other = {"rate": 25, "gop": 50, "width": 192} | second
    made: list[Film] = []
    start = 0.0
    sound = film(sum(lengths)).sound
    for number, length in enumerate(lengths):
        video = film(length) if number % 2 == 0 else film(length, **other)
        heard = [packet for packet in sound if start <= packet.dts < start + length]
        made.append(Film(video.moved(start).video, tuple(heard)))
        start += length
    return made


@contextlib.asynccontextmanager
async def showing(tab: Page, site: Site) -> AsyncIterator[Page]:
    """A page that can play what a server on loopback has: `start(path, config)` begins."""

    async def script(route: Route) -> None:
        await route.fulfill(path=HLS_JS, content_type="text/javascript")

    async def document(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    async with visiting(site) as client:
        await tab.route("**/hls.js", script)
        await tab.route("**/player.html", document)
        await tab.goto(f"{client.base_url}/player.html")
        yield tab


async def play(page: Page, path: str, config: str, on_air: OnAir) -> dict[str, Any]:
    """Play `path` until the show is over; return what the page has seen."""
    await page.evaluate(f"start('{path}', {config})")
    await on_air.over.wait()
    seen: dict[str, Any] = await page.evaluate("window.seen")
    return seen


@pytest.mark.alone  # how late it is, is told of a machine that has time for it
async def test_low_latency_player_goes_through_two_losses_of_the_studio(tab: Page) -> None:
    site, show = Site(), scenes(9.7, 3.3, 4.0, 3.0, 4.0)
    async with asyncio.timeout(60), showing(tab, site) as page:
        on_air = OnAir(site, *show, history=7.0)
        seen = await play(page, "/plateau/index.m3u8", LOW_LATENCY, on_air)
    latencies = sorted(seen["latencies"])
    assert seen["fatal"] == []
    assert seen["sizes"] == [128, 192, 128, 192, 128]
    assert latencies[len(latencies) // 2] < 3.0
    # It may wait for its first part, and once at each loss on a machine that is busy.
    assert seen["waits"] <= 3, seen


@pytest.mark.alone  # a player that is late asks for whole segments
async def test_low_latency_player_goes_through_a_slate_that_only_flashes(tab: Page) -> None:
    """Behind segments as short as that it goes on by parts: else it would stand for a second."""
    site, show = Site(), scenes(10.1, 0.04, 4.1, 0.08, 4.0)
    async with asyncio.timeout(60), showing(tab, site) as page:
        on_air = OnAir(site, *show, history=7.0)
        seen = await play(page, "/plateau/index.m3u8", LOW_LATENCY, on_air)
    assert seen["fatal"] == []
    assert seen["sizes"][-1] == 128
    assert None not in seen["parts"][seen["parts"].index(0) :], seen


async def test_low_latency_player_shows_b_frames_from_their_first_keyframe_on(tab: Page) -> None:
    """That keyframe is the only one: a player that loses a picture shows nothing any more."""
    site, show = Site(), scenes(9.7, 9.0, gop=500, b_frames=2)
    async with asyncio.timeout(60), showing(tab, site) as page:
        on_air = OnAir(site, *show, history=7.0)
        seen = await play(page, "/plateau/index.m3u8", LOW_LATENCY, on_air)
        shown = await page.evaluate("document.querySelector('video').currentTime")
        ends = await page.evaluate("hls.liveSyncPosition")
    assert seen["fatal"] == []
    assert seen["sizes"] == [128, 192]
    assert shown > ends - 3.0


async def test_low_latency_player_goes_through_a_restart_of_media(tab: Page) -> None:
    site, show = Site(), scenes(10.0, 7.0)
    async with asyncio.timeout(60), showing(tab, site) as page:
        on_air = OnAir(site, *show, history=7.0, killed=10.0)
        seen = await play(page, "/plateau/index.m3u8", LOW_LATENCY, on_air)
    assert seen["fatal"] == []
    assert seen["sizes"] == [128, 192]
    assert seen["latencies"][-1] < 6.0


async def test_synchronised_captions_show_when_they_are_heard(tab: Page) -> None:
    """Also when the 33 bits of an MPEG-TS clock have wrapped, a moment before one joins."""
    site, show = Site(clock=time.time), scenes(20.7, 2.3, 13.0)
    async with asyncio.timeout(60), showing(tab, site) as page:
        on_air = OnAir(site, *show, history=20.0, age=2**33 / 90_000 - 18.0)
        # Each cue is written three seconds after it was heard, as the captions process would.
        for number in range(36):
            start = on_air.began + number + 0.3
            cue = Cue(f"c{number}", 1, start, start + 0.8, (f"Phrase {number}",))
            asyncio.get_running_loop().call_later(number + 4.1 - 20, site.cues.append, cue)
        seen = await play(page, "/plateau/sync.m3u8", "{}", on_air)
    assert seen["fatal"] == []
    shown = {int(text.split()[1]): at for text, (at, _) in seen["cues"].items()}
    numbers = sorted(shown)
    assert len(numbers) >= 10, seen
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    late = [shown[number] - (on_air.began + number + 0.3) for number in numbers[1:]]
    assert max(map(abs, late)) < 0.3, late
