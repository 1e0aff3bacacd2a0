"""The public's pages in a browser: for eyes, thumbs and keyboards; what is reported goes."""

from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PHONE, crew_address, device, opened, violations
from tests.servers import Fabrique, fabrique
from tests.viewers import until
from tv.auth import Role

NARROW = {"width": 320, "height": 640}  # and so is a screen of 1280 pixels at 400 %
PAGES = (
    *("programme", "rejoindre", "charte", "confidentialite", "accessibilite", "facile", "plan"),
    *("revoir", "idees", "mur/ecrire", "nulle-part"),
)
LETTERS = "/hors-ligne/lettres"  # as tv/web/letters.ts has it
POST = "Mon voisin du 3e, Monsieur Untel, ne paie pas"


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with fabrique(LABS__LABO_1__NAME="Chercher", LABS__LABO_1__PICTOGRAM="🔍") as server:
        with server.crew() as crew:
            crew.post("/api/v1/schedule:import", content=tomorrow()).raise_for_status()
        yield server


def tomorrow() -> bytes:
    """A schedule that is still to come, whatever day it is."""
    day = date.today() + timedelta(days=1)
    rows = [f"{n};Intervention {n};{day};{9 + n}:00;1:00;plateau;Anne" for n in range(2)]
    return "\n".join(["id;titre;date;début;durée;salle;intervenants", *rows]).encode()


@pytest.mark.parametrize("look", ["claire", "sombre"])
def test_public_pages_have_no_accessibility_violation_and_fit_a_narrow_screen(
    served: Fabrique, browser: Browser, look: str
) -> None:
    with device(browser, NARROW) as own:
        page = own.new_page()
        for place in PAGES:
            page.goto(f"{served.url}/{place}?apparence={look}")
            expect(page.get_by_role("heading", level=1)).not_to_be_empty()
            for each in page.locator("main details").all():
                each.evaluate("(details) => { details.open = true; }")
            assert violations(page) == [], place
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= NARROW["width"], place


def test_public_pages_are_read_by_keyboard_alone_and_without_a_script(
    served: Fabrique, browser: Browser
) -> None:
    with browser.new_context(viewport=PHONE, java_script_enabled=False) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{served.url}/programme")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.get_by_role("link", name="Me le rappeler").first.evaluate(
                "(link) => link === document.activeElement"
            ):
                break
        with page.expect_download() as calendar:
            page.keyboard.press("Enter")
        assert calendar.value.suggested_filename.endswith(".ics")


def test_what_somebody_reports_is_taken_away_by_the_moderators(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    with served.someone() as author:
        post = author.post("/api/v1/wall/posts", json={"text": POST}).raise_for_status().json()
        for verb in ("approve", "show"):
            crew.post(f"/api/v1/wall/posts/{post['id']}:{verb}").raise_for_status()
        with opened(browser, f"{served.url}/mur/ecrire", PHONE) as reader:
            report(reader)
            with opened(browser, crew_address(served, "regie", Role.MODERATOR)) as desk:
                desk.get_by_role("button", name="Questions").first.click()
                card = desk.locator(".alert-card", has_text=POST)
                expect(card).to_contain_text("donnée personnelle")
                assert violations(desk) == []
                card.get_by_role("button", name="Retirer partout").click()
                expect(card).to_have_count(0)
            expect(reader.get_by_text(POST)).to_have_count(0)
        assert crew.get("/api/v1/alerts").json()["counts"]["removed"] == 1


def report(page: Page) -> None:
    """By keyboard, as a person would."""
    page.get_by_role("button", name="Signaler : " + POST).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("radio").first).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("radio", name="Donnée personnelle").check()
    dialog.get_by_label("Une précision").fill("Son nom et son étage")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", name="Signalement reçu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Signaler : " + POST)).to_be_focused()


def test_a_report_that_was_given_up_leaves_no_words_in_the_next(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    with served.someone() as author:
        for text in ("Première affiche", "Seconde affiche"):
            sent = author.post("/api/v1/wall/posts", json={"text": text})
            post = sent.raise_for_status().json()
            for verb in ("approve", "show"):
                crew.post(f"/api/v1/wall/posts/{post['id']}:{verb}").raise_for_status()
    with opened(browser, f"{served.url}/mur/ecrire", PHONE) as page:
        note = page.get_by_role("dialog").get_by_label("Une précision")
        page.get_by_role("button", name="Signaler : Première affiche").press("Enter")
        note.fill("Son nom et son étage")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Signaler : Seconde affiche").press("Enter")
        expect(note).to_have_value("")


def test_whoever_erases_what_they_wrote_leaves_nothing_on_their_device(
    served: Fabrique, browser: Browser
) -> None:
    with opened(browser, f"{served.url}/mur/ecrire", PHONE) as page:
        page.get_by_label("Votre message").fill("À effacer")
        page.get_by_role("button", name="Envoyer").click()
        expect(page.get_by_text("En attente de relecture")).to_be_visible()
        page.get_by_label("Votre message").fill("Un brouillon")
        page.evaluate(f"async () => (await caches.open('outbox')).put({LETTERS!r}, new Response())")
        page.goto(f"{served.url}/confidentialite")
        page.get_by_text("Messages du mur (1)").click()
        expect(page.get_by_text("À effacer")).to_be_visible()
        page.get_by_label("Je veux effacer tout ce que j’ai écrit.").check()
        page.get_by_role("button", name="Effacer mes contributions").click()
        expect(page.get_by_text("C’est fait")).to_be_visible()
        assert "?" not in page.url
        kept = page.evaluate(
            "Object.keys(localStorage).filter((key) => /draft|participant/.test(key))"
        )
        assert kept == []
        until(page, 10, lambda: not page.evaluate("caches.has('outbox')"), "letters, forgotten")


def test_programme_says_when_it_is_no_longer_what_it_shows(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    heard: list[str | bytes] = []
    with device(browser) as own:
        page = own.new_page()
        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda each: heard.append(each))
        )
        page.goto(f"{served.url}/programme")
        until(page, 20, lambda: any('"topic":"talks"' in str(each) for each in heard), "the talks")
        expect(page.locator(".programme-fresh")).to_have_count(0)
        talk = page.locator("article").first.get_attribute("id")
        crew.patch(f"/api/v1/talks/{talk}", json={"title": "Un autre titre"}).raise_for_status()
        expect(page.get_by_text("Le programme vient de changer.")).to_be_visible()
        page.get_by_role("link", name="Actualiser").click()
        expect(page.get_by_role("heading", name="Un autre titre")).to_be_visible()
