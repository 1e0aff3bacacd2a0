"""The public's page in a browser: what it shows, says and asks for."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import av
import numpy as np
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, FloatRect, Locator, Page, Request, expect

from tests.browser.people import DRAWN, PHONE
from tests.impairment import Network
from tests.viewers import PATIENCE

# The paths that the page has shown, one after the other.
PATHS = """
window.paths = [];
addEventListener("DOMContentLoaded", () => {
  const stage = document.querySelector("#stage");
  new MutationObserver(() => {
    if (stage.dataset.path && paths.at(-1) !== stage.dataset.path) paths.push(stage.dataset.path);
  }).observe(stage, { attributeFilter: ["data-path"] });
});
"""

# Whether what is shown has moved on by five pictures since it was first asked about.
MOVES = """() => {
  const video = [...document.querySelectorAll("video.shown")].at(-1);
  const { totalVideoFrames } = video.getVideoPlaybackQuality();
  if (window.asked?.video !== video) window.asked = { video, from: totalVideoFrames };
  return totalVideoFrames >= window.asked.from + 5;
}"""


@asynccontextmanager
async def watching(
    browser: Browser, url: str, network: Network | None = None, script: str = ""
) -> AsyncIterator[Page]:
    """The public's page, opened."""
    context = await browser.new_context(viewport=PHONE, locale="fr-FR")  # type: ignore[arg-type]
    try:
        context.set_default_timeout(1000 * PATIENCE)
        page = await context.new_page()
        await page.add_init_script(PATHS + script)
        if network:
            await network.stand_before(page)
        await page.goto(url)
        yield page
        await page.unroute_all(behavior="ignoreErrors")
        await page.goto("about:blank")  # hangs up: the place is free for the next test
    finally:
        await context.close()


async def shows(page: Page, path: str) -> None:
    """Wait for moving pictures by this path."""
    await expect(page.locator("#stage")).to_have_attribute("data-path", path)
    await page.evaluate("delete window.asked")
    await page.wait_for_function(MOVES)


async def paths(page: Page) -> list[str]:
    shown: list[str] = await page.evaluate("paths")
    return shown


def said(page: Page) -> Locator:
    """What screen readers are told of the picture."""
    return page.locator("#stage [role=status]")


class Film:
    """What the compositor made of a page, frame by frame."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def details(self, box: FloatRect) -> list[float]:
        """How much there is to see in the picture, in each frame: nothing in a black one.

        Its upper third is left out, where the page itself shows something.
        """
        found = []
        for data in self.frames:
            with av.open(io.BytesIO(data), "r", format="jpeg_pipe") as file:
                grey = next(file.decode(video=0)).to_ndarray(format="gray")
            scale = grey.shape[1] / PHONE["width"]
            left, top = round(scale * box["x"]), round(scale * box["y"])
            width, height = round(scale * box["width"]), round(scale * box["height"])
            lower = grey[top + height // 3 : top + height, left : left + width]
            found.append(float(np.std(lower)))
        return found


@asynccontextmanager
async def filmed(page: Page) -> AsyncIterator[Film]:
    """Film the page, which must never be without a picture."""
    film = Film()
    session = await page.context.new_cdp_session(page)

    async def take(frame: dict[str, Any]) -> None:
        film.frames.append(base64.b64decode(frame["data"]))
        await session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    session.on("Page.screencastFrame", take)
    await page.evaluate(DRAWN)  # of a film, the first picture is the last one that was drawn
    await session.send("Page.startScreencast", {"format": "jpeg", "quality": 60})
    yield film
    await session.send("Page.stopScreencast")
    box = await page.locator(".pictures").bounding_box()
    assert box
    details = film.details(box)
    assert len(details) > 10
    assert min(details) > float(np.median(details)) / 2, details


def offers(page: Page) -> list[Request]:
    """Fills with the offers that the page makes from now on."""
    made: list[Request] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "/whep" in request.url:
            made.append(request)

    page.on("request", note)
    return made


async def reception(page: Page) -> str:
    """How the picture comes, as the settings say."""
    button = page.get_by_role("button", name="Réglages")
    await button.click()
    sheet = page.get_by_role("group", name="Réglages")
    assert (await Axe().run(page)).response["violations"] == []
    text = await sheet.locator(".note").last.inner_text()
    await page.keyboard.press("Escape")
    return text
