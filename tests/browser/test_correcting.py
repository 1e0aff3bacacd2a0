"""What a correction in the control room amounts to: the rule it suggests, and what it overtakes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with page_with(browser, 'export * from "./correcting";') as page:
        yield page


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ("les biaires sociaux,", "les bailleurs sociaux,", ("biaires", "bailleurs")),
        ("le prêt local, oui", "le PLAI, oui", ("prêt local", "PLAI")),
        ("l’anct finance", "l’ANCT finance", ("l’anct", "l’ANCT")),
        ("un deux trois", "un 2 trois 4", ("deux trois", "2 trois 4")),
        ("un deux", "un deux trois", None),  # words were added, none was wrong
        ("un deux trois", "un trois", None),
        ("un deux.", "un deux !", None),  # a mark is no word
        ("un deux", "un deux", None),
        ("a b c d e f g h", "i j k l m n o p", None),  # another sentence
    ],
)
def test_rule_is_about_the_words_that_became_others(
    page: Page, before: str, after: str, change: tuple[str, str] | None
) -> None:
    found = page.evaluate("given => player.changeOf(...given)", [before, after])
    assert found == (change and {"heard": change[0], "written": change[1]})


def test_what_the_machine_adds_meanwhile_is_added_to_the_draft(page: Page) -> None:
    def caught_up(*given: str) -> str | None:
        text: str | None = page.evaluate("given => player.caughtUp(...given)", list(given))
        return text

    assert caught_up("le bail", "le Bail", "le bail glissant") == "le Bail glissant"
    assert caught_up("le bail", "le Bail ", "le bail") == "le Bail"
    assert caught_up("le bail", "le Bail", "le bal glissant") is None
