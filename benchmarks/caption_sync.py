"""A known sentence's caption on the screen against its sound: both ways, both modes, a studio lost.

    python -m benchmarks.caption_sync [--seconds 100] [--away 6] [--json caption_sync.json]

The built-in talk is on air, captioned. Chromium watches the public's page by WebRTC and by HLS, as
fast as possible and in step; then the studio's cable is pulled for `--away` seconds, its film
begins anew, and the page, never loaded again, goes on. Whenever the caption on the picture
changes, the number burnt into the picture under it tells which moment of the film is shown, and so
what is heard: how far sound is from picture is measured as well, in each page, by the loudness of
what it plays against the film's own. When each sentence is really said is known to a hundredth of
a second.

- in step: from the first word of a sentence that begins a caption until that caption shows;
- as fast as possible: from the last word of a sentence until its last three words have been shown;
- from its own time: from the start that the server has for a caption until it shows; captions that
  come after their turn never do.

Beside them stand the caption that was farthest from its moment, and what the page itself told its
viewer.
"""

import argparse
import asyncio
import json
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
from playwright.async_api import Browser, Page

from benchmarks import _caption_talk as talk
from benchmarks._hls_crowd import milliseconds
from tests import viewers
from tests.browser.stage import watching
from tests.browser.test_player import WITHOUT_H264
from tests.servers import Fabrique, fabrique
from tests.studio import Studio
from tv.demo import film as demo_film
from tv.demo.scene import FRAME_RATE

LIMIT = 0.3  # seconds, p95, in step
SETTLING = 15.0  # seconds in which a page, or a studio that is back, finds its place
ARRIVES = 60.0  # seconds within which a picture must be there
LATE = 20.0  # seconds after which a caption is another one's
EDGE = 3.0  # seconds at both ends of a look in which a caption may be missed
STEP = 0.02  # seconds between two values of loudness
APART = 1.0  # seconds that sound is looked for before and after its picture
ENOUGH = 200  # values of loudness that say something

WAYS = {
    "WebRTC, as fast as possible": ("webrtc", "", "Au plus vite"),
    "WebRTC, in step": ("delayed", "", "Synchronisés"),
    "LL-HLS, as fast as possible": ("hls", WITHOUT_H264, "Au plus vite"),
    "HLS, in step": ("sync", WITHOUT_H264, "Synchronisés"),
}

# Notes what the caption is when it changes, and how loud it is, with the number in the picture.
NOTE = """() => {
  const number = BARS;
  const shown = () => [...document.querySelectorAll("video.shown")].at(-1);
  const seen = window.seen = { captions: [], loud: [] };
  const captions = document.querySelector(".captions");
  new MutationObserver(() => seen.captions.push([number(shown()), captions.innerText]))
    .observe(captions, { childList: true, subtree: true, characterData: true });
  const context = new AudioContext({ latencyHint: 0 });
  const ear = context.createAnalyser();
  ear.fftSize = 1024;
  const samples = new Float32Array(ear.fftSize);
  let heard, source;
  setInterval(() => {
    const video = shown();
    const stream = video?.srcObject ?? (video && (video.taken ??= video.captureStream()));
    const track = stream?.getAudioTracks()[0];
    if (!track) return;
    if (track !== heard) {
      source?.disconnect();
      source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(ear);
      heard = track;
    }
    ear.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
    seen.loud.push([number(video), Math.sqrt(power)]);
  }, 20);
}""".replace("BARS", viewers.BARS)
TAKE = "() => ({ captions: seen.captions.splice(0), loud: seen.loud.splice(0) })"
SHOWS = f"""(path) => {{
  const shown = ({viewers.SHOWN})();
  return shown.path === path && shown.number > 0;
}}"""

Shown = list[tuple[float, str]]  # seconds of the film, what the caption has become
Delays = list[tuple[float, str]]  # seconds after its moment, and the caption
Loud = list[tuple[int, float]]  # number of the picture, loudness


