"""A queue that takes no more from newcomers, as a newcomer sees it."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.servers import Fabrique, fabrique
from tv.auth import Role

SHOWN = "Qui entretient le jardin ?"
FIRST, SECOND = "Combien cela coûte-t-il ?", "Et qui le paie à la fin ?"
ONE_TEXT = {
    "LIMITS__NEWCOMERS_TEXTS__BURST": "1",
    "LIMITS__NEWCOMERS_TEXTS__PER_SECOND": "0.001",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with fabrique(**ONE_TEXT) as server:
        yield server


@pytest.fixture
def moderator(served: Fabrique) -> Iterator[httpx.Client]:
    with served.crew(Role.MODERATOR) as client:
        yield client


def ask(page: Page, question: str) -> None:
    page.get_by_role("button", name="Poser une question").click()
    page.get_by_label("Votre question").fill(question)
    page.get_by_role("button", name="Envoyer").click()


def test_newcomer_is_told_why_keeps_their_words_and_goes_on_supporting(
    served: Fabrique, moderator: httpx.Client, phone: BrowserContext
) -> None:
    asked = moderator.post("/api/v1/talks/direct/questions:room", json={"body": SHOWN})
    moderator.post(f"/api/v1/questions/{asked.json()['id']}:release").raise_for_status()
    page = phone.new_page()
    page.goto(served.url)
    ask(page, FIRST)
    expect(page.get_by_text(FIRST)).to_be_visible()
    ask(page, SECOND)
    expect(page.get_by_text("Beaucoup d’appareils viennent d’arriver").first).to_be_visible()
    support = page.get_by_role("button", name=f"Soutenir : {SHOWN}")
    support.click()
    expect(support).to_have_text("1")
    count = "JSON.parse(localStorage['fabrique.outbox'] ?? '[]').length"
    page.wait_for_function(f"{count} === 0")
    page.get_by_role("button", name="Poser une question").click()
    expect(page.get_by_label("Votre question")).to_have_value(SECOND)
