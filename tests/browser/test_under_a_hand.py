"""What somebody is about to press stays where it is, whatever comes meanwhile."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.laboratory import TABLE, Laboratory, done, laboratory
from tests.browser.people import crew_address, opened
from tests.servers import Fabrique
from tests.viewers import PATIENCE, until
from tv.auth import Role

FIRST, SECOND = "Qui répare l’ascenseur de la tour B ?", "Quand commencent les travaux ?"


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        yield lab


@pytest.fixture
def served(lab: Laboratory) -> Fabrique:
    return lab.served


@pytest.fixture
def questions(served: Fabrique, crew: httpx.Client) -> Iterator[list[str]]:
    """Ids of two that are published, the first one first."""
    ids = []
    for body in (FIRST, SECOND):
        with served.someone() as asker:
            asked = done(asker.post("/api/v1/talks/direct/questions", json={"body": body}))
        done(crew.post(f"/api/v1/questions/{asked['id']}:approve"))
        ids.append(str(asked["id"]))
    yield ids
    for id in ids:
        done(crew.post(f"/api/v1/questions/{id}:reject", json={"reason": "other"}))


def support(served: Fabrique, question: str) -> None:
    with served.someone() as fan:
        done(fan.put(f"/api/v1/questions/{question}/support"))


def stays(items: Locator, change: Callable[[], object], came: Callable[[], bool]) -> None:
    """The first of `items` is under a hand that comes to rest once the change `came`."""
    page = items.page
    expect(items.filter(has_text=FIRST)).to_be_visible()
    expect(items.first).to_contain_text(FIRST)
    items.first.get_by_role("button").first.hover()
    box = items.first.get_by_role("button").first.bounding_box()
    assert box is not None
    change()

    def moved() -> bool:
        page.mouse.move(box["x"] + 3, box["y"] + 3)
        page.mouse.move(box["x"] + 4, box["y"] + 4)
        return came()

    until(page, PATIENCE, moved, "what others did")
    assert FIRST in items.first.inner_text()
    page.mouse.move(1, 1)
    expect(items.first).to_contain_text(SECOND)  # a moment later


def test_question_to_put_on_air_stays_while_another_is_supported(
    served: Fabrique, browser: Browser, questions: list[str]
) -> None:
    with opened(browser, crew_address(served, "regie")) as page:
        page.locator("#posts").get_by_role("button", name="Questions").click()
        other = page.locator("#line .card", has_text=SECOND)
        stays(
            page.locator("#line .card"),
            lambda: support(served, questions[1]),
            lambda: "1\u00a0soutien" in other.inner_text(),
        )


def test_question_on_the_set_stays_while_another_is_supported(
    served: Fabrique, browser: Browser, questions: list[str]
) -> None:
    with opened(browser, crew_address(served, "intervenant", Role.PRESENTER)) as page:
        stays(
            page.locator("#question"),
            lambda: support(served, questions[1]),
            lambda: "1\u00a0soutien" in page.locator("#prompter").inner_text(),
        )


def test_report_stays_while_another_is_made_by_more_people(
    served: Fabrique, browser: Browser, questions: list[str]
) -> None:
    def report(question: str) -> None:
        with served.someone() as reader:
            said = {"about": "question", "id": question, "grounds": "private"}
            done(reader.post("/api/v1/alerts", json=said))

    for question in questions:
        report(question)
    with opened(browser, crew_address(served, "regie", Role.MODERATOR)) as page:
        page.locator("#posts").get_by_role("button", name="Questions").click()
        other = page.locator(".alert-card", has_text=SECOND)
        stays(
            page.locator(".alert-card"),
            lambda: report(questions[1]),
            lambda: "2\u00a0personnes" in other.inner_text(),
        )


def test_message_to_like_stays_while_others_are_written(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    def write(text: str) -> None:
        with served.someone() as author:
            post = done(author.post("/api/v1/wall/posts", json={"text": text}))
        for verb in ("approve", "show"):
            done(crew.post(f"/api/v1/wall/posts/{post['id']}:{verb}"))

    write(FIRST)
    with opened(browser, f"{served.url}/mur/ecrire") as page:
        items = page.locator("#others .question")
        stays(items, lambda: write(SECOND), lambda: items.count() == 2)


def shared(lab: Laboratory, title: str) -> None:
    said = {"table": TABLE, "title": title, "body": "Chacun connaît quelqu’un."}
    made = done(lab.crew.post("/api/v1/syntheses", json=said))["id"]
    done(lab.crew.post(f"/api/v1/syntheses/{made}:share", json={}))


def test_synthesis_to_put_on_air_stays_while_others_are_shared(
    lab: Laboratory, browser: Browser
) -> None:
    lab.open()
    shared(lab, FIRST)
    with opened(browser, crew_address(lab.served, "regie/labos")) as page:
        items = page.locator("#shared .card")
        stays(items, lambda: shared(lab, SECOND), lambda: items.count() == 2)


def test_order_that_one_asks_for_shows_at_once(
    served: Fabrique, browser: Browser, questions: list[str]
) -> None:
    support(served, questions[0])

    def first(page: Page) -> str:
        return page.locator("#questions .question").first.inner_text()

    with opened(browser, served.url) as page:
        page.clock.install()
        expect(page.locator("#questions")).to_contain_text(FIRST)
        assert FIRST in first(page)
        page.get_by_role("button", name="Les plus récentes").click()
        until(page, 2, lambda: SECOND in first(page), "the order that was asked for")
