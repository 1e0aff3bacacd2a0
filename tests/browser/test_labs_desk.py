"""The laboratories in the control room and on screens: driven, read, lined up, put side by side."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.laboratory import TABLE, Laboratory, done, laboratory
from tests.browser.people import PHONE, WALL, crew_address, opened, violations
from tv.auth import Role

SCRIPT = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def labs() -> Iterator[Laboratory]:
    with laboratory() as there:
        yield there


@pytest.fixture(autouse=True)
def _closed_behind(labs: Laboratory) -> Iterator[None]:
    """What a test opened, or put on air, is no concern of the next."""
    yield
    labs.cafe = ""
    for cafe in labs.crew.get("/api/v1/cafes", params={"state": "open"}).json()["items"]:
        done(labs.crew.post(f"/api/v1/cafes/{cafe['id']}:close"))
    for entry in labs.crew.get("/api/v1/rundown").json()["items"]:
        labs.crew.post(f"/api/v1/rundown/{entry['id']}:off")
        labs.crew.delete(f"/api/v1/rundown/{entry['id']}")


def desk_of(labs: Laboratory, role: Role = Role.OPERATOR) -> str:
    return crew_address(labs.served, "regie/labos", role)


def screen_of(labs: Laboratory, **said: str) -> str:
    """A paired screen's address, with its pass."""
    waiting = done(labs.crew.post("/api/v1/displays"))
    done(labs.crew.post("/api/v1/screens", json={"code": waiting["code"], "name": "Hall"} | said))
    secret = {"secret": waiting["secret"]}
    joined = done(labs.crew.post(f"/api/v1/displays/{waiting['code']}:join", json=secret))
    return f"{labs.served.url}/ecran/{joined['screen']}#pass={joined['token']}"


def test_cafe_is_prepared_opened_and_driven_together_and_apart_while_a_labs_screen_follows(
    browser: Browser, labs: Laboratory
) -> None:
    with (
        opened(browser, desk_of(labs)) as desk,
        opened(browser, screen_of(labs, face="lab", lab="labo-2"), WALL) as hall,
    ):
        expect(hall.get_by_role("heading", name="Voisiner")).to_be_visible()
        desk.get_by_role("button", name="Préparer un café").press("Enter")
        expect(desk.get_by_label("Titre")).to_be_focused()
        desk.keyboard.type(SCRIPT)
        desk.keyboard.press("Tab")
        desk.keyboard.type("Première question ?\nDeuxième question ?")
        desk.get_by_label("Tours").fill("2")
        desk.get_by_label("Minutes par tour").fill("10")
        for name in ("Emménager", "Voisiner"):
            desk.get_by_label(name).fill("2")
        assert violations(desk) == []
        desk.get_by_role("button", name="Préparer", exact=True).press("Enter")
        expect(desk.locator("#cafes-title")).to_be_focused()
        desk.get_by_role("button", name="Ouvrir").press("Enter")

        begin = desk.get_by_role("button", name="Lancer le tour 1", exact=True)
        expect(begin).to_be_visible()
        expect(hall.get_by_text("Prenez place")).to_be_visible()
        begin.press("Enter")
        expect(desk.get_by_role("button", name="Changer de table", exact=True)).to_be_visible()
        expect(hall.get_by_text("Première question")).to_be_visible()
        expect(hall.get_by_role("timer")).to_contain_text(re.compile(r"9:5\d|10:00"))
        assert violations(hall) == []

        # One laboratory stands still, then goes ahead; the other stays in its round.
        voisiner = desk.locator(".lab-side", has_text="Voisiner")
        voisiner.get_by_role("button", name="Pause").press("Enter")
        expect(voisiner).to_contain_text("en pause")
        expect(hall.get_by_text("en pause")).to_be_visible()
        voisiner.get_by_role("button", name="Reprendre").press("Enter")
        expect(voisiner.get_by_role("button", name="Pause")).to_be_enabled()
        voisiner.get_by_role("button", name="Changer de table").press("Enter")
        expect(hall.get_by_text("Changez de table")).to_be_visible()
        expect(hall.get_by_text("Deuxième question")).to_be_visible()
        expect(desk.get_by_text("Les laboratoires n’en sont pas au même point")).to_be_visible()
        expect(desk.locator(".lab-side", has_text="Emménager")).to_contain_text("Tour 1 sur 2")
        assert desk.title().startswith("Laboratoires")
        desk.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert violations(desk) == []


