"""A vote's journey, and a question's: from a phone to the régie and the presenter's page."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests import servers
from tests.browser.people import PHONE, crew_address, opened
from tests.servers import Fabrique
from tv.auth import Role

PROMPT = "Que faut-il réparer d’abord ?"


@pytest.fixture
def served() -> Iterator[Fabrique]:
    """Where nobody has asked anything yet."""
    with servers.fabrique() as server:
        yield server


def test_question_and_vote_reach_the_presenter(served: Fabrique, browser: Browser) -> None:
    with (
        opened(browser, served.url, PHONE) as phone,
        opened(browser, crew_address(served, "regie")) as control_room,
        opened(browser, crew_address(served, "intervenant", Role.PRESENTER)) as presenter,
    ):
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

    with served.crew(Role.PRESENTER) as client:
        polls = client.get("/api/v1/talks/direct/polls").json()["items"]
        poll = next(each for each in polls if each["prompt"] == PROMPT)
        results = client.get(f"/api/v1/polls/{poll['id']}/results").json()
    assert [count["votes"] for count in results["counts"]] == [0, 1]
    assert results["ballots"] == 1
