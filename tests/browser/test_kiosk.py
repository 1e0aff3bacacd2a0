"""A table's tablet: people follow each other on it, without a trace and without a network."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from engagement.ideas.fold import BURST
from tests.browser.laboratory import TABLE, Laboratory, done, laboratory
from tests.browser.people import TABLET, device, violations
from tv.auth import Role

PEOPLE = 10
# A device that sleeps: its page's own clock stands still meanwhile.
SLEEP = """
window.slept = 0;
window.lit = [];
const now = Date.now;
Date.now = () => now() + slept;
navigator.wakeLock.request = async (what) => { lit.push(what); };
"""
LOST = 3  # answers that do not arrive


@pytest.fixture(scope="module")
def lab() -> Iterator[Laboratory]:
    with laboratory() as lab:
        yield lab


def kiosk(tablet: BrowserContext, lab: Laboratory) -> Page:
    page = tablet.new_page()
    page.goto(lab.address(Role.KIOSK))
    expect(page.get_by_label("Votre idée")).to_be_visible()
    return page


def add(page: Page, text: str) -> None:
    page.get_by_label("Votre idée").fill(text)
    page.get_by_role("button", name="Ajouter l’idée").click()


def next_person(page: Page) -> None:
    page.locator("#kiosk").get_by_role("button", name="Nouvelle personne").click()
    expect(page.get_by_label("Votre idée")).to_have_value("")


def remembered(page: Page) -> str:
    return str(page.evaluate("JSON.stringify({...localStorage})"))


def table(lab: Laboratory) -> dict[str, Any]:
    found: dict[str, Any] = done(lab.crew.get(f"/api/v1/tables/{TABLE}"))
    return found


def poll(lab: Laboratory) -> str:
    """An open poll of the talk that is live; its address."""
    lab.crew.post("/api/v1/talks/direct:start")
    draft = {"talk": "direct", "type": "single", "prompt": "Le plus utile ?"}
    options = {"options": ["Un plan", "Un voisin"]}
    url = f"/api/v1/polls/{done(lab.crew.post('/api/v1/polls', json=draft | options))['id']}"
    done(lab.crew.post(f"{url}:open"))
    return url


def test_ten_people_follow_each_other_and_each_is_another(
    lab: Laboratory, tablet: BrowserContext
) -> None:
    lab.open()
    ballots = poll(lab)
    page = kiosk(tablet, lab)
    authors: set[str] = set()

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/contributions"):
            authors.add(request.headers["authorization"])

    page.on("request", note)
    for number in range(PEOPLE):
        said = f"Idée de la personne {number}"
        add(page, said)
        page.get_by_label("Un voisin" if number % 2 else "Un plan").check()
        page.get_by_role("button", name="Voter").click()
        expect(page.get_by_text("Vote enregistré")).to_be_visible()
        expect(page.locator("#board .own-idea")).to_contain_text(said)
        if number == 0:
            assert violations(page) == []
        next_person(page)
        # The card stays, as everybody's; nothing says whose it is.
        expect(page.locator("#board")).to_contain_text(said)
        expect(page.locator(".own-idea")).to_have_count(0)
        expect(page.locator("input:checked")).to_have_count(0)
        expect(page.get_by_text("Vote enregistré")).to_have_count(0)
        assert said not in remembered(page)
        assert "kiosk.tokens" not in remembered(page)
    assert not [each for each in tablet.cookies() if "participant" in str(each["name"])]

    assert len(authors) == PEOPLE
    assert sorted(each["text"] for each in lab.ideas()) == [
        f"Idée de la personne {number}" for number in range(PEOPLE)
    ]
    done(lab.crew.post(f"{ballots}:close"))
    results = done(lab.crew.get(f"{ballots}/results"))
    assert [each["votes"] for each in results["counts"]] == [5, 5]
    assert table(lab)["kiosk_seated"] == PEOPLE

    # The eleventh has no place left in this round, and keeps what they wrote.
    expect(page.locator("#kiosk")).to_contain_text("Toutes les places de la tablette ont servi")
    add(page, "Une de trop")
    expect(page.locator("#announcements")).to_contain_text("avec votre téléphone")
    expect(page.get_by_label("Votre idée")).to_have_value("Une de trop")
    assert len(lab.ideas()) == PEOPLE


def test_nothing_is_lost_or_double_through_a_hole_in_the_network(
    lab: Laboratory, tablet: BrowserContext
) -> None:
    lab.open()
    page = kiosk(tablet, lab)
    add(page, "Avant la coupure")
    expect(page.locator("#announcements")).to_contain_text("Idée ajoutée")

    tablet.set_offline(True)
    for number in range(2):
        next_person(page)
        add(page, f"Sans réseau {number}")
        expect(page.get_by_label("Votre idée")).to_have_value("")
        add(page, f"Et encore {number}")
        expect(page.get_by_label("Votre idée")).to_have_value("")
    next_person(page)
    expect(page.locator("#kiosk")).to_contain_text("4 envois partiront au retour du réseau")
    expect(page.locator("main")).not_to_contain_text("Sans réseau")  # theirs, not for who is here

    # When it is back, some answers are lost: the server has done it, the tablet cannot know.
    tried: set[str] = set()

    def lose(route: Route) -> None:
        key = route.request.headers.get("idempotency-key", "")
        if route.request.method != "POST" or key in tried or len(tried) >= LOST:
            route.continue_()
            return
        tried.add(key)
        # Sent as the page would, and the answer thrown away.
        headers = {
            name: value
            for name, value in route.request.headers.items()
            if name in ("authorization", "content-type", "idempotency-key")
        }
        if "authorization" not in headers:
            headers["authorization"] = f"Bearer {pass_of(tablet)}"
        httpx.post(route.request.url, content=route.request.post_data, headers=headers)
        route.abort()

    page.route("**/api/v1/contributions", lose)
    page.route("**/api/v1/tables/*:person", lose)
    tablet.set_offline(False)
    expect(page.locator("#board .idea")).to_have_count(5)
    expect(page.locator("#kiosk")).not_to_contain_text("au retour du réseau")
    texts = sorted(each["text"] for each in lab.ideas())
    assert texts == sorted(
        ["Avant la coupure"]
        + [f"Sans réseau {number}" for number in range(2)]
        + [f"Et encore {number}" for number in range(2)]
    )
    assert table(lab)["kiosk_seated"] == 3
    assert len(tried) == LOST
    assert "Sans réseau" not in remembered(page)


def test_two_tablets_without_a_network_take_in_more_people_than_places_and_lose_none(
    lab: Laboratory, tablet: BrowserContext, browser: Browser
) -> None:
    lab.open(seats=2, moving_seconds=0)
    with device(browser, TABLET) as other:
        pages = [kiosk(tablet, lab), kiosk(other, lab)]
        for each in (tablet, other):
            each.set_offline(True)
        for number in range(2):
            for name, page in zip("AB", pages, strict=True):
                add(page, f"Tablette {name}, personne {number}")
                next_person(page)
        lab.drive("advance")  # and the round is over, as they cannot know
        for each in (tablet, other):
            each.set_offline(False)
        for page in pages:
            expect(page.locator("#board .idea")).to_have_count(4)
            expect(page.locator("#place")).to_contain_text("Tour 2")
            assert "kiosk.coming" not in remembered(page)
        assert {each["round"] for each in lab.ideas()} == {1}
        assert table(lab)["kiosk_seated"] == 0  # the places of this round are all there


def test_one_persons_haste_does_not_hold_up_the_next(
    lab: Laboratory, tablet: BrowserContext
) -> None:
    lab.open()
    page = kiosk(tablet, lab)
    for number in range(BURST + 5):
        add(page, f"Vite, et encore {number}")
    next_person(page)
    add(page, "Tranquillement")
    expect(page.locator(".own-idea .own-mark")).to_be_visible()
    expect(page.locator(".own-idea .idea-note")).to_have_count(0)  # it has left
    assert "Vite, et encore" in remembered(page)  # told to wait, and waiting
    expect(page.locator("#board .idea")).to_have_count(BURST + 6)
    assert "Vite, et encore" not in remembered(page)


def pass_of(tablet: BrowserContext) -> str:
    (found,) = [each["value"] for each in tablet.cookies() if each["name"] == "fabrique_pass"]
    return str(found)


def test_a_tablet_left_alone_forgets_who_was_there(lab: Laboratory, tablet: BrowserContext) -> None:
    lab.open()
    page = tablet.new_page()
    page.clock.install()
    page.goto(lab.address(Role.KIOSK))
    pad = page.get_by_label("Votre idée")
    pad.fill("Un brouillon très personnel")
    page.clock.fast_forward(91_000)
    dialog = page.get_by_role("dialog", name="Toujours là ?")
    expect(dialog).to_contain_text("sera effacé")
    assert violations(page) == []
    page.keyboard.press("Enter")  # « Je continue » has the focus
    expect(dialog).to_be_hidden()
    expect(pad).to_have_value("Un brouillon très personnel")

    page.clock.fast_forward(91_000)
    expect(dialog).to_be_visible()
    page.clock.fast_forward(31_000)
    expect(dialog).to_be_hidden()
    expect(pad).to_have_value("")
    assert "brouillon" not in remembered(page)
    assert table(lab)["kiosk_seated"] == 0  # who sends nothing takes no place


def test_whoever_wakes_a_tablet_that_slept_is_somebody_else(
    lab: Laboratory, tablet: BrowserContext
) -> None:
    lab.open()
    page = tablet.new_page()
    page.add_init_script(SLEEP)
    page.goto(lab.address(Role.KIOSK))
    pad = page.get_by_label("Votre idée")
    # While it sleeps, nothing on the page runs; a touch comes before anything does, even before
    # what was written last is drawn.
    pad.evaluate("""(pad) => {
      pad.value = "Un brouillon très personnel";
      pad.dispatchEvent(new InputEvent("input", { bubbles: true }));
      slept += 600_000;
      document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    }""")
    expect(pad).to_have_value("")
    assert page.evaluate("lit") == ["screen"]  # it sleeps when somebody presses its button


def test_whoever_finds_a_page_that_was_let_go_while_the_tablet_slept_is_somebody_else(
    lab: Laboratory, tablet: BrowserContext
) -> None:
    lab.open()
    page = kiosk(tablet, lab)
    add(page, "La mienne")
    expect(page.locator(".own-idea")).to_be_visible()
    page.close()
    page = kiosk(tablet, lab)  # at once: it is still the same person
    expect(page.locator(".own-idea")).to_be_visible()
    page.close()
    page = tablet.new_page()
    page.add_init_script(f"{SLEEP}; slept = 600_000;")
    page.goto(lab.address(Role.KIOSK))
    expect(page.locator("#board .idea")).to_have_count(1)
    assert "kiosk.tokens" not in remembered(page)  # by which it would be shown as one's own


def test_a_draft_is_asked_about_before_it_is_erased(
    lab: Laboratory, tablet: BrowserContext
) -> None:
    lab.open()
    page = kiosk(tablet, lab)
    pad = page.get_by_label("Votre idée")
    pad.fill("Pas encore envoyée")
    page.locator("#kiosk").get_by_role("button", name="Nouvelle personne").press("Enter")
    dialog = page.get_by_role("dialog", name="Tout n’est pas envoyé")
    dialog.get_by_role("button", name="Je continue").press("Enter")
    expect(pad).to_have_value("Pas encore envoyée")
    page.locator("#kiosk").get_by_role("button", name="Nouvelle personne").press("Enter")
    dialog.get_by_role("button", name="Nouvelle personne").press("Enter")
    expect(pad).to_have_value("")
    expect(page.locator("#main")).to_be_focused()
