"""The pages on a device: installed, without a network, in the sun, in English, on other sites."""

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests import servers
from tests.browser.people import PHONE, device, violations
from tests.servers import Fabrique
from tests.viewers import chromium, until
from tv.auth import Role

QUESTIONS = ("Et si le réseau ne revient qu’après moi ?", "Et si j’ai deux pages ?")
READY = """async () => {
  const installed = await navigator.serviceWorker.getRegistration();
  return installed?.active?.state === "activated" && navigator.serviceWorker.controller !== null;
}"""
KEPT = """async (address) => (await caches.match(new URL(address, location))) !== undefined"""
LEFT = """async () => {
  const left = await (await caches.open("outbox")).match("/hors-ligne/lettres");
  return left ? (await left.json()).length : 0;
}"""
PUBLIC = (
    *("/", "/?sur-place", "/programme", "/revoir", "/idees", "/mur/ecrire", "/labo", "/rejoindre"),
    *("/charte", "/confidentialite", "/accessibilite", "/facile", "/plan", "/integrer"),
    *("/hors-ligne", "/nulle-part", "/labo/labo-1", "/labo/labo-1/table/1"),
)

CREW = (
    *("/regie", "/regie/labos", "/intervenant", "/ecran", "/mur", "/mur/relire", "/habillage"),
    *("/labo/labo-1/affiches", "/labo/labo-1/table/1/hote"),
)


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    with servers.fabrique(SERVER__EMBEDDERS="*", LABS__LABO_1__NAME="Chercher") as server:
        yield server


def installed(phone: BrowserContext, served: Fabrique) -> Page:
    """The public's page, with its service worker in charge and all of it kept."""
    page = phone.new_page()
    page.goto(served.url)
    until(page, 30, lambda: page.evaluate(READY), "the service worker")
    page.reload()
    until(page, 30, lambda: page.evaluate(KEPT, "/"), "the page, kept")
    return page


def test_the_page_can_be_installed(served: Fabrique) -> None:
    with chromium() as whole, device(whole, PHONE) as phone:  # its window is what installs pages
        page = installed(phone, served)
        devtools = phone.new_cdp_session(page)
        assert devtools.send("Page.getAppManifest")["errors"] == []
        errors = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [each["errorId"] for each in errors] == ["in-incognito"]  # as contexts of tests are


def test_the_picture_floats_out_of_another_sites_page(served: Fabrique) -> None:
    code = httpx.get(f"{served.url}/oembed", params={"url": served.url}).json()["html"]
    with (
        another_site(f"<!doctype html><title>Ville</title><h1>Ville</h1>{code}") as address,
        chromium() as whole,  # a window that floats is none of the shell's
        device(whole) as desk,
    ):
        page = desk.new_page()
        page.goto(address)
        player = page.frame_locator("iframe")
        player.locator("#stage[data-path=webrtc], #stage[data-path=hls]").wait_for()
        player.get_by_role("button", name="Image dans une petite fenêtre").click()
        video = player.locator("video.shown").last
        floats = "(video) => document.pictureInPictureElement === video"
        until(page, 30, lambda: video.evaluate(floats), "the picture, floating")


def test_a_server_that_is_away_is_asked_no_sooner_than_it_said(served: Fabrique) -> None:
    tries: list[float] = []

    def busy(route: Route) -> None:
        tries.append(time.monotonic())
        route.fulfill(status=503, headers={"retry-after": "5"})

    with chromium() as whole, device(whole, PHONE) as phone:  # it alone syncs in the background
        page = installed(phone, served)
        page.route("**/talks/*/questions", busy)
        page.get_by_role("button", name="Poser une question").click()
        page.get_by_label("Votre question").fill(QUESTIONS[0])
        page.get_by_role("button", name="Envoyer").click()
        until(page, 60, lambda: len(tries) > 2, "three tries")
    assert min(later - before for before, later in pairwise(tries)) > 5


def test_pages_open_without_a_network_and_come_back_with_it(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = installed(phone, served)
    phone.set_offline(True)
    page.reload()  # seen before: as it was
    expect(page.get_by_role("button", name="Poser une question")).to_be_visible()
    expect(page.get_by_text("Hors ligne", exact=True)).to_be_visible()
    page.goto(f"{served.url}/charte")  # never seen
    expect(page.get_by_role("heading", name="Pas de réseau")).to_be_visible()
    assert violations(page) == []
    phone.set_offline(False)
    expect(page.get_by_role("heading", name="Charte", exact=False).first).to_be_visible()
    # What only the network has is never kept.
    names = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async (name) =>"
        " (await (await caches.open(name)).keys()).map(({ url }) => url)))).flat()"
    )
    assert not [name for name in names if "/api/" in name or name.endswith((".m4s", ".m3u8"))]