@dataclass
class Server:
    """What the server has said of captions."""

    cues: dict[str, talk.Cue] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)

    async def follow(self, server: Fabrique) -> None:
        async for message in talk.heard(server):
            self.cues |= {cue["id"]: cue for cue in talk.cues(message)}
            for item in message.get("items", ()):
                if item.get("kind") == "channel" and item["captions"] not in self.states[-1:]:
                    self.states.append(item["captions"])

    def shown(self, loud: Loud, film_start: float, began: float, seconds: float) -> list[talk.Cue]:
        """The captions whose turn came on a page that was looked at for so long."""
        first = film_start + next(number for number, _ in loud if number > 0) / FRAME_RATE
        first += (began - first) // demo_film.SECONDS * demo_film.SECONDS  # the last time it was on
        until = first + seconds - EDGE
        return [cue for cue in self.cues.values() if first + EDGE < cue["start"] < until]


async def watch(
    browser: Browser, server: Fabrique, studio: Studio, said: Server, way: str, options: Any
) -> list[dict[str, Any]]:
    """What one page shows before the studio is lost, and after."""
    path, script, rhythm = WAYS[way]
    rows = []
    async with (
        watching(browser, server.url, script=script) as page,
        httpx.AsyncClient(base_url=server.url) as client,
    ):
        await page.get_by_role("button", name="Réglages").click()
        await page.locator("label.choice", has_text=rhythm).click()
        await page.keyboard.press("Escape")
        await page.wait_for_function(SHOWS, arg=path, timeout=1000 * ARRIVES)
        if await page.locator(".unmute").count():  # what is muted has no sound to take
            await page.locator(".unmute").click()
        await page.evaluate(NOTE)
        for phase in ("before", "after"):
            if phase == "after":
                studio.kill()
                await asyncio.sleep(options.away)
                studio.start()
                await page.wait_for_function(SHOWS, arg=path, timeout=1000 * ARRIVES)
            await asyncio.sleep(SETTLING)
            await page.evaluate(TAKE)
            del said.states[:-1]
            began = time.time()
            await asyncio.sleep(options.seconds)
            seen = await page.evaluate(TAKE)
            film_start = await talk.film_start(client)
            cues = said.shown(seen["loud"], film_start, began, options.seconds)
            figures = _figures(seen, cues, film_start, path)
            label = await _told(page, rhythm)
            rows.append({"way": way, "studio": phase, **figures, "page says": label})
            rows[-1]["captions were"] = list(said.states)
            print("  ", rows[-1], flush=True)
    return rows


def _figures(
    seen: dict[str, Any], cues: list[talk.Cue], film_start: float, path: str
) -> dict[str, Any]:
    captions = [(number / FRAME_RATE, text) for number, text in seen["captions"] if number > 0]
    in_step = path in ("delayed", "sync")
    return {
        "against the sentence": _summary((begun if in_step else written)(captions)),
        "from its own time": _own(captions, cues, film_start) if in_step else {},
        "sound after picture": sound_after_picture(seen["loud"]),
        "changes": len(captions),
    }


def begun(captions: Shown) -> Delays:
    """Seconds after the first word of a sentence at which the caption appeared that it begins."""
    found = []
    for sentence in talk.sentences():
        first = sentence.words[: talk.KNOWN]
        late = [
            (talk.after(at, sentence.start), text)
            for at, text in captions
            if abs(talk.after(at, sentence.start)) < LATE
            and talk.words(text)[: talk.KNOWN] == first
        ]
        found += late[:1]
    return found


def written(captions: Shown) -> Delays:
    """Seconds after the last word of a sentence at which its last words had been shown."""
    found = []
    for sentence in talk.sentences():
        last = sentence.words[-talk.KNOWN :]
        late = [
            (talk.after(at, sentence.end), text)
            for at, text in captions
            if -LATE < talk.after(at, sentence.end) < LATE
            and talk.position(last, talk.words(text)) >= 0
        ]
        found += late[:1]
    return found


