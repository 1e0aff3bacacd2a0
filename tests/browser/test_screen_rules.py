"""What a screen and the presenter's page decide by themselves: the pure parts."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bundle import page_with

SOURCE = """
export { isNight } from "./parts/night";
export { Vigil } from "./parts/vigil";
export { Signals, timeLeft, worded } from "./parts/time_left";
export { learn } from "./clock";
export { marked, Marks, told, unread } from "./parts/marks";
"""

# What a screen makes of its picture: looks at [second, frames], every half second between them.
FARES = """([begun, looks]) => {
  const vigil = new player.Vigil(0, begun);
  let now = 0;
  return looks.map(([until, frames, moves]) => {
    for (; now < until; now += 0.5) vigil.look(moves ? (frames += 12) : frames, now);
    return [vigil.health, vigil.due, vigil.begun];
  });
}"""

NIGHT = "([now, off, on]) => player.isNight(now, { off, on }, 'Europe/Paris')"
MAY_22_EVENING = 1_779_483_600.0  # 23:00 in Paris
HOUR = 3600.0

LEFT = """([talk, now]) => {
  const left = player.timeLeft(talk, now);
  return left && [left.level, player.worded(left).reverse().join(" ").trim()];
}"""
TALK = {"state": "live", "planned_start": 0, "started_at": 60, "planned_end": 1800}
SIGNALS = """(rests) => {
  const signals = new player.Signals();
  return rests.map((rest) => signals.look(rest == null ? null : { rest, part: 1, level: "" }));
}"""

MARKED = """([questions, marks]) => player.marked(questions, marks).map(({ state }) => state)"""
MAKE = """([now, id]) => {
  player.learn(1e6 + now);
  window.marks ??= new player.Marks(() => {}, () => "");
  marks.make({ of: "questions", id, verb: "take", talk: "t" });
}"""
LEFT_TO_SEND = "() => marks.all.map(({ id }) => id)"
TOLD = """([syntheses, marks]) => player.told(syntheses, marks).map(({ airings }) =>
  airings.map(({ start, end }) => [start, end]))"""


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    with page_with(browser, SOURCE) as page:
        yield page


def fares(rules: Page, *looks: tuple[float, int, bool], begun: int = 0) -> list[Any]:
    found: list[Any] = rules.evaluate(FARES, [begun, [list(look) for look in looks]])
    return found


def test_picture_that_stands_still_mends_gives_way_to_the_card_and_then_the_page_begins_anew(
    rules: Page,
) -> None:
    healths = fares(rules, (5, 0, True), (8, 900, False), (14, 900, False), (52, 900, False))
    assert [health for health, _, _ in healths] == ["well", "mending", "card", "card"]
    assert [due for _, due, _ in healths] == [False, False, False, True]
    assert fares(rules, (5, 0, True), (20, 900, False), (21, 0, True))[-1][0] == "well"


def test_screen_without_a_picture_shows_the_card_and_begins_anew_ever_later(rules: Page) -> None:
    assert fares(rules, (44, 0, False), (47, 0, False)) == [["card", False, 0], ["card", True, 0]]
    assert not fares(rules, (47, 0, False), begun=1)[0][1]
    assert fares(rules, (95, 0, False), begun=1)[0][1]
    assert fares(rules, (910, 0, False), begun=9)[0][1]
    assert fares(rules, (70, 0, True), begun=3)[0][2] == 0  # forgotten once it has lasted


def test_page_that_was_frozen_gives_its_picture_time(rules: Page) -> None:
    look = """() => {
      const vigil = new player.Vigil(0);
      vigil.look(10, 1);
      vigil.look(20, 2);
      return [vigil.look(20, 122), vigil.due];
    }"""
    assert rules.evaluate(look) == ["well", False]


def test_night_is_by_the_clock_of_the_event_and_may_pass_midnight(rules: Page) -> None:
    at = MAY_22_EVENING
    assert rules.evaluate(NIGHT, [at, "22:00", "7:30"])
    assert rules.evaluate(NIGHT, [at + 8 * HOUR, "22:00", "7:30"])
    assert not rules.evaluate(NIGHT, [at + 9 * HOUR, "22:00", "7:30"])
    assert not rules.evaluate(NIGHT, [at - 1.1 * HOUR, "22:00", "7:30"])
    assert rules.evaluate(NIGHT, [at + 2.5 * HOUR, "01:00", "06:00"])
    assert not rules.evaluate(NIGHT, [at, "01:00", "06:00"])


def test_time_left_is_by_the_plan(rules: Page) -> None:
    def left(now: float, **other: Any) -> Any:
        return rules.evaluate(LEFT, [TALK | other, now])

    assert left(100) == ["", "reste 29\u00a0min"]
    assert left(1500.5) == ["soon", "reste 5\u00a0min"]
    assert left(1770) == ["last", "reste moins de 1\u00a0min"]
    assert left(1801) == ["over", "C’est l’heure"]
    assert left(1930) == ["over", "dépassé de 2\u00a0min"]
    # A talk that is given another day has the time it was to have.
    assert left(10_030, started_at=10_000) == ["", "reste 30\u00a0min"]
    assert left(100, planned_end=None) is None
    assert left(100, state="ended") is None


def test_signals_come_once_at_five_minutes_and_at_one(rules: Page) -> None:
    told = rules.evaluate(SIGNALS, [None, 302, 301, 300, 299, 61, 60.2, 59.6, 58, None])
    assert [bool(text) for text in told] == [*[False] * 3, True, *[False] * 3, True, False, False]
    assert told[3] == "Plus que 5\u00a0minutes"
    assert not any(rules.evaluate(SIGNALS, [200, 199]))  # opened late: no news
    assert not any(rules.evaluate(SIGNALS, [900, 200]))  # as after a sleep
    more_time = [301, 299, 600, 301, 299]
    assert sum(map(bool, rules.evaluate(SIGNALS, more_time))) == 2


def mark(verb: str, id: str, at: float, of: str = "questions") -> dict[str, Any]:
    return {"of": of, "id": id, "verb": verb, "at": at, "talk": "t"}


def test_marks_on_their_way_show_as_done(rules: Page) -> None:
    questions = [
        {"id": "a", "state": "live", "taken_at": 10},
        {"id": "b", "state": "approved", "taken_at": None},
    ]

    def states(*marks: dict[str, Any]) -> list[str]:
        found: list[str] = rules.evaluate(MARKED, [questions, list(marks)])
        return found

    assert states(mark("take", "b", 20)) == ["answered", "live"]
    assert states(mark("take", "b", 20), mark("answer", "b", 30)) == ["answered", "answered"]
    assert states(mark("release", "a", 20)) == ["approved", "approved"]
    assert states(mark("answer", "b", 20)) == ["live", "approved"]  # it has been put back since
    assert states(mark("take", "b", 9)) == ["live", "approved"]  # another was taken since


def test_mark_that_did_not_leave_in_a_quarter_of_an_hour_never_does(rules: Page) -> None:
    """On a page that no server answers."""
    rules.evaluate(MAKE, [0, "a"])
    rules.evaluate(MAKE, [890, "b"])
    assert rules.evaluate(LEFT_TO_SEND) == ["a", "b"]
    rules.evaluate(MAKE, [901, "c"])
    rules.wait_for_function(f"({LEFT_TO_SEND})().join() === 'b,c'")


def test_synthesis_is_told_as_soon_as_it_is_pressed(rules: Page) -> None:
    syntheses = [
        {"id": "a", "airings": [{"talk": "t", "start": 10, "end": None}]},
        {"id": "b", "airings": []},
    ]
    take = mark("take", "b", 20, "syntheses")
    assert rules.evaluate(TOLD, [syntheses, [take]]) == [[[10, 20]], [[20, None]]]
    both = [take, mark("told", "b", 30, "syntheses")]
    assert rules.evaluate(TOLD, [syntheses, both]) == [[[10, 20]], [[20, 30]]]


def test_message_that_was_read_is_gone(rules: Page) -> None:
    left = rules.evaluate(
        "(marks) => player.unread([{id: 'm', acknowledged_at: null}], marks).length",
        [mark("acknowledge", "m", 1, "messages")],
    )
    assert left == 0
