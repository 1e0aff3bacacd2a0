"""A laboratory's pages on people's own devices: written, carried, given dots, asked, moved on."""

import io
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from tests.browser.laboratory import LAB, QUESTION, TABLE, Laboratory, done, laboratory
from tests.browser.people import DRAWN, Slow, violations, without_sockets
from tests.viewers import until
from tv.auth import Role
from tv.cookies import PASS_COOKIE

IDEA = "Un plan du quartier dessiné par les voisins"
UNSENT = "JSON.parse(localStorage['fabrique.outbox'] ?? '[]').length"


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        yield lab


def at_table(device: BrowserContext, lab: Laboratory, number: int = 3, more: str = "") -> Page:
    """The page of a table, for who has scanned its code."""
    lab.scan(device, f"{LAB}.{number}")
    page = device.new_page()
    page.goto(f"{lab.served.url}/labo/{LAB}/table/{number}{more}")
    return page


def card(page: Page, text: str) -> Any:
    return page.locator(".idea").filter(has_text=text)


def own(page: Page, lab: Laboratory) -> dict[str, Any]:
    """What the server has of whoever has this device, once all that they did has left it."""
    # The page's policy lets nobody evaluate a text in it, as `wait_for_function` would.
    until(page, 10, lambda: not page.evaluate(UNSENT), "everything to be sent")
    (cookie,) = [each for each in page.context.cookies() if "participant" in each["name"]]
    with lab.served.client(cookie["value"]) as person:
        (mine,) = done(person.get("/api/v1/views/me:cafe"))["items"]
    found: dict[str, Any] = mine
    return found


def test_idea_of_one_table_and_round_is_seen_with_its_origin_at_another(
    lab: Laboratory, phone: BrowserContext, desk: BrowserContext
) -> None:
    lab.open()
    page = at_table(phone, lab, more="?ici")
    expect(page.get_by_text("Vous êtes à cette table")).to_be_visible()
    assert page.url.endswith("/table/3")
    expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    page.get_by_label("Votre idée").fill(IDEA)
    page.get_by_role("button", name="Ajouter l’idée").click()
    mine = card(page, IDEA)
    expect(mine).to_contain_text("Vous")
    expect(mine).to_contain_text("Table 3, tour 1")
    expect(page.get_by_label("Votre idée")).to_have_value("")
    until(page, 10, lambda: own(page, lab)["table"] == TABLE, "a seat at the table")
    assert violations(page) == []

    lab.drive("advance")  # people move
    expect(page.get_by_role("heading", name="Votre prochaine table")).to_be_visible()
    assert violations(page) == []
    lab.drive("advance")
    other = at_table(desk, lab, 4)
    expect(other.get_by_text("Tour 2 sur 3")).to_be_visible()
    expect(other.get_by_text("Pas encore d’idée")).to_be_visible()
    mine.get_by_role("button", name="Porter à une autre table").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("button", name="Table 3")).to_be_disabled()
    assert violations(page) == []
    sheet.get_by_role("button", name="Table 4").click()
    carried = card(other, IDEA)
    expect(carried).to_contain_text("Venue de la table 3, tour 1")
    expect(mine).to_contain_text("portée à la table 4")
    expect(page.get_by_role("heading", name="Dit ici au tour 1")).to_be_visible()
    assert violations(other) == []


def test_table_is_written_at_where_sockets_are_blocked(
    lab: Laboratory, phone: BrowserContext
) -> None:
    lab.open()
    without_sockets(phone)
    there = phone.new_page()
    there.goto(f"{lab.served.url}/labo/{LAB}")
    page = at_table(phone, lab)
    page.get_by_label("Votre idée").fill(IDEA)
    page.get_by_role("button", name="Ajouter l’idée").click()
    expect(page.locator(".idea.shown")).to_contain_text(IDEA)
    expect(there.get_by_role("link", name=re.compile("Table 3"))).to_contain_text("1 personne sur")
    expect(page.get_by_text("Reconnexion…")).to_have_count(0)  # views come
    phone.set_offline(True)
    expect(page.get_by_text("Hors ligne", exact=True)).to_be_visible()
    phone.set_offline(False)
    expect(page.get_by_text("Hors ligne", exact=True)).to_have_count(0)


