"""The control room's captions: one gesture corrects what everybody reads, a person may write."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests import servers
from tests.browser.people import DESK, PHONE, WALL, Slow, opened, violations
from tests.browser.test_control_room import post
from tests.servers import Fabrique
from tests.viewers import until
from tv.auth import Role

HEARD = "Le bail glissant aide les biaires sociaux."


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A plateau whose captions a person writes: no studio, and nothing that the machine hears."""
    with servers.fabrique(CAPTIONS__CHANNELS="plateau", LABS__LABO_1__NAME="Chercher") as server:
        yield server


@dataclass
class Desk:
    """The captions of the control room."""

    page: Page

    def type(self, *lines: str) -> None:
        """Say these lines with the keyboard."""
        field = self.page.get_by_label("Ce qui se dit")
        expect(self.page.get_by_text("Les mots partent à mesure")).to_be_visible()
        for line in lines:
            field.fill(line)
            field.press("Enter")
            expect(field).to_have_value("")

    def cue(self, text: str) -> Locator:
        return self.page.locator(".cue", has_text=text)

    def edit(self, word: str) -> Locator:
        """Click on a word of a cue, which is then selected in the editor."""
        self.page.locator(".cue .word", has_text=word).last.click()
        area = self.page.get_by_label("Texte du sous-titre")
        expect(area).to_be_focused()
        return area


@contextmanager
def captions_desk(
    browser: Browser, served: Fabrique, size: dict[str, int] = DESK, name: str = "Claire"
) -> Iterator[Desk]:
    """The page with its captions."""
    address = f"{served.url}/regie#pass={served.make_pass(Role.MODERATOR, name)}"
    with opened(browser, address, size) as page:
        post(page, "Sous-titres")
        yield Desk(page)


@contextmanager
def at_the_keyboard(browser: Browser, served: Fabrique) -> Iterator[Desk]:
    """A moderator who writes the captions."""
    with captions_desk(browser, served) as desk:
        desk.page.get_by_role("button", name="Prendre le clavier").click()
        expect(desk.page.get_by_text("Vous écrivez les sous-titres.")).to_be_visible()
        expect(desk.page.get_by_label("Ce qui se dit")).to_be_focused()
        yield desk
        desk.page.get_by_role("button", name="Rendre à la machine").click()
        expect(desk.page.get_by_text("La machine écrit les sous-titres.")).to_be_visible()
        expect(desk.page.get_by_role("button", name="Prendre le clavier")).to_be_focused()


@contextmanager
def words(browser: Browser, served: Fabrique) -> Iterator[Locator]:
    """What the public reads beside the picture."""
    with opened(browser, served.url) as page:
        yield page.locator("#words")


def test_correction_by_one_gesture_is_what_everybody_reads(
    served: Fabrique, browser: Browser
) -> None:
    with at_the_keyboard(browser, served) as desk, words(browser, served) as public:
        desk.type(HEARD)
        expect(public).to_contain_text("biaires")
        page = desk.page
        desk.edit("biaires")
        page.keyboard.type("bailleurs")  # in the place of the word
        always = page.get_by_label("Remplacer toujours « biaires » par « bailleurs »")
        always.check()
        expect(page.get_by_label("Texte du sous-titre")).to_have_value(
            re.compile("aide les bailleurs sociaux")
        )
        assert violations(page) == []
        page.get_by_label("Texte du sous-titre").press("Enter")
        expect(desk.cue("bailleurs")).to_contain_text("corrigé")
        expect(desk.cue("bailleurs").locator(".cue-text")).to_be_focused()
        expect(public).to_contain_text("aide les bailleurs sociaux")
        expect(public).not_to_contain_text("biaires")
        expect(page.locator(".rules")).to_contain_text("biaires")
        # The rule holds for what is said from now on.
        desk.type("Les biaires le savent bien.")
        expect(public).to_contain_text("Les bailleurs le savent bien.")
        page.get_by_role("button", name="Ne plus remplacer biaires").click()
        expect(page.locator(".rules")).not_to_contain_text("biaires")
        expect(page.get_by_label("Entendu")).to_be_focused()
        desk.edit("bailleurs").press("Escape")
        expect(page.get_by_label("Texte du sous-titre")).to_have_count(0)


