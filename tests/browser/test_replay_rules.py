"""What the pages of a talk that is over decide by themselves: moments, words, small pictures."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

NOW = 1_800_000_000.0
SOURCE = """
export * from "./player/dated"; export * from "./finding"; export * from "./thumbnails";
export { Keeping } from "./parts/keeping"; export { render } from "lit";
export { Said } from "./parts/said";
"""

# How far the list of what was said has got at once, in pixels, when its second sentence is heard.
SETTLED = """() => {
  document.body.innerHTML = `<style>.said-sentence { display: block; height: 50px; }</style>
    <div style="height: 100px; overflow: auto"></div>`;
  const list = document.querySelector("div");
  const spoken = (start) => ({ start, end: start + 1, text: "Oui." });
  const sentences = [0, 1, 2, 3, 4, 5].map((at) => ({ ...spoken(at), words: [spoken(at)] }));
  const said = new player.Said(list, () => {}, () => {});
  said.show([{ id: "", start: 0, speaker: "", sentences }]);
  said.hear(1);
  return list.scrollTop;
}"""
SAID = ["L’École", "à", "côté", "d’un", "cœur", ":", "le", "bail,", "et", "le", "travail.", "À"]
SAID += ["côté"]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with page_with(browser, SOURCE) as page:
        yield page


def pieces(*starts: tuple[float, float]) -> list[dict[str, Any]]:
    """Pieces of two seconds, each with its second in the film and its broadcast time."""
    return [
        {"start": start, "duration": 2.0, "programDateTime": 1000 * (NOW + time)}
        for start, time in starts
    ]


def test_moment_leads_to_its_second_of_the_film_and_back(page: Page) -> None:
    film = pieces((0, 0), (2, 2), (4, 4))
    for second in (0.0, 1.96, 2.0, 5.5):
        position = page.evaluate("given => player.positionAt(...given)", [film, NOW + second])
        assert position == pytest.approx(second, abs=1e-6)
        back = page.evaluate("given => player.dateAt(...given)", [film, position])
        assert back == pytest.approx(NOW + second, abs=1e-6)


def test_moment_that_was_never_on_air_leads_to_what_came_next(page: Page) -> None:
    film = pieces((0, 0), (2, 60), (4, 62))
    wanted = [NOW - 10, NOW + 30, NOW + 61, NOW + 90]
    found = page.evaluate(
        "([film, times]) => times.map((time) => player.positionAt(film, time))", [film, wanted]
    )
    assert found == pytest.approx([0, 2, 3, 6], abs=1e-6)


def test_film_without_dates_has_no_moments(page: Page) -> None:
    film = [{"start": 0, "duration": 2, "programDateTime": None}]
    assert page.evaluate("given => player.positionAt(...given)", [film, NOW]) is None


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("ecole", [[0, 0]]),
        ("A COTE", [[1, 2], [11, 12]]),
        ("coeur le", [[4, 6]]),
        ("d’un cœur", [[3, 4]]),
        ("bail", [[7, 7]]),  # and not within « travail »
        ("trav", [[10, 10]]),
        ("  ", []),
        ("absent", []),
    ],
)
def test_words_are_found_without_their_accents(
    page: Page, query: str, places: list[list[int]]
) -> None:
    found = page.evaluate("([words, query]) => new player.Index(words).find(query)", [SAID, query])
    assert found == places


def test_small_pictures_are_read_from_their_list(page: Page) -> None:
    text = (
        "WEBVTT\n\n00:00.000 --> 00:10.000\na.jpg\n\n"
        "1\n01:00:10.500 --> 01:00:20.000\n/plateau/b.jpg\n"
    )
    base = "http://tv.example/plateau/replay/direct/thumbnails.vtt"
    found = page.evaluate("given => player.listed(...given)", [text, base])
    assert found == [
        {"start": 0, "address": "http://tv.example/plateau/replay/direct/a.jpg"},
        {"start": 3610.5, "address": "http://tv.example/plateau/b.jpg"},
    ]
    assert page.evaluate(
        "([text, base]) => [5, 3611, -1].map((second) =>"
        " player.pictureAt(player.listed(text, base), second).at(-5))",
        [text, base],
    ) == ["a", "b", "a"]


def test_what_a_recording_lacks_is_said_for_one_second_and_for_many(page: Page) -> None:
    lacks = """(missing) => {
      const box = document.createElement("div");
      const recording = { state: "on", reason: "", since: 0, room: null, missing };
      player.render(new player.Keeping(() => {}).render(recording, [], false), box);
      return box.querySelector(".facts").textContent;
    }"""
    told = [page.evaluate(lacks, missing) for missing in (1, 75)]
    assert told == ["il manque 1\u00a0s", "il manque 1\u00a0min 15\u00a0s"]


def test_words_glide_to_what_is_heard_unless_less_motion_is_wanted(page: Page) -> None:
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(SETTLED) == 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(SETTLED) > 0
