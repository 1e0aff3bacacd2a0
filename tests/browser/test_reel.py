"""A film that takes the place of another: it plays on if that one did, and that one is gone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from tests import servers
from tests.browser.bundle import bundled
from tests.servers import Fabrique
from tests.viewers import until

REEL = """
window.lost = 0;
window.reel = new player.Reel(document.body, () => {}, () => { lost += 1; });
window.load = (name) => {
  void reel.load(`/plateau/media.m3u8?${name}`, Date.now() / 1000 - 4);
};
"""
PLAYS = "() => !reel.loading && !reel.paused && reel.video.currentTime > 0"
FILMS = "[...document.querySelectorAll('video')].map(({ paused }) => paused ? 'paused' : 'plays')"


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with servers.fabrique() as server:
        yield server


@pytest.fixture
def page(browser: Browser, served: Fabrique) -> Iterator[Page]:
    """A page of the service with nothing but a reel."""
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{served.url}/charte")
        page.set_content("")
        page.add_script_tag(content=bundled('export { Reel } from "./player/reel";'))
        page.evaluate(REEL)
        yield page
        page.unroute_all(behavior="ignoreErrors")


def held(page: Page, name: str) -> list[Route]:
    """Fills with what is asked for of a film, which gets no answer."""
    asked: list[Route] = []
    page.route(f"**/media.m3u8?{name}*", lambda route: asked.append(route))
    return asked


def test_film_that_is_loaded_again_while_it_opens_goes_on_alone(page: Page) -> None:
    opening = held(page, "second")
    page.evaluate("load('first'); reel.play()")
    page.wait_for_function(PLAYS)
    page.evaluate("load('second')")
    until(page, 30, lambda: opening, "the second film, asked for")
    assert page.evaluate(FILMS) == ["plays", "paused"]
    page.evaluate("load('third')")
    page.wait_for_function(PLAYS)
    assert page.evaluate(FILMS) == ["plays"]
    assert page.evaluate("lost") == 0


def test_film_stays_while_another_cannot_be_had(page: Page) -> None:
    page.route("**/media.m3u8?second*", lambda route: route.abort())
    page.evaluate("load('first'); reel.play()")
    page.wait_for_function(PLAYS)
    page.evaluate("load('second')")
    page.wait_for_function("lost")
    assert page.evaluate(FILMS) == ["plays"]
    page.evaluate("load('third')")
    page.wait_for_function(PLAYS)
    assert page.evaluate(FILMS) == ["plays"]


def test_film_that_was_wanted_before_its_first_picture_plays_when_it_is_loaded_again(
    page: Page,
) -> None:
    opening = held(page, "first")
    page.evaluate("load('first'); reel.play()")
    until(page, 30, lambda: opening, "the first film, asked for")
    page.evaluate("load('second')")
    page.wait_for_function(PLAYS)
    assert page.evaluate(FILMS) == ["plays"]
