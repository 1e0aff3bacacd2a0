"""What a WebRTC viewer sees through bad networks: freezes, and how late the picture is.

    python -m benchmarks.weather [--rows loss] [--seconds 20] [--json weather.json]

A film of 720p30 at 2 Mbit/s comes by RTMP, untouched; Chromium watches by WHEP through the proxy of
tests/impairment.py. Each row is a new connection in clear weather, then `--seconds` of the row's
weather, then clear weather again until the picture is as late as before. In the rows of a WHIP
studio the viewer's network is clear and the studio's is not. Where nothing else is said the picture
is watched without its sound: with it, Chromium makes the picture as late as it buffers the sound,
beginning some ten seconds after the first report of the sender. What is usual with sound is what is
so after that, and a row in clear weather shows how it goes on.

- freezes: those of getStats() (a gap of three frames and 150 ms), and the longest gap between two
  pictures by requestVideoFrameCallback;
- late: from when a picture has left the server, seen by the proxy, to when it is shown (of a WHIP
  studio: from the picture's own time, as its RTP timestamp has it);
- behind: from the picture's own time in every row;
- back: seconds after the weather has cleared until a second begins whose median is within `NEAR` of
  what was usual before.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route, async_playwright

from benchmarks import _encoders, _film
from benchmarks._encoders import Run
from tests import viewers
from tests.impairment import CLEAR, Network, Weather, bad_network
from tests.servers import fabrique

SETTLING = 4.0  # seconds, the last two of which tell what is usual
IN_STEP = 25.0  # seconds until that is so where there is sound
NEAR = 0.05  # seconds
RETURNING = 15.0  # seconds, at most
JOINS = 20
JOINED_WITHIN = 8.0  # seconds

PAGE = """<!doctype html><title>WHEP</title><video muted autoplay playsinline></video><script>
const video = document.querySelector("video"), frames = [];
function note(_, {expectedDisplayTime, rtpTimestamp}) {
  frames.push([(performance.timeOrigin + expectedDisplayTime) / 1000, rtpTimestamp]);
  video.requestVideoFrameCallback(note);
}
async function watch(kinds) {
  const peer = window.peer = new RTCPeerConnection(), stream = new MediaStream();
  for (const kind of kinds) peer.addTransceiver(kind, {direction: "recvonly"});
  peer.ontrack = ({track}) => { stream.addTrack(track); video.srcObject = stream; };
  peer.oniceconnectionstatechange = () => {
    if (peer.iceConnectionState === "connected") window.ice ??= performance.now(); };
  peer.onconnectionstatechange = () => {
    if (peer.connectionState === "connected") window.dtls ??= performance.now(); };
  video.requestVideoFrameCallback(() => { window.first = performance.now(); });
  video.requestVideoFrameCallback(note);
  await peer.setLocalDescription();
  const reply = await fetch("/plateau/whep", {
    method: "POST", headers: {"content-type": "application/sdp"}, body: peer.localDescription.sdp,
  });
  if (!reply.ok) throw new Error(await reply.text());
  window.session = reply.headers.get("location");
  await peer.setRemoteDescription({type: "answer", sdp: await reply.text()});
}
async function stats() {
  const all = [...(await peer.getStats()).values()];
  return all.find(item => item.type === "inbound-rtp" && item.kind === "video") ?? {};
}
</script>"""


@dataclass(frozen=True)
class Row:
    name: str
    down: Weather = CLEAR
    up: Weather = CLEAR
    studio: bool = False  # it is a WHIP studio whose network this is
    joins: bool = False  # many come in this weather
    sound: bool = False  # it is heard too
    seconds: float | None = None  # that it lasts


FAR = Weather(loss=0.05, delay=0.04)
ROWS = (
    Row("clear"),
    Row("loss 1 %", Weather(loss=0.01)),
    Row("loss 5 %", Weather(loss=0.05)),
    Row("loss 10 %", Weather(loss=0.1)),
    Row("clear, with sound", sound=True),
    Row("loss 5 %, with sound", Weather(loss=0.05), sound=True),
    Row("loss 5 %, both ways, 80 ms", FAR, FAR),
    Row("bursts of 20, 5 %", Weather(loss=0.05, burst=20)),
    Row("cut for 1 s", Weather(loss=1), Weather(loss=1), seconds=1.0),
    Row("reorder 10 %, 20 ms", Weather(reorder=0.1, behind=0.02)),
    Row("duplicates 10 %", Weather(duplicate=0.1)),
    Row("jitter 100 ms", Weather(jitter=0.1)),
    Row("jitter 100 ms, out of order", Weather(scatter=0.1)),
    Row("3 Mbit/s, 200 ms queue", Weather(rate=3e6, queue=75_000)),
    Row("joins, loss 5 %", Weather(loss=0.05), joins=True),
    Row("WHIP studio, clear", studio=True),
    Row("WHIP studio, loss 5 %", up=Weather(loss=0.05), studio=True),
    Row("WHIP studio, loss 10 %", up=Weather(loss=0.1), studio=True),
)  # fmt: skip


class Left:
    """When each RTP timestamp has left the server, by the wall clock."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}

    def note(self, datagram: bytes) -> None:
        """Take what passes the proxy, in its thread."""
        if 127 < datagram[0] < 192 and not 192 <= datagram[1] <= 223:
            self._at.setdefault(int.from_bytes(datagram[4:8], "big"), time.time())
            if len(self._at) > 4096:
                del self._at[next(iter(self._at))]

    def at(self, stamp: int) -> float | None:
        return self._at.get(stamp)


