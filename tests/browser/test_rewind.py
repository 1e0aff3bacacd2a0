"""Back in the talk that is on air and forth again: without a reload, and never black."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests import servers, viewers
from tests.browser.stage import filmed, paths, shows, watching
from tests.browser.test_player_time import moment_of_a_question, on_air_for
from tests.journeys.test_media_time import Witness, witness
from tests.servers import Fabrique
from tests.studio import publishing
from tv.auth import Role
from tv.demo.scene import FRAME_RATE

pytestmark = pytest.mark.slow  # a talk has to last before one can go back in it

TALK = "/api/v1/talks/direct"

# Whether the film is shown as it comes.
LIVE = f"""() => {{
  const shown = ({viewers.SHOWN})();
  return ["webrtc", "hls"].includes(shown.path) && shown.number > 0;
}}"""

# Whether what is shown is so many seconds late.
BEHIND = """(seconds) => {
  const said = document.querySelector(".behind-time")?.textContent ?? "0";
  return parseFloat(said.replace(",", ".")) > seconds;
}"""


# All that is announced from now on.
ANNOUNCED = """() => {
  window.announced = [];
  const region = document.querySelector("#announcements");
  const note = () => announced.push(region.textContent);
  new MutationObserver(note).observe(region, { childList: true });
}"""


@pytest.fixture(scope="module")
def served(film: Path) -> Iterator[Fabrique]:
    with (
        servers.fabrique() as server,
        publishing(film, server),
    ):
        yield server


@asynccontextmanager
async def talk_on_air(
    served: Fabrique, chromium: str, seconds: float
) -> AsyncIterator[tuple[Page, Witness, httpx.AsyncClient]]:
    """A talk that has lasted so long, and a page that shows it."""
    headers = {"authorization": f"Bearer {served.make_pass(Role.OPERATOR)}"}
    async with (
        httpx.AsyncClient(base_url=served.url, headers=headers) as crew,
        witness(served.folder.media_socket) as air,
        viewers.driving_beside(chromium) as browser,
        watching(browser, served.url) as page,
    ):
        assert (await crew.post(f"{TALK}:start")).status_code == 200
        try:
            await page.wait_for_function(LIVE)
            await on_air_for(air, seconds)
            yield page, air, crew
        finally:
            await crew.post(f"{TALK}:end")


async def test_viewer_goes_back_and_returns_without_a_reload_or_a_black_picture(
    served: Fabrique, chromium: str
) -> None:
    async with asyncio.timeout(180), talk_on_air(served, chromium, 15) as (page, air, _):
        await page.evaluate("window.unchanged = true")
        async with filmed(page):
            await page.get_by_role("slider", name="Revenir en arrière").press("Home")
            await shows(page, "rewind")
            await page.get_by_role("button", name="Mettre en pause").click()
            moment = await moment_of_a_question(page)
            number = (await page.evaluate(viewers.SHOWN))["number"]
            await page.get_by_role("button", name="Revenir au direct").click()
            await page.wait_for_function(LIVE)
        assert await page.evaluate("window.unchanged")
        shown = await paths(page)
        assert "rewind" in shown
        assert shown[-1] != "rewind"
        # What is asked is anchored to the picture of then.
        times = [air.times[stamp] for stamp, each in air.numbers.items() if each == number]
        assert min(abs(time - moment) for time in times) < 1.5 / FRAME_RATE
        assert max(air.times.values()) - moment > 10


async def test_viewer_who_chose_the_sound_alone_is_told_nothing_of_a_moment_that_was_left(
    served: Fabrique, chromium: str
) -> None:
    async with asyncio.timeout(180), talk_on_air(served, chromium, 15) as (page, _, _):
        await page.get_by_role("slider", name="Revenir en arrière").press("Home")
        await shows(page, "rewind")
        await page.evaluate(ANNOUNCED)
        await page.get_by_role("button", name="Réglages").click()
        await page.get_by_role("radio", name="Son seul").check()
        await expect(page.locator("#stage")).to_have_attribute("data-path", "sound")
        await page.get_by_role("radio", name="Automatique").check()
        await page.wait_for_function(LIVE)
        await expect(page.get_by_role("slider", name="Revenir en arrière")).to_be_visible()
        assert "revu" not in " ".join(await page.evaluate("announced"))


async def test_pause_is_gone_on_from_until_the_talk_is_over(
    served: Fabrique, chromium: str
) -> None:
    async with asyncio.timeout(180), talk_on_air(served, chromium, 7) as (page, _, crew):
        await page.get_by_role("button", name="Mettre en pause").click()
        await page.wait_for_function(BEHIND, arg=7)
        await page.get_by_role("button", name="Lire").click()
        await shows(page, "rewind")
        await page.wait_for_function(BEHIND, arg=6.5)
        slider = page.get_by_role("slider", name="Revenir en arrière")
        await expect(slider).to_have_attribute(
            "aria-valuetext", re.compile(r"^.+\ss après le début, .+\ss avant le direct$")
        )
        assert (await Axe().run(page)).response["violations"] == []
        await crew.post(f"{TALK}:end")
        await expect(page.locator("#announcements")).to_contain_text("retour au direct")
        await page.wait_for_function(LIVE)
        await expect(slider).to_have_count(0)
