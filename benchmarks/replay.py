"""How soon a talk plays again when it is over, and how well its words lead to its pictures.

    python -m benchmarks.replay [--minutes 10] [--json replay.json]

The built-in talk is on air, captioned, for so long; a question is answered in it and a poll held.
Then it ends. Measured from that moment: until Chromium plays the replay, until all of it is there,
until its MP4 is ready (with what ffprobe finds in it). Then words are searched in the page and
clicked: how far the picture that shows up, told by the number burnt into it, is from the time that
the transcript has for the word, and, for sentences whose beginning was recognised, from when it is
really said in the film.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page

from benchmarks import _caption_talk as talk
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tests.viewers import BARS, chromium_beside
from tv.auth import Role
from tv.cookies import PASS_COOKIE
from tv.demo import film as demo_film

API = "/api/v1/talks/direct"
WITHIN = 120.0  # seconds for whatever is waited for
QUIET = 6.0  # seconds without a new caption, when all are there
WORDS = 24  # searched
# The number burnt into the picture that the page shows, and where its player is.
LOOK = f"""() => {{
  const video = [...document.querySelectorAll("video")].find((each) => each.videoWidth);
  if (!video || video.readyState < 2) return {{ number: -1, at: 0 }};
  return {{ number: {BARS}(video), at: video.currentTime }};
}}"""
LAND = f"""() => {{
  const video = [...document.querySelectorAll("video")].find((each) => each.videoWidth);
  const look = {LOOK};
  window.landed = new Promise((done) => video.addEventListener("seeked",
    () => video.requestVideoFrameCallback(() => done(look())), {{ once: true }}));
}}"""
WORD = "() => Number(document.querySelector('.found').dataset.word)"  # its rank among all


async def measure(film: Path, minutes: float) -> dict[str, Any]:
    with fabrique(CAPTIONS__CHANNELS="plateau") as server:
        bearer = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
        async with (
            httpx.AsyncClient(base_url=server.url, headers=bearer, timeout=60) as crew,
            chromium_beside() as browser,
        ):
            context = await browser.new_context(viewport={"width": 1280, "height": 800})
            cookie = {"name": PASS_COOKIE, "value": server.make_pass(Role.OPERATOR)}
            await context.add_cookies([{**cookie, "url": server.url}])  # type: ignore[list-item]
            page = await context.new_page()
            with publishing(film, server):
                await _until(crew, "/api/v1/channels", lambda it: _on_air(it) == "primary")
                await crew.post(f"{API}:start")
                await _happenings(server, crew)
                await asyncio.sleep(60 * minutes)
                await crew.post(f"{API}:end")
                over = time.monotonic()
                found = await _ended(crew, page, server.url, over)
                found |= await _film(crew, over)
            await _settled(crew)
            return found | await _words(crew, page)


async def _happenings(server: Fabrique, crew: httpx.AsyncClient) -> None:
    """A question that is answered, and a poll."""
    async with httpx.AsyncClient(base_url=server.url) as someone:
        await someone.post("/api/v1/participants")
        asked = await someone.post(f"{API}/questions", json={"body": "Qui répare l’ascenseur ?"})
    question = f"/api/v1/questions/{asked.json()['id']}"
    for act in ("approve", "take"):
        (await crew.post(f"{question}:{act}")).raise_for_status()
    await asyncio.sleep(3)
    (await crew.post(f"{question}:answer")).raise_for_status()
    draft = {"talk": "direct", "type": "single", "prompt": "Pour ?", "options": ["Oui", "Non"]}
    poll = (await crew.post("/api/v1/polls", json=draft)).raise_for_status().json()["id"]
    for act in ("open", "close"):
        (await crew.post(f"/api/v1/polls/{poll}:{act}")).raise_for_status()
        await asyncio.sleep(2)


async def _ended(crew: httpx.AsyncClient, page: Page, url: str, over: float) -> dict[str, Any]:
    await page.goto(f"{url}/revoir/direct")
    while True:
        await page.evaluate("() => document.querySelector('video')?.play().catch(() => {})")
        seen = await page.evaluate(LOOK)
        if seen["number"] >= 0 and seen["at"] > 0.05:
            break
        assert time.monotonic() - over < WITHIN, "it does not play"
        await asyncio.sleep(0.05)
    plays = time.monotonic() - over
    replay = await _until(crew, f"{API}/replay", lambda it: it.get("complete"))
    whole = time.monotonic() - over
    return {
        "replay plays in Chromium after": round(plays, 2),
        "all of it is there after": round(whole, 2),
        "seconds of replay": round(replay["duration"], 1),
        "chapters": [chapter["kind"] for chapter in replay["chapters"]],
    }


async def _film(crew: httpx.AsyncClient, over: float) -> dict[str, Any]:
    """Asked for again whenever late captions have made it another film."""
    end = time.monotonic() + WITHIN
    while True:
        film = (await crew.post(f"{API}/film")).raise_for_status().json()
        if film["state"] in ("ready", "failed"):
            break
        assert time.monotonic() < end, film
        await asyncio.sleep(0.2)
    ready = time.monotonic() - over
    assert film["state"] == "ready", film
    told = await asyncio.to_thread(_probed, (await crew.get(film["url"])).content)
    return {
        "film is ready after": round(ready, 2),
        "film in MB": round(film["size"] / 1e6, 1),
        "film in seconds": round(float(told["format"]["duration"]), 1),
        "film's chapters": [each["tags"]["title"] for each in told["chapters"]],
        "film's streams": [each["codec_name"] for each in told["streams"]],
    }


def _probed(film: bytes) -> Any:
    asked = ("-show_chapters", "-show_streams", "-show_format")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        path.write_bytes(film)
        command = ["ffprobe", "-v", "error", "-of", "json", *asked, str(path)]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


async def _settled(crew: httpx.AsyncClient) -> None:
    """Wait until no caption has come for a while: a busy machine recognises late."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET:
        found = len((await crew.get(f"{API}/captions.txt")).content)
        if found != size:
            size, since = found, time.monotonic()
        await asyncio.sleep(0.5)