@dataclass
class Seen:
    """What a page has shown: (when by its wall clock, how late, how far behind), in seconds."""

    page: Page
    left: Left | None = None
    frames: list[tuple[float, float, float]] = field(default_factory=list)

    async def look(self) -> None:
        for at, stamp in await self.page.evaluate("frames.splice(0)"):
            behind = ((round(at * 90_000) - stamp + 2**31) % 2**32 - 2**31) / 90_000
            left = None if self.left is None else self.left.at(stamp)
            self.frames.append((at, behind if left is None else at - left, behind))

    async def watch(self, seconds: float) -> None:
        end = time.time() + seconds
        while time.time() < end:
            await asyncio.sleep(0.1)
            await self.look()

    def late(self, start: float, end: float = float("inf")) -> list[float]:
        return [late for at, late, _ in self.frames if start <= at < end]

    def behind(self, start: float, end: float) -> list[float]:
        return [behind for at, _, behind in self.frames if start <= at < end]

    def longest_gap(self, start: float, end: float) -> float:
        before = [at for at, *_ in self.frames if at < start][-1:]
        times = before + [at for at, *_ in self.frames if start <= at <= end]
        return max((after - before for before, after in pairwise(times)), default=end - start)

    async def back(self, usual: float, since: float) -> float | None:
        """Seconds from `since` until all is as it was; None when it does not come to that."""
        while time.time() < since + RETURNING:
            await self.watch(0.2)
            shown = [at for at, *_ in self.frames if at >= since]
            for at in shown:
                if at + 1.0 > shown[-1]:
                    break
                if statistics.median(self.late(at, at + 1.0)) <= usual + NEAR:
                    return at - since
        return None