def test_place_that_is_left_is_one(lab: Laboratory, phone: BrowserContext) -> None:
    lab.open(seats=1)
    page = phone.new_page()
    page.goto(f"{lab.served.url}/labo/{LAB}")
    tile = page.get_by_role("link", name=re.compile("Table 3")).locator(".tile-seats")
    expect(tile).to_have_text("1\u00a0place libre")


def test_idea_lies_there_once_and_is_its_authors_whatever_comes_first(
    lab: Laboratory, phone: BrowserContext
) -> None:
    lab.open()
    page = phone.new_page()
    sockets: list[Slow] = []
    page.route_web_socket("**/ws", lambda socket: sockets.append(Slow(socket, "me:cafe")))
    replies: list[tuple[Route, APIResponse]] = []
    page.route("**/api/v1/contributions", lambda route: replies.append((route, route.fetch())))
    lab.scan(phone)
    page.goto(f"{lab.served.url}/labo/{LAB}/table/3?ici")
    expect(page.get_by_text("Vous êtes à cette table")).to_be_visible()
    until(page, 10, lambda: own(page, lab)["table"] == TABLE, "a seat at the table")
    sockets[-1].held = True  # what is theirs comes last
    page.get_by_label("Votre idée").fill(IDEA)
    page.get_by_role("button", name="Ajouter l’idée").click()
    shown = page.locator(".idea.shown")
    expect(shown).to_contain_text(IDEA)  # everybody's news come first
    expect(shown).to_contain_text("Vous")
    expect(card(page, IDEA)).to_have_count(1)
    ((route, reply),) = replies
    with page.expect_response("**/contributions"):
        route.fulfill(response=reply)
    expect(page.get_by_text("Idée ajoutée")).to_be_attached()
    page.evaluate(DRAWN)
    assert card(page, IDEA).count() == 1
    assert "Vous" in shown.inner_text()
    sockets[-1].let_through()
    page.evaluate(DRAWN)
    assert card(page, IDEA).count() == 1
    assert "Vous" in shown.inner_text()


def test_dots_are_given_by_keyboard_alone_and_run_out(
    lab: Laboratory, desk: BrowserContext
) -> None:
    lab.open(dots=2)
    id = lab.idea(IDEA)
    page = at_table(desk, lab)
    expect(card(page, IDEA)).to_be_visible()
    expect(page.get_by_text("Il vous reste 2 points")).to_be_visible()
    more = card(page, IDEA).get_by_role("button", name="Un point de plus")
    more.press("Enter")
    more.press("Enter")
    expect(more).to_have_attribute("aria-disabled", "true")
    expect(more).to_be_focused()  # nothing was taken from under it
    more.press("Enter")
    expect(card(page, IDEA)).to_contain_text("2 points")
    expect(page.get_by_text("Vous avez donné tous vos points")).to_be_visible()
    less = card(page, IDEA).get_by_role("button", name="Un point de moins")
    less.press("Enter")
    expect(page.get_by_text("Il vous reste 1 point")).to_be_visible()
    expect(card(page, IDEA).locator(".idea-dots")).to_have_text(re.compile(r"^1\s?point$"))
    idea = f"/api/v1/contributions/{id}"
    until(page, 10, lambda: done(lab.crew.get(idea))["dots"] == 1, "one dot")


def test_private_notes_are_their_authors_until_they_are_revealed(
    lab: Laboratory, phone: BrowserContext, desk: BrowserContext
) -> None:
    lab.open(private=True)
    sockets: list[Slow] = []
    page, other = phone.new_page(), at_table(desk, lab)
    page.route_web_socket("**/ws", lambda socket: sockets.append(Slow(socket, "me:cafe")))
    lab.scan(phone)
    page.goto(f"{lab.served.url}/labo/{LAB}/table/3")
    expect(page.get_by_text("Notée pour vous seulement, jusqu’à")).to_be_visible()
    page.get_by_label("Votre idée").fill(IDEA)
    page.get_by_label("Votre idée").press("Control+Enter")
    expect(card(page, IDEA)).to_contain_text("Notée pour vous seulement")
    expect(other.get_by_text("Pas encore d’idée")).to_be_visible()
    expect(card(other, IDEA)).to_have_count(0)
    assert violations(page) == []
    sockets[-1].held = True  # everybody's news come first
    done(lab.crew.post(f"/api/v1/tables/{TABLE}:reveal"))
    expect(card(other, IDEA)).to_be_visible()
    expect(page.locator(".idea.shown")).to_contain_text(IDEA)
    expect(card(page, IDEA)).to_have_count(1)
    sockets[-1].let_through()
    expect(card(page, IDEA)).not_to_contain_text("Notée")


