"""Polls of every kind are answered with the keyboard alone, and their results are tables."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import DESK, PHONE, opened
from tests.servers import Fabrique
from tv.auth import Role

OPTIONS = ["Toit", "Jardin", "Lien"]


@pytest.fixture
def crew(served: Fabrique) -> Iterator[httpx.Client]:
    with served.crew() as client:
        # The service is other tests' too: what a rehearsal leaves goes when it ends.
        client.post("/api/v1/event:phase", json={"phase": "rehearsal"}).raise_for_status()
        yield client
        client.post("/api/v1/event:phase", json={"phase": "open"}).raise_for_status()


@pytest.fixture
def phone(served: Fabrique, browser: Browser) -> Iterator[Page]:
    with opened(browser, served.url, PHONE) as page:
        page.get_by_role("tab", name=re.compile("Sondage")).click()
        yield page


def poll(crew: httpx.Client, type: str, prompt: str, **more: Any) -> str:
    draft = {"talk": "direct", "type": type, "prompt": prompt} | more
    created = crew.post("/api/v1/polls", json=draft)
    assert created.status_code == 201, created.text
    url = f"/api/v1/polls/{created.json()['id']}"
    crew.post(f"{url}:open").raise_for_status()
    return url


def vote(phone: Page, crew: httpx.Client, url: str) -> Any:
    expect(phone.get_by_role("button", name="Voter")).to_be_enabled()
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("Vote enregistré")).to_be_visible()
    crew.post(f"{url}:close").raise_for_status()
    return crew.get(f"{url}/results").json()


def test_vote_counts_that_follows_the_choice_before_the_page_is_drawn(
    phone: Page, crew: httpx.Client
) -> None:
    url = poll(crew, "single", "On continue ?", options=["Oui", "Non"])
    expect(phone.get_by_label("Non")).to_be_visible()
    expect(phone.get_by_role("button", name="Voter")).to_be_disabled()
    phone.evaluate(
        """document.querySelectorAll("#polls .option input")[1].click();
        document.querySelector("#polls .primary").click()"""
    )
    expect(phone.get_by_text("Vote enregistré")).to_be_visible()
    crew.post(f"{url}:close").raise_for_status()
    assert votes(crew.get(f"{url}/results").json()) == [0, 1]


def votes(results: Any) -> list[int]:
    return [each["votes"] for each in results["counts"]]


def test_each_kind_is_answered_by_keyboard_and_shown_as_a_table(
    phone: Page, crew: httpx.Client
) -> None:
    url = poll(crew, "ranking", "Que faut-il d’abord ?", options=OPTIONS)
    phone.get_by_role("button", name="Monter : Lien").focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Monter : Lien")).to_be_focused()
    phone.keyboard.press("Enter")
    # It is first now: the focus goes to the arrow that still leads somewhere.
    expect(phone.get_by_role("button", name="Descendre : Lien")).to_be_focused()
    phone.get_by_role("button", name="Voter").focus()
    assert votes(vote(phone, crew, url)) == [1, 0, 2]
    table = phone.get_by_role("table", name=re.compile("Que faut-il"))
    expect(table.get_by_role("row", name=re.compile("Lien.* 2 "))).to_be_visible()

    url = poll(crew, "dots", "Où mettre l’argent ?", options=OPTIONS)
    phone.get_by_role("group", name="Jardin").get_by_role("button", name="plus").focus()
    for _ in range(10):
        phone.keyboard.press("Enter")
    expect(phone.get_by_text("Tous les points sont donnés")).to_be_visible()
    assert not Axe().run(phone, "#polls").response["violations"]
    phone.get_by_role("button", name="Voter").focus()
    assert votes(vote(phone, crew, url)) == [0, 10, 0]

    url = poll(crew, "words", "Un mot pour ce quartier ?", max_choices=2)
    phone.get_by_label("Mot 1").focus()
    phone.keyboard.type("Lien")
    results = vote(phone, crew, url)
    assert results["words"] == [{"word": "Lien", "votes": 1}]
    phone.get_by_text("1 mot dans l’ordre").press("Enter")
    expect(phone.get_by_role("rowheader", name="Lien")).to_be_visible()

    url = poll(crew, "multiple", "Lesquels ?", options=OPTIONS, max_choices=2)
    for name in ("Toit", "Lien"):
        phone.get_by_label(name).press("Space")
    expect(phone.get_by_label("Jardin")).to_be_disabled()
    phone.get_by_role("button", name="Voter").focus()
    assert votes(vote(phone, crew, url)) == [1, 0, 1]


def test_poll_that_asks_for_a_code_takes_the_one_on_a_card(
    served: Fabrique, phone: Page, crew: httpx.Client
) -> None:
    first, second = [
        each["code"] for each in crew.get("/api/v1/voting-codes?count=2").json()["items"]
    ]
    url = poll(crew, "single", "Qui au conseil ?", options=["Ann", "Bob"], codes=True)
    field = phone.get_by_label("Votre code de vote")
    expect(field).to_be_visible()
    assert not Axe().run(phone, "#polls").response["violations"]
    phone.get_by_label("Bob").press("Space")
    phone.keyboard.press("Tab")
    expect(field).to_be_focused()
    phone.keyboard.type("ABCD-EFGH")
    phone.keyboard.press("Enter")
    expect(phone.get_by_text("Ce code n’est pas un code de vote")).to_be_visible()
    expect(phone.get_by_label("Bob")).to_be_checked()
    field.fill(first.lower())
    assert votes(vote(phone, crew, url)) == [0, 1]

    url = poll(crew, "ranking", "Dans quel ordre ?", options=OPTIONS, codes=True)
    expect(field).to_have_value(first.lower())  # this device knows it by now
    phone.get_by_role("button", name="Voter").focus()
    assert votes(vote(phone, crew, url)) == [2, 1, 0]

    phone.goto(f"{served.url}/rejoindre/{second}")  # a card that is scanned
    phone.get_by_role("tab", name=re.compile("Sondage")).click()
    poll(crew, "rating", "Et l’accueil ?", scale=5, codes=True)
    expect(field).to_have_value(second)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_crew_sets_a_burst_of_ballots_aside_and_counts_it_again(
    served: Fabrique, browser: Browser, crew: httpx.Client, size: dict[str, int]
) -> None:
    url = poll(crew, "single", "On garde le jardin ?", options=["Oui", "Non"])
    for _ in range(60):
        with served.someone() as somebody:
            somebody.put(f"{url}/ballot", json={"choices": ["o1"]}).raise_for_status()
    token = served.make_pass(Role.OPERATOR)
    with opened(browser, f"{served.url}/regie#pass={token}", size) as page:
        if size == PHONE:
            page.get_by_role("button", name="Sondages").click()
        card = page.locator("#polls .card", has_text="On garde le jardin ?")
        expect(card).to_contain_text("60 bulletins d’appareils arrivés ensemble")
        assert not Axe().run(page, "#polls").response["violations"]
        card.get_by_role("button", name="Mettre de côté").press("Enter")
        expect(card).to_contain_text("mis de côté")
        assert votes(crew.get(f"{url}/results").json()) == [0, 0]
    with opened(browser, f"{served.url}/intervenant#pass={token}", size) as page:
        page.get_by_role("button", name="Les compter").press("Enter")
        expect(page.get_by_role("button", name="Mettre de côté")).to_be_visible()
        assert not Axe().run(page, "#polls").response["violations"]
    assert votes(crew.get(f"{url}/results").json()) == [60, 0]


def test_operator_prints_codes_beside_the_poll_that_asks_for_them(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    token = served.make_pass(Role.OPERATOR)
    with opened(browser, f"{served.url}/regie#pass={token}", DESK) as page:
        page.get_by_role("button", name="Préparer un sondage").click()
        page.get_by_label("La question du sondage").fill("Qui au conseil ?")
        for number, name in enumerate(("Ann", "Bob"), 1):
            page.get_by_label(f"Réponse {number}").fill(name)
        page.get_by_label("Demander un code de vote").press("Space")
        page.get_by_label("Nombre de codes").fill("350")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Cartes 301 à 350")).to_be_visible()
        assert not Axe().run(page, "#polls").response["violations"]
        with page.expect_download() as printed:
            page.get_by_role("link", name="Cartes 1 à 300").press("Enter")
        assert printed.value.path().read_bytes().startswith(b"%PDF")
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.locator("#polls .card.draft")).to_contain_text("avec code de vote")