async def _words(crew: httpx.AsyncClient, page: Page) -> dict[str, Any]:
    transcript = (await crew.get(f"{API}/replay/transcript.json")).json()
    sentences = [each for group in transcript["paragraphs"] for each in group["sentences"]]
    words = [word for sentence in sentences for word in sentence["words"]]
    zero = await talk.film_start(crew, "/plateau/replay/direct")
    script = {said.words[: talk.KNOWN]: said.start for said in talk.sentences()}
    off, really = [], []
    await page.reload()
    await page.wait_for_function(
        "() => [...document.querySelectorAll('video')].some((each) => each.videoWidth)"
    )
    for said in sentences[:: max(1, len(sentences) // WORDS)]:
        await page.get_by_role("searchbox").fill(" ".join(said["text"].split(" ")[:3]))
        found = page.locator(".found").first
        await found.wait_for()
        clicked = words[await page.evaluate(WORD)]
        await page.evaluate(LAND)
        await found.click()
        seen = await page.evaluate("() => window.landed")
        shown = seen["number"] / demo_film.FRAME_RATE
        off.append(abs(talk.after(shown, clicked["start"] - zero)))
        # What is found first may stand within another sentence.
        begun = [each["text"] for each in sentences if each["words"][0] is clicked]
        if begun and (start := script.get(talk.words(begun[0])[: talk.KNOWN])) is not None:
            really.append(abs(talk.after(shown, start)))
    return {
        "words searched and clicked": len(off),
        "picture from the word's time, median s": _of(statistics.median, off),
        "picture from the word's time, worst s": _of(max, off),
        "sentences whose beginning is known": len(really),
        "picture from the word as said, median s": _of(statistics.median, really),
        "picture from the word as said, worst s": _of(max, really),
    }


async def _until(
    client: httpx.AsyncClient, path: str, ready: Callable[[dict[str, Any]], Any]
) -> dict[str, Any]:
    end = time.monotonic() + WITHIN
    while True:
        reply = await client.get(path)
        if reply.status_code == 200 and ready(told := reply.json()):
            return dict(told)
        assert time.monotonic() < end, f"{path}: {reply.text}"
        await asyncio.sleep(0.05)


def _on_air(channels: dict[str, Any]) -> str:
    return str(channels["items"][0]["on_air"])


def _of(figure: Callable[[list[float]], float], values: list[float]) -> float | None:
    return round(figure(values), 3) if values else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", type=Path, default=Path("replay.json"))
    options = parser.parse_args()
    with talk.filmed() as film:
        found = asyncio.run(measure(film, options.minutes))
    for name, value in found.items():
        print(f"  {name:>40}  {value}", flush=True)
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
