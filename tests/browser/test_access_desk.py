"""The control room's keys and passes: a key is renewed and shown once, a pass is taken back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import servers
from tests.browser.people import DESK, SIZES, crew_address, opened, violations
from tests.servers import Fabrique
from tv.passes import Role

FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with servers.fabrique(
        CHANNELS__LABO_1__NAME="Labo 1",
        LABS__CHERCHER__NAME="Chercher",
        SRT__PASSPHRASE="phrase de passe",
    ) as server:
        yield server


def technical(page: Page) -> None:
    page.locator("#posts").get_by_role("button", name="Technique").click()
    expect(page.locator("#sources")).to_contain_text("Aucun studio ne diffuse")


def used(served: Fabrique, role: Role, name: str, **place: str) -> str:
    """A pass that somebody uses."""
    token = served.make_pass(role, name, **place)
    with served.client(token) as client:
        client.get("/api/v1/session").raise_for_status()
    return token


@SIZES
def test_key_is_renewed_by_keyboard_and_shown_once(
    served: Fabrique, browser: Browser, size: dict[str, int]
) -> None:
    before = served.key(slot="backup")
    with opened(browser, crew_address(served, "regie"), size) as page:
        technical(page)
        button = page.get_by_role("button", name="Nouvelle clé du secours, Plateau")
        button.focus()
        page.keyboard.press("Enter")
        asked = page.get_by_role("dialog", name=re.compile("Changer la clé du secours, Plateau"))
        expect(asked).to_contain_text("L’ancienne clé n’ouvrira plus rien")
        expect(asked.get_by_role("button", name="Annuler")).to_be_focused()
        assert violations(page) == []
        page.keyboard.press("Enter")
        expect(asked).to_be_hidden()
        expect(button).to_be_focused()
        assert served.key(slot="backup") == before
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Changer la clé").click()
        shown = page.get_by_role("dialog", name="Nouvelle clé du secours, Plateau")
        expect(shown).to_be_visible()
        rtmp, srt = served.key(slot="backup"), served.srt_key(slot="backup")
        assert rtmp != before
        expect(shown).to_contain_text(rtmp)
        expect(shown).to_contain_text(f"publish:plateau:{srt}")
        expect(shown.get_by_role("button", name="J’ai noté la clé")).to_be_focused()
        assert violations(page) == []
        assert page.evaluate(FITS)
        page.keyboard.press("Enter")
        expect(shown).to_be_hidden()
        expect(button).to_be_focused()
        assert rtmp not in page.content()
        assert srt not in page.content()


@SIZES
def test_pass_is_taken_back_and_its_page_is_closed(
    served: Fabrique, browser: Browser, size: dict[str, int]
) -> None:
    used(served, Role.HOST, "Claire", lab="chercher", table="chercher.3")
    with (
        opened(browser, crew_address(served, "regie", Role.MODERATOR), size) as lost,
        opened(browser, crew_address(served, "regie"), size) as page,
    ):
        technical(page)
        desk = page.get_by_role("region", name="Laissez-passer")
        expect(desk.get_by_role("listitem").filter(has_text="Le vôtre")).to_have_count(1)
        expect(desk).to_contain_text("Claire")
        expect(desk).to_contain_text("table 3, Chercher")
        expect(lost.locator("#desk")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate(FITS)
        take = desk.get_by_role(
            "button", name=re.compile("^Retirer le laissez-passer.: Modération")
        )
        count = take.count()
        take.first.press("Enter")
        asked = page.get_by_role("dialog", name=re.compile("^Retirer ce laissez-passer"))
        expect(asked.get_by_role("button", name="Annuler")).to_be_focused()
        assert violations(page) == []
        asked.get_by_role("button", name="Retirer", exact=True).click()
        expect(take).to_have_count(count - 1)
        expect(page.locator("#passes-title")).to_be_focused()
        expect(lost.locator("#desk")).to_be_hidden()
        with served.crew() as desk_:
            roles = [each["role"] for each in desk_.get("/api/v1/passes").json()["items"]]
        assert "host" in roles
        assert "moderator" not in roles


def test_operator_leaves_an_administrators_pass_alone(served: Fabrique, browser: Browser) -> None:
    used(served, Role.ADMIN, "Direction")
    with opened(browser, crew_address(served, "regie")) as page:
        technical(page)
        card = page.get_by_role("listitem").filter(has_text="Direction")
        expect(card).to_contain_text("Administration")
        expect(card.get_by_role("button")).to_have_count(0)
    with opened(browser, crew_address(served, "regie", Role.ADMIN)) as page:
        technical(page)
        card = page.get_by_role("listitem").filter(has_text="Direction")
        expect(card.get_by_role("button")).to_have_count(1)


def test_moderator_sees_neither_passes_nor_new_keys(served: Fabrique, browser: Browser) -> None:
    with opened(browser, crew_address(served, "regie", Role.MODERATOR), DESK) as page:
        technical(page)
        expect(page.locator("#passes-desk")).to_be_hidden()
        expect(page.get_by_role("button", name=re.compile("^Nouvelle clé"))).to_have_count(0)
