"""Detection of bursts in the front end: the pure part."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

FOUND = """(sent) => player.burst(
  sent.map(([at, arrival], rank) => ({ id: String(rank), at, arrival })), ({ at }) => at)"""


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    with page_with(browser, 'export * from "./parts/bursts";') as page:
        yield page


def found(rules: Page, *sent: tuple[float, str]) -> list[int]:
    return [int(rank) for rank in rules.evaluate(FOUND, [list(each) for each in sent])]


def test_eleven_of_one_network_within_a_minute_are_a_burst_with_its_first(rules: Page) -> None:
    assert found(rules, *[(6.0 * n, "abc") for n in range(10)]) == []
    assert found(rules, *[(6.0 * n, "abc") for n in range(11)]) == list(range(11))
    assert found(rules, *[(6.1 * n, "abc") for n in range(11)]) == []


def test_what_came_before_or_from_elsewhere_is_not_in_it(rules: Page) -> None:
    sent = [(0.0, "abc"), (500.0, "def"), (500.0, ""), *[(500.0 + n, "abc") for n in range(12)]]
    assert found(rules, *sent) == list(range(3, 15))


def test_one_that_goes_on_is_one_from_its_first_to_its_last(rules: Page) -> None:
    assert found(rules, *[(3.0 * n, "abc") for n in range(200)]) == list(range(200))


def test_settled_devices_are_in_none(rules: Page) -> None:
    assert found(rules, *[(1.0 * n, "") for n in range(100)]) == []