def test_ideas_without_a_network_leave_when_it_is_back_in_the_round_they_were_written_in(
    lab: Laboratory, phone: BrowserContext
) -> None:
    lab.open()
    page = at_table(phone, lab)
    page.get_by_role("button", name="Je m’installe à cette table").click()
    expect(page.get_by_text("Vous êtes à cette table")).to_be_visible()
    tries: list[str] = []
    page.on("websocket", lambda socket: tries.append(socket.url))
    phone.set_offline(True)
    for number in range(3):
        page.get_by_label("Votre idée").fill(f"Idée sans réseau {number}")
        page.get_by_role("button", name="Ajouter l’idée").click()
    expect(page.get_by_text("Partira au retour du réseau")).to_have_count(3)
    lab.drive("advance")
    lab.drive("advance")
    assert len(tries) < 8  # it comes back by its own clock, not with each of its redraws
    phone.set_offline(False)
    expect(page.get_by_role("heading", name="Dit ici au tour 1")).to_be_visible()
    leaving = page.locator(".idea").filter(has_text=re.compile("Partira|Envoi"))
    expect(leaving).to_have_count(0)
    found = lab.ideas()
    assert sorted(each["text"] for each in found) == [f"Idée sans réseau {n}" for n in range(3)]
    assert {each["round"] for each in found} == {1}


def test_photo_goes_with_an_idea_and_its_author_takes_it_back(
    lab: Laboratory, phone: BrowserContext
) -> None:
    lab.open()
    made = io.BytesIO()
    Image.linear_gradient("L").resize((2400, 1800)).convert("RGB").save(made, "JPEG")
    page = at_table(phone, lab)
    page.locator("input[type=file]").set_input_files(
        {"name": "cour.jpg", "mimeType": "image/jpeg", "buffer": made.getvalue()}
    )
    page.get_by_label("Ce que l’on voit").fill("La cour vue du haut")
    assert violations(page) == []
    expect(page.locator("#idea-help")).to_contain_text("relue par l’hôte")
    page.get_by_role("button", name="Ajouter l’idée").click()
    image = page.get_by_role("img", name="La cour vue du haut")
    expect(image).to_have_js_property("naturalWidth", 1600)
    page.get_by_role("button", name="Retirer").click()
    expect(image).to_have_count(0)


def test_drawing_goes_with_an_idea(lab: Laboratory, desk: BrowserContext) -> None:
    lab.open()
    page = at_table(desk, lab)
    page.get_by_role("button", name="Dessin").click()
    paper = page.locator("canvas")
    box = paper.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 120, steps=5)
    page.mouse.up()
    assert violations(page) == []
    page.get_by_role("button", name="Garder", exact=True).click()
    expect(page.get_by_role("button", name="Retirer l’image")).to_be_visible()
    page.get_by_label("Votre idée").fill(IDEA)
    page.get_by_role("button", name="Ajouter l’idée").click()
    expect(card(page, IDEA).locator("img")).to_have_js_property("naturalWidth", 1200)


def test_two_fingers_draw_a_line_each(lab: Laboratory, phone: BrowserContext) -> None:
    lab.open()
    page = at_table(phone, lab)
    page.get_by_role("button", name="Dessin").click()
    paper = page.locator("canvas")
    box = paper.bounding_box()
    assert box
    left, right = box["x"] + box["width"] / 4, box["x"] + 3 * box["width"] / 4
    devtools = phone.new_cdp_session(page)

    def touch(kind: str, *heights: float) -> None:
        """The fingers that are down, the first on the left."""
        fingers = [
            {"x": x, "y": box["y"] + height * box["height"], "id": rank}
            for rank, (x, height) in enumerate(zip((left, right), heights, strict=False))
        ]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", 0.2)
    touch("touchStart", 0.2, 0.2)
    for height in (0.4, 0.6, 0.8):
        touch("touchMove", height, height)
    touch("touchEnd")
    page.evaluate(DRAWN)
    inks = """(paper) => [1, 2, 3].map((quarter) => {
      const { data } = paper.getContext("2d")
        .getImageData(quarter * paper.width / 4 - 20, paper.height / 2, 40, 1);
      return data.some((value, rank) => rank % 4 === 0 && value < 100);
    })"""
    assert paper.evaluate(inks) == [True, False, True]


