"""Questions read at speed: by keys alone, by a thumb, while everything changes beside one."""

import math
import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import servers
from tests.browser.keyboard import reach
from tests.browser.people import DESK, crew_address, opened, violations
from tests.browser.test_control_room import post
from tests.servers import Fabrique
from tv.auth import Passes, Role
from tv.studios.keys import load_secret

SMALL = {"width": 360, "height": 740}
CROWD = 63  # people, who support each of
TOPICS = 8  # questions: 504 changes
# Pixels between the head of the list of questions to read and its first card.
TOP = """document.querySelector("#pending .card").getBoundingClientRect().top
  - document.querySelector("#unread").getBoundingClientRect().top"""
SAME = "Qui répare l’ascenseur de la tour B ?"


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with servers.fabrique() as server:
        yield server


@pytest.fixture
def crew(served: Fabrique) -> Iterator[httpx.Client]:
    with served.crew() as client:
        yield client
        items = client.get("/api/v1/talks/direct/questions").json()["items"]
        for question in items:  # the next test begins without them
            client.post(f"/api/v1/questions/{question['id']}:reject", json={"reason": "other"})


def ask(served: Fabrique, *bodies: str) -> list[str]:
    """Ask questions; returns their ids."""
    with served.someone() as asker:
        asked = [asker.post("/api/v1/talks/direct/questions", json={"body": b}) for b in bodies]
    assert [reply.status_code for reply in asked] == [201] * len(asked)
    return [str(reply.json()["id"]) for reply in asked]


def asked_before(served: Fabrique, *bodies: str) -> None:
    """Questions of people who have been there for an hour, one each."""
    passes = Passes(load_secret(served.folder.path))
    for body in bodies:
        _, token = passes.welcome(joined=time.time() - 3600)
        with served.client(token) as asker:
            asker.post("/api/v1/talks/direct/questions", json={"body": body}).raise_for_status()


def states(crew: httpx.Client, *ids: str) -> list[str]:
    items = crew.get("/api/v1/talks/direct/questions").json()["items"]
    found = {item["id"]: item["state"] for item in items}
    return [found[id] for id in ids]


def card(page: Page, column: str, text: str) -> Locator:
    return page.locator(f"{column} .card", has_text=text)


