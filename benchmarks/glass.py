"""From the studio to the glass: how late each way of watching is, read from the picture itself.

    python -m benchmarks.glass [--seconds 30] [--json glass.json]

A studio burns its clock into each picture, and one ffmpeg gives the same stream to us, to
nginx-rtmp (HLS) and to ffmpeg (`-f hls`, fMP4), all with segments of 2 s. Chromium plays one way
after the other while all of them are on air, and reads the clock of each frame that it shows: by
WebRTC, and by hls.js with low latency, in step with captions, and plain; then the two others by
hls.js as it is. The first seconds, in which players find their place, do not count.
"""

import argparse
import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Route

from benchmarks import _clock
from benchmarks._hls_crowd import milliseconds
from tests import viewers
from tests.edge import NGINX
from tests.servers import fabrique, free_ports

HLS_JS = Path(__file__).parents[1] / "tv/web/node_modules/hls.js/dist/hls.min.js"
WARM = 8.0  # seconds of each way that do not count
RTMP_MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so"
TARGET, MOONSHOT = 0.30, 0.15  # low latency ÷ nginx-rtmp

# The product's settings of hls.js, and hls.js as it is.
OURS = "{enableWorker: true, liveSyncOnStallIncrease: 0, backBufferLength: 30, %s}"
LOW = OURS % "lowLatencyMode: true, maxLiveSyncPlaybackRate: 1.1"
SYNCHRONISED = OURS % "lowLatencyMode: false, maxLiveSyncPlaybackRate: 1"
PLAIN = "{}"

PAGE = (
    """<!doctype html><video muted playsinline width=640></video><script src=/hls.js></script>
<script>
const video = document.querySelector("video");
const seen = window.seen = {behind: [], waits: 0, fatal: []};
video.addEventListener("waiting", () => seen.waits++);
function note() {
  const late = behind(video);
  if (late !== undefined) seen.behind.push(late);
  video.requestVideoFrameCallback(note);
}
video.requestVideoFrameCallback(note);
function play(address, config) {
  const hls = new Hls(config);
  hls.on(Hls.Events.ERROR, (_, data) => data.fatal && seen.fatal.push(data.details));
  hls.loadSource(address); hls.attachMedia(video); video.play();
}
async function watch(address) {
  const peer = new RTCPeerConnection();
  const stream = new MediaStream();
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, {direction: "recvonly"});
  peer.ontrack = ({track}) => { stream.addTrack(track); video.srcObject = stream; video.play(); };
  await peer.setLocalDescription();
  const reply = await fetch(address, {method: "POST", body: peer.localDescription.sdp,
    headers: {"content-type": "application/sdp"}});
  if (!reply.ok) throw new Error(await reply.text());
  await peer.setRemoteDescription({type: "answer", sdp: await reply.text()});
}
"""
    + _clock.READ
    + "</script>"
)


@dataclass(frozen=True)
class Way:
    name: str
    site: str
    play: str  # what a page of that site does


@contextmanager
def rivals(home: Path) -> Iterator[tuple[list[str], str]]:
    """Where nginx-rtmp and ffmpeg take the stream in, and the site that has their playlists."""
    rtmp, http, listening = free_ports(3)
    for name in ("nginx", "ffmpeg", "tmp"):
        (home / name).mkdir()
    home.chmod(0o777)
    (home / "nginx").chmod(0o777)
    temporary = "".join(
        f"{name}_temp_path {home}/tmp/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings = home / "nginx.conf"
    settings.write_text(
        f"load_module {RTMP_MODULE}; daemon off; worker_processes 1; pid {home}/pid;"
        f"error_log {home}/nginx.log error; events {{ worker_connections 256; }}"
        f"rtmp {{ server {{ listen 127.0.0.1:{rtmp}; ping 0; application app {{ live on; hls on;"
        f" hls_path {home}/nginx; hls_fragment 2s; hls_playlist_length 20s; }} }} }}"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{http}; root {home};"
        "add_header Access-Control-Allow-Origin *; add_header Cache-Control no-cache;"
        "types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; video/mp4 m4s mp4; } } }"
    )
    addresses = [
        f"rtmp://127.0.0.1:{rtmp}/app/clock",
        f"rtmp://127.0.0.1:{listening}/live/clock",
    ]
    with ExitStack() as stack:
        for command in (
            [NGINX, "-p", str(home), "-c", str(settings)],
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-fflags", "nobuffer",
             "-listen", "1", "-i", addresses[1], "-c", "copy",
             "-f", "hls", "-hls_time", "2", "-hls_list_size", "10",
             "-hls_segment_type", "fmp4", "-hls_flags", "delete_segments",
             str(home / "ffmpeg/clock.m3u8")],
        ):  # fmt: skip
            process = subprocess.Popen(command)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        time.sleep(1.0)  # ffmpeg has no way to say that it listens
        yield addresses, f"http://127.0.0.1:{http}"