def test_table_asks_the_set_and_reads_what_it_sends(lab: Laboratory, phone: BrowserContext) -> None:
    lab.open()
    done(lab.crew.post("/api/v1/talks/direct:start"))
    page = at_table(phone, lab)
    page.get_by_role("button", name="Question de la table").click()
    page.get_by_label("Votre question").fill("Qui garde les clés ?")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_text("Question envoyée")).to_be_visible()
    (asked,) = done(lab.crew.get("/api/v1/talks/direct/questions"))["items"]
    assert "Table 3" in asked["author"]
    assert "Emménager" in asked["author"]

    said = {"type": "quote", "labs": [LAB], "text": "On s’y parle enfin", "talk": "direct"}
    done(lab.crew.post("/api/v1/sendings", json=said | {"start": 1.0, "end": 4.0}))
    elsewhere = {"type": "message", "labs": ["labo-2"], "text": "Pas pour ici"}
    done(lab.crew.post("/api/v1/sendings", json=elsewhere))
    expect(page.get_by_text("On s’y parle enfin")).to_be_visible()
    expect(page.get_by_text("Pas pour ici")).to_have_count(0)
    assert violations(page) == []
    done(lab.crew.post("/api/v1/talks/direct:end"))


def test_laboratory_shows_its_tables_and_the_journey_where_each_one_is(
    lab: Laboratory, phone: BrowserContext, desk: BrowserContext
) -> None:
    lab.open()
    lab.idea(IDEA)
    page = desk.new_page()
    page.goto(f"{lab.served.url}/labo/{LAB}")
    expect(page.get_by_role("link", name=re.compile("Table 3"))).to_contain_text("1 personne sur")
    expect(card(page, IDEA)).to_contain_text("Table 3, tour 1")
    assert violations(page) == []
    page.get_by_role("button", name="Je suis dans ce labo").click()
    expect(page.get_by_text("C’est votre labo")).to_be_visible()
    page.reload()
    expect(page.get_by_text("C’est votre labo")).to_be_visible()

    journey = phone.new_page()
    journey.goto(f"{lab.served.url}/labo")
    step = journey.get_by_role("link", name=re.compile("Emménager"))
    expect(step).to_contain_text("Installation")
    expect(step).to_contain_text("Tour 1 sur 3")
    assert violations(journey) == []
    step.click()
    expect(journey.get_by_role("heading", level=1, name="Emménager")).to_be_visible()
    lab.close()
    expect(journey.get_by_text("Session terminée")).to_be_visible()
    assert violations(journey) == []


def test_printed_codes_and_typed_ones_lead_to_a_seat(lab: Laboratory, desk: BrowserContext) -> None:
    lab.open()
    page = desk.new_page()
    held = {"name": PASS_COOKIE, "value": lab.served.make_pass(Role.OPERATOR)}
    desk.add_cookies([{**held, "url": lab.served.url}])
    page.goto(f"{lab.served.url}/labo/{LAB}/affiches")
    expect(page.locator(".poster")).to_have_count(5)  # the door's, and four tables'
    assert violations(page) == []
    desk.clear_cookies()
    page.goto(f"{lab.served.url}/rejoindre")
    page.get_by_label("Le code").fill("AAAAAA")
    page.get_by_role("button", name="Entrer").click()
    expect(page.get_by_role("alert")).to_contain_text("Ce code ne mène nulle part")
    assert violations(page) == []
    codes = done(lab.crew.get("/api/v1/join/codes"))["items"]
    (code,) = [each["code"] for each in codes if each["id"] == TABLE]
    page.get_by_label("Le code").fill(code.lower())
    page.keyboard.press("Enter")
    expect(page.get_by_text("Vous êtes à cette table")).to_be_visible()
    until(page, 10, lambda: own(page, lab)["table"] == TABLE, "a seat at the table")


@pytest.mark.parametrize("place", ["labo/ailleurs", f"labo/{LAB}/table/0", f"labo/{LAB}/table/999"])
def test_place_that_is_none_says_so(lab: Laboratory, place: str) -> None:
    reply = httpx.get(f"{lab.served.url}/{place}")
    assert reply.status_code == 404
    assert "Ce laboratoire n’existe pas" in reply.text
