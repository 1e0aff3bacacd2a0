"""A screen in a room is left alone: when the server was away, its picture is back without a hand.

The publisher killed, a network cut for a minute, a tab that stands still: benchmarks/screen_alone.
"""

from playwright.sync_api import Browser, Page, expect

from tests import servers
from tests.browser.people import opened
from tests.viewers import until

WALL = {"width": 1280, "height": 720}
BACK = 40.0  # seconds, on a machine that does other things as well

# Pictures decoded by the video that is shown, as far as there is one.
FRAMES = """() => [...document.querySelectorAll("#stage video.shown")].at(-1)
  ?.getVideoPlaybackQuality().totalVideoFrames ?? 0"""


def moves(page: Page) -> bool:
    before: int = page.evaluate(FRAMES)
    page.wait_for_timeout(200)
    return bool(page.evaluate(FRAMES) not in (0, before))


def test_screen_shows_the_card_while_the_server_is_away_and_its_picture_once_it_is_back(
    browser: Browser,
) -> None:
    with (
        servers.fabrique() as server,
        opened(browser, f"{server.url}/ecran", WALL) as page,
        server.crew() as crew,
    ):
        code = page.locator(".pairing-code")
        expect(code).not_to_have_text("……")
        said = {"code": code.text_content(), "name": "Hall", "sound": True}
        made = crew.post("/api/v1/screens", json=said)
        assert made.status_code == 201, made.text
        address = f"/api/v1/screens/{made.json()['id']}"
        page.wait_for_url("**/ecran/screen_*")

        def told() -> tuple[str, str]:
            known = crew.get(address).json()
            return known["health"], known["heard"]

        until(page, BACK, lambda: told() == ("well", "on"), "a picture with sound")
        page.evaluate("window.alone = true")
        server.stop()
        expect(page.get_by_text("Hors ligne – reprise en cours")).to_be_visible()
        expect(page.get_by_text("Suivre et participer")).to_be_visible()
        server.start()
        server.wait_ready()
        until(page, BACK, lambda: moves(page), "a picture")
        expect(page.get_by_text("Suivre et participer")).to_be_hidden()
        expect(page.get_by_text("Hors ligne – reprise en cours")).to_be_hidden()
        until(page, BACK, lambda: told() == ("well", "on"), "health")
        assert page.evaluate("window.alone"), "loading it anew was not needed"