def test_questions_are_read_aired_and_answered_by_keys_alone(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    ids = ask(
        served, SAME, "Le jardin reste-t-il ouvert l’hiver ?", "Vendez-vous ?", "Et les vélos ?"
    )
    with opened(browser, crew_address(served, "regie"), DESK) as page:
        expect(page.locator("#pending .card")).to_have_count(4)
        for place in range(1, 7):  # each post by its number
            page.keyboard.press(str(place))
            button = page.locator(f"#posts [aria-keyshortcuts='{place}']")
            expect(button).to_have_attribute("aria-pressed", "true")
            assert violations(page) == []
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Raccourcis de la régie")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("2")
        reach(page, "^Publier$")  # what one passes has a name, and shows that it has the focus

        page.keyboard.press("j")
        expect(card(page, "#pending", "ascenseur")).to_be_focused()
        page.keyboard.press("a")  # publish, and stand on the next
        expect(card(page, "#pending", "jardin")).to_be_focused()
        page.keyboard.press("f")  # the same, in the queue
        expect(card(page, "#line", "jardin")).to_contain_text("Retirer de la file")
        expect(card(page, "#pending", "Vendez-vous")).to_be_focused()
        page.keyboard.press("r")
        page.get_by_role("button", name="Publicité").press("Enter")
        expect(card(page, "#pending", "Vendez-vous")).to_have_count(0)
        expect(page.locator("#undo")).to_contain_text("Question refusée : publicité.")
        expect(card(page, "#pending", "vélos")).to_be_focused()
        page.keyboard.press("z")
        expect(card(page, "#pending", "Vendez-vous")).to_be_visible()
        expect(page.locator("#undo")).to_be_empty()

        page.keyboard.press("ArrowRight")
        expect(card(page, "#line", "jardin")).to_be_focused()  # it has the first turn
        page.keyboard.press("ArrowDown")
        expect(card(page, "#line", "ascenseur")).to_be_focused()
        page.keyboard.press("t")
        expect(card(page, "#answers", "ascenseur")).to_contain_text("À l’antenne depuis")
        # The reply to « t » may come after what one sees: until then nothing else is taken.
        expect(page.get_by_role("button", name="Réponse donnée")).to_be_enabled()
        expect(card(page, "#line", "jardin")).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("e")
        expect(page.locator("#answers")).to_contain_text("Aucune question à l’antenne")
        expect(page.get_by_role("heading", name="À l’antenne", exact=True)).to_be_focused()
    assert states(crew, *ids) == ["answered", "approved", "pending", "pending"]


def test_phone_reads_one_column_at_a_time_and_has_everything_under_the_thumb(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    [one] = ask(served, f"{SAME} {'Depuis des mois, rien ne bouge. ' * 6}")
    with opened(browser, crew_address(served, "regie", Role.MODERATOR), SMALL) as page:
        expect(page.locator("#stage video")).to_have_count(0)  # nobody looks at the picture yet
        parts = page.get_by_role("group", name="Dans les questions")
        expect(parts.get_by_role("button", name="À relire 1")).to_be_visible()
        expect(page.locator("#line")).to_be_hidden()
        page.get_by_role("button", name="Publier", exact=True).click()
        parts.get_by_role("button", name="Publiées 1").click()
        expect(card(page, "#line", "ascenseur")).to_be_visible()
        expect(page.get_by_role("button", name="Vider les écrans")).to_be_in_viewport()
        for name in ("Antenne", "Questions", "Sous-titres", "Mur", "Salles", "Technique"):
            post(page, name)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        small = "[...document.querySelectorAll('#posts button')].map((b) => b.offsetHeight)"
        assert min(page.evaluate(small)) >= 44
    assert states(crew, one) == ["approved"]


def test_five_hundred_changes_take_neither_the_caret_nor_a_letter_from_who_types(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    topics = ask(served, *(f"Question numéro {n} du public ?" for n in range(TOPICS)))
    for id in topics:
        crew.post(f"/api/v1/questions/{id}:approve").raise_for_status()
    crowd = [served.someone() for _ in range(CROWD)]
    acts = [(one, f"/api/v1/questions/{id}/support") for id in topics for one in crowd]
    texts = {"room": "Une question à voix haute", "own": "Ma question, que j’écris lentement"}
    with (
        opened(browser, crew_address(served, "regie"), DESK) as desk,
        opened(browser, served.url, SMALL) as phone,
    ):
        phone.get_by_role("button", name="Poser une question").click()
        fields = {
            "room": desk.get_by_label("Question de la salle"),
            "own": phone.get_by_label("Votre question"),
        }
        expect(desk.locator("#line .card")).to_have_count(TOPICS)
        for field in fields.values():
            field.focus()
        letters = max(map(len, texts.values()))
        share = math.ceil(len(acts) / letters)
        for rank in range(letters):
            for name, field in fields.items():
                field.page.keyboard.insert_text(texts[name][rank : rank + 1])
            for one, path in acts[rank * share : (rank + 1) * share]:
                assert one.put(path).status_code < 300
        items = crew.get("/api/v1/talks/direct/questions").json()["items"]
        support = {item["body"]: item["support"] for item in items if item["id"] in topics}
        assert sum(support.values()) > CROWD
        for body, supporters in support.items():
            expect(card(desk, "#line", body)).to_contain_text(f"{supporters} soutiens")
        for name, field in fields.items():
            expect(field).to_be_focused()
            expect(field).to_have_value(texts[name])
            assert field.evaluate("(field) => field.selectionStart") == len(texts[name])
    for one in crowd:
        one.close()


@pytest.mark.parametrize("size", [SMALL, DESK], ids=["phone", "desk"])
def test_burst_is_refused_by_one_press_and_taken_back_by_another(
    served: Fabrique, browser: Browser, crew: httpx.Client, size: dict[str, int]
) -> None:
    honest = ("Qui répare l’ascenseur ?", "Le jardin reste-t-il ouvert ?", "Et les vélos ?")
    asked_before(served, *honest)
    sent = [id for n in range(3) for id in ask(served, *(f"Pub {n}.{k}" for k in range(8)))]
    with opened(browser, crew_address(served, "regie", Role.MODERATOR), size) as page:
        line = page.get_by_role("group", name="Envois groupés")
        expect(line).to_contain_text("24 questions d’appareils arrivés ensemble")
        assert violations(page) == []
        line.get_by_role("button", name="Tout refuser").click()
        expect(page.locator("#undo")).to_contain_text("24 questions refusées.")
        expect(page.locator("#pending .card")).to_have_count(len(honest))
        for body in honest:
            expect(card(page, "#pending", body)).to_be_visible()
        assert set(states(crew, *sent)) == {"rejected"}
        page.get_by_role("button", name=re.compile("^Annuler")).click()
        expect(page.locator("#pending .card")).to_have_count(len(honest) + len(sent))
        assert set(states(crew, *sent)) == {"pending"}
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_line_about_a_burst_waits_until_nobody_is_about_to_press_a_card(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    with opened(browser, crew_address(served, "regie", Role.MODERATOR), DESK) as page:
        ask(served, *(f"Pub {n}" for n in range(8)))
        ask(served, "Pub 8", "Pub 9")
        cards = page.locator("#pending .card")
        expect(cards).to_have_count(10)
        cards.first.hover()
        ask(served, "Pub 10")
        expect(cards).to_have_count(11)
        line = page.get_by_role("group", name="Envois groupés")
        assert line.count() == 0
        expect(line).to_contain_text("11 questions")  # once the hand has rested


def test_several_questions_are_chosen_by_keys_and_refused_for_one_reason(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    bodies = [f"Question numéro {n} ?" for n in range(5)]
    asked_before(served, *bodies)
    with opened(browser, crew_address(served, "regie"), DESK) as page:
        expect(page.locator("#pending .card")).to_have_count(5)
        page.keyboard.press("j")
        page.keyboard.press("s")  # all
        boxes = page.locator("#pending .card").get_by_role("checkbox")
        expect(boxes.and_(page.locator(":checked"))).to_have_count(5)
        expect(page.get_by_role("checkbox", name="Tout sélectionner")).to_be_checked()
        page.keyboard.press("Escape")
        expect(boxes.and_(page.locator(":checked"))).to_have_count(0)
        top = page.evaluate(TOP)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("x")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+X")  # from the one chosen last
        expect(page.locator("#picking")).to_contain_text("3 questions")
        assert page.evaluate(TOP) == top  # nothing moved
        assert violations(page) == []
        page.keyboard.press("r")
        expect(page.get_by_role("dialog", name="Refuser la sélection")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="Hors sujet").press("Enter")
        expect(page.locator("#undo")).to_contain_text("3 questions refusées.")
        expect(page.locator("#pending .card")).to_have_count(2)
        page.keyboard.press("z")
        expect(page.locator("#pending .card")).to_have_count(5)


def test_device_is_blocked_with_all_that_it_sent_and_gets_its_say_back(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    asked_before(served, SAME)
    with (
        served.someone() as nuisance,
        opened(browser, crew_address(served, "regie", Role.MODERATOR), DESK) as page,
    ):
        for text in ("Achetez mes tapis !", "Cliquez ici.", "Promotion de printemps"):
            asked = nuisance.post("/api/v1/talks/direct/questions", json={"body": text})
            asked.raise_for_status()
        first = card(page, "#pending", "Achetez")
        first.get_by_role("button", name="Tout de cet appareil (3)").click()
        expect(page.locator("#picking")).to_contain_text("3 questions")
        first.get_by_role("button", name="Bloquer cet appareil").click()
        expect(page.locator("#undo")).to_contain_text("Appareil bloqué, 3 questions refusées.")
        expect(page.locator("#pending .card")).to_have_count(1)
        refused = nuisance.post("/api/v1/talks/direct/questions", json={"body": "Encore !"})
        assert refused.status_code == 403
        page.locator("#blocked").get_by_text("1 appareil bloqué").click()
        assert violations(page) == []
        page.locator("#blocked").get_by_role("button", name="Débloquer").click()
        expect(page.locator("#pending .card")).to_have_count(4)
        expect(page.locator("#blocked")).to_be_empty()
        allowed = nuisance.post("/api/v1/talks/direct/questions", json={"body": "Pardon."})
        assert allowed.status_code == 201


def test_slow_mode_is_set_at_the_desk_and_said_before_one_types(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    with (
        opened(browser, crew_address(served, "regie", Role.MODERATOR), DESK) as desk,
        opened(browser, served.url, SMALL) as phone,
    ):
        desk.get_by_label("Mode lent").select_option("60")
        for body in ("Première question ?", "Seconde question ?"):
            phone.get_by_role("button", name="Poser une question").click()
            expect(phone.locator("#question-help")).to_contain_text("Une question par minute.")
            phone.get_by_label("Votre question").fill(body)
            phone.get_by_role("button", name="Envoyer", exact=True).click()
            expect(phone.get_by_role("dialog")).to_have_count(0)
        said = re.compile(r"Mode lent.: votre prochaine question pourra partir dans \d+.(s|min)")
        expect(phone.locator("body")).to_contain_text(said)
        phone.get_by_role("button", name="Poser une question").click()
        expect(phone.get_by_label("Votre question")).to_have_value("Seconde question ?")
        assert violations(phone) == []
        desk.get_by_label("Mode lent").select_option("0")
        expect(phone.locator("#question-help")).not_to_contain_text("par minute")


def test_first_quarter_of_an_hour_is_led_step_by_step_and_ticks_itself(
    served: Fabrique, browser: Browser, crew: httpx.Client
) -> None:
    with opened(browser, crew_address(served, "regie"), DESK) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        guide = page.get_by_role("region", name=re.compile("Faire arriver l’image"))
        guide.get_by_role("button", name="Y aller").click()
        expect(page.get_by_role("heading", name="Sources")).to_be_focused()
        code = httpx.post(f"{served.url}/api/v1/displays", json={}).json()
        crew.post("/api/v1/screens", json={"code": code["code"], "name": "Hall"})
        page.get_by_label("Phase").select_option("rehearsal")
        expect(page.locator("#guide")).to_contain_text("1 sur 7")
        [asked] = ask(served, SAME)
        crew.post(f"/api/v1/questions/{asked}:approve").raise_for_status()
        crew.post(f"/api/v1/questions/{asked}:take").raise_for_status()
        expect(page.locator("#guide")).to_contain_text("2 sur 7")
        page.get_by_role("button", name="Vider les écrans").click()
        page.get_by_role("button", name="Rétablir").click()
        expect(page.locator("#guide")).to_contain_text("3 sur 7")
        page.get_by_label("Phase").select_option("open")
        expect(page.locator("#guide")).to_contain_text("4 sur 7")
        page.get_by_role("button", name="Toutes les étapes").click()
        expect(page.locator(".guide-steps .done")).to_have_count(4)
        assert violations(page) == []
        page.reload()
        expect(page.locator("#guide")).to_contain_text("4 sur 7")
        page.get_by_role("button", name="Fermer la mise en route").click()
        expect(page.locator("#guide")).to_be_hidden()
        page.reload()
        expect(page.locator("#posts")).to_contain_text("Questions")
        expect(page.locator("#guide")).to_be_hidden()
        page.get_by_role("button", name="Aide et raccourcis").click()
        page.get_by_role("button", name="Revoir la mise en route").click()
        expect(page.locator("#guide")).to_be_visible()
