"""The pages as people meet them: accessible, on a phone and on a desk, and hard to break."""

import gzip
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import servers
from tests.browser.people import SIZES, crew_address, opened, violations, without_sockets
from tests.servers import Fabrique
from tv.auth import Role

QUESTION = "Qui paie l’accompagnement, et que se passe-t-il ensuite ?"


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A server of our own: the questions asked here are in nobody's way."""
    with servers.fabrique() as server:
        yield server


def watch(phone: BrowserContext, served: Fabrique) -> Page:
    """The public's page, connected."""
    page = phone.new_page()
    page.goto(served.url)
    page.locator("#stage[data-path=webrtc], #stage[data-path=hls]").wait_for()
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    return page


@SIZES
@pytest.mark.parametrize("place", ["", "?canal=nulle-part", "regie", "intervenant"])
def test_a_page_without_a_pass_has_no_accessibility_violation(
    served: Fabrique, browser: Browser, size: dict[str, int], place: str
) -> None:
    with opened(browser, f"{served.url}/{place}", size) as page:
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        assert violations(page) == []


@SIZES
@pytest.mark.parametrize(
    ("place", "role", "title"),
    [("regie", Role.OPERATOR, "À relire"), ("intervenant", Role.PRESENTER, "")],
)
def test_a_crew_page_has_no_accessibility_violation(
    served: Fabrique, browser: Browser, size: dict[str, int], place: str, role: Role, title: str
) -> None:
    with opened(browser, crew_address(served, place, role), size) as page:
        expect(page.locator("#closed")).to_be_empty()
        expect(page.get_by_role("heading", name=title).first).to_be_visible()
        assert violations(page) == []


@pytest.mark.parametrize(
    "place", ["regie", "regie/labos", "intervenant", "mur/relire", "ecran/associer/AAAAAA"]
)
def test_crew_page_opens_where_sockets_are_blocked_and_says_that_a_pass_is_missing(
    served: Fabrique, phone: BrowserContext, desk: BrowserContext, place: str
) -> None:
    for own in (phone, desk):
        without_sockets(own)
    closed, page = phone.new_page(), desk.new_page()
    closed.goto(f"{served.url}/{place}")
    page.goto(crew_address(served, place))
    expect(closed.get_by_role("heading", name="s’ouvre avec un lien personnel")).to_be_visible()
    expect(page.locator("#desk, #prompter, .screen-claim")).to_be_visible()
    expect(page.locator("#closed")).to_be_empty()


def test_caption_settings_and_composer_have_no_accessibility_violation(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = watch(phone, served)
    page.get_by_role("button", name="Réglages").click()
    expect(page.get_by_role("radio", name="Automatique")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Poser une question").click()
    expect(page.get_by_label("Votre question")).to_be_focused()
    assert violations(page) == []


def test_a_page_loads_nothing_from_elsewhere_and_breaks_no_rule_of_its_policy(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = phone.new_page()
    elsewhere: list[str] = []
    said: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if re.match(rf"{served.url}|blob:|data:", request.url)
            else elsewhere.append(request.url)
        ),
    )
    page.on("console", lambda message: said.append(message.text))
    page.goto(served.url)
    page.locator("#stage[data-path=webrtc], #stage[data-path=hls]").wait_for()
    assert elsewhere == []
    assert [text for text in said if "Content Security Policy" in text or "Trusted" in text] == []


def test_words_questions_and_polls_come_in_few_bytes(
    served: Fabrique, phone: BrowserContext
) -> None:
    """What a phone loads before pictures and faces: page, scripts, stylesheets, compressed."""
    with httpx.stream("GET", served.url, headers={"accept-encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        zipped = b"".join(response.iter_raw())
    page = gzip.decompress(zipped).decode()
    names = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', page)
    assert names
    size = len(zipped)
    with httpx.Client(base_url=served.url, headers={"accept-encoding": "br"}) as client:
        for name in set(names):
            with client.stream("GET", name) as response:
                assert response.headers["content-encoding"] == "br"
                assert "immutable" in response.headers["cache-control"]
                size += sum(len(chunk) for chunk in response.iter_raw())
    assert size < 45 * 1024  # names with hashes and the date of the day move it by 100 bytes


def test_a_draft_survives_a_reload(served: Fabrique, phone: BrowserContext) -> None:
    page = watch(phone, served)
    page.get_by_role("button", name="Poser une question").click()
    page.get_by_label("Votre question").fill(QUESTION)
    page.reload()
    expect(page.get_by_role("heading", level=1)).not_to_be_empty()
    page.get_by_role("button", name="Poser une question").click()
    expect(page.get_by_label("Votre question")).to_have_value(QUESTION)


def test_a_question_asked_offline_leaves_once_when_the_network_returns(
    served: Fabrique, phone: BrowserContext
) -> None:
    with served.crew() as client:
        page = watch(phone, served)
        phone.set_offline(True)
        page.get_by_role("button", name="Poser une question").click()
        page.get_by_label("Votre question").fill(QUESTION)
        page.get_by_role("button", name="Envoyer").click()
        expect(page.locator(".state.unsent")).to_be_visible()
        phone.set_offline(False)
        expect(page.get_by_text("En attente de relecture")).to_be_visible()
        questions = client.get("/api/v1/talks/direct/questions").json()["items"]
    assert [each["body"] for each in questions].count(QUESTION) == 1


def test_a_forged_pass_is_explained(served: Fabrique, phone: BrowserContext) -> None:
    page = phone.new_page()
    page.goto(f"{served.url}/regie#pass=nimporte-quoi")
    expect(page.get_by_role("heading", name="Ce lien ne fonctionne plus")).to_be_visible()
    expect(page.get_by_text("n’a pas été émis par ce serveur")).to_be_visible()
    assert "#" not in page.url


def test_text_from_people_stays_text(served: Fabrique, phone: BrowserContext) -> None:
    hostile = '<img src=x onerror=alert(1)> & "javascript:alert(1)"'
    with served.someone() as client:
        asked = client.post("/api/v1/talks/direct/questions", json={"body": hostile})
        assert asked.status_code == 201, asked.text
    page = phone.new_page()
    page.goto(crew_address(served, "regie"))
    expect(page.get_by_text(hostile)).to_be_visible()
    assert page.locator("#pending img").count() == 0


def test_captions_grow_to_250_percent_within_the_picture(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = watch(phone, served)
    page.get_by_role("button", name="Réglages").click()
    slider = page.get_by_role("slider", name="Taille des sous-titres")
    for _ in range(6):
        slider.press("ArrowRight")
    expect(page.get_by_text("250\u00a0%")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
