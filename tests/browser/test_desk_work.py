"""Hands on the pages: pressed twice, refused, kept waiting, by keyboard, in a rehearsal."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests import servers
from tests.browser.people import DESK, PHONE, WALL, crew_address, device, opened, violations
from tests.browser.test_control_room import post
from tests.servers import Fabrique

PROMPT = "Par quoi commencer ?"


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A server of our own: its phase changes under every page."""
    with servers.fabrique() as server:
        yield server


@contextmanager
def control_room(browser: Browser, served: Fabrique, size: dict[str, int]) -> Iterator[Page]:
    with opened(browser, crew_address(served, "regie"), size) as page:
        expect(page.get_by_role("heading", name="À relire")).to_be_visible()
        yield page


def published(served: Fabrique, crew: httpx.Client, body: str) -> None:
    with served.someone() as asker:
        asked = asker.post("/api/v1/talks/direct/questions", json={"body": body})
    crew.post(f"/api/v1/questions/{asked.json()['id']}:approve").raise_for_status()


def test_rehearsal_is_said_above_what_stays_in_view_until_the_chosen_phase_ends_it(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    crew.post("/api/v1/event:phase", json={"phase": "rehearsal"}).raise_for_status()
    with control_room(browser, served, PHONE) as page:
        band = page.locator(".rehearsal")
        expect(band).to_contain_text("Répétition")
        post(page, "Antenne")
        page.get_by_role("heading", name="Conducteur").scroll_into_view_if_needed()
        clearing = page.get_by_role("button", name="Vider les écrans")
        expect(clearing).to_be_in_viewport()
        above, below = band.bounding_box(), clearing.bounding_box()
        assert above
        assert below
        assert below["y"] >= above["y"] + above["height"]

        shelf = page.context.new_page()
        shelf.goto(f"{served.url}/revoir")
        expect(shelf.locator(".rehearsal")).to_contain_text("Répétition")
        assert violations(shelf) == []

        page.on("dialog", lambda dialog: dialog.accept())
        phase = page.get_by_label("Phase")
        expect(phase).to_have_value("rehearsal")
        phase.select_option("open")
        expect(band).to_have_count(0)
        expect(phase).to_have_value("open")


def test_poll_whose_reply_is_lost_is_made_once(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    with control_room(browser, served, DESK) as page:
        page.get_by_role("button", name="Préparer un sondage").click()
        page.get_by_label("La question du sondage").fill(PROMPT)
        page.get_by_label("Réponse 1").fill("Le toit")
        page.get_by_label("Réponse 2").fill("Le jardin")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.route("**/api/v1/polls", lose, times=1)
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.get_by_text("Le serveur ne répond pas.")).to_be_visible()
        page.get_by_role("button", name="Enregistrer").dblclick()
        expect(page.get_by_role("button", name="Préparer un sondage")).to_be_visible()
    items = crew.get("/api/v1/talks/direct/polls").json()["items"]
    assert [item["prompt"] for item in items].count(PROMPT) == 1


def test_a_key_pressed_on_a_card_keeps_the_focus_there(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    published(served, crew, "Que devient le jardin partagé l’hiver ?")
    with control_room(browser, served, DESK) as page:
        card = page.locator("#line .card", has_text="jardin partagé")
        card.get_by_role("button", name="Mettre en file").press("Enter")
        expect(card.get_by_role("button", name="Retirer de la file")).to_be_focused()


def test_screens_are_cleared_while_an_answer_to_restore_is_awaited(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    crew.post("/api/v1/screens:clear").raise_for_status()
    bandeau = {"type": "bandeau", "title": "Claire Dumoulin"}
    entry = crew.post("/api/v1/rundown", json=bandeau).json()["id"]
    crew.post(f"/api/v1/rundown/{entry}:take").raise_for_status()
    with control_room(browser, served, DESK) as page:
        page.route("**/api/v1/screens:restore", lambda _: None)  # it hangs
        page.get_by_role("button", name="Rétablir").click()
        with page.expect_response("**/api/v1/screens:clear") as response:
            page.get_by_role("button", name="Vider les écrans").click()
        assert response.value.ok


def test_on_a_wall_the_rundown_stands_beside_the_picture(
    served: Fabrique, browser: Browser
) -> None:
    with control_room(browser, served, WALL) as page:
        picture = page.locator("#stage").bounding_box()
        rundown = page.get_by_role("heading", name="Conducteur").bounding_box()
        assert picture
        assert rundown
        assert rundown["x"] > picture["x"] + picture["width"]
        assert rundown["y"] < picture["y"] + picture["height"]


def test_screen_that_cannot_be_set_is_shown_as_it_is(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    code = httpx.post(f"{served.url}/api/v1/displays", json={}).json()["code"]
    crew.post("/api/v1/screens", json={"code": code, "name": "Hall"}).raise_for_status()
    with control_room(browser, served, DESK) as page:
        post(page, "Salles")
        page.get_by_text("Régler").click()
        page.route("**/api/v1/screens/*", lambda route: route.abort())
        page.get_by_label("Affiche").select_option("wall")
        expect(page.get_by_text("Le serveur ne répond pas.")).to_be_visible()
        expect(page.get_by_label("Affiche")).to_have_value("live")
        overlaid = page.get_by_label("L’habillage est déjà dans son image")
        overlaid.click()
        expect(overlaid).not_to_be_checked()


def test_who_is_not_of_the_crew_asks_for_no_screens(served: Fabrique, browser: Browser) -> None:
    with device(browser) as own:
        page = own.new_page()
        page.clock.install()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{served.url}/regie")
        expect(page.locator("#closed")).not_to_be_empty()
        page.clock.run_for(11_000)
        assert not [url for url in asked if re.search("/api/v1/screens$", url)]


def test_what_is_typed_while_a_post_leaves_is_not_lost(served: Fabrique, browser: Browser) -> None:
    with opened(browser, f"{served.url}/mur/ecrire", PHONE) as page:
        message = page.get_by_label("Votre message")

        def type_meanwhile(route: Route) -> None:
            message.fill("Et bravo au jardin.")
            route.continue_()

        message.fill("Merci au toit.")
        page.route("**/api/v1/wall/posts", type_meanwhile)
        page.get_by_role("button", name="Envoyer").click()
        expect(page.get_by_text("En attente de relecture")).to_be_visible()
        expect(message).to_have_value("Et bravo au jardin.")
