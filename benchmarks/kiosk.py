"""A table's tablets in Chromium: one person after the other, and two minutes without a network.

    python -m benchmarks.kiosk [--people 10] [--cut 120] [--json FILE]

The whole service, and two tablets at one table that has `--people` places. They all come to the
first tablet in the first round: each writes an idea, votes and gives a dot, and presses *Nouvelle
personne*; nothing of them may be left. Then the Wi-Fi is away for `--cut` seconds, while as many
people come to each of the two, twice the places there are, and the next round begins without them.
When it is back some answers are lost on their way. In the end every idea, ballot and author is
there once, and in the round in which it was written. What is measured: how long until the next
person may begin, until what one sent has arrived, and until all has after the hole.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks._phones import milliseconds
from tests.browser.laboratory import TABLE, Laboratory, done, laboratory
from tests.viewers import chromium, until
from tv.auth import Role
from tv.cookies import PASS_COOKIE

SIZE = {"width": 820, "height": 1180}
PATIENCE = 120.0  # seconds until everything has arrived
LOSE_EVERY = 4  # one answer in so many is lost when the network is back
LOST = 8  # at most
CHOICES = ("Un plan", "Un voisin")
UNSENT = "JSON.parse(localStorage['fabrique.kiosk.outbox'] ?? '[]').length"

Row = dict[str, Any]


class Tablet:
    """One of the table's, and what people do on it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.said: list[str] = []
        self.next_s: list[float] = []
        self.sent_s: list[float] = []

    def person(self, number: int, ideas: int = 1) -> None:
        """Somebody writes, votes and gives a dot."""
        page = self.page
        page.get_by_label(CHOICES[number % 2]).check()
        page.get_by_role("button", name="Voter").click()
        for _ in range(ideas):
            text = f"{self.name}, idée {len(self.said) + 1} (personne {number})"
            page.get_by_label("Votre idée").fill(text)
            page.get_by_role("button", name="Ajouter l’idée").click()
            expect(page.get_by_label("Votre idée")).to_have_value("")
            self.said.append(text)

    def dot(self) -> None:
        self.page.get_by_role("button", name="Un point de plus").first.click()

    def sent(self) -> None:
        """Wait until all that they sent has arrived."""
        self.sent_s.append(self.all_leaves(30))

    def all_leaves(self, within: float) -> float:
        """How long that takes."""
        return until(self.page, within, lambda: not self.page.evaluate(UNSENT), "all to leave")

    def next(self) -> None:
        """The next person finds nothing of the one before."""
        page, began = self.page, time.monotonic()
        page.locator("#kiosk").get_by_role("button", name="Nouvelle personne").click()
        expect(page.locator("#main")).to_be_focused()
        self.next_s.append(time.monotonic() - began)
        expect(page.get_by_label("Votre idée")).to_have_value("")
        for trace in (".own-idea", ".own-mark", "input:checked", ".dots-given .given"):
            expect(page.locator(trace)).to_have_count(0)
        expect(page.locator("#polls")).not_to_contain_text("Vote enregistré")

    def knows(self) -> str:
        return str(self.page.evaluate("JSON.stringify({...localStorage})"))


@contextmanager
def tablet(browser: Browser, lab: Laboratory, name: str) -> Iterator[Tablet]:
    with browser.new_context(viewport=SIZE, locale="fr-FR") as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(lab.address(Role.KIOSK))
        expect(page.get_by_label("Votre idée")).to_be_visible(timeout=30_000)
        yield Tablet(page, name)


def run(people: int, cut: float) -> Row:
    with laboratory() as lab, chromium() as browser, ExitStack() as stack:
        lab.open(seats=people, moving_seconds=0)
        ballots = _poll(lab)
        names = ("Première tablette", "Seconde tablette")
        one, two = [stack.enter_context(tablet(browser, lab, name)) for name in names]
        for number in range(people):
            one.person(number)
            one.sent()
            one.dot()
            one.sent()
            one.next()
            assert one.said[-1] not in one.knows()
        began = _cut(lab, (one, two), people, cut)
        lost = [_losing(each) for each in (one, two)]
        for each in (one, two):
            each.page.context.set_offline(False)
        back = time.monotonic()
        for each in (one, two):
            each.all_leaves(PATIENCE)
        took = time.monotonic() - back
        for each in (one, two):
            left = [text for text in each.said if text in each.knows()]
            assert not left, left
            assert "kiosk.coming" not in each.knows()
        told = _reconcile(lab, (one, two), ballots, people)
    return {
        "people": 3 * people,
        "places": people,
        "away_s": round(back - began, 1),
        "arrived_after_s": round(took, 1),
        "answers_lost": sum(map(len, lost)),
        "next_person_ms": milliseconds(one.next_s + two.next_s),
        "sent_ms": milliseconds(one.sent_s),
        **told,
    }