@asynccontextmanager
async def watching(
    browser: Browser, url: str, network: Network | None, sound: bool = False
) -> AsyncIterator[Page]:
    async def document(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    page = await browser.new_page()
    try:
        await page.route("**/weather.html", document)
        if network is not None:
            await network.stand_before(page)
        await page.goto(f"{url}/weather.html")
        await page.evaluate("watch", ["video", "audio"] if sound else ["video"])
        yield page
        await page.evaluate("fetch(session, {method: 'DELETE'})")
    finally:
        await page.close()


async def measure(row: Row, browser: Browser, url: str, seconds: float) -> dict[str, Any]:
    with bad_network() as network:
        left = Left()
        network.tap = left.note
        async with watching(browser, url, network, row.sound) as page:
            return await _measure(row, network, Seen(page, left), seconds)


async def _measure(row: Row, network: Network, seen: Seen, seconds: float) -> dict[str, Any]:
    page = seen.page
    await page.wait_for_function("window.first", timeout=20_000)
    await seen.watch(IN_STEP if row.sound else SETTLING)
    begun, before = time.time(), await page.evaluate("stats()")
    usual = statistics.median(seen.late(begun - 2))
    network.down.weather, network.up.weather = row.down, row.up
    await seen.watch(row.seconds or seconds)
    network.down.weather = network.up.weather = CLEAR
    cleared, then = time.time(), await page.evaluate("stats()")
    back = await seen.back(usual, cleared)
    ended, after = time.time(), await page.evaluate("stats()")
    late = seen.late(begun, cleared)

    def more(name: str, until: dict[str, Any] = after) -> float:
        return float(until.get(name, 0) - before.get(name, 0))

    def buffered(one: dict[str, Any], other: dict[str, Any]) -> int:
        count = other["jitterBufferEmittedCount"] - one["jitterBufferEmittedCount"]
        spent = other["jitterBufferDelay"] - one["jitterBufferDelay"]
        return round(1000 * spent / count) if count else -1

    return {
        "row": row.name,
        "seconds": round(cleared - begun, 1),
        "freezes": int(more("freezeCount")),
        "frozen_s": round(more("totalFreezesDuration"), 2),
        "longest_gap_ms": round(1000 * seen.longest_gap(begun, ended)),
        "late_before_ms": round(1000 * usual),
        "late_p50_ms": _at(late, 0.5),
        "late_p95_ms": _at(late, 0.95),
        "late_after_ms": _at(seen.late(ended - 1), 0.5),
        "behind_ms": _at(seen.behind(begun, cleared), 0.5),
        "back_s": None if back is None else round(back, 1),
        "jitter_buffer_ms": buffered(before, then),
        "nacks": int(more("nackCount")),
        "resent": int(more("retransmittedPacketsReceived")),
        "plis": int(more("pliCount")),
        "frames": int(more("framesDecoded")),
        "frames_dropped": int(more("framesDropped")),
        "datagrams_lost": network.down.lost + network.up.lost,
        "round_trip_ms": round(1000 * after.get("roundTripTime", 0)),
    }  # fmt: skip


def _at(seconds: list[float], share: float) -> int | None:
    """A quantile, in milliseconds; None of nothing."""
    return round(1000 * sorted(seconds)[int(len(seconds) * share)]) if seconds else None


async def join(row: Row, browser: Browser, url: str) -> dict[str, Any]:
    """How soon those who come in this weather have a picture, from ICE and from DTLS on."""
    took: list[tuple[float, float]] = []
    plis = 0
    for seed in range(JOINS):
        with bad_network(row.up, row.down, seed) as network:
            async with watching(browser, url, network) as page:
                shown = "window.first && window.dtls"
                await page.wait_for_function(shown, timeout=1000 * JOINED_WITHIN)
                took.append(tuple(await page.evaluate("[first - ice, first - dtls]")))
                plis += (await page.evaluate("stats()")).get("pliCount", 0)
    after_ice, after_dtls = (sorted(each) for each in zip(*took, strict=True))
    return {
        "row": row.name,
        "joins": JOINS,
        "after_ice_ms": [round(each) for each in after_ice],
        "after_dtls_ms": [round(each) for each in after_dtls],
        "plis": plis,
    }


async def measure_studio(row: Row, browser: Browser, run: Run, seconds: float) -> dict[str, Any]:
    """The same while a browser publishes through the network, and a viewer has a clear one."""
    async with AsyncExitStack() as stack:
        network = stack.enter_context(bad_network())
        address = stack.enter_context(_encoders.camera(run))
        playwright = await stack.enter_async_context(async_playwright())
        studio = await playwright.chromium.connect_over_cdp(address)
        page = await studio.new_page()
        await network.stand_before(page)
        await page.goto(f"{run.server.url}/livez")
        await page.evaluate(
            _encoders.WHIP_PAGE, [f"{run.server.url}/plateau/whip", run.server.key()]
        )
        await page.wait_for_function("peer.connectionState === 'connected'", timeout=10_000)
        stack.push_async_callback(page.evaluate, "peer.close()")  # its place is free at once
        await asyncio.sleep(5.0)  # its encoder comes to its best
        viewer = await stack.enter_async_context(watching(browser, run.server.url, None))
        found = await _measure(row, network, Seen(viewer), seconds)
        sent = await page.evaluate("""async () => {
          const all = [...(await peer.getStats()).values()];
          return all.find(item => item.type === "outbound-rtp" && item.kind === "video"); }""")
        return found | {
            "studio_nacks": sent["nackCount"],
            "studio_resent": sent["retransmittedPacketsSent"],
            "studio_plis": sent["pliCount"],
            "studio_fps": round(sent.get("framesPerSecond", 0)),
            "studio_kbps": round(sent["bytesSent"] * 8 / 1000 / (found["seconds"] + SETTLING + 5)),
        }


async def run_rows(home: Path, film: Path, rows: list[Row], seconds: float) -> list[dict[str, Any]]:
    found = []
    with fabrique() as server:
        run = Run(server, film, home)
        async with viewers.chromium_beside() as browser:
            if direct := [row for row in rows if not row.studio]:
                with _encoders.publishing(_encoders.COPY, run):
                    await asyncio.sleep(4.0)
                    for row in direct:
                        said = (
                            join(row, browser, server.url)
                            if row.joins
                            else measure(row, browser, server.url, seconds)
                        )
                        found.append(await said)
                        print(_line(found[-1]), flush=True)
            for row in rows:
                if row.studio:
                    found.append(await measure_studio(row, browser, run, seconds))
                    print(_line(found[-1]), flush=True)
    return found


def _line(row: dict[str, Any]) -> str:
    if "joins" in row:
        return (
            f"{row['row']:>28}: {row['joins']} joins, picture after ICE {row['after_ice_ms']} ms, "
            f"after DTLS {row['after_dtls_ms']} ms, {row['plis']} PLI"
        )
    studio = {name: value for name, value in row.items() if name.startswith("studio")}
    return (
        f"{row['row']:>28}: {row['freezes']} freezes, {row['frozen_s']:.2f} s, "
        f"longest gap {row['longest_gap_ms']} ms; late {row['late_before_ms']} → "
        f"{row['late_p50_ms']} ms (p95 {row['late_p95_ms']}) → {row['late_after_ms']}, "
        f"back in {row['back_s']} s; buffer {row['jitter_buffer_ms']} ms; {row['nacks']} NACK, "
        f"{row['resent']} resent, {row['plis']} PLI, {row['frames_dropped']} dropped"
        f"{'; ' if studio else ''}{studio or ''}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="", help="a part of the names of those to measure")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the weather lasts")
    parser.add_argument("--json", type=Path, default=Path("weather.json"))
    options = parser.parse_args()
    rows = [row for row in ROWS if options.rows in row.name]
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        _film.make(film)
        found = asyncio.run(run_rows(Path(folder), film, rows, options.seconds))
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
