"""A channel's renditions as a server has them: a player goes from one to another, whoever dies."""

import io
import subprocess
from asyncio import sleep, timeout
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import httpx
import m3u8
import pytest
from playwright.async_api import Page, Route

from tests.servers import Fabrique, fabrique

pytestmark = pytest.mark.slow

HLS_JS = Path(__file__).parents[2] / "tv/web/node_modules/hls.js/dist/hls.min.js"
PAGE = """<!doctype html><video muted playsinline></video><script src=/hls.js></script><script>
const video = document.querySelector("video");
const seen = window.seen = {fatal: []};
function start(url) {
  const hls = window.hls = new Hls({lowLatencyMode: true});
  hls.on(Hls.Events.ERROR, (_, data) => data.fatal && seen.fatal.push(data.details));
  hls.loadSource(url); hls.attachMedia(video); video.play();
}
// Shown of so many lines, and that many seconds further than when this was first asked.
function goesOn(lines, seconds) {
  seen.from ??= video.currentTime;
  const done = video.videoHeight === lines && video.currentTime > seen.from + seconds;
  if (done) seen.from = undefined;
  return done;
}
</script>"""


@contextmanager
def studio(address: str) -> Iterator[None]:
    """A picture of 480 lines and a tone, from a crew's encoder."""
    process = subprocess.Popen([
        "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i",
        "testsrc2=s=640x480:r=25", "-f", "lavfi", "-i", "sine", "-c:v", "libx264", "-preset",
        "ultrafast", "-tune", "zerolatency", "-g", "50", "-c:a", "aac", "-f", "flv", address,
    ])  # fmt: skip
    try:
        yield
    finally:
        process.kill()
        process.communicate()


async def playing(tab: Page, server: Fabrique) -> None:
    """A page of the server's that plays by hls.js."""

    async def script(route: Route) -> None:
        await route.fulfill(path=HLS_JS, content_type="text/javascript")

    async def blank(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    await tab.route("**/hls.js", script)
    await tab.route("**/blank", blank)
    await tab.goto(f"{server.url}/blank")


async def variants(client: httpx.AsyncClient, *names: str) -> m3u8.M3U8:
    """The channel's multivariant playlist, once these are its variants."""
    async with timeout(40):
        while True:
            reply = await client.get("/plateau/index.m3u8")
            if reply.status_code == 200:
                playlist = m3u8.loads(reply.text, str(reply.url))
                if [each.uri for each in playlist.playlists] == list(names):
                    return playlist
            await sleep(0.1)  # another process: ask


async def media(client: httpx.AsyncClient, folder: str) -> m3u8.M3U8:
    reply = await client.get(f"{folder}media.m3u8")
    return m3u8.loads(reply.text, str(reply.url))


async def test_players_choose_among_renditions_and_outlive_them(tab: Page) -> None:
    source, small, audio = "media.m3u8", "240p/media.m3u8", "audio/media.m3u8"
    with (
        fabrique(LADDER__RENDITIONS="240p", LADDER__ENCODER="libx264") as server,
        studio(server.rtmp()),
    ):
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as client:
            await playing(tab, server)
            listed = await variants(client, source, small, audio)
            sizes = [each.stream_info.resolution for each in listed.playlists]
            assert sizes == [(640, 480), (320, 240), None]
            rates = [each.stream_info.bandwidth for each in listed.playlists]
            assert rates == sorted(rates, reverse=True)
            assert rates[2] < 200_000

            alone = await media(client, "/plateau/audio/")
            whole = next(each for each in alone.segments if each.uri and each.duration > 1.9)
            init = await client.get(whole.init_section.absolute_uri)
            segment = await client.get(whole.absolute_uri)
            with av.open(io.BytesIO(init.content + segment.content), "r") as file:
                assert not file.streams.video
                assert len(list(file.decode(audio=0))) > 80

            await tab.evaluate("start('/plateau/index.m3u8')")
            await tab.wait_for_function("goesOn(480, 2)", timeout=30_000)
            assert await tab.evaluate("hls.levels.map((it) => it.height)") == [240, 480]
            await tab.evaluate("hls.nextLevel = 0")
            await tab.wait_for_function("goesOn(240, 2)", timeout=30_000)
            await tab.evaluate("hls.nextLevel = -1")  # its own choice again

            server.kill("ladder")
            await tab.wait_for_function("goesOn(480, 4)", timeout=30_000)
            await variants(client, source, small, audio)
            assert not await tab.evaluate("seen.fatal")
            listed_now = (await media(client, "/plateau/")).segments
            assert not [each.uri for each in listed_now if each.gap_tag]
