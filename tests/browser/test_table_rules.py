"""What a table's page makes of what it is told: how ideas lie, whence they come, what is left."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

SOURCE = """
export * from "./labs/sections";
export * from "./labs/card";
export * from "./labs/giving";
export * from "./labs/round";
"""
HERE = "labo-1.3"
CAFE = {"id": "c", "state": "open", "rounds": 3, "dots": 5, "prompts": ["Un ?", "Deux ?"]}


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    with page_with(browser, SOURCE) as page:
        yield page


def idea(id: str, made: float, table: str = HERE, round: int = 1, **more: Any) -> dict[str, Any]:
    lab = table.rpartition(".")[0]
    fixed = {"id": id, "made_at": made, "table": table, "round": round, "lab": lab}
    return fixed | {"stops": [], "clusters": []} | more


def laid(rules: Page, ideas: list[dict[str, Any]], clusters: Any = (), **now: Any) -> list[str]:
    """Each section as « title: ids »."""
    progress = {"step": "round", "round": 2} | now
    cafe = CAFE | {"state": now.get("state", "open")}
    found: list[str] = rules.evaluate(
        """([ideas, clusters, here, progress, cafe]) =>
          player.sections(ideas, clusters, here, progress, cafe)
            .map(({ title, ideas }) => `${title}: ${ideas.map(({ id }) => id).join(" ")}`)""",
        [ideas, list(clusters), HERE, progress, cafe],
    )
    return found


def test_ideas_lie_in_the_round_in_which_they_came_to_the_table(rules: Page) -> None:
    carried = idea("carried", 1, "labo-1.7", stops=[{"table": HERE, "round": 2}])
    late = idea("late", 9, round=1)
    ideas = [idea("new", 8, round=2), late, carried, idea("old", 2)]
    assert laid(rules, ideas) == ["Dans ce tour: carried new", "Dit ici au tour 1: old late"]


def test_round_under_way_is_there_before_its_first_idea(rules: Page) -> None:
    assert laid(rules, [idea("old", 2)]) == ["Dans ce tour: ", "Dit ici au tour 1: old"]
    assert laid(rules, [idea("old", 2)], step="gathering") == ["Tour 1: old"]


def test_groups_show_once_the_table_gathers_its_ideas(rules: Page) -> None:
    ideas = [idea("a", 1, clusters=["g"]), idea("b", 2), idea("c", 3, clusters=["elsewhere", "g"])]
    groups = [{"id": "g", "name": "Les clés"}, {"id": "empty", "name": "Rien"}]
    assert laid(rules, ideas, groups, round=1) == ["Dans ce tour: a b c"]
    gathered = ["Les clés: a c", "Pas encore groupées: b"]
    assert laid(rules, ideas, groups, step="gathering") == gathered
    assert laid(rules, ideas, groups, state="closed") == gathered


@pytest.mark.parametrize(
    ("made", "here", "said"),
    [
        ("labo-1.7", HERE, "Venue de la table 7, tour 1"),
        ("labo-2.1", HERE, "Venue de Voisiner, table 1, tour 1"),
        (HERE, HERE, "Table 3, tour 1"),
        ("labo-1.7", "", "Table 7, tour 1"),
        ("", "", ""),
    ],
)
def test_an_idea_says_where_it_comes_from(rules: Page, made: str, here: str, said: str) -> None:
    labs = [{"id": "labo-1", "name": "Labo un"}, {"id": "labo-2", "name": "Voisiner"}]
    told = "([idea, here, labs]) => player.provenance(idea, here, labs)"
    assert rules.evaluate(told, [idea("a", 1, made), here, labs]) == said


def test_an_idea_says_where_it_was_carried(rules: Page) -> None:
    told = "([idea, here]) => player.travelled(idea, here)"
    stops = [{"table": f"labo-1.{number}", "round": 2} for number in (5, 3, 7, 5)]
    travelled = idea("a", 1, "labo-1.1", stops=stops)
    assert rules.evaluate(told, [travelled, HERE]) == "portée aux tables 5 et 7"
    assert rules.evaluate(told, [travelled | {"stops": stops[:1]}, HERE]) == "portée à la table 5"
    assert rules.evaluate(told, [idea("a", 1), HERE]) == ""


def given(rules: Page, own: Any, *letters: Any) -> dict[str, Any]:
    found: dict[str, Any] = rules.evaluate(
        "([cafe, own, letters]) => player.giving(cafe, own ?? undefined, letters)",
        [CAFE, own, list(letters)],
    )
    return found


def dots(idea: str, n: int, cafe: str = "c") -> dict[str, Any]:
    path = f"/api/v1/contributions/{idea}/dots"
    return {"what": "dots", "path": path, "body": {"dots": n}, "note": {"cafe": cafe}}


def test_dots_that_have_not_left_count_already(rules: Page) -> None:
    assert given(rules, None) == {"dots": {}, "left": 5}
    own = {"dots": {"a": 2, "other": 3}, "dots_left": {"c": 3, "another": 0}}
    assert given(rules, own)["left"] == 3
    moved = given(rules, own, dots("a", 1), dots("b", 1), dots("b", 3), dots("x", 3, "another"))
    assert moved == {"dots": {"a": 1, "b": 3, "other": 3}, "left": 1}


def test_time_left_stands_still_while_it_is_paused(rules: Page) -> None:
    left = "([progress, now]) => player.left(progress, now)"
    running = {"ends_at": 1_000.0, "left": None}
    assert rules.evaluate(left, [running, 940.0]) == 60
    assert rules.evaluate(left, [running, 1_004.0]) == 0
    assert rules.evaluate(left, [{"ends_at": None, "left": 42.0}, 9e9]) == 42
    assert rules.evaluate(left, [{"ends_at": None, "left": None}, 0.0]) is None


def test_question_of_the_next_round_is_asked_while_people_move(rules: Page) -> None:
    asked = "([progress, cafe]) => player.asked(progress, cafe)"
    steps = [("waiting", 0), ("round", 1), ("moving", 1), ("round", 2), ("round", 3)]
    told = [rules.evaluate(asked, [{"step": step, "round": round}, CAFE]) for step, round in steps]
    assert told == ["Un ?", "Un ?", "Deux ?", "Deux ?", "Deux ?"]