def test_same_press_by_two_people_goes_one_step(browser: Browser, labs: Laboratory) -> None:
    labs.open(moving_seconds=0)
    with opened(browser, desk_of(labs)) as desk:
        press = desk.get_by_role("button", name="Lancer le tour 2", exact=True)
        press.wait_for()

        def overtake(route: Route) -> None:
            labs.drive("advance")  # somebody else, while this press is on its way
            route.continue_()

        desk.route("**/*:advance", overtake)
        with desk.expect_response("**/*:advance") as answered:
            press.press("Enter")
        assert answered.value.status == 412
        expect(desk.locator("#announcements")).to_contain_text("entre-temps")
        reached = done(labs.crew.get(f"/api/v1/cafes/{labs.cafe}"))["progress"]
        assert {each["round"] for each in reached} == {2}


def test_answer_to_a_call_is_read_before_it_shows(browser: Browser, labs: Laboratory) -> None:
    plan = {"type": "call", "title": "Avant de venir", "prompts": ["Votre arrivée ?"]}
    call = done(labs.crew.post("/api/v1/cafes", json=plan))["id"]
    done(labs.crew.post(f"/api/v1/cafes/{call}:open"))
    with (
        labs.served.client(labs.served.make_pass(Role.VIEWER)) as person,
        opened(browser, desk_of(labs, Role.MODERATOR)) as desk,
    ):
        said = {"cafe": call, "text": f"Un voisin et son échelle {SCRIPT}"}
        assert done(person.post("/api/v1/contributions", json=said))["state"] == "pending"
        card = desk.locator("#reading .card")
        expect(card).to_contain_text(SCRIPT)
        expect(card).to_contain_text("Votre arrivée")
        assert violations(desk) == []
        card.get_by_role("button", name="Publier").press("Enter")
        expect(desk.get_by_text("Tout est relu.")).to_be_visible()
        [idea] = done(person.get("/api/v1/contributions", params={"cafe": call}))["items"]
        assert idea["state"] == "shown"
        expect(desk.get_by_role("button", name="Préparer un café")).to_have_count(0)  # operators


def test_answers_that_came_together_are_refused_by_one_press_and_read_again_after_the_undo(
    browser: Browser, labs: Laboratory
) -> None:
    plan = {"type": "call", "title": "Avant de venir", "prompts": ["Votre arrivée ?"]}
    call = done(labs.crew.post("/api/v1/cafes", json=plan))["id"]
    done(labs.crew.post(f"/api/v1/cafes/{call}:open"))
    with opened(browser, desk_of(labs, Role.MODERATOR)) as desk:
        for _ in range(3):
            with labs.served.someone() as nuisance:
                for n in range(5):
                    said = {"cafe": call, "text": f"Réclame {n}"}
                    done(nuisance.post("/api/v1/contributions", json=said))
        line = desk.get_by_role("group", name="Envois groupés")
        expect(line).to_contain_text("15 envois d’appareils arrivés ensemble")
        assert violations(desk) == []
        line.get_by_role("button", name="Tout refuser").click()
        expect(desk.get_by_text("Tout est relu.")).to_be_visible()
        desk.keyboard.press("z")
        expect(desk.locator("#reading .card")).to_have_count(15)
        last = desk.locator("#reading .card").last
        last.get_by_role("button", name="Tout de cet appareil (5)").click()
        expect(desk.locator("#reading .picking")).to_contain_text("5 envois")
        last.get_by_role("button", name="Bloquer cet appareil").click()
        expect(desk.locator("#reading .card")).to_have_count(10)
        expect(desk.locator("#blocked")).to_contain_text("1 appareil bloqué")