def test_page_for_no_network_gives_way_when_the_server_is_back_though_no_network_went(
    phone: BrowserContext,
) -> None:
    with servers.fabrique() as server:
        page = installed(phone, server)
        server.stop()
        page.goto(f"{server.url}/charte")
        expect(page.get_by_role("heading", name="Pas de réseau")).to_be_visible()
        server.start()
        expect(page.get_by_role("heading", name="Charte", exact=False).first).to_be_visible()


def test_questions_written_offline_leave_once_though_both_their_pages_are_closed(
    served: Fabrique, phone: BrowserContext
) -> None:
    page, second = installed(phone, served), phone.new_page()
    second.goto(served.url)
    devtools = phone.new_cdp_session(page)
    found: dict[str, str] = {}
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: [found.update(each) for each in event["registrations"]],
    )
    devtools.send("ServiceWorker.enable")
    for each, question in zip((page, second), QUESTIONS, strict=True):
        each.get_by_role("button", name="Poser une question").click()
        each.get_by_label("Votre question").fill(question)
    phone.set_offline(True)
    for each in (page, second):
        each.get_by_role("button", name="Envoyer").click()
        expect(each.locator(".state.unsent")).to_be_visible()
    until(page, 30, lambda: page.evaluate(LEFT) == len(QUESTIONS), "the letters, left")
    other = phone.new_page()
    other.goto("about:blank")
    devtools = phone.new_cdp_session(other)
    devtools.send("ServiceWorker.enable")
    page.close()
    second.close()
    phone.set_offline(False)
    devtools.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": served.url,
            "registrationId": found["registrationId"],
            "tag": "outbox",
            "lastChance": False,
        },
    )
    with served.crew() as client:

        def asked() -> list[str]:
            items = client.get("/api/v1/talks/direct/questions").json()["items"]
            return [each["body"] for each in items]

        until(other, 30, lambda: {*QUESTIONS} <= {*asked()}, "the questions, sent")
        page = phone.new_page()
        page.goto(served.url)
        expect(page.get_by_text("En attente de relecture")).to_have_count(len(QUESTIONS))
        expect(page.locator(".state.unsent")).to_have_count(0)
        assert [asked().count(each) for each in QUESTIONS] == [1, 1]


def test_the_light_look_is_chosen_without_leaving_the_page_and_kept(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = phone.new_page()
    page.emulate_media(color_scheme="dark")
    page.goto(served.url)
    page.evaluate("window.same = true")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("link", name="Claire").click()
    until(page, 10, lambda: page.evaluate(ground) != dark, "daylight")
    assert page.evaluate("window.same")
    expect(page.get_by_role("link", name="Claire")).to_have_attribute("aria-current", "true")
    light = page.evaluate(ground)
    page.goto(f"{served.url}/programme")
    assert page.evaluate(ground) == light


def test_no_page_asks_anybody_else_or_breaks_a_rule_of_its_policy(
    served: Fabrique, phone: BrowserContext
) -> None:
    page = phone.new_page()
    elsewhere: list[str] = []
    said: list[str] = []

    def note(url: str) -> None:
        if not url.startswith((served.url, "blob:", "data:")):
            elsewhere.append(url)

    page.on("request", lambda request: note(request.url))
    page.on("websocket", lambda socket: note(socket.url.replace("ws", "http", 1)))
    page.on("console", lambda message: said.append(message.text))
    for place in PUBLIC:
        page.goto(f"{served.url}{place}")
    key = served.make_pass(Role.OPERATOR)
    for place in CREW:
        page.goto(f"{served.url}{place}#pass={key}")
    assert elsewhere == []
    assert [text for text in said if "Content Security Policy" in text or "Trusted" in text] == []


def test_pages_in_english_are_accessible_too(served: Fabrique, phone: BrowserContext) -> None:
    page = phone.new_page()
    for place in ("/?lang=en", "/idees", "/programme", "/confidentialite"):
        page.goto(f"{served.url}{place}")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        expect(page.get_by_role("heading", level=1).first).not_to_be_empty()
        assert violations(page) == []


def test_the_player_plays_on_another_site_that_may_frame_it(
    served: Fabrique, phone: BrowserContext
) -> None:
    code = httpx.get(f"{served.url}/oembed", params={"url": served.url}).json()["html"]
    with another_site(f"<!doctype html><title>Ville</title><h1>Ville</h1>{code}") as address:
        page = phone.new_page()
        page.goto(address)
        player = page.frame_locator("iframe")
        stage = player.locator("#stage[data-path=webrtc], #stage[data-path=hls]")
        stage.wait_for()
        expect(player.get_by_role("link", name="Participer sur Fabrique TV")).to_be_visible()
        assert page.locator("iframe").get_attribute("title") == "Plateau en direct"


@contextmanager
def another_site(page: str) -> Iterator[str]:
    """A site with one page; the value is its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{site.server_port}/"
        finally:
            site.shutdown()
            thread.join()
