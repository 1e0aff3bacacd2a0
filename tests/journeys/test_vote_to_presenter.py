"""A vote's journey, and a question's: from a phone to the régie and the presenter's page."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import Fabrique
from tv.auth import Role

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}

PROMPT = "Que faut-il réparer d’abord ?"


def open_page(browser: Browser, url: str, size: dict[str, int]) -> Page:
    """A page of a device of its own, in French; an error in its scripts fails the test."""
    page = browser.new_context(viewport=size, locale="fr-FR").new_page()  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(url)
    return page


def test_question_and_vote_reach_the_presenter(served: Fabrique, browser: Browser) -> None:
    phone = open_page(browser, served.url, PHONE)
    token = served.make_pass(Role.OPERATOR, "Régie")
    control_room = open_page(browser, f"{served.url}/regie#pass={token}", DESK)
    token = served.make_pass(Role.PRESENTER, "Zoé")
    presenter = open_page(browser, f"{served.url}/intervenant#pass={token}", DESK)
    assert "pass=" not in control_room.url, "a pass stays in nobody's history"

    control_room.get_by_role("button", name="Démarrer").click()
    expect(control_room.get_by_role("button", name="Terminer")).to_be_visible()

    phone.get_by_role("button", name="Poser une question").click()
    phone.locator("#question").fill("Qui répare l’ascenseur de la tour B ?")
    phone.get_by_role("button", name="Envoyer").click()
    control_room.get_by_role("button", name=re.compile("^Publier")).click()
    expect(presenter.get_by_text("Qui répare l’ascenseur")).to_be_visible()
    presenter.get_by_role("button", name="Je réponds").click()
    expect(presenter.get_by_text("Réponse en cours")).to_be_visible()
    expect(phone.get_by_text("Réponse en cours")).to_be_visible()
    presenter.get_by_role("button", name="Réponse donnée").click()
    expect(phone.get_by_text(re.compile("Réponse donnée")).first).to_be_visible()

    control_room.get_by_role("button", name="Préparer un sondage").click()
    control_room.locator("#poll-prompt").fill(PROMPT)
    control_room.get_by_label("Réponse 1").fill("La porte")
    control_room.get_by_label("Réponse 2").fill("La chaudière")
    control_room.get_by_role("button", name="Enregistrer").click()
    control_room.get_by_role("button", name="Ouvrir le vote").click()
    phone.get_by_role("tab", name=re.compile("Sondage")).click()
    phone.get_by_label("La porte").check()
    phone.get_by_role("button", name="Voter").click()
    expect(presenter.get_by_text("1 bulletin")).to_be_visible()
    # A second vote replaces the first: still one ballot, for the other answer.
    phone.get_by_label("La chaudière").check()
    phone.get_by_role("button", name="Changer").click()
    expect(phone.get_by_role("button", name="Changer")).to_be_disabled()
    control_room.get_by_role("button", name="Clore le vote").click()
    expect(phone.get_by_text(re.compile("100.%"))).to_be_visible()
    expect(presenter.get_by_text("1 bulletin")).to_be_visible()

    with httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {token}"}) as client:
        polls = client.get("/api/v1/talks/direct/polls").json()["items"]
        poll = next(each for each in polls if each["prompt"] == PROMPT)
        results = client.get(f"/api/v1/polls/{poll['id']}/results").json()
    assert [count["votes"] for count in results["counts"]] == [0, 1]
    assert results["ballots"] == 1
    for page in (phone, control_room, presenter):
        page.context.close()