def test_shared_synthesis_is_on_air_in_two_presses_and_on_tables_in_two_more(
    browser: Browser, labs: Laboratory
) -> None:
    labs.open()
    text = {"table": "labo-2.2", "title": "Un palier vivant", "body": f"Un banc.\n\n{SCRIPT}"}
    written = done(labs.crew.post("/api/v1/syntheses", json=text))["id"]
    done(labs.crew.post(f"/api/v1/syntheses/{written}:share", json={"open": True}))
    with (
        opened(browser, desk_of(labs)) as desk,
        opened(browser, f"{labs.served.url}/habillage", WALL) as overlay,
    ):
        card = desk.locator("#shared .card")
        card.get_by_role("button", name="Ajouter au conducteur").press("Enter")
        card.get_by_role("button", name="À l’antenne").press("Enter")
        on_air = overlay.locator(".insert")
        for words in ("Un palier vivant", SCRIPT, "Voisiner", "Table 2"):
            expect(on_air).to_contain_text(words)
        expect(card).to_contain_text("À l’antenne")
        assert violations(desk) == []

        card.get_by_role("button", name="Envoyer au labo").press("Enter")
        dialog = desk.get_by_role("dialog")
        expect(dialog).to_be_visible()
        assert violations(desk) == []
        dialog.get_by_role("button", name="Envoyer", exact=True).press("Enter")
        expect(desk.locator("#sendings .entry")).to_contain_text("Un palier vivant")
        desk.get_by_role("button", name="Retirer des tables").press("Enter")
        expect(desk.locator("#sendings .entry")).to_have_count(0)
        card.get_by_role("button", name="Retirer de l’antenne").press("Enter")
        expect(on_air).to_have_count(0)


def test_message_to_the_tables_stays_until_it_is_sent(browser: Browser, labs: Laboratory) -> None:
    labs.open()
    with opened(browser, desk_of(labs)) as desk:
        message = desk.get_by_label("Message aux tables")
        dialog = desk.get_by_role("dialog", name="Envoyer au labo")
        message.fill("Encore cinq minutes.")
        message.press("Enter")
        dialog.get_by_role("button", name="Fermer").press("Enter")
        expect(dialog).to_be_hidden()
        expect(message).to_have_value("Encore cinq minutes.")
        message.press("Enter")
        dialog.get_by_role("button", name="Envoyer", exact=True).press("Enter")
        sent = desk.locator("#sendings .entry", has_text="Encore cinq minutes.")
        expect(sent).to_have_count(1)
        expect(message).to_have_value("")
        sent.get_by_role("button", name="Retirer des tables").press("Enter")
        expect(sent).to_have_count(0)


def test_idea_that_is_noted_alone_is_one(browser: Browser, labs: Laboratory) -> None:
    labs.open(private=True)
    labs.idea("Pour moi seule")
    with opened(browser, desk_of(labs)) as desk:
        expect(desk.locator(".lab-tables small")).to_have_text("+ 1\u00a0notée")


def test_synthesis_is_told_on_the_set_from_the_desk(browser: Browser, labs: Laboratory) -> None:
    labs.open()
    text = {"table": "labo-2.2", "title": "Une nuit d’essai", "body": "Avant de signer."}
    written = done(labs.crew.post("/api/v1/syntheses", json=text))["id"]
    done(labs.crew.post(f"/api/v1/syntheses/{written}:share", json={}))
    plan = {"title": "Ce que les labos ont trouvé", "channel": "plateau", "type": "restitution"}
    talk = done(labs.crew.post("/api/v1/talks", json=plan))["id"]
    with (
        opened(browser, desk_of(labs)) as desk,
        opened(browser, f"{labs.served.url}/habillage", WALL) as overlay,
    ):
        card = desk.locator("#shared .card", has_text="Une nuit d’essai")
        expect(card).to_be_visible()
        present = card.get_by_role("button", name="Présenter sur le plateau")
        expect(present).to_have_count(0)  # nothing is live
        done(labs.crew.post(f"/api/v1/talks/{talk}:start"))
        present.press("Enter")
        expect(card).to_contain_text("Présentée en ce moment")
        expect(overlay.locator(".insert")).to_contain_text("Une nuit d’essai")
        card.get_by_role("button", name="Présentée", exact=True).press("Enter")
        expect(card).to_contain_text("déjà présentée")
        expect(overlay.locator(".insert")).to_have_count(0)
    done(labs.crew.post(f"/api/v1/talks/{talk}:end"))


