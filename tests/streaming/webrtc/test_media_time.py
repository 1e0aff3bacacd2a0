"""In Chromium: which moment is on screen, and whether it is heard then, on both feeds at once."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page

from streaming.feed import Feed
from streaming.webrtc import rtp
from streaming.webrtc.delayed import Delayed
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from tests.streaming.webrtc import clapper
from tests.viewers import BARS

DELAY = 1.5
TOGETHER = 0.040  # seconds between sound and picture

# Watches a feed; notes of each frame its RTP timestamp and the number in its picture, if that is
# still what can be drawn when the browser tells of it (else null, as it is late), and four times a
# second which moment of sound and picture is being played.
SCRIPT = """async (feed) => {
  const video = document.body.appendChild(document.createElement("video"));
  video.muted = false; video.autoplay = true;
  const bars = BARS;
  const seen = (window.seen ??= {})[feed] = { frames: [], played: [] };
  const note = (now, frame) => {
    const drawn = new VideoFrame(video), same = 1e6 * frame.mediaTime - drawn.timestamp;
    seen.frames.push([frame.rtpTimestamp, Math.abs(same) < 1000 ? bars(drawn) : null]);
    drawn.close();
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  const peer = new RTCPeerConnection(), stream = new MediaStream();
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
  peer.ontrack = ({ track }) => { stream.addTrack(track); video.srcObject = stream; };
  await peer.setLocalDescription();
  const answer = await window.answer(feed, peer.localDescription.sdp);
  await peer.setRemoteDescription({ type: "answer", sdp: answer });
  setInterval(async () => {
    const found = {};
    for (const item of (await peer.getStats()).values())
      if (item.type === "inbound-rtp") found[item.kind] = item.estimatedPlayoutTimestamp;
    if (found.audio && found.video) seen.played.push([found.audio, found.video]);
  }, 250);
}""".replace("BARS", BARS)


async def until(page: Page, feed: str, number: int) -> Any:
    """Wait until the picture with this number has been shown; return what was seen."""
    fact = f"window.seen?.['{feed}']?.frames.some((frame) => frame[1] >= {number})"
    await page.wait_for_function(f"() => {fact}", timeout=30_000)
    return await page.evaluate(f"window.seen['{feed}'].frames")


async def until_together(page: Page, feed: str) -> None:
    """Wait until sound and picture have been together for two seconds.

    Chromium brings one to the other a little each second, once it has two reports of each, and
    leaves it at 30 ms; it is late when the machine is.
    """
    near = f"([sound, picture]) => Math.abs(sound - picture) < {1000 * TOGETHER}"
    fact = f"(played) => played.length > 8 && played.slice(-8).every({near})"
    await page.wait_for_function(
        f"() => ({fact})(window.seen?.['{feed}']?.played ?? [])", timeout=40_000
    )


@pytest.mark.alone
@pytest.mark.slow
async def test_a_page_can_tell_the_picture_it_shows_across_the_wrap_of_all_timestamps(
    tab: Page,
) -> None:
    film = clapper.make(60, 2514 * clapper.WRAP - 4.0)
    feed, mux = Feed(), Mux()
    relays = {"live": Relay(feed, mux=mux)}
    delayed = Delayed(feed, DELAY, lambda feed: Relay(feed, mux=mux))
    relays["delayed"] = delayed.open()

    async def answer(name: str, sdp: str) -> str:
        return (await relays[name].answer(sdp))[1]

    try:
        await tab.expose_function("answer", answer)
        async with film.playing(feed):
            await asyncio.gather(*(tab.evaluate(SCRIPT, name) for name in relays))
            seen = {name: await until(tab, name, 200) for name in relays}
            for name in relays:
                await until_together(tab, name)
    finally:
        await delayed.close()
        await relays["live"].close()
        await mux.close()

    pair = (rtp.timestamp(film.start, 90_000), film.start)  # as a page is told
    for each in seen.values():
        frames = [frame for frame in each if frame[0]]
        assert len(frames) > 100
        told = [(stamp, number) for stamp, number in frames if number is not None]
        assert len(told) > 0.5 * len(frames)
        assert {stamp > 2**31 for stamp, _ in told} == {False, True}
        for stamp, number in told:
            ahead = (stamp - pair[0] + 2**31) % 2**32 - 2**31
            time = pair[1] + ahead / 90_000
            assert number == round((time - film.start) * clapper.FRAME_RATE)