def _poll(lab: Laboratory) -> str:
    """The address of a poll that is open on the set."""
    done(lab.crew.post("/api/v1/talks/direct:start"))
    draft = {"talk": "direct", "type": "single", "prompt": "Le plus utile ?"}
    made = done(lab.crew.post("/api/v1/polls", json=draft | {"options": list(CHOICES)}))
    done(lab.crew.post(f"/api/v1/polls/{made['id']}:open"))
    return f"/api/v1/polls/{made['id']}"


def _cut(lab: Laboratory, tablets: tuple[Tablet, ...], people: int, cut: float) -> float:
    """People come to both tablets, evenly, while there is no network; when that began."""
    lab.drive("advance")
    for each in tablets:
        expect(each.page.locator("#place")).to_contain_text("Tour 2", timeout=30_000)
        each.page.context.set_offline(True)
    began = time.monotonic()
    for number in range(people):
        if number == people // 2:
            lab.drive("advance")  # the third round begins, which the tablets cannot know
        for each in tablets:
            each.person(number, ideas=2)
            each.next()
        wait = began + cut * (number + 1) / people - time.monotonic()
        tablets[0].page.wait_for_timeout(1000 * max(0.0, wait))
    return began


def _losing(tablet: Tablet) -> set[str]:
    """Have some answers not arrive: the server has done it, the tablet cannot know."""
    context, asked, lost = tablet.page.context, Counter[str](), set[str]()
    (pass_,) = [each["value"] for each in context.cookies() if each["name"] == PASS_COOKIE]

    def lose(route: Route) -> None:
        request = route.request
        key = request.headers.get("idempotency-key", "")
        asked["all"] += 1
        if request.method != "POST" or asked["all"] % LOSE_EVERY or len(lost) == LOST:
            route.continue_()
            return
        lost.add(key)
        kept = ("authorization", "content-type", "idempotency-key")
        headers = {name: value for name, value in request.headers.items() if name in kept}
        headers.setdefault("authorization", f"Bearer {pass_}")
        httpx.post(request.url, content=request.post_data, headers=headers)
        route.abort()

    for path in ("**/api/v1/contributions", "**/api/v1/tables/*:person"):
        tablet.page.route(path, lose)
    return lost


def _reconcile(lab: Laboratory, tablets: tuple[Tablet, ...], ballots: str, people: int) -> Row:
    """Hold all that the server has against what people did; raise AssertionError."""
    said = [text for each in tablets for text in each.said]
    asked = f"table={TABLE}&cafe={lab.cafe}&limit=500"
    ideas = done(lab.crew.get(f"/api/v1/contributions?{asked}"))["items"]
    texts = Counter(idea["text"] for idea in ideas)
    assert not (lost := [text for text in said if text not in texts]), lost
    assert not (double := [text for text, times in texts.items() if times > 1]), double
    assert len(texts) == len(said)
    rounds = Counter(idea["round"] for idea in ideas)
    assert rounds == {1: people, 2: 4 * people}, rounds
    done(lab.crew.post(f"{ballots}:close"))
    results = done(lab.crew.get(f"{ballots}/results"))
    assert results["ballots"] == 3 * people, results
    dots = sum(idea["dots"] for idea in ideas)
    assert dots == people, dots
    return {
        "ideas": len(ideas),
        "ballots": results["ballots"],
        "dots": dots,
        "lost": 0,
        "double": 0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=10, help="places, and people on each tablet")
    parser.add_argument("--cut", type=float, default=120.0, help="seconds without a network")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    told = run(asked.people, asked.cut)
    print(json.dumps(told, indent=2, ensure_ascii=False))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
