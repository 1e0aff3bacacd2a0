"""A word's journey: said on the plateau, read on the picture, kept for the replay."""

import asyncio
import json
import re
import unicodedata
from pathlib import Path

import httpx
import m3u8
import websockets
from playwright.sync_api import Browser

from tests import viewers
from tests.servers import Fabrique
from tests.studio import publishing
from tests.waiting import when

# Said in the first sentences of the talk; a live transcript may miss one of them.
SAID = {"bienvenue", "plateau", "television", "aujourd", "parlons", "logement", "social", "metiers"}
ENOUGH = 6


def plain(text: str) -> set[str]:
    letters = unicodedata.normalize("NFD", text.lower())
    return set(re.findall(r"[a-z]+", "".join(c for c in letters if not unicodedata.combining(c))))


def is_heard(text: str) -> bool:
    return len(SAID & plain(text)) >= ENOUGH


async def test_words_reach_pages_playlists_and_exports(served: Fabrique, film: Path) -> None:
    seen: dict[str, str] = {}
    partial = 0
    hello = {"type": "hello", "version": 1, "topics": {"captions:plateau": ""}}
    address = served.url.replace("http", "ws")
    with publishing(film, served):
        async with asyncio.timeout(90), websockets.connect(f"{address}/ws") as socket:
            await socket.send(json.dumps(hello))
            # Words show before they settle, then as cues.
            while not partial or not is_heard(" ".join(seen.values())):
                message = json.loads(await socket.recv())
                partial += message["type"] == "partial" and bool(message["words"])
                for item in message.get("items", ()):
                    seen[item["id"]] = "\n".join(item["lines"])
        assert all(len(line) <= 42 for text in seen.values() for line in text.split("\n"))

        async with httpx.AsyncClient(base_url=served.url) as client:
            master = m3u8.loads((await client.get("/plateau/sync.m3u8")).text)
            (subtitles,) = [media for media in master.media if media.type == "SUBTITLES"]

            async def is_exported() -> bool:  # of the talk alone: it may have begun a moment ago
                return is_heard((await client.get("/api/v1/talks/direct/captions.txt")).text)

            async def is_listed() -> bool:
                listed = m3u8.loads((await client.get(f"/plateau/{subtitles.uri}")).text)
                texts = [await client.get(f"/plateau/{each.uri}") for each in listed.segments]
                return is_heard("".join(each.text for each in texts))

            await when(is_exported, 60)
            await when(is_listed, 60)


def test_words_are_painted_on_the_picture(served: Fabrique, film: Path, browser: Browser) -> None:
    with publishing(film, served):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(served.url)
        viewers.until(page, 20, viewers.shows_film(page, "webrtc"), "the film")

        def painted() -> bool:
            return bool(SAID & plain(page.locator(".captions").inner_text()))

        viewers.until(page, 40, painted, "captions on the picture")
        viewers.until(
            page,
            30,
            lambda: is_heard(page.locator("#words").inner_text()),
            "the transcript",
        )