def test_what_was_said_is_sent_to_the_tables(served: Fabrique, browser: Browser) -> None:
    with at_the_keyboard(browser, served) as desk:
        desk.type("Un bail se partage aussi.")
        desk.edit("partage")
        page = desk.page
        page.get_by_role("button", name="Envoyer au labo").click()
        sheet = page.get_by_role("dialog", name="Envoyer au labo")
        expect(sheet).to_contain_text("Un bail se partage aussi.")
        sheet.get_by_role("button", name="Envoyer", exact=True).click()
        expect(sheet).to_be_hidden()
        with opened(browser, f"{served.url}/labo/labo-1", PHONE) as lab:
            expect(lab.locator("#received")).to_contain_text("Un bail se partage aussi.")


def test_correction_that_is_not_taken_comes_back(served: Fabrique, browser: Browser) -> None:
    with at_the_keyboard(browser, served) as desk:
        desk.type("Voici le texte fautif.", "Voilà la suite.")
        expect(desk.cue("la suite")).to_be_visible()
        page, cues = desk.page, "**/api/v1/cues/*"
        page.route(cues, lambda route: route.abort())
        desk.edit("fautif")
        page.keyboard.type("juste.")
        page.locator(".cue .word", has_text="suite").click()  # and on to the next
        expect(page.locator("#announcements .trouble")).to_be_visible()
        area = page.get_by_label("Texte du sous-titre")
        expect(area).to_have_value("Voici le texte juste.")
        page.unroute(cues)
        area.press("Enter")
        expect(desk.cue("le texte juste")).to_contain_text("corrigé")


def test_cue_is_hidden_from_everybody_and_shown_again(served: Fabrique, browser: Browser) -> None:
    with at_the_keyboard(browser, served) as desk, words(browser, served) as public:
        desk.type("Ceci ne regarde personne.")
        expect(public).to_contain_text("ne regarde personne")
        cue = desk.cue("regarde personne")
        cue.get_by_role("button", name="Masquer ce sous-titre").click()
        expect(cue).to_contain_text("masqué")
        expect(public).not_to_contain_text("ne regarde personne")
        cue.get_by_role("button", name="Montrer ce sous-titre").click()
        expect(public).to_contain_text("ne regarde personne")


def test_speaker_is_named_and_the_past_of_a_cue_is_told(served: Fabrique, browser: Browser) -> None:
    with at_the_keyboard(browser, served) as desk, words(browser, served) as public:
        desk.type("Bonjour à toutes et à tous.")
        page = desk.page
        page.get_by_label("Quelqu’un d’autre").fill("Karim Benali")
        page.get_by_role("button", name="Nommer", exact=True).click()
        expect(page.get_by_role("button", name="Karim Benali")).to_have_attribute(
            "aria-pressed", "true"
        )
        desk.type("Merci de m’avoir invité.")
        expect(public.locator(".said-speaker")).to_have_text("Karim Benali")
        page.get_by_role("button", name="Ne pas nommer").click()
        desk.edit("toutes")
        page.get_by_role("combobox", name="Qui parle").fill("Claire Fontaine")
        page.get_by_role("combobox", name="Qui parle").press("Enter")
        expect(desk.cue("Bonjour à toutes")).to_contain_text("Claire Fontaine")
        expect(public.locator(".said-speaker")).to_have_text(["Claire Fontaine", "Karim Benali"])
        desk.edit("toutes")
        page.get_by_role("button", name="Historique").click()
        expect(page.locator(".history li")).to_have_count(2)
        expect(page.locator(".history")).to_contain_text("Claire Fontaine")
        assert violations(page) == []