def test_question_and_poll_go_from_the_control_room_to_the_tables(
    browser: Browser, labs: Laboratory
) -> None:
    labs.open()
    done(labs.crew.post("/api/v1/talks/direct:start"))
    said = {"body": "Qui garde les clés ?"}
    asked = done(labs.crew.post("/api/v1/talks/direct/questions", json=said))
    if asked["state"] == "pending":
        done(labs.crew.post(f"/api/v1/questions/{asked['id']}:approve"))
    draft = {
        "talk": "direct",
        "type": "single",
        "prompt": "Et le soir ?",
        "options": ["Oui", "Non"],
    }
    poll = done(labs.crew.post("/api/v1/polls", json=draft))["id"]
    done(labs.crew.post(f"/api/v1/polls/{poll}:open"))
    with (
        opened(browser, crew_address(labs.served, "regie")) as desk,
        opened(browser, f"{labs.served.url}/labo/labo-1/table/1", PHONE) as table,
        opened(browser, f"{labs.served.url}/labo/labo-2/table/1", PHONE) as elsewhere,
    ):
        received = table.locator("#received")
        for place, words in (("#line", "Qui garde les clés ?"), ("#polls", "Et le soir ?")):
            send = desk.locator(place).get_by_role("button", name="Envoyer au labo").first
            expect(send).to_be_attached()
            send.press("Enter")
            dialog = desk.get_by_role("dialog", name="Envoyer au labo")
            dialog.get_by_label("Emménager").check()
            dialog.get_by_role("button", name="Envoyer", exact=True).press("Enter")
            expect(received).to_contain_text(words)
        expect(received).to_contain_text("Le vote est ouvert")
        done(labs.crew.post(f"/api/v1/polls/{poll}:close"))
        expect(elsewhere.locator("#place")).to_contain_text("Tour 1")
        expect(elsewhere.locator("#received")).not_to_contain_text("Qui garde les clés")
    done(labs.crew.post("/api/v1/talks/direct:end"))


def test_laboratories_are_compared_on_the_desk_and_on_a_wall_and_few_people_are_guarded(
    browser: Browser, labs: Laboratory
) -> None:
    labs.open(title="Côte à côte")
    for number in range(5):
        labs.idea(f"Idée {number}", "labo-1.1")
    labs.idea("Seule à la table", "labo-2.1")
    with (
        opened(browser, desk_of(labs, Role.MODERATOR)) as desk,
        opened(browser, screen_of(labs, face="comparison"), WALL) as hall,
    ):
        row = desk.get_by_role("row", name=re.compile("Emménager"))
        expect(row.get_by_role("cell").nth(1)).to_have_text("5")
        few = desk.get_by_role("row", name=re.compile("Voisiner"))
        expect(few.get_by_role("cell").first).to_have_text("non affiché")
        expect(hall.get_by_role("heading", name="Côte à côte")).to_be_visible()
        columns = hall.locator(".compared-columns > li")
        expect(columns).to_have_count(2)
        expect(columns.first).to_contain_text("5 idées")
        assert violations(hall) == []
        assert hall.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_moderator_counts_the_dots_and_the_support_of_a_burst(
    browser: Browser, labs: Laboratory
) -> None:
    labs.open()
    idea = f"/api/v1/contributions/{labs.idea('Un local à vélos')}"
    with labs.served.client(labs.served.make_pass(Role.HOST, "Anne", table=TABLE)) as host:
        said = {"table": TABLE, "title": "Un atelier", "body": "Pour réparer."}
        synthesis = f"/api/v1/syntheses/{done(host.post('/api/v1/syntheses', json=said))['id']}"
        done(host.post(f"{synthesis}:share", json={}))
    for _ in range(60):
        with labs.served.someone() as person:
            done(person.put(f"{idea}/dots", json={"dots": 1}))
            done(person.put(f"{synthesis}/support"))
    with opened(browser, desk_of(labs, Role.MODERATOR)) as desk:
        dotted = desk.locator("#reading .card", has_text="Points arrivés ensemble")
        expect(dotted).to_be_visible()
        assert violations(desk) == []
        dotted.get_by_role("button", name=re.compile(r"Compter \d+ points? mis")).press("Enter")
        expect(dotted).to_have_count(0)
        press = desk.get_by_role("button", name=re.compile(r"Compter \d+ soutiens? mis"))
        press.press("Enter")
        expect(press).to_have_count(0)
    assert done(labs.crew.get(idea))["dots"] == 60
    assert done(labs.crew.get(synthesis))["support"] == 60