def own(captions: Shown, cues: list[talk.Cue], film_start: float) -> Delays:
    """Seconds after the time that the server has for a caption at which it appeared, if it did."""
    found = []
    for cue in cues:
        first = talk.words(" ".join(cue["lines"]))[: talk.KNOWN]  # it may grow while it is shown
        late = [
            (talk.after(at, cue["start"] - film_start), text)
            for at, text in captions
            if talk.words(text)[: talk.KNOWN] == first
        ]
        found += [each for each in late if abs(each[0]) < LATE][:1]
    return found


def _own(captions: Shown, cues: list[talk.Cue], film_start: float) -> dict[str, Any]:
    late = own(captions, cues, film_start)
    return _summary(late) | {"never shown": len(cues) - len(late)}


def sound_after_picture(loud: Loud) -> float | None:
    """Seconds: where the loudness that was heard fits the film's best. None: nothing was heard."""
    numbers = np.array([number for number, _ in loud if number > 0])
    heard = np.array([value for number, value in loud if number > 0])
    if len(heard) < ENOUGH or float(heard.std()) < 1e-6:
        return None
    # The picture's time goes in steps of a frame: both are compared a frame long.
    film = _loudness()
    fits = {}
    for shift in np.arange(-APART, APART + STEP, STEP):
        places = np.round((numbers / FRAME_RATE - shift) / STEP).astype(int) % len(film)
        fits[float(shift)] = float(np.corrcoef(film[places], heard)[0, 1])
    return round(max(fits, key=lambda shift: fits[shift]), 2)


def _loudness() -> npt.NDArray[np.float32]:
    """How loud the film is, for each step."""
    sound = demo_film.speech()
    step = round(STEP * demo_film.SAMPLE_RATE)
    return np.sqrt((sound[: len(sound) // step * step].reshape(-1, step) ** 2).mean(axis=1))


def _summary(late: Delays) -> dict[str, Any]:
    if not late:
        return {"count": 0}
    signed = milliseconds([seconds for seconds, _ in late], {"p50": 0.5, "p95": 0.95})
    apart = milliseconds([abs(seconds) for seconds, _ in late], {"p95": 0.95})
    seconds = {name: round(value / 1000, 2) for name, value in signed.items()}
    farthest, caption = max(late, key=lambda each: abs(each[0]))
    return {
        "count": len(late),
        **seconds,
        "apart p95": round(apart["p95"] / 1000, 2),
        "farthest": [round(farthest, 2), caption],
    }


async def _told(page: Page, rhythm: str) -> str:
    """What the page says of the rhythm that is chosen."""
    await page.get_by_role("button", name="Réglages").click()
    told = await page.locator("label.choice", has_text=rhythm).locator("small").inner_text()
    await page.keyboard.press("Escape")
    return told


async def measure(film: Path, options: Any) -> list[dict[str, Any]]:
    rows = []
    with ExitStack() as stack:
        server = stack.enter_context(fabrique(CAPTIONS__CHANNELS="plateau"))
        studio = Studio(film, server.rtmp())
        stack.callback(studio.kill)
        said = Server()
        following = asyncio.create_task(said.follow(server))
        try:
            async with viewers.chromium_beside() as browser:
                for way in WAYS:
                    if options.way and options.way not in way:
                        continue
                    studio.kill()
                    studio.start()
                    print(way, flush=True)
                    rows += await watch(browser, server, studio, said, way, options)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=100.0, help="of each way, twice")
    parser.add_argument("--away", type=float, default=6.0, help="seconds without the studio")
    parser.add_argument("--way", default="", help="only those whose name has this")
    parser.add_argument("--json", type=Path, default=Path("caption_sync.json"))
    options = parser.parse_args()
    with talk.filmed() as film:
        rows = asyncio.run(measure(film, options))
    for row in rows:
        told = row["against the sentence"]
        print(f"{row['way']:>28}, {row['studio']:>6}: {told}; sound {row['sound after picture']}")
    print(f"(in step: at most {LIMIT} s p95)")
    options.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