def test_glossary_is_kept_with_the_talk(served: Fabrique, browser: Browser) -> None:
    with captions_desk(browser, served) as desk:
        field = desk.page.get_by_label("Termes de cette intervention")
        field.fill("bailleurs sociaux\n\nPLAI\nPLAI")
        desk.page.get_by_role("button", name="Enregistrer").click()
        expect(desk.page.get_by_role("button", name="Enregistrer")).to_have_count(0)
        expect(field).to_be_focused()
        expect(field).to_have_value("bailleurs sociaux\nPLAI")
        desk.page.reload()
        expect(field).to_have_value("bailleurs sociaux\nPLAI")


def test_keyboard_that_another_takes_is_given_up(served: Fabrique, browser: Browser) -> None:
    with (
        captions_desk(browser, served, name="Karim") as one,
        at_the_keyboard(browser, served) as other,
    ):
        expect(one.page.get_by_text("Claire écrit les sous-titres au clavier")).to_be_visible()
        one.page.get_by_role("button", name="Prendre le clavier").click()
        expect(one.page.get_by_text("Vous écrivez les sous-titres.")).to_be_visible()
        expect(other.page.get_by_label("Ce qui se dit")).to_have_count(0)
        other.page.get_by_role("button", name="Prendre le clavier").click()
        expect(one.page.get_by_label("Ce qui se dit")).to_have_count(0)
        other.type("C’est de nouveau mon tour.")
        expect(one.cue("de nouveau mon tour")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, DESK, WALL], ids=["phone", "desk", "wall"])
def test_captions_fit_the_screen_and_have_no_accessibility_violation(
    served: Fabrique, browser: Browser, size: dict[str, int]
) -> None:
    with captions_desk(browser, served, size) as desk:
        expect(desk.page.get_by_role("heading", name="Qui écrit")).to_be_visible()
        expect(desk.page.locator(".measures")).to_be_visible()
        assert violations(desk.page) == []
        assert desk.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_nobody_writes_among_terms_that_are_still_on_their_way(
    served: Fabrique, browser: Browser
) -> None:
    with served.crew() as crew, captions_desk(browser, served) as desk:
        crew.put("/api/v1/glossary", json={"terms": ["Anah"]}).raise_for_status()
        page = desk.page
        asked: list[Route] = []
        page.route("**/api/v1/glossary", lambda route: asked.append(route))
        page.route_web_socket("**/ws", lambda socket: Slow(socket, "captioning", held=True))
        page.reload()
        field = page.get_by_label("Termes de tout l’événement")
        expect(field).to_be_attached()
        until(page, 10, lambda: asked, "the terms asked for")
        asked.pop().abort()
        expect(field).not_to_be_editable()
        field.focus()
        until(page, 10, lambda: asked, "the terms asked for once more")
        asked.pop().continue_()
        expect(field).to_be_editable()
        expect(field).to_have_value("Anah")


def test_terms_that_were_begun_stay_when_another_talk_goes_live(
    served: Fabrique, browser: Browser
) -> None:
    begun = "Anah\nPLAI adapté"
    with served.crew() as crew, captions_desk(browser, served) as desk:
        field = desk.page.get_by_label("Termes de cette intervention")
        field.fill(begun)
        plan = {"title": "La suite", "channel": "plateau"}
        talk = crew.post("/api/v1/talks", json=plan).raise_for_status().json()["id"]
        crew.post("/api/v1/talks/direct:end")  # if it is live
        crew.post(f"/api/v1/talks/{talk}:start").raise_for_status()
        before = desk.page.get_by_label("Termes d’une autre intervention")
        expect(before).to_have_value(begun)
        expect(before).to_be_focused()
        expect(field).to_have_value("")
        desk.page.get_by_role("button", name="Enregistrer").click()
        expect(before).to_have_count(0)
        crew.post(f"/api/v1/talks/{talk}:end").raise_for_status()
        assert crew.get("/api/v1/talks/direct/glossary").json()["terms"] == begun.split("\n")
