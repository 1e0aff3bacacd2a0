"""Whom tests play in a browser: people with a screen of some size, some of them of the crew."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute

from tests.servers import Fabrique
from tests.viewers import PATIENCE
from tv.auth import Role

PHONE = {"width": 360, "height": 780}
TABLET = {"width": 820, "height": 1180}
DESK = {"width": 1440, "height": 900}
WALL = {"width": 1920, "height": 1080}
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])

# What is still fading in has no contrast of its own yet.
STILL = """Promise.all(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
  .map((each) => each.finished.catch(() => {})))"""

# A page has drawn what it knew.
DRAWN = "() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"


@contextmanager
def device(
    browser: Browser, size: dict[str, int] = DESK, zone: str | None = None
) -> Iterator[BrowserContext]:
    """A device in French, whose pages know each other; none of their scripts may fail.

    `zone`: where it is, such as "America/Montreal".
    """
    errors: list[str] = []
    with browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        locale="fr-FR",
        timezone_id=zone,
    ) as context:
        context.set_default_timeout(1000 * PATIENCE)
        context.on("weberror", lambda failed: errors.append(str(failed.error)))
        try:
            yield context
        except Exception as failure:
            for error in errors:  # often the cause
                failure.add_note(f"A script failed: {error}")
            raise
    assert errors == []


@contextmanager
def opened(browser: Browser, address: str, size: dict[str, int] = DESK) -> Iterator[Page]:
    """A page of a device of its own."""
    with device(browser, size) as own:
        page = own.new_page()
        page.goto(address)
        yield page


class Slow:
    """A page's socket of which nothing, or no view of `topic`, comes through while it is `held`."""

    def __init__(self, socket: WebSocketRoute, topic: str = "", *, held: bool = False) -> None:
        self.held = held
        self._socket = socket
        self._topic = topic
        self._waiting: list[str | bytes] = []
        socket.connect_to_server().on_message(self._pass)

    def let_through(self) -> None:
        self.held = False
        for message in self._waiting:
            self._socket.send(message)

    def _pass(self, message: str | bytes) -> None:
        if self.held and json.loads(message).get("topic", "").startswith(self._topic):
            self._waiting.append(message)
        else:
            self._socket.send(message)


def without_sockets(own: BrowserContext) -> None:
    """A device whose network lets no socket through."""
    own.route_web_socket("**/ws", lambda socket: socket.close())


def crew_address(served: Fabrique, place: str, role: Role = Role.OPERATOR) -> str:
    """A page of the crew's, opened by their link."""
    return f"{served.url}/{place}#pass={served.make_pass(role)}"


def violations(page: Page) -> list[str]:
    """What keeps people out of a page, by the rules of axe."""
    page.evaluate(STILL)
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
