"""What the public's page costs: until it says something, until it shows something, by the minute.

    python -m benchmarks.page [--joins 10] [--minutes 2] [--json page.json]

The demonstration's talk is on air with its captions. Chromium opens the page as a new visitor does,
`--joins` times: how long until the first content and until a picture has been decoded (WebRTC, from
the navigation and from the offer), what was fetched before the player and for it, how many tasks
held the page up for more than 50 ms. Then it opens it as a phone in the room (`?sur-place`), while
somebody asks a question every ten seconds and somebody votes every second: the bytes of the first
five seconds, and of each minute that follows, by what brought them. Bytes are those on the wire, as
the browser counts them, and the payload of the socket's messages.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.async_api import Browser, Page

from tests import viewers
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tv.auth import Role
from tv.demo import film as demo_film

PHONE: Any = {"width": 390, "height": 844}
PATIENCE = 30.0  # seconds until a picture
SETTLED = 8.0  # seconds in which tasks are watched
ARRIVED = 5.0  # seconds for which a phone in the room counts as arriving

# When the first picture had been decoded, and how long tasks held the page up.
WATCH = """
window.long = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) long.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
(function look() {
  const video = document.querySelector(".pictures video.shown");
  if (video?.getVideoPlaybackQuality().totalVideoFrames > 0) window.picture = performance.now();
  else setTimeout(look, 10);
})();
"""
TIMES = """() => {
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const offer = performance.getEntriesByType("resource").find(({ name }) => name.includes("/whep"));
  return {
    content_s: (paint?.startTime ?? 0) / 1000,
    picture_s: picture / 1000,
    after_offer_s: offer ? (picture - offer.startTime) / 1000 : null,
    path: document.querySelector("#stage").dataset.path,
    long,
  };
}"""


class Fetched:
    """Bytes that a page receives, by what they are."""

    def __init__(self) -> None:
        self.by_kind: Counter[str] = Counter()
        self._addresses: dict[str, str] = {}

    async def watch(self, page: Page) -> None:
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.loadingFinished", self._came)
        session.on("Network.webSocketFrameReceived", self._said)

    def _asked(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]

    def _came(self, event: dict[str, Any]) -> None:
        kind = _kind(self._addresses.get(event["requestId"], ""))
        self.by_kind[kind] += int(event["encodedDataLength"])

    def _said(self, event: dict[str, Any]) -> None:
        text = event["response"]["payloadData"]
        topic = ""
        with suppress(ValueError, AttributeError):
            told = json.loads(text)
            topic = told.get("topic", told["type"]).partition(":")[0]
        self.by_kind[f"socket: {topic}"] += len(text.encode())


def _kind(address: str) -> str:
    path = urlsplit(address).path
    if path.endswith(".woff2"):
        return "fonts"
    if path.startswith("/static/stage"):
        return "player"
    if path.startswith("/static/hls"):
        return "hls.js"
    if path.startswith("/static/") or path == "/":
        return "page"
    return "media" if path.endswith((".m4s", ".mp4", ".m3u8", "/whep")) else "rest"


async def join(browser: Browser, server: Fabrique) -> dict[str, Any]:
    """Open the page as somebody who has never been there."""
    context = await browser.new_context(viewport=PHONE, locale="fr-FR")
    page = await context.new_page()
    await page.add_init_script(WATCH)
    fetched = Fetched()
    await fetched.watch(page)
    await page.goto(server.url)
    until = asyncio.get_running_loop().time() + PATIENCE
    while not await page.evaluate("window.picture ?? null"):
        if asyncio.get_running_loop().time() > until:
            raise SystemExit("no picture")
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLED)
    row: dict[str, Any] = await page.evaluate(TIMES)
    tasks = [duration for _, duration in row.pop("long")]
    row |= {
        "long_tasks": len(tasks),
        "longest_task_ms": round(max(tasks, default=0.0)),
        "bytes": dict(fetched.by_kind),
    }
    await context.close()
    return row


@asynccontextmanager
async def _busy(server: Fabrique) -> AsyncIterator[None]:
    """A room that asks and votes."""
    headers = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as crew:
        draft = {"talk": "direct", "type": "single", "prompt": "On y va\u202f?"}
        poll = (await crew.post("/api/v1/polls", json=draft | {"options": ["Oui", "Non"]})).json()
        await crew.post(f"/api/v1/polls/{poll['id']}:open")
        (yes, no) = (each["id"] for each in poll["options"])

        async def people() -> None:
            for second in itertools.count():
                made = (await crew.post("/api/v1/participants", json={})).json()
                mine = {"authorization": f"Bearer {made['token']}"}
                ballot = {"round": 1, "choices": [yes if second % 3 else no]}
                await crew.put(f"/api/v1/polls/{poll['id']}/ballot", json=ballot, headers=mine)
                if second % 10 == 0:
                    said = {"body": f"Qui paie, et pour qui, dans le cas numéro {second}\u202f?"}
                    path = "/api/v1/talks/direct/questions"
                    asked = (await crew.post(path, json=said, headers=mine)).json()
                    await crew.post(f"/api/v1/questions/{asked['id']}:approve")
                await asyncio.sleep(1)

        room = asyncio.create_task(people())
        try:
            yield
        finally:
            room.cancel()
            with suppress(asyncio.CancelledError):
                await room


async def on_site(browser: Browser, server: Fabrique, minutes: int) -> dict[str, Any]:
    """A phone in the room."""
    context = await browser.new_context(viewport=PHONE, locale="fr-FR")
    page = await context.new_page()
    fetched = Fetched()
    await fetched.watch(page)
    await page.goto(f"{server.url}/?sur-place")
    await asyncio.sleep(ARRIVED)
    arriving = dict(fetched.by_kind)
    each = []
    for _ in range(minutes):
        before = fetched.by_kind.copy()
        await asyncio.sleep(60)
        each.append(dict(fetched.by_kind - before))
    await context.close()
    return {"arriving": arriving, "minutes": each}


async def measure(server: Fabrique, joins: int, minutes: int) -> dict[str, Any]:
    async with viewers.chromium_beside() as browser:
        await join(browser, server)  # the browser's own start is not the page's
        rows = [await join(browser, server) for _ in range(joins)]
        async with _busy(server):
            room = await on_site(browser, server, minutes)
    return {"joins": rows, "on_site": room}


def show(found: dict[str, Any]) -> None:
    rows = found["joins"]
    for name in ("content_s", "picture_s", "after_offer_s", "long_tasks", "longest_task_ms"):
        values = [row[name] for row in rows if row[name] is not None]
        print(f"{name:>16}: median {statistics.median(values):.2f}, worst {max(values):.2f}")
    print(f"{'by':>16}: {dict(Counter(row['path'] for row in rows))}")
    last = rows[-1]["bytes"]
    print(f"{'bytes':>16}: " + ", ".join(f"{kind} {size:,}" for kind, size in last.items()))
    room = found["on_site"]
    print(f"sur place, arriving: {sum(room['arriving'].values()):,} bytes {room['arriving']}")
    for minute in room["minutes"]:
        print(f"sur place, a minute: {sum(minute.values()):,} bytes {minute}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--joins", type=int, default=10)
    parser.add_argument("--minutes", type=int, default=2)
    parser.add_argument("--json", type=Path, default=Path("page.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=64)
        with fabrique(CAPTIONS__CHANNELS="plateau") as server, publishing(film, server):
            found = asyncio.run(measure(server, options.joins, options.minutes))
    show(found)
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
