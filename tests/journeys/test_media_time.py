"""The time of the picture on screen, live and later, over a reconnect of the studio."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.async_api import Page

from streaming import link
from tests import servers
from tests.servers import Fabrique
from tests.studio import Studio
from tests.viewers import BARS
from tv.demo.scene import FRAME_RATE, frame_number

pytestmark = pytest.mark.slow

DELAY = 2.0

# Follows the channel by the socket and watches both feeds; notes of each frame the RTP timestamp,
# the number in its picture, the moment it is of by what the socket says, and when it was shown;
# none of those that are no longer what can be drawn when the browser tells of them, as it is late.
SCRIPT = """async () => {
  window.seen = { live: [], delayed: [] };
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/ws");
  socket.onopen = () => socket.send(JSON.stringify(
    { type: "hello", version: 1, topics: { "channel:plateau": "" } }));
  socket.onmessage = ({ data }) => {
    for (const item of JSON.parse(data).items ?? []) window.feeds = item.feeds;
  };
  const watch = async (feed, address) => {
    const video = document.body.appendChild(document.createElement("video"));
    video.muted = true; video.autoplay = true;
    const bars = BARS;
    const note = (now, { rtpTimestamp, mediaTime }) => {
      const drawn = new VideoFrame(video), same = 1e6 * mediaTime - drawn.timestamp;
      const pair = window.feeds?.[feed];
      if (rtpTimestamp !== undefined && pair && Math.abs(same) < 1000) {
        const number = bars(drawn);
        const time = pair.time + ((rtpTimestamp - pair.rtp) | 0) / pair.rate;
        window.seen[feed].push([rtpTimestamp, number, time, performance.now() / 1000]);
      }
      drawn.close();
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
    const peer = new RTCPeerConnection();
    for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
    peer.ontrack = ({ track }) => {
      if (track.kind === "video") video.srcObject = new MediaStream([track]);
    };
    await peer.setLocalDescription();
    const reply = await fetch(address, { method: "POST",
      headers: { "content-type": "application/sdp" }, body: peer.localDescription.sdp });
    if (!reply.ok) throw new Error(await reply.text());
    await peer.setRemoteDescription({ type: "answer", sdp: await reply.text() });
  };
  await watch("live", "/plateau/whep");
  await watch("delayed", "/plateau/whep?feed=delayed");
}""".replace("BARS", BARS)


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with servers.fabrique(WEBRTC__DELAY=str(DELAY)) as server:
        yield server


class Witness:
    """Decodes what is on air, as media gives it out: the number in each picture, and its time."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}  # by RTP timestamp
        self.times: dict[int, float] = {}

    async def watch(self, path: Path) -> None:
        decoder, config = av.CodecContext.create("h264", "r"), b""
        async with link.connected(path) as connection:
            connection.send(link.Follow("air", "plateau"))
            async for message in connection.receive():
                if not isinstance(message, link.Frame) or message.codec != "h264":
                    continue
                packet = message.packet
                if packet.config != config:
                    decoder, config = av.CodecContext.create("h264", "r"), packet.config
                    decoder.extradata = config
                    decoder.thread_count = 1
                made = av.Packet(packet.data)
                made.pts = round(packet.pts * 90_000)
                for frame in decoder.decode(made):
                    assert frame.pts is not None
                    stamp = frame.pts % 2**32
                    self.numbers[stamp] = frame_number(frame.to_ndarray(format="gray"))
                    self.times[stamp] = frame.pts / 90_000


@asynccontextmanager
async def witness(path: Path) -> AsyncIterator[Witness]:
    made = Witness()
    task = asyncio.create_task(made.watch(path))
    try:
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(page: Page, what: str) -> None:
    """Wait until both feeds show it: "film" or "slate"."""
    shows = "> 0" if what == "film" else "=== 0"
    fact = f"frames.length > 15 && frames.slice(-15).every((frame) => frame[1] {shows})"
    every = f"() => Object.values(seen).every((frames) => {fact})"
    await page.wait_for_function(every, timeout=60_000)


@pytest.mark.alone
async def test_a_page_knows_the_moment_it_shows_over_a_reconnect_of_the_studio(
    served: Fabrique, film: Path, tab: Page
) -> None:
    studio = Studio(film, served.rtmp())
    async with witness(served.folder.media_socket) as air:
        await tab.goto(f"{served.url}/livez")
        await tab.evaluate(SCRIPT)
        try:
            for _ in range(2):
                studio.start()
                await until(tab, "film")
                studio.kill()
                await until(tab, "slate")
        finally:
            studio.kill()
        seen: dict[str, list[Any]] = await tab.evaluate("seen")
        feeds = await tab.evaluate("feeds")
    assert {name: feed["delay"] for name, feed in feeds.items()} == {"live": 0, "delayed": DELAY}
    shown_at = {}
    for name, frames in seen.items():
        known = [frame for frame in frames if frame[0] in air.numbers and frame[1] > 0]
        assert len(known) > 2 * FRAME_RATE
        for stamp, number, time, _ in known:
            assert abs(air.times[stamp] - time) < 1 / FRAME_RATE
            assert number == air.numbers[stamp]
        shown_at[name] = {stamp: at for stamp, _, _, at in known}
    both = shown_at["live"].keys() & shown_at["delayed"].keys()
    later = sorted(shown_at["delayed"][stamp] - shown_at["live"][stamp] for stamp in both)
    assert abs(later[len(later) // 2] - DELAY) < 0.5
