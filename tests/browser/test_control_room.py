"""The control room's air: sources, the choice between them, restreams, at every size."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import servers
from tests.browser.people import DESK, PHONE, WALL, crew_address, opened, violations
from tests.servers import Fabrique
from tests.studio import Studio
from tv.passes import Passes, Role
from tv.studios.keys import load_secret

KEY = "cle-que-personne-ne-voit"


@pytest.fixture(scope="module")
def served(film: Path) -> Iterator[Fabrique]:
    """A plateau with two studios, a lab without any, and a restream to where nobody listens."""
    [port] = servers.free_ports(1)
    with servers.fabrique(
        CHANNELS__LABO_1__NAME="Labo 1",
        RESTREAMS__YOUTUBE__TITLE="YouTube",
        RESTREAMS__YOUTUBE__URL=f"rtmp://127.0.0.1:{port}/live2",
        RESTREAMS__YOUTUBE__KEY=KEY,
    ) as server:
        studios = [Studio(film, server.rtmp(slot=slot)) for slot in ("primary", "backup")]
        for studio in studios:
            studio.start()
        try:
            yield server
        finally:
            for studio in studios:
                studio.kill()


@contextmanager
def control_room(
    browser: Browser, served: Fabrique, size: dict[str, int], role: Role = Role.OPERATOR
) -> Iterator[Page]:
    """The page once both studios are there."""
    with opened(browser, crew_address(served, "regie", role), size) as page:
        cards = page.locator("#sources > .sources")
        expect(cards.get_by_text(re.compile("Prête|À l’antenne"))).to_have_count(2)
        yield page


def post(page: Page, name: str) -> None:
    """Go to one of the posts."""
    page.locator("#posts").get_by_role("button", name=name).click()


def choice(page: Page, name: str) -> Locator:
    group = page.get_by_role("radiogroup", name="À l’antenne de Plateau", exact=True)
    return group.get_by_role("radio", name=re.compile(f"^{name}"))


def said(page: Page) -> Locator:
    return page.locator("#switcher [aria-live=polite]")


@pytest.mark.parametrize("size", [PHONE, DESK, WALL], ids=["phone", "desk", "wall"])
def test_air_fits_the_screen_and_has_no_accessibility_violation(
    served: Fabrique, browser: Browser, size: dict[str, int]
) -> None:
    with control_room(browser, served, size) as page:
        post(page, "Technique")
        expect(page.get_by_role("meter", name="Niveau sonore")).to_have_count(2)
        assert violations(page) == []
        page.get_by_text("Labo 1", exact=True).last.click()
        expect(page.get_by_text("fabrique-tv key labo-1")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_choice_by_keyboard_is_confirmed_by_the_server_and_keeps_the_focus(
    served: Fabrique, browser: Browser
) -> None:
    with control_room(browser, served, DESK) as page:
        expect(said(page)).to_have_text(re.compile("^Automatique.*le principal est à l’antenne"))
        choice(page, "Automatique").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        secours = choice(page, "Secours")
        expect(secours).to_be_focused()
        expect(choice(page, "Automatique")).to_be_checked()  # arrows alone put nothing on air
        page.keyboard.press("Space")
        expect(secours).to_be_checked()
        expect(secours).to_be_focused()
        expect(said(page)).to_have_text(re.compile("^Choisi à la main.*le secours est à l’antenne"))
        expect(page.get_by_role("link", name="Choix manuel")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Tab")
        page.keyboard.press("Shift+Tab")
        expect(secours).to_be_focused()
        choice(page, "Automatique").click()
        expect(said(page)).to_have_text(re.compile("^Automatique.*le principal est à l’antenne"))
        expect(page.get_by_role("link", name="Choix manuel")).to_have_count(0)


def test_two_control_rooms_show_the_same_choice(served: Fabrique, browser: Browser) -> None:
    with (
        control_room(browser, served, DESK) as one,
        control_room(browser, served, PHONE) as other,
    ):
        post(other, "Antenne")
        choice(one, "Carton d’attente").click()
        for page in (one, other):
            expect(choice(page, "Carton d’attente")).to_be_checked()
            expect(page.locator("#health")).to_contain_text("Carton d’attente")
        choice(other, "Automatique").click()
        expect(choice(one, "Automatique")).to_be_checked()
        expect(said(one)).to_contain_text("le principal est à l’antenne")


def test_restream_is_started_explained_and_stopped(served: Fabrique, browser: Browser) -> None:
    with control_room(browser, served, DESK) as page:
        page.get_by_role("link", name=re.compile("^Rediffusion")).click()
        target = page.locator(".restream")
        expect(target).to_be_in_viewport()
        expect(target).to_contain_text("Arrêtée")
        button = target.get_by_role("button")
        expect(button).to_have_accessible_name("Démarrer la rediffusion vers YouTube")
        button.press("Enter")
        expect(target).to_contain_text("Nouvelle tentative")
        expect(target.locator(".advice")).not_to_be_empty()
        expect(button).to_be_focused()
        assert violations(page) == []
        button.press("Enter")
        expect(target).to_contain_text("Arrêtée")
        assert KEY not in page.content()


def test_pass_for_one_talk_is_told_that_it_shows_no_sources(
    served: Fabrique, browser: Browser
) -> None:
    passes = Passes(load_secret(served.folder.path))
    token = passes.issue(Role.OPERATOR, talk="direct")
    with opened(browser, f"{served.url}/regie#pass={token}") as page:
        post(page, "Technique")
        expect(page.locator("#sources")).to_contain_text("une seule intervention")
        expect(page.get_by_role("radio")).to_have_count(0)


def test_moderator_sees_the_air_and_leaves_it_alone(served: Fabrique, browser: Browser) -> None:
    with control_room(browser, served, PHONE, Role.MODERATOR) as page:
        post(page, "Antenne")
        expect(said(page)).to_contain_text("à l’antenne")
        post(page, "Technique")
        expect(page.locator(".restream")).to_contain_text("Arrêtée")
        expect(page.get_by_role("radio")).to_have_count(0)
        expect(page.locator(".restream").get_by_role("button")).to_have_count(0)
        assert violations(page) == []


def test_channel_without_a_studio_says_where_to_publish(served: Fabrique, browser: Browser) -> None:
    with control_room(browser, served, DESK) as page:
        address = f"rtmp://127.0.0.1:{served.rtmp_port}/live"
        expect(page.locator("#sources .how code").first).to_have_text(address)
