"""The laboratories' pages by the keyboard alone: the task that each of them is for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.keyboard import press, reach, still_somewhere, write
from tests.browser.laboratory import LAB, TABLE, Laboratory, done, laboratory
from tests.browser.people import crew_address, opened, violations
from tv.auth import Role

IDEA = "Un carnet d’adresses de l’immeuble"
SYNTHESIS = "Une porte, un prénom"


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        done(lab.crew.post("/api/v1/talks/direct:start"))
        yield lab


@pytest.fixture(autouse=True)
def _closed_behind(lab: Laboratory) -> Iterator[None]:
    """What a test opened is no concern of the next."""
    yield
    lab.cafe = ""
    for cafe in done(lab.crew.get("/api/v1/cafes", params={"state": "open"}))["items"]:
        done(lab.crew.post(f"/api/v1/cafes/{cafe['id']}:close"))


def test_from_the_journey_to_a_table_and_back_to_the_set(lab: Laboratory, browser: Browser) -> None:
    lab.open()
    with opened(browser, f"{lab.served.url}/labo") as page:
        expect(page.get_by_text("Tour 1 sur 3").first).to_be_visible()
        press(page, "Emménager")
        expect(page.get_by_role("link", name="Table 3")).to_be_visible()
        press(page, "Je suis dans ce labo")
        expect(page.get_by_text("C’est votre labo")).to_be_visible()
        still_somewhere(page)
        lab.scan(page.context)
        press(page, "Table 3")
        expect(page.get_by_label("Votre idée")).to_be_visible()
        expect(page.get_by_text("Vous êtes à cette table")).to_be_visible()
        write(page, "Votre idée", IDEA)
        press(page, "Ajouter l’idée")
        card = page.locator(".idea", has_text=IDEA)
        expect(card).to_contain_text("Table 3, tour 1")
        still_somewhere(page)
        press(page, "Un point de plus")
        expect(card).to_contain_text("dont 1 de vous")
        still_somewhere(page)
        press(page, "Porter à une autre table")
        press(page, "Table 4")
        expect(card).to_contain_text("portée à la table 4")
        still_somewhere(page)
        press(page, "Question de la table")
        page.keyboard.type("Qui paie l’encre ?")
        press(page, "^Envoyer$")
        expect(page.get_by_text("Question envoyée")).to_be_visible()
        press(page, "Retirer")
        expect(card).to_have_count(0)
        assert violations(page) == []


def test_one_person_after_the_other_on_a_tablet(lab: Laboratory, browser: Browser) -> None:
    lab.open()
    with opened(browser, lab.address(Role.KIOSK)) as page:
        expect(page.get_by_label("Votre idée")).to_be_visible()
        for number in range(2):
            write(page, "Votre idée", f"Idée {number}")
            page.keyboard.press("Control+Enter")
            expect(page.locator(".own-idea")).to_contain_text(f"Idée {number}")
            press(page, "Nouvelle personne")
            expect(page.locator("#main")).to_be_focused()
            expect(page.locator(".own-idea")).to_have_count(0)
    found = done(lab.crew.get(f"/api/v1/tables/{TABLE}"))
    assert found["kiosk_seated"] == 2


def test_a_host_opens_groups_writes_and_shares(lab: Laboratory, browser: Browser) -> None:
    lab.open()
    for text in ("Un parrain par étage", "Une marraine par étage"):
        lab.idea(text)
    with opened(browser, lab.address(Role.HOST, "/hote", "Léa")) as page:
        expect(page.locator("#work")).to_be_visible()
        press(page, "Ouvrir la table")
        expect(page.locator("#leading")).to_contain_text("Table animée par Léa")
        still_somewhere(page)
        press(page, "Un parrain", "Space")
        press(page, "Une marraine")  # chooses it, and goes on to where they are put
        expect(page.get_by_label("Nom du groupe")).to_be_focused()
        page.keyboard.type("Parrainage")
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Groupe Parrainage")).to_be_visible()
        still_somewhere(page)
        press(page, "Citer le groupe Parrainage")
        write(page, "^Titre$", SYNTHESIS)
        write(page, "Ce que la table retient", "Chacun connaît quelqu’un.")
        expect(page.locator("#sheet-state")).to_contain_text("Enregistré")
        press(page, "^Partager$")
        expect(page.get_by_text("Partagée", exact=True)).to_be_visible()
        still_somewhere(page)
        assert violations(page) == []


def test_the_desk_prepares_drives_and_puts_on_air(lab: Laboratory, browser: Browser) -> None:
    with opened(browser, crew_address(lab.served, "regie/labos")) as page:
        expect(page.get_by_role("button", name="Préparer un café")).to_be_visible()
        press(page, "Préparer un café")
        expect(page.get_by_label("Titre")).to_be_focused()
        page.keyboard.type("Au clavier")
        write(page, "La question", "Que faut-il ?")
        press(page, "^Préparer$")
        expect(page.locator("#cafes-title")).to_be_focused()
        press(page, "^Ouvrir$")
        expect(page.get_by_role("button", name="Lancer le tour 1", exact=True)).to_be_visible()
        press(page, "^Lancer le tour 1$")
        expect(page.get_by_role("button", name="Changer de table", exact=True)).to_be_visible()
        still_somewhere(page)
        said = {"table": TABLE, "title": "Un café sur le palier", "body": "Chacun vient."}
        made = done(lab.crew.post("/api/v1/syntheses", json=said))["id"]
        done(lab.crew.post(f"/api/v1/syntheses/{made}:share", json={}))
        expect(page.locator("#shared")).to_contain_text("Un café sur le palier")
        press(page, "Ajouter au conducteur")
        expect(page.locator("#shared").get_by_role("button", name="À l’antenne")).to_be_enabled()
        still_somewhere(page)
        press(page, "^À l’antenne")
        expect(page.locator("#shared .on-air-label").first).to_contain_text("À l’antenne")
        still_somewhere(page)
        write(page, "Message aux tables", "Encore cinq minutes.")
        page.keyboard.press("Enter")
        press(page, "^Envoyer$")
        expect(page.locator("#sendings .entry")).to_contain_text("Encore cinq minutes.")


def test_everybody_answers_supports_and_comments(lab: Laboratory, browser: Browser) -> None:
    lab.open()
    plan = {"type": "call", "title": "Avant de venir", "prompts": ["Votre arrivée ?"]}
    call = done(lab.crew.post("/api/v1/cafes", json=plan))["id"]
    done(lab.crew.post(f"/api/v1/cafes/{call}:open"))
    said = {"table": TABLE, "title": SYNTHESIS, "body": "Chacun connaît quelqu’un."}
    made = done(lab.crew.post("/api/v1/syntheses", json=said))["id"]
    done(lab.crew.post(f"/api/v1/syntheses/{made}:share", json={"open": True}))
    with opened(browser, f"{lab.served.url}/idees") as page:
        expect(page.get_by_role("heading", name=SYNTHESIS).first).to_be_visible()
        write(page, "^Votre réponse", "Une voisine et un gâteau")
        press(page, "^Envoyer$")
        expect(page.get_by_role("region", name="Vos réponses")).to_contain_text("relecture")
        still_somewhere(page)
        press(page, f"Soutenir.*{SYNTHESIS}")
        expect(page.get_by_role("button", name=f"Soutenir : {SYNTHESIS}").first).to_have_attribute(
            "aria-pressed", "true"
        )
        still_somewhere(page)
        press(page, "^Commentaires")
        write(page, "Votre commentaire", "D’accord.")
        page.keyboard.press("Control+Enter")
        expect(page.locator(".comments").first).to_contain_text("En attente de relecture")
        assert violations(page) == []


def test_a_typed_code_leads_to_its_table(lab: Laboratory, browser: Browser) -> None:
    lab.open()
    codes = done(lab.crew.get("/api/v1/join/codes"))["items"]
    (code,) = [each["code"] for each in codes if each["id"] == TABLE]
    with opened(browser, f"{lab.served.url}/rejoindre") as page:
        expect(page.get_by_label("Le code")).to_be_visible()
        write(page, "Le code", code)
        page.keyboard.press("Enter")
        expect(page.get_by_text("Vous êtes à cette table")).to_be_visible()
        assert page.url.split("?")[0].endswith(f"/labo/{LAB}/table/3")
        reach(page, "Votre idée")
