"""A correction typed in the control room: seconds until everybody reads it, and until it is kept.

    python -m benchmarks.correction [--rounds 10] [--json correction.json]

The built-in talk is on air, captioned and recorded. In Chromium a moderator clicks on the last word
of the newest caption, types another and presses Enter; from that key it is timed until the word is
on the page of somebody who watches (in the transcript, and on the picture as long as the caption
stays there), in the message that any page's socket gets, and in the talk's VTT, SRT, TXT and JSON.
Then the talk ends, and more is corrected: until it is in the replay's transcript and subtitles, and
in the same files. What was corrected while the talk went on must be there as well.
"""

import argparse
import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page
from playwright.async_api import TimeoutError as NotShown

from benchmarks import _caption_talk as talk
from benchmarks._hls_crowd import milliseconds
from benchmarks.replay import API
from tests.browser.stage import watching
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tests.viewers import chromium_beside
from tv.auth import Role

LIMIT = 1.0  # seconds
WITHIN = 30.0  # seconds for whatever is waited for
PICTURE = "page: picture"
PAINTED = 3000  # ms in which a caption may still be on the picture
SETTLED = 6.0  # after which the last words of a studio that left are captions
AGAIN = 0.02  # seconds between two looks at a file
NUMBERS = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze",
           "douze", "treize", "quatorze", "quinze", "seize")  # fmt: skip

FILES = {kind.upper(): f"{API}/captions.{kind}" for kind in ("vtt", "srt", "txt", "json")}
REPLAY = {
    "replay: transcript": f"{API}/replay/transcript.json",
    "replay: subtitles": "/plateau/replay/direct/captions.vtt",
}
HAS = "([selector, word]) => document.querySelector(selector)?.innerText.includes(word)"

Place = Callable[[str], Awaitable[None]]  # returns when the word is there


def file(client: httpx.AsyncClient, path: str) -> Place:
    async def there(word: str) -> None:
        while word not in (await client.get(path)).text:  # noqa: ASYNC110  # another process: ask
            await asyncio.sleep(AGAIN)

    return there


def on_page(page: Page, selector: str, patience: float = 0) -> Place:
    async def there(word: str) -> None:
        await page.wait_for_function(HAS, arg=[selector, word], timeout=patience)

    return there


def on_socket(server: Fabrique) -> Place:
    async def there(word: str) -> None:
        async for message in talk.heard(server):
            if any(word in " ".join(cue["lines"]) for cue in talk.cues(message)):
                return

    return there


async def corrected(
    desk: Page, word: str, places: dict[str, Place], replaced: set[str]
) -> dict[str, float | None]:
    """Seconds from Enter to each place; None where the caption no longer was."""
    newest = desk.locator(".cue").last.locator(".word")
    replaced.add((await newest.last.inner_text()).strip())  # perhaps one's own of before
    await newest.last.click(timeout=1000 * WITHIN)
    area = desk.get_by_label("Texte du sous-titre")
    await area.wait_for()
    await desk.keyboard.type(word)  # in the place of the one that was clicked

    async def until(name: str, place: Place) -> float | None:
        try:
            async with asyncio.timeout(WITHIN):
                await place(word)
        except NotShown:
            if name != PICTURE:
                raise
            return None  # the caption went from the picture first
        return time.monotonic()

    looking = {name: asyncio.create_task(until(name, place)) for name, place in places.items()}
    await asyncio.sleep(0.5)  # all of them look, and the socket is open
    entered = time.monotonic()
    await area.press("Enter")
    seen = {name: await task for name, task in looking.items()}
    await area.wait_for(state="detached")
    return {name: None if at is None else round(at - entered, 3) for name, at in seen.items()}


async def measure(film: Path, rounds: int) -> dict[str, Any]:
    with fabrique(CAPTIONS__CHANNELS="plateau") as server:
        bearer = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
        async with (
            httpx.AsyncClient(base_url=server.url, headers=bearer, timeout=30) as crew,
            chromium_beside() as browser,
            watching(browser, server.url) as public,
        ):
            await public.get_by_role("tab", name="Paroles").click()
            context = await browser.new_context(viewport={"width": 1440, "height": 900})
            desk = await context.new_page()
            files = {name: file(crew, path) for name, path in FILES.items()}
            live = {
                "page: transcript": on_page(public, "#words"),
                PICTURE: on_page(public, ".captions", PAINTED),
                "socket": on_socket(server),
                **files,
            }
            words = [f"Bravo{number}" for number in NUMBERS[: 2 * rounds]]
            found: dict[str, Any] = {"live": [], "replay": []}
            replaced: set[str] = set()
            with publishing(film, server):
                (await crew.post(f"{API}:start")).raise_for_status()
                address = f"{server.url}/regie#pass={server.make_pass(Role.MODERATOR, 'Claire')}"
                await desk.goto(address)
                await desk.locator(".posts").get_by_role("button", name="Sous-titres").click()
                await desk.locator(".cue .word").first.wait_for(timeout=4000 * WITHIN)
                while len(found["live"]) < rounds:
                    found["live"].append(await corrected(desk, words.pop(0), live, replaced))
                    print("  live", found["live"][-1], flush=True)
            await asyncio.sleep(SETTLED)  # what is said behind a talk's end is in no replay
            (await crew.post(f"{API}:end")).raise_for_status()
            async with asyncio.timeout(4 * WITHIN):
                while not (await crew.get(f"{API}/replay")).json().get("complete"):  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            later = {name: file(crew, path) for name, path in REPLAY.items()} | files
            kept = [f"Bravo{number}" for number in NUMBERS[:rounds]]
            kept = [word for word in kept if word not in replaced]
            texts = {name: (await crew.get(path)).text for name, path in (REPLAY | FILES).items()}
            found["lost"] = {
                name: missing
                for name, text in texts.items()
                if (missing := [word for word in kept if word not in text])
            }
            while len(found["replay"]) < rounds and words:
                found["replay"].append(await corrected(desk, words.pop(0), later, replaced))
                print("  replay", found["replay"][-1], flush=True)
    return found


def summary(rows: list[dict[str, float | None]]) -> dict[str, Any]:
    """Seconds, by place."""
    late: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        for name, seconds in row.items():
            late[name] += [] if seconds is None else [seconds]
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {
        name: {"count": len(seconds)}
        | {share: round(ms / 1000, 2) for share, ms in milliseconds(seconds, shares).items()}
        for name, seconds in late.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8, help="of each kind, 8 at most")
    parser.add_argument("--json", type=Path, default=Path("correction.json"))
    options = parser.parse_args()
    with talk.filmed() as film:
        found = asyncio.run(measure(film, min(options.rounds, len(NUMBERS) // 2)))
    found |= {"summary": {when: summary(found[when]) for when in ("live", "replay")}}
    for when, places in found["summary"].items():
        for name, figures in places.items():
            print(f"{when:>8}  {name:>20}  {figures}")
    print(f"(at most {LIMIT} s)  lost: {found['lost'] or 'nothing'}")
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
