"""How far sound is from picture where both come out: a clap in Chromium, live and delayed.

    python -m benchmarks.lip_sync [--seconds 30] [--delay 2] [--json lip_sync.json]

A film flashes and beeps each second. One page watches both feeds of it by WebRTC; of each clap it
notes when its picture is due on the screen, and when its sound comes out of the connection. What
is in between is the relay's (sender reports), the browser's (it sets sound and picture right once a
second), and of the machine: on a busy one the browser is late with either.
"""

import argparse
import asyncio
import json
import statistics
from pathlib import Path
from typing import Any

from streaming.feed import Feed
from streaming.webrtc.delayed import Delayed
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from tests.streaming.webrtc import clapper
from tests.viewers import chromium_beside

TOGETHER = 40  # ms
SETTLED = 10.0  # seconds that the browser has had to bring them together

SCRIPT = """async (feed) => {
  const video = document.body.appendChild(document.createElement("video"));
  video.autoplay = true;
  const canvas = document.createElement("canvas");
  canvas.width = 32; canvas.height = 18;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const seen = (window.seen ??= {})[feed] = { flashes: [], beeps: [], began: performance.now() };
  let white = false;
  const look = (now, frame) => {
    pen.drawImage(video, 0, 0, 32, 18);
    const bright = pen.getImageData(16, 4, 1, 1).data[0] > 120;
    if (bright && !white) seen.flashes.push(frame.expectedDisplayTime);
    white = bright;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  const listen = (track) => {
    const context = new AudioContext({ latencyHint: 0 });
    const ear = context.createAnalyser();
    ear.fftSize = 256;
    context.createMediaStreamSource(new MediaStream([track])).connect(ear);
    const samples = new Float32Array(ear.fftSize);
    let loud = false;
    setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      const loudest = samples.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      if (loudest > 0.1 && !loud) seen.beeps.push(performance.now());
      if (loudest > 0.1) loud = true;
      else if (loudest < 0.01) loud = false;
    }, 3);
  };
  const peer = new RTCPeerConnection(), stream = new MediaStream();
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
  peer.ontrack = ({ track }) => {
    stream.addTrack(track);
    video.srcObject = stream;
    if (track.kind === "audio") listen(track);
  };
  await peer.setLocalDescription();
  const answer = await window.answer(feed, peer.localDescription.sdp);
  await peer.setRemoteDescription({ type: "answer", sdp: answer });
}"""


async def watch(seconds: float, delay: float) -> Any:
    """What a page has seen and heard of both feeds."""
    film = clapper.make(round(seconds + delay) + 5, 1_800_000_000.0)
    feed, mux = Feed(), Mux()
    live = Relay(feed, mux=mux)
    delayed = Delayed(feed, delay, lambda later: Relay(later, mux=mux))
    relays = {"live": live, "delayed": delayed.open()}

    async def answer(name: str, sdp: str) -> str:
        return (await relays[name].answer(sdp))[1]

    try:
        async with chromium_beside() as browser:
            page = await browser.new_page()
            await page.expose_function("answer", answer)
            async with film.playing(feed):
                await asyncio.gather(*(page.evaluate(SCRIPT, name) for name in relays))
                await asyncio.sleep(seconds + delay)
                return await page.evaluate("window.seen")
    finally:
        await delayed.close()
        await live.close()
        await mux.close()


def apart(seen: Any) -> dict[str, float]:
    """By how many ms the sound of a clap comes after its picture."""
    late: list[tuple[float, float]] = []
    for beep in seen["beeps"]:
        near = min(seen["flashes"], key=lambda flash: abs(flash - beep))
        if abs(near - beep) < 500:  # else its picture was not shown
            late.append(((beep - seen["began"]) / 1000, beep - near))
    first = [ms for at, ms in late if at < SETTLED]
    then = [ms for at, ms in late if at >= SETTLED]
    return {
        "claps": len(late),
        "first_median_ms": round(statistics.median(first), 1),
        "first_worst_ms": round(max((abs(ms), ms) for ms in first)[1], 1),
        "settled_median_ms": round(statistics.median(then), 1),
        "settled_worst_ms": round(max((abs(ms), ms) for ms in then)[1], 1),
        "settled_within_40_ms": round(sum(abs(ms) <= TOGETHER for ms in then) / len(then), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--delay", type=float, default=2.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seen = asyncio.run(watch(options.seconds, options.delay))
    results = {feed: apart(each) for feed, each in seen.items()}
    print(f"sound after picture, ms; settled: after {SETTLED:g} s")
    for feed, figures in results.items():
        print(f"{feed:>8}", *(f"{name} {value}" for name, value in figures.items()))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
