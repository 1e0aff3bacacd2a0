"""What viewers may have of a channel: less picture, its sound, its signs, or its words alone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests import servers
from tests.browser.people import DESK, PHONE, device, violations
from tests.captioner import captioner
from tests.servers import Fabrique
from tests.studio import publishing
from tests.viewers import PATIENCE, until

PAGE = 30 * 1024  # bytes: what a phone in the room loads before anything is asked for
SAID = "Le bail glissant protège."
LATER = "Et il mène au bail."

# Whether what is shown has moved on by five pictures since it was first asked about.
MOVES = """(() => {
  const video = [...document.querySelectorAll(".pictures video.shown")].at(-1);
  const shown = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
  if (window.asked?.video !== video) window.asked = { video, from: shown };
  return shown >= window.asked.from + 5;
})()"""

# A browser that feeds no video by script, and has no WebRTC: an iPhone of some years ago. Its own
# player knows playlists, and at which date they begin.
OLD_PHONE = """
delete window.MediaSource;
delete window.ManagedMediaSource;
delete window.WebKitMediaSource;
delete window.RTCPeerConnection;
"""


@pytest.fixture(scope="module")
def served(film: Path) -> Iterator[Fabrique]:
    """A plateau with a smaller picture, and an interpreter on a channel of its own."""
    settings = {
        "LADDER__RENDITIONS": "240p",
        "CHANNELS__PLATEAU__SIGNS": "langue-des-signes",
        "CHANNELS__LANGUE_DES_SIGNES__NAME": "Langue des signes",
    }
    with (
        servers.fabrique(**settings) as server,
        publishing(film, server),
        publishing(film, server, "langue-des-signes"),
    ):
        yield server


@contextmanager
def watching(
    browser: Browser, address: str, size: dict[str, int] = PHONE, script: str = ""
) -> Iterator[Page]:
    with device(browser, size) as own:
        page = own.new_page()
        if script:
            page.add_init_script(script)
        page.goto(address)
        yield page


def shows(page: Page, path: str, *, picture: bool = True) -> None:
    """Wait for moving pictures by this path."""
    stage = page.locator("#stage")
    expect(stage).to_have_attribute("data-path", path)
    if picture:
        until(page, PATIENCE, lambda: page.evaluate(MOVES), f"pictures by {path}")


def media(page: Page) -> list[Request]:
    """Fills with what the page asks for that carries pictures or sound, or makes them play."""
    asked: list[Request] = []

    def note(request: Request) -> None:
        if any(sign in request.url for sign in (".m4s", ".m3u8", "/whep", ".mp4", "/static/stage")):
            asked.append(request)

    page.on("request", note)
    return asked


def test_viewer_takes_less_then_the_sound_then_words_alone_and_the_picture_again(
    browser: Browser, served: Fabrique
) -> None:
    with watching(browser, served.url) as page, captioner(served) as writer:
        shows(page, "webrtc")
        gear = page.get_by_role("button", name="Réglages")
        gear.click()
        page.get_by_role("radio", name="240p").check()
        shows(page, "hls")
        height = "document.querySelector('.pictures video.shown').videoHeight"
        until(page, 20, lambda: page.evaluate(height) == 240, "the smaller picture")
        assert violations(page) == []

        page.get_by_role("radio", name="Son seul").check()
        shows(page, "sound", picture=False)
        time = "document.querySelector('.pictures video.shown').currentTime"
        before = page.evaluate(time)
        until(page, 20, lambda: page.evaluate(time) > before + 1, "the sound")
        assert not page.evaluate("document.querySelector('.pictures video.shown').muted")
        assert page.evaluate("document.querySelector('.pictures video.shown').videoHeight") == 0
        page.get_by_role("radio", name="Synchronisés").check()
        shows(page, "sync-sound", picture=False)
        expect(page.get_by_role("button", name="En direct")).to_be_disabled()  # it is in step
        page.get_by_role("radio", name="Au plus vite").check()

        page.get_by_role("radio", name="Sous-titres seuls").check()
        expect(page.locator(".pictures video")).to_have_count(0)
        asked = media(page)
        writer.line(SAID)
        expect(page.locator(".captions")).to_contain_text(SAID)
        page.reload()  # what one chose is kept
        expect(page.get_by_role("button", name="Afficher l’image")).to_be_visible()
        assert violations(page) == []
        assert [each.url for each in asked if "/static/" not in each.url] == []

        page.get_by_role("button", name="Afficher l’image").click()
        shows(page, "webrtc")
        assert not page.evaluate("document.querySelector('.pictures video.shown').muted")


def arriving(page: Page) -> Counter[str]:
    """Fills with the bytes on the wire, heads and bodies, by the path of what brings them."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    paths: dict[str, str] = {}
    sizes: Counter[str] = Counter()

    def ask(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def come(event: dict[str, Any]) -> None:
        sizes[paths.get(event["requestId"], "")] += int(event["encodedDataLength"])

    def hear(event: dict[str, Any]) -> None:
        sizes["/ws"] += len(event["response"]["payloadData"].encode())

    session.on("Network.requestWillBeSent", ask)
    session.on("Network.loadingFinished", come)
    session.on("Network.webSocketFrameReceived", hear)
    return sizes


def test_phone_in_the_room_has_words_questions_and_polls_in_few_bytes_until_it_asks_for_more(
    browser: Browser, served: Fabrique
) -> None:
    with (
        served.crew() as crew,
        watching(browser, "about:blank") as page,
        captioner(served) as writer,
    ):
        draft = {"talk": "direct", "type": "single", "prompt": "On y va ?"}
        made = crew.post("/api/v1/polls", json=draft | {"options": ["Oui", "Non"]}).json()
        poll = f"/api/v1/polls/{made['id']}"
        crew.post(f"{poll}:open").raise_for_status()
        sizes = arriving(page)
        asked = media(page)
        page.goto(f"{served.url}/?sur-place")
        expect(page.get_by_text("Vous êtes sur place")).to_be_visible()
        writer.line(LATER)
        expect(page.locator(".captions")).to_contain_text(LATER)
        expect(page.get_by_role("heading", level=1)).not_to_be_empty()
        page.get_by_role("tab", name="Sondage").click()
        expect(page.get_by_role("radio", name="Oui")).to_be_visible()
        of_the_page = sum(
            size for path, size in sizes.items() if path == "/" or path.startswith("/static/")
        )
        assert 0 < of_the_page <= PAGE, sizes
        assert sizes.total() < 36_000, sizes
        crew.post(f"{poll}:close").raise_for_status()
        page.get_by_role("tab", name="Questions").click()
        assert violations(page) == []
        page.get_by_role("button", name="Poser une question").click()
        page.get_by_label("Votre question").fill("Et le chauffage ?")
        page.get_by_role("button", name="Envoyer").click()
        expect(page.get_by_text("En attente de relecture")).to_be_visible()
        page.goto(served.url)  # it comes back another time today: it is still in the room
        expect(page.get_by_text("Vous êtes sur place")).to_be_visible()
        assert asked == [] or {"/static/stage" in each.url for each in asked} == {True}
        page.get_by_role("button", name="Afficher l’image").click()
        shows(page, "webrtc")
        page.reload()
        page.get_by_role("button", name="Je ne suis pas sur place").click()
        shows(page, "webrtc")


def test_interpreter_keeps_the_size_that_one_gave_however_the_page_is_resized(
    browser: Browser, served: Fabrique
) -> None:
    with watching(browser, served.url, DESK) as page:
        shows(page, "webrtc")
        page.get_by_role("button", name="Langue des signes").click()
        signs = page.get_by_role("img", name="Interprète en langue des signes")
        expect(signs.locator("video.shown")).to_be_visible()
        page.get_by_role("button", name="Réglages").click()
        page.get_by_role("slider", name="Taille de l’interprète").fill("40")
        page.keyboard.press("Escape")

        def share() -> float:
            own, stage = (
                page.locator(name).bounding_box() for name in (".signs-picture", ".stage")
            )
            assert own
            assert stage
            return own["width"] / stage["width"]

        assert share() == pytest.approx(0.4, abs=0.01)
        page.set_viewport_size({"width": 1100, "height": 800})
        assert share() == pytest.approx(0.4, abs=0.01)
        page.reload()
        expect(signs.locator("video.shown")).to_be_visible()
        assert share() == pytest.approx(0.4, abs=0.01)
        assert violations(page) == []
        page.get_by_role("button", name="Langue des signes").click()
        expect(signs).to_have_count(0)


def test_old_phone_plays_by_itself_and_paints_its_own_captions(
    browser: Browser, served: Fabrique
) -> None:
    with watching(browser, served.url, script=OLD_PHONE) as page:
        asked = media(page)
        assert page.evaluate(
            "document.createElement('video').canPlayType('application/vnd.apple.mpegurl')"
        ), "Debian's Chromium plays playlists by itself"
        shows(page, "native")
        assert page.evaluate("document.querySelector('.pictures video').src").endswith(
            "/plateau/sync.m3u8"
        )
        expect(page.locator("#stage")).to_have_attribute("data-captions", "off")
        assert not [each for each in asked if "hls" in each.url]
        page.get_by_role("button", name="Réglages").click()
        expect(page.get_by_text("dans le lecteur de cet appareil")).to_be_visible()
        assert page.get_by_role("group", name="Rythme").count() == 0


def test_keys_do_what_their_list_says(browser: Browser, served: Fabrique) -> None:
    with watching(browser, served.url, DESK) as page:
        shows(page, "webrtc")
        page.locator("body").press("?")
        keys = page.get_by_role("dialog", name="Raccourcis clavier")
        expect(keys.get_by_text("Plein écran")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(keys).to_be_hidden()  # what is pressed before is the list's
        page.locator("body").press(" ")
        expect(page.get_by_role("button", name="Lire")).to_be_visible()
        page.locator("body").press("k")
        expect(page.get_by_role("button", name="Mettre en pause")).to_be_visible()
        page.locator("body").press("m")
        expect(page.get_by_role("button", name="Couper le son")).to_be_visible()
        page.locator("body").press("c")
        captions = page.get_by_role("button", name="Sous-titres", exact=True)
        expect(captions).to_have_attribute("aria-pressed", "false")
        captions.focus()
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.querySelector('.pictures video.shown').volume") < 1
        page.keyboard.press("f")
        until(page, 10, lambda: page.evaluate("document.fullscreenElement != null"), "full screen")
        page.keyboard.press("f")
        page.locator("body").press("?")
        keys.get_by_label("Raccourcis clavier actifs").uncheck()
        page.keyboard.press("Escape")
        expect(keys).to_be_hidden()
        page.locator("body").press("c")
        expect(captions).to_have_attribute("aria-pressed", "false")


def test_what_one_began_is_there_after_a_reload_and_when_the_talk_has_changed(
    browser: Browser, served: Fabrique
) -> None:
    with served.crew() as crew, watching(browser, f"{served.url}/?sur-place") as page:
        poll = {"talk": "direct", "type": "text", "prompt": "Un mot ?"}
        made = crew.post("/api/v1/polls", json=poll).json()
        crew.post(f"/api/v1/polls/{made['id']}:open").raise_for_status()
        page.get_by_role("tab", name="Sondage").click()
        page.get_by_role("textbox").fill("Une réponse à moitié")
        page.reload()
        page.get_by_role("tab", name="Sondage").click()
        expect(page.get_by_role("textbox")).to_have_value("Une réponse à moitié")

        page.get_by_role("button", name="Poser une question").click()
        page.get_by_label("Votre question").fill("Une question à moitié")
        page.get_by_role("button", name="Fermer").click()
        talk = {"title": "La suite", "channel": "plateau"}
        after = crew.post("/api/v1/talks", json=talk).json()
        crew.post(f"/api/v1/talks/{after['id']}:start").raise_for_status()
        expect(page.get_by_role("heading", name="La suite", level=1)).to_be_visible()
        page.get_by_role("button", name="Poser une question").click()
        page.get_by_role("button", name="Reprendre ce brouillon").click()
        expect(page.get_by_label("Votre question")).to_have_value("Une question à moitié")
        crew.post(f"/api/v1/talks/{after['id']}:end").raise_for_status()
