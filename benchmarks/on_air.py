"""How soon a studio that starts publishing is on pages that are already open.

    python -m benchmarks.on_air [--runs 5] [--json on_air.json]

ffmpeg publishes a film by RTMP; two pages in Chromium, one by WebRTC and one by LL-HLS, wait with
the slate. Seconds from the start of ffmpeg until each shows the film in motion, and from its kill
until each shows the slate. Both pages are decoded in software on this machine.
"""

import argparse
import json
import statistics
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests import viewers
from tests.servers import Fabrique, fabrique
from tests.studio import Studio
from tv.demo import film as demo_film

LIMITS = {"webrtc": 3.0, "hls": 4.0}  # seconds until the film shows


def open_page(url: str, path: str, act: Callable[[Page], None]) -> None:
    with viewers.chromium() as browser:
        page = browser.new_page(viewport={"width": 640, "height": 480})
        if path == "hls":
            page.add_init_script("delete window.RTCPeerConnection")
        page.goto(url)
        viewers.until(page, 30, viewers.shows_slate(page), f"slate by {path}")
        act(page)


def measure(server: Fabrique, film: Path, runs: int) -> dict[str, dict[str, list[float]]]:
    """One path after the other: a page's own work must not delay the other's."""
    found: dict[str, dict[str, list[float]]] = {}
    for path in LIMITS:
        times: dict[str, list[float]] = {"film": [], "slate": []}
        found[path] = times

        def act(page: Page, path: str = path, times: dict[str, list[float]] = times) -> None:
            studio = Studio(film, server.rtmp())
            try:
                for _ in range(runs):
                    studio.start()
                    look = viewers.shows_film(page, path)
                    times["film"].append(viewers.until(page, 20, look, "the film"))
                    page.wait_for_timeout(3000)
                    studio.kill()
                    look = viewers.shows_slate(page)
                    times["slate"].append(viewers.until(page, 20, look, "the slate"))
                    page.wait_for_timeout(3000)
            finally:
                studio.kill()

        # Playwright's synchronous interface wants a thread without an event loop.
        thread = threading.Thread(target=open_page, args=(server.url, path, act))
        thread.start()
        thread.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, default=Path("on_air.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=32)
        with fabrique() as server:
            found = measure(server, film, options.runs)
    for path, times in found.items():
        for what, seconds in times.items():
            limit = f", limit {LIMITS[path]}" if what == "film" else ""
            print(
                f"{path:>7} {what:>6}: median {statistics.median(seconds):.2f} s, "
                f"worst {max(seconds):.2f} s of {len(seconds)}{limit}"
            )
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
