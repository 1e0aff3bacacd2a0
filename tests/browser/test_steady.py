"""Lists whose items change places: they glide there, and stand still under a finger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with
from tests.viewers import until

LIST = """
document.body.innerHTML = "<ul><li data-id=a>A</li><li data-id=b>B</li></ul>";
window.box = document.querySelector("ul");
window.steady = new player.Steady(box);
window.order = (...ids) => steady.order(ids.map((id) => ({ id }))).map(({ id }) => id).join(" ");
window.turn = () => steady.draw(String(Math.random()), () => box.append(box.firstChild));
undefined;  // else playwright would call the last of them
"""
GLIDING = "document.getAnimations().length"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with page_with(browser, 'export { Steady } from "./parts/steady";') as page:
        page.emulate_media(reduced_motion="no-preference")
        page.evaluate(LIST)
        yield page


def test_order_holds_while_a_finger_is_on_the_list_and_no_longer(page: Page) -> None:
    page.clock.install()
    page.evaluate(LIST)
    assert page.evaluate("order('a', 'b')") == "a b"
    assert page.evaluate("order('b', 'a')") == "b a"
    page.evaluate("box.dispatchEvent(new PointerEvent('pointermove'))")
    assert page.evaluate("order('a', 'c', 'b')") == "b a c"  # a new one comes last
    page.clock.fast_forward(5_000)
    assert page.evaluate("order('a', 'c', 'b')") == "a c b"
    page.evaluate("box.firstChild.tabIndex = 0; box.firstChild.focus()")
    assert page.evaluate("order('b', 'a', 'c')") == "a c b"
    page.evaluate("steady.letGo()")
    assert page.evaluate("order('b', 'a', 'c')") == "b a c"


def test_who_stands_in_the_list_by_the_keyboard_stays_in_sight(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    here = "document.activeElement.dataset.id"
    page.evaluate("box.firstChild.tabIndex = 0; box.lastChild.style.height = '200vh'")
    page.keyboard.press("Tab")
    page.evaluate("turn()")
    assert page.evaluate(here) == "a"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top < innerHeight")
    page.mouse.wheel(0, -9000)  # somebody looks elsewhere
    until(page, 10, lambda: page.evaluate("scrollY") == 0, "the top")
    page.evaluate("steady.draw('more', () => box.prepend(document.createElement('li')))")
    assert page.evaluate(here) == "a"
    assert page.evaluate("scrollY") == 0


def test_what_changes_places_glides_unless_less_motion_is_wanted(page: Page) -> None:
    page.evaluate("turn()")
    assert page.evaluate(GLIDING) == 2
    page.evaluate("document.getAnimations().forEach((each) => each.finish())")
    page.emulate_media(reduced_motion="reduce")
    page.evaluate("turn()")
    assert page.evaluate(GLIDING) == 0
