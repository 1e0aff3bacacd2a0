"""Polls of every kind are answered with the keyboard alone, and their results are tables."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PHONE, opened
from tests.servers import Fabrique

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