def ways(ours: str, others: str) -> list[Way]:
    return [
        Way("WebRTC", ours, "watch('/plateau/whep')"),
        Way("LL-HLS", ours, f"play('/plateau/index.m3u8', {LOW})"),
        Way("HLS, in step with captions", ours, f"play('/plateau/sync.m3u8', {SYNCHRONISED})"),
        Way("HLS, plain", ours, "play('/plateau/index.m3u8', {lowLatencyMode: false})"),
        Way("nginx-rtmp", others, f"play('/nginx/clock.m3u8', {PLAIN})"),
        Way("ffmpeg -f hls", others, f"play('/ffmpeg/clock.m3u8', {PLAIN})"),
    ]


async def look(browser: Browser, way: Way, seconds: float) -> dict[str, Any]:
    async def script(route: Route) -> None:
        await route.fulfill(path=HLS_JS, content_type="text/javascript")

    async def document(route: Route) -> None:
        await route.fulfill(body=PAGE, content_type="text/html")

    page = await browser.new_page()
    await page.route("**/hls.js", script)
    await page.route("**/glass.html", document)
    await page.goto(f"{way.site}/glass.html")
    await page.evaluate(way.play)
    await page.wait_for_function("seen.behind.length > 0", timeout=30_000)
    await page.wait_for_timeout(1000 * WARM)
    await page.evaluate("seen.behind.length = 0; seen.waits = 0")
    await page.wait_for_timeout(1000 * seconds)
    seen: dict[str, Any] = await page.evaluate("seen")
    await page.close()
    late = milliseconds(seen["behind"], {"p50": 0.5, "p95": 0.95})
    return {
        "way": way.name,
        **{name: round(each / 1000, 2) for name, each in late.items()},
        "frames": len(seen["behind"]),
        "waits": seen["waits"],
        "fatal": seen["fatal"],
    }


async def measure(home: Path, seconds: float) -> list[dict[str, Any]]:
    rows = []
    with ExitStack() as stack:
        server = stack.enter_context(fabrique())
        addresses, others = stack.enter_context(rivals(home))
        stack.enter_context(_clock.publishing([server.rtmp(), *addresses]))
        await asyncio.sleep(12.0)  # all have three segments and more
        async with viewers.chromium_beside() as browser:
            for way in ways(server.url, others):
                rows.append(await look(browser, way, seconds))
                print("  ", rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0, help="of each way")
    parser.add_argument("--json", type=Path, default=Path("glass.json"))
    options = parser.parse_args()
    if not Path(RTMP_MODULE).exists():
        raise SystemExit("nginx-rtmp is missing: apt-get install libnginx-mod-rtmp")
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder), options.seconds))
    peer = next(row["p50"] for row in rows if row["way"] == "nginx-rtmp")
    for row in rows:
        row["to_nginx_rtmp"] = round(row["p50"] / peer, 3)
        print(
            f"{row['way']:>27}  p50 {row['p50']:>5.2f} s  p95 {row['p95']:>5.2f} s  "
            f"÷ nginx-rtmp {row['to_nginx_rtmp']:.2f}  {row['frames']} frames, "
            f"{row['waits']} waits, fatal {row['fatal']}"
        )
    print(f"(low latency ÷ nginx-rtmp: at most {TARGET}, better {MOONSHOT})")
    options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
