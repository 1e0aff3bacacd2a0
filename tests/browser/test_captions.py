"""What the player paints, and when: the pure part of captions, run in the browser it is for."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.bundle import page_with

NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page that has the player's pure functions as `player`."""
    with page_with('export * from "./player/captions";') as page:
        yield page


def cue(start: float, end: float, *lines: str) -> dict[str, Any]:
    return {"id": str(start), "revision": 0, "start": start, "end": end, "lines": lines}


def arrived(*cues: dict[str, Any], at: float = NOW) -> list[dict[str, Any]]:
    return [{"cue": {"speaker": "", **each}, "at": at} for each in cues]


def words(start: float, text: str) -> list[dict[str, Any]]:
    return [
        {"text": word, "start": start + 0.3 * rank, "end": start + 0.3 * rank + 0.2}
        for rank, word in enumerate(text.split())
    ]


def fastest(page: Page, *arguments: object) -> list[str]:
    shown: list[str] = page.evaluate("given => player.fastest(...given)", list(arguments))
    return shown


def in_step(page: Page, *arguments: object) -> list[str]:
    shown: list[str] = page.evaluate("given => player.inStep(...given)", list(arguments))
    return shown


def test_words_never_show_before_their_picture(page: Page) -> None:
    cues = arrived(cue(NOW, NOW + 2, "Bonjour à tous"))
    assert fastest(page, cues, words(NOW + 2, "et bienvenue"), NOW - 3, NOW) == []
    assert in_step(page, cues, NOW - 0.5) == []


def test_words_that_come_late_stay_long_enough_to_be_read(page: Page) -> None:
    cues = arrived(cue(NOW - 4, NOW - 2, "Bonjour à tous"))
    assert fastest(page, cues, [], NOW, NOW + 3) == ["Bonjour à tous"]
    assert fastest(page, cues, [], NOW + 4, NOW + 4.5) == []


def test_unsettled_words_follow_the_settled_ones_and_are_never_said_twice(page: Page) -> None:
    cues = arrived(cue(NOW - 2, NOW - 0.5, "Le bail glissant"))
    guess = words(NOW - 2, "Le bail glissant") + words(NOW - 0.4, "permet à")
    assert fastest(page, cues, guess, NOW, NOW) == ["Le bail glissant", "permet à"]


def test_at_most_three_lines_show(page: Page) -> None:
    cues = arrived(cue(NOW - 4, NOW - 2, "un", "deux"), cue(NOW - 2, NOW - 0.5, "trois", "quatre"))
    shown = fastest(page, cues, words(NOW - 0.4, "cinq"), NOW, NOW)
    assert shown == ["trois", "quatre", "cinq"]


def test_large_letters_are_wrapped_again(page: Page) -> None:
    cues = arrived(cue(NOW - 2, NOW, "Quand quelqu’un vient frapper", "à la porte"))
    shown = fastest(page, cues, [], NOW, NOW, 20)
    assert shown == ["Quand quelqu’un", "vient frapper à la", "porte"]


def test_in_step_shows_a_cue_while_it_is_heard(page: Page) -> None:
    cues = arrived(cue(NOW, NOW + 2, "Un"), cue(NOW + 2, NOW + 4, "Deux"))
    shown = [in_step(page, cues, NOW + moment) for moment in (0.1, 1.9, 2.1, 5.0)]
    assert shown == [["Un"], ["Un"], ["Deux"], []]


def test_sentences_are_joined_across_cues_and_parted_within_one(page: Page) -> None:
    cues = [
        cue(NOW, NOW + 2, "Le bail glissant permet", "à une association"),
        cue(NOW + 2, NOW + 4, "d’accompagner la famille. Est-ce que", "cela marche partout ?"),
        cue(NOW + 9, NOW + 10, "non."),
    ]
    found = page.evaluate("cues => player.sentences(cues)", cues)
    assert [each["text"] for each in found] == [
        "Le bail glissant permet à une association d’accompagner la famille.",
        "Est-ce que cela marche partout ?",
        "non.",
    ]
    assert found[0]["cues"] == [str(NOW), str(NOW + 2)]
    assert len({each["id"] for each in found}) == 3
