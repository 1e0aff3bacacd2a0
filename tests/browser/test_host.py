"""A table's host: groups by keyboard alone, a synthesis that nothing loses, and two hands on it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.laboratory import TABLE, Laboratory, done, laboratory
from tests.browser.people import DRAWN, TABLET, device, violations
from tests.waiting import until
from tv.auth import Role

BODY = "Ce que la table retient"
SAVING = "**/api/v1/syntheses/*"
BEGINNING = "**/api/v1/syntheses"


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        yield lab


def hosting(context: BrowserContext, lab: Laboratory, name: str = "Léa") -> Page:
    page = context.new_page()
    page.goto(lab.address(Role.HOST, "/hote", name))
    expect(page.locator("#work")).to_be_visible()
    return page


def begin(page: Page) -> None:
    page.get_by_role("button", name="Rédiger la synthèse").press("Enter")


def saved(page: Page) -> None:
    page.evaluate(DRAWN)  # what it said of the words before counts no more
    state = page.locator("#sheet-state")
    expect(state).to_have_text(re.compile(r"^\s*Enregistré\s*$"))


def syntheses(lab: Laboratory) -> list[dict[str, Any]]:
    query = {"table": TABLE, "cafe": lab.cafe}
    found: list[dict[str, Any]] = done(lab.crew.get("/api/v1/syntheses", params=query))["items"]
    return found


def card(page: Page, text: str) -> Any:
    return page.get_by_role("checkbox", name=re.compile(text))


def unanswered(page: Page, method: str = "PATCH", what: str = SAVING) -> None:
    """What the page saves next arrives, but until it is routed no more it does not know."""
    arrived: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method != method:
            route.fallback()
            return
        if not arrived:
            arrived.append(route.fetch().text())
        route.abort()

    page.route(what, lose)


def test_a_host_groups_writes_and_shares_with_the_keyboard_alone(
    lab: Laboratory, desk: BrowserContext
) -> None:
    lab.open()
    for text in ("Un parrain dans l’escalier", "Une marraine par étage", "Un guide illustré"):
        lab.idea(text)
    page = hosting(desk, lab)
    page.get_by_role("button", name="Ouvrir la table").press("Enter")
    expect(page.locator("#leading")).to_contain_text("Table animée par Léa")
    assert violations(page) == []

    card(page, "parrain").press("Space")
    card(page, "marraine").press("Enter")  # chooses it, and goes on to where they are put
    expect(page.get_by_label("Nom du groupe")).to_be_focused()
    assert violations(page) == []
    page.keyboard.type("Parrainage")
    page.keyboard.press("Enter")
    group = page.get_by_role("region", name="Groupe Parrainage")
    expect(group.get_by_role("checkbox")).to_have_count(2)
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(0)

    group.get_by_role("button", name="Renommer").press("Enter")
    expect(page.get_by_label("Nom du groupe")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("Quelqu’un à qui parler")
    page.keyboard.press("Enter")
    group = page.get_by_role("region", name="Groupe Quelqu’un à qui parler")
    group.get_by_role("button", name="Citer le groupe").press("Enter")
    card(page, "guide").press("Enter")
    expect(page.get_by_label("Nom du groupe")).to_be_focused()
    page.get_by_role("button", name="Citer dans la synthèse", exact=True).press("Enter")

    page.get_by_label("Titre").fill("Une personne, une porte")
    page.get_by_label(BODY).fill("Chacun est accueilli par un voisin.\n\nUn guide le suit.")
    saved(page)
    (draft,) = syntheses(lab)
    assert draft["state"] == "draft"
    assert len(draft["clusters"]) == len(draft["ideas"]) == 1
    sources = page.get_by_role("region", name="D’où elle vient")
    expect(sources).to_contain_text("Quelqu’un à qui parler")
    expect(sources).to_contain_text("Un guide illustré")

    page.get_by_role("button", name="Partager", exact=True).press("Enter")
    expect(page.get_by_text("depuis")).to_be_visible()
    assert violations(page) == []
    with lab.someone() as anybody:
        (shared,) = done(anybody.get("/api/v1/syntheses", params={"cafe": lab.cafe}))["items"]
    assert shared["title"] == "Une personne, une porte"
    assert (shared["open"], shared["labs"]) == (True, [])

    # What others read changes when one says so, and what it said stays as a version.
    page.get_by_label(BODY).fill("Chacun est accueilli.")
    expect(page.locator("#sheet-state")).to_contain_text("Les autres ne voient pas encore")
    page.get_by_role("button", name="Publier les changements").press("Enter")
    saved(page)
    assert syntheses(lab)[0]["body"] == "Chacun est accueilli."
    page.get_by_text("1 version précédente").click()
    expect(page.locator("#versions")).to_contain_text("Un guide le suit.")


def test_what_is_for_some_laboratories_is_not_shared_with_all_of_them(
    lab: Laboratory, desk: BrowserContext
) -> None:
    lab.open()
    page = hosting(desk, lab)
    begin(page)
    page.get_by_label("Titre").fill("Entre nous")
    page.get_by_label(BODY).fill("À relire avant de le montrer.")
    page.get_by_role("radio", name="Certains laboratoires").press("Space")
    expect(page.get_by_role("checkbox", name="Emménager (le vôtre)")).to_be_checked()
    assert violations(page) == []
    page.get_by_role("button", name="Partager", exact=True).press("Enter")
    with_whom = page.locator("#sharing .facts")
    expect(with_whom).to_contain_text("Emménager")
    assert [each["labs"] for each in syntheses(lab)] == [["labo-1"]]

    page.get_by_text("Partager autrement").click()
    page.get_by_role("checkbox", name="Voisiner").check()
    page.get_by_role("button", name="Partager ainsi").press("Enter")
    expect(with_whom).to_contain_text("Emménager, Voisiner")
    assert [each["labs"] for each in syntheses(lab)] == [["labo-1", "labo-2"]]


def test_near_ideas_are_proposed_and_moved_by_dragging(
    lab: Laboratory, desk: BrowserContext
) -> None:
    lab.open()
    for text in ("Des cours de cuisine partagés", "Des cours de cuisine partagée", "Un banc"):
        lab.idea(text)
    page = hosting(desk, lab)
    page.get_by_role("button", name="Chercher les idées proches").press("Enter")
    near = page.get_by_role("region", name="Elles se ressemblent")
    near.get_by_role("button", name="Grouper").press("Enter")
    group = page.get_by_role("region", name=re.compile("^Groupe "))
    expect(group.get_by_role("checkbox")).to_have_count(2)
    page.locator(".grouping-card", has_text="Un banc").drag_to(group)
    expect(group.get_by_role("checkbox")).to_have_count(3)


def test_what_was_noted_privately_is_revealed_by_the_host(
    lab: Laboratory, desk: BrowserContext
) -> None:
    lab.open(private=True)
    lab.idea("À voix basse")
    page = hosting(desk, lab)
    expect(page.locator("#leading")).to_contain_text("1 idée notée")
    expect(page.locator("main")).not_to_contain_text("À voix basse")
    page.get_by_role("button", name="Révéler").press("Enter")
    expect(card(page, "À voix basse")).to_be_visible()


def test_a_tablet_that_dies_loses_nothing(lab: Laboratory, desk: BrowserContext) -> None:
    lab.open()
    page = hosting(desk, lab)
    begin(page)
    page.get_by_label("Titre").fill("Un début")
    saved(page)

    desk.set_offline(True)
    page.get_by_label(BODY).fill("Écrit juste avant la panne")
    expect(page.locator("#sheet-state")).to_contain_text("gardé sur cet appareil")
    page.close()
    desk.set_offline(False)
    page = hosting(desk, lab)
    expect(page.get_by_label(BODY)).to_have_value("Écrit juste avant la panne")
    saved(page)
    assert [each["body"] for each in syntheses(lab)] == ["Écrit juste avant la panne"]


def test_two_tabs_of_a_tablet_that_dies_lose_nothing(lab: Laboratory, desk: BrowserContext) -> None:
    lab.open()
    tabs = [hosting(desk, lab), hosting(desk, lab)]
    desk.set_offline(True)
    for number, page in enumerate(tabs):
        begin(page)
        page.get_by_label("Titre").fill(f"Onglet {number}")
        expect(page.locator("#sheet-state")).to_contain_text("gardé sur cet appareil")
    for page in tabs:
        page.close()
    desk.set_offline(False)
    hosting(desk, lab)
    until(lambda: len(syntheses(lab)) == 2)
    assert {each["title"] for each in syntheses(lab)} == {"Onglet 0", "Onglet 1"}


def test_a_draft_that_arrived_unknown_to_its_tablet_is_made_once_whoever_opens_it_next(
    lab: Laboratory, desk: BrowserContext
) -> None:
    lab.open()
    page = hosting(desk, lab)
    unanswered(page, "POST", BEGINNING)
    begin(page)
    page.get_by_label("Titre").fill("Un début")
    expect(page.locator("#sheet-state")).to_contain_text("gardé sur cet appareil")
    page.close()
    (arrived,) = syntheses(lab)
    page = hosting(desk, lab, "Marc")  # with another pass
    saved(page)
    page.get_by_label(BODY).fill("Et la suite")
    saved(page)
    (found,) = syntheses(lab)
    assert (found["id"], found["title"], found["body"]) == (
        arrived["id"],
        "Un début",
        "Et la suite",
    )


@contextmanager
def two_hosts(
    lab: Laboratory, desk: BrowserContext, browser: Browser
) -> Iterator[tuple[Page, Page]]:
    """Léa's page and Marc's, who comes later and leaves first, with one synthesis, « À deux »."""
    lab.open()
    first = hosting(desk, lab)
    begin(first)
    first.get_by_label("Titre").fill("À deux")
    saved(first)
    with device(browser, TABLET) as other:
        second = hosting(other, lab, "Marc")
        second.get_by_role("tab", name=re.compile("Rédiger")).press("Enter")
        expect(second.get_by_label("Titre")).to_have_value("À deux")
        for page in (first, second):  # neither looks at what the other writes
            page.route("**/api/v1/syntheses?*", lambda route: route.abort())
        yield first, second


def test_two_hosts_write_one_synthesis(
    lab: Laboratory, desk: BrowserContext, browser: Browser
) -> None:
    with two_hosts(lab, desk, browser) as (first, second):
        # Each another part: both stay.
        first.get_by_label("Titre").fill("À deux mains")
        saved(first)
        second.get_by_label(BODY).fill("Marc écrit ceci.")
        saved(second)
        expect(second.get_by_label("Titre")).to_have_value("À deux mains")

    # The same words: people decide, and nothing is lost.
    first.get_by_label(BODY).fill("Léa écrit cela.")
    clash = first.get_by_role("alert")
    expect(clash).to_contain_text("Marc a écrit en même temps que vous")
    expect(clash).to_contain_text("Marc écrit ceci.")
    assert violations(first) == []
    clash.get_by_role("button", name="Garder les deux").press("Enter")
    saved(first)
    (found,) = syntheses(lab)
    assert found["title"] == "À deux mains"
    assert found["body"] == "Marc écrit ceci.\n\nLéa écrit cela."


def test_an_answer_that_is_lost_while_another_host_writes_costs_nobody_their_words(
    lab: Laboratory, desk: BrowserContext, browser: Browser
) -> None:
    with two_hosts(lab, desk, browser) as (first, second):
        # What the answer would have said is not what stands any more.
        unanswered(first)
        first.get_by_label("Titre").fill("À deux mains")
        expect(first.locator("#sheet-state")).to_contain_text("gardé sur cet appareil")
        second.get_by_label(BODY).fill("Marc écrit ceci.")
        expect(second.get_by_label("Titre")).to_have_value("À deux mains")
        saved(second)
        first.unroute(SAVING)
        expect(first.get_by_label(BODY)).to_have_value("Marc écrit ceci.")

        # The same when both write the same words meanwhile: people decide.
        unanswered(first)
        first.get_by_label("Titre").fill("À quatre mains")
        expect(first.locator("#sheet-state")).to_contain_text("gardé sur cet appareil")
        first.get_by_label(BODY).fill("Léa écrit cela.")
        second.get_by_label(BODY).fill("Marc écrit encore.")
        expect(second.get_by_label("Titre")).to_have_value("À quatre mains")
        saved(second)
        first.unroute(SAVING)
    clash = first.get_by_role("alert")
    expect(clash).to_contain_text("Marc écrit encore.")
    clash.get_by_role("button", name="Garder les deux").press("Enter")
    saved(first)
    (found,) = syntheses(lab)
    assert found["title"] == "À quatre mains"
    assert found["body"] == "Marc écrit encore.\n\nLéa écrit cela."


def test_another_table_s_pass_opens_no_door(lab: Laboratory, desk: BrowserContext) -> None:
    page = desk.new_page()
    page.goto(lab.address(Role.HOST, "/hote").replace("table/3", "table/2"))
    expect(page.get_by_text("Votre laissez-passer actuel ne donne pas accès")).to_be_visible()
    expect(page.locator("#work")).to_be_hidden()
