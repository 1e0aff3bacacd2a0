"""What stands on the wall in turn: the pure part."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

# What is up after each step: a list of posts ("a", "b*" when pinned), or "next" for a turn.
STANDS = """([places, steps]) => {
  const rotation = new player.Rotation();
  let posts = [];
  return steps.map((step) => {
    if (step === "next") rotation.advance(posts);
    else posts = step.map((name) => ({ id: name[0], pinned: name.endsWith("*") }));
    rotation.update(posts, places);
    return rotation.places.join("");
  });
}"""


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    with page_with(browser, 'export * from "./parts/rotation";') as page:
        yield page


def stands(rules: Page, places: int, *steps: Any) -> list[str]:
    stood: list[str] = rules.evaluate(STANDS, [places, list(steps)])
    return stood


def test_one_post_changes_at_a_time_and_each_has_its_turn(rules: Page) -> None:
    turns = stands(rules, 3, list("abcde"), *["next"] * 5)
    assert turns == ["abc", "dbc", "dec", "dea", "bea", "bca"]


def test_few_posts_stay_where_they_are(rules: Page) -> None:
    assert stands(rules, 4, list("ab"), "next", "next") == ["ab", "ab", "ab"]


def test_hidden_post_is_gone_at_once_and_another_takes_its_place(rules: Page) -> None:
    assert stands(rules, 3, list("abcd"), list("acd"), list("ac"), []) == ["abc", "acd", "ac", ""]


def test_new_post_takes_a_free_place_or_is_next(rules: Page) -> None:
    assert stands(rules, 3, list("ab"), list("zab")) == ["ab", "abz"]
    assert stands(rules, 2, list("abcd"), list("zabcd"), "next") == ["ab", "ab", "zb"]


def test_pinned_post_comes_first_and_stays(rules: Page) -> None:
    turns = stands(rules, 2, ["a", "b", "c", "d*"], "next", "next", "next")
    assert turns == ["da", "db", "dc", "da"]
    assert stands(rules, 2, ["a*", "b*", "c*", "d"], "next", "next") == ["ab", "cb", "ca"]


def test_smaller_screen_shows_fewer(rules: Page) -> None:
    stood = rules.evaluate(
        """() => {
          const rotation = new player.Rotation();
          const posts = [..."abcd"].map((id) => ({ id, pinned: false }));
          rotation.update(posts, 4);
          rotation.update(posts, 3);
          return rotation.places.join("");
        }"""
    )
    assert stood == "abc"
