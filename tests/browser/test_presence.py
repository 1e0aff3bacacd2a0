"""Instructions for authors who are not at the table, and marks of the crew and hosts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.laboratory import LAB, TABLE, Laboratory, done, laboratory
from tests.browser.people import TABLET, opened, violations
from tests.browser.test_tables import IDEA, card
from tv.auth import Role

READ_FIRST = "Votre idée sera lue avant d’être affichée. Scannez le code de la table"
ASK = "/api/v1/talks/direct/questions"


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        yield lab


def write(page: Page, text: str) -> None:
    page.get_by_label("Votre idée").fill(text)
    page.get_by_role("button", name="Ajouter l’idée").press("Enter")


def test_author_elsewhere_is_told_to_scan_and_their_idea_shows_once_they_have(
    lab: Laboratory, phone: BrowserContext, desk: BrowserContext
) -> None:
    lab.open()
    done(lab.crew.post("/api/v1/talks/direct:start"))
    page, other = phone.new_page(), desk.new_page()
    page.goto(f"{lab.served.url}/labo/{LAB}/table/3")
    other.goto(f"{lab.served.url}/labo/{LAB}/table/3")
    expect(page.locator("#idea-help")).to_contain_text(READ_FIRST)
    write(page, IDEA)
    expect(card(page, IDEA)).to_contain_text(READ_FIRST)
    expect(page.get_by_role("status").filter(has_text=READ_FIRST)).to_be_attached()
    expect(other.get_by_text("Pas encore d’idée")).to_be_visible()
    # The table's voice, which needs the code, is not offered.
    expect(page.get_by_role("button", name="Question de la table")).to_have_count(0)
    assert violations(page) == []

    lab.scan(phone)
    page.goto(f"{lab.served.url}/labo/{LAB}/table/3?ici")
    expect(page.locator(".idea.own-idea.shown")).to_contain_text(IDEA)
    expect(card(other, IDEA)).to_be_visible()
    expect(page.locator("#idea-help")).to_contain_text("Elle se pose sur la table")
    expect(page.get_by_role("button", name="Question de la table")).to_be_visible()
    assert violations(page) == []
    done(lab.crew.post("/api/v1/talks/direct:end"))


def test_host_reads_what_was_written_without_the_code(
    lab: Laboratory, phone: BrowserContext, desk: BrowserContext
) -> None:
    lab.open()
    page, host = phone.new_page(), desk.new_page()
    page.goto(f"{lab.served.url}/labo/{LAB}/table/3")
    write(page, IDEA)
    host.goto(lab.address(Role.HOST, "/hote", name="Hélène"))
    reading = host.get_by_role("region", name="À relire")
    expect(reading).to_contain_text("Écrite sans le code de la table")
    assert violations(host) == []
    reading.get_by_role("button", name="Montrer à la table").press("Enter")
    expect(page.locator(".idea.shown")).to_contain_text(IDEA)


def test_tablet_shows_the_code_that_proves_a_place(
    lab: Laboratory, browser: Browser, phone: BrowserContext
) -> None:
    lab.open()
    with opened(browser, lab.address(Role.KIOSK), TABLET) as tablet:
        expect(tablet.get_by_role("heading", name="Avec votre téléphone")).to_be_visible()
        address = tablet.locator(".by-phone .address").inner_text()
        assert violations(tablet) == []
    page = phone.new_page()
    page.goto(f"http://{address}")
    write(page, IDEA)
    expect(page.locator(".idea.own-idea.shown")).to_contain_text(IDEA)


def test_laboratory_says_what_the_code_is_for(lab: Laboratory, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto(f"{lab.served.url}/labo/{LAB}")
    page.get_by_role("button", name="Je suis dans ce labo").press("Enter")
    hint = page.get_by_text("Scannez le code de la porte ou d’une table")
    expect(hint).to_be_visible()
    assert violations(page) == []
    lab.scan(phone, LAB)
    page.reload()
    expect(page.get_by_text("C’est votre labo")).to_be_visible()
    expect(hint).to_have_count(0)


def test_crew_and_tables_have_marks_where_people_read_them(
    lab: Laboratory, phone: BrowserContext, desk: BrowserContext
) -> None:
    lab.open()
    done(lab.crew.post("/api/v1/talks/direct:start"))
    with lab.someone() as seated, lab.served.someone("Léa [Équipe]") as fake:
        questions = [
            done(lab.crew.post(ASK, json={"body": "Qui vient du plateau ?"})),
            done(seated.post(ASK, json={"body": "Et la table ?", "table": TABLE})),
            done(fake.post(ASK, json={"body": "Et moi ?"})),
        ]
    for question in questions:
        done(lab.crew.post(f"/api/v1/questions/{question['id']}:approve"))
    answer = {"answer": "Oui, demain."}
    done(lab.crew.post(f"/api/v1/questions/{questions[2]['id']}:write", json=answer))
    post = done(lab.crew.post("/api/v1/wall/posts", json={"text": "Le café est servi"}))
    for verb in ("approve", "show"):
        done(lab.crew.post(f"/api/v1/wall/posts/{post['id']}:{verb}"))
    body = {"cafe": lab.cafe, "table": TABLE, "text": IDEA}
    done(lab.crew.post("/api/v1/contributions", json=body))

    page = phone.new_page()
    page.goto(lab.served.url)
    page.get_by_role("tab", name="Questions").press("Enter")

    def marks(body: str) -> list[str]:
        asked = page.locator(".question").filter(has_text=body)
        expect(asked.locator(".meta")).to_be_visible()
        return asked.locator(".byline").all_inner_texts()

    crew = page.locator(".question").filter(has_text="Qui vient du plateau")
    expect(crew.locator(".byline")).to_have_text("Équipe")
    assert marks("Et la table") == ["Table 3, Emménager"]
    asked = page.locator(".question").filter(has_text="Et moi")
    expect(asked.locator(".written .byline")).to_have_text("Équipe")
    expect(asked.locator(".meta .byline")).to_have_count(0)
    assert violations(page) == []

    wall = desk.new_page()
    wall.goto(f"{lab.served.url}/mur")
    expect(wall.locator(".wall-author .byline")).to_have_text("Équipe")
    table = desk.new_page()
    table.goto(f"{lab.served.url}/labo/{LAB}/table/3")
    expect(card(table, IDEA).locator(".byline")).to_have_text("Équipe")
    assert violations(table) == []
    done(lab.crew.post("/api/v1/talks/direct:end"))
