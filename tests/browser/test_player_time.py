"""The page knows which moment it shows, live and later, and changes between the two unseen."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests import servers, viewers
from tests.browser.stage import filmed, offers, paths, shows, watching
from tests.journeys.test_media_time import Witness, witness
from tests.servers import Fabrique
from tests.studio import publishing
from tests.waiting import when
from tv.demo.scene import FRAME_RATE

DELAY = 3.0  # seconds

# Whether the film is shown by a path.
FILM = f"""(path) => {{
  const shown = ({viewers.SHOWN})();
  return shown.path === path && shown.number > 0;
}}"""


@pytest.fixture(scope="module")
def served(film: Path) -> Iterator[Fabrique]:
    settings = {"WEBRTC__DELAY": str(DELAY)}
    with servers.fabrique(**settings) as server, publishing(film, server):
        yield server


@asynccontextmanager
async def page_of(served: Fabrique, chromium: str) -> AsyncIterator[Page]:
    async with (
        viewers.driving_beside(chromium) as browser,
        watching(browser, served.url) as page,
    ):
        await page.wait_for_function(FILM, arg="webrtc")
        yield page


async def choose(page: Page, rhythm: str) -> None:
    await page.get_by_role("button", name="Réglages").click()
    await page.get_by_text(rhythm).click()
    await page.keyboard.press("Escape")


async def on_air_for(air: Witness, seconds: float) -> None:
    """Wait until it has seen so much."""
    await when(lambda: air.times and max(air.times.values()) - min(air.times.values()) >= seconds)


async def moment_of_a_question(page: Page) -> float:
    """What a question says of when it was asked."""
    await page.get_by_role("button", name="Poser une question").click()
    await page.get_by_label("Votre question").fill("Qui a la clé du local à vélos ?")
    async with page.expect_request(
        lambda request: request.method == "POST" and request.url.endswith("/questions")
    ) as asked:
        await page.get_by_role("button", name="Envoyer").click()
    return float(json.loads((await asked.value).post_data or "")["anchor"]["media_time"])


@pytest.mark.slow  # a film on air, a page that shows it later
@pytest.mark.parametrize("rhythm", ["Au plus vite", "Synchronisés"])
async def test_question_is_anchored_to_the_picture_on_screen(
    served: Fabrique, chromium: str, rhythm: str
) -> None:
    async with (
        asyncio.timeout(120),
        witness(served.folder.media_socket) as air,
        page_of(served, chromium) as page,
    ):
        later = rhythm == "Synchronisés"
        await on_air_for(air, DELAY + 1)
        if later:
            await choose(page, rhythm)
            await page.wait_for_function(FILM, arg="delayed")
        await page.get_by_role("button", name="Mettre en pause").click()
        moment = await moment_of_a_question(page)
        number = (await page.evaluate(viewers.SHOWN))["number"]
        # The film is a loop: its picture was on air more than once.
        times = [air.times[stamp] for stamp, each in air.numbers.items() if each == number]
        # A busy browser may tell the page of a picture when it paints the next one.
        assert min(abs(time - moment) for time in times) < 1.5 / FRAME_RATE
        assert max(air.times.values()) - moment > (DELAY - 0.5 if later else 0.0)


@pytest.mark.slow
async def test_change_of_rhythm_keeps_the_picture_by_webrtc(
    served: Fabrique, chromium: str
) -> None:
    async with asyncio.timeout(120), page_of(served, chromium) as page:
        made = offers(page)
        async with filmed(page):
            await choose(page, "Synchronisés")
            await shows(page, "delayed")
            await choose(page, "Au plus vite")
            await shows(page, "webrtc")
        assert await paths(page) == ["webrtc", "delayed", "webrtc"]
        assert [request.url.partition("/whep")[2] for request in made] == ["?feed=delayed", ""]
