"""Screens, the overlay and the stage in a browser: paired, shown, cleared, read."""

import io
import re
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import PHONE, WALL, crew_address, opened, violations
from tests.browser.test_control_room import post
from tests.servers import Fabrique
from tests.viewers import until
from tv.passes import Role

# Whether one hears something.
HEARD = "[...document.querySelectorAll('video')].some(({ paused, muted }) => !paused && !muted)"
SCRIPT = '<img src=x onerror="document.title=1">'


@pytest.fixture
def crew(served: Fabrique) -> Iterator[httpx.Client]:
    """The control room's hands; what was on air goes off behind them."""
    with served.crew() as client:
        yield client
        for entry in client.get("/api/v1/rundown").json()["items"]:
            if entry["state"] in ("on_air", "preview"):
                client.post(f"/api/v1/rundown/{entry['id']}:off")
            client.delete(f"/api/v1/rundown/{entry['id']}")
        for screen in client.get("/api/v1/screens").json()["items"]:
            client.delete(f"/api/v1/screens/{screen['id']}")


def taken(crew: httpx.Client, **said: object) -> None:
    entry = crew.post("/api/v1/rundown", json=said).json()
    assert crew.post(f"/api/v1/rundown/{entry['id']}:take").status_code == 200


def drawn(page: Page) -> Image.Image:
    """What OBS gets of a page: with its transparency."""
    return Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA")


def test_display_becomes_a_screen_shows_what_is_on_air_and_asks_for_a_code_once_removed(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    with (
        opened(browser, f"{served.url}/ecran", WALL) as screen,
        opened(browser, crew_address(served, "regie")) as regie,
    ):
        code = screen.locator(".pairing-code")
        expect(code).to_have_text(re.compile(r"^[A-Z0-9]{6}$"))
        post(regie, "Salles")
        regie.get_by_label("Code affiché par l’écran").fill(str(code.text_content()).lower())
        regie.get_by_label("Son nom").fill(SCRIPT)
        regie.get_by_role("button", name="Associer").click()
        expect(screen).to_have_url(re.compile("/ecran/screen_"))
        expect(screen.locator("#stage")).to_be_visible()
        expect(regie.locator("#screens")).to_contain_text(SCRIPT)

        post(regie, "Antenne")
        regie.get_by_role("button", name="Ajouter au conducteur").click()
        regie.get_by_label("Nom", exact=True).fill("Claire Dumoulin")
        regie.get_by_label("Fonction").fill(SCRIPT)
        regie.get_by_role("button", name="Ajouter", exact=True).last.click()
        row = regie.locator("#rundown .entry", has_text="Claire Dumoulin")
        row.get_by_role("button", name="Aperçu").click()
        expect(regie.locator("#rundown .air-preview .insert")).to_contain_text("Claire Dumoulin")
        expect(screen.locator(".insert")).to_have_count(0)
        row.get_by_role("button", name="À l’antenne").click()
        expect(screen.locator(".insert")).to_contain_text(SCRIPT)
        assert not violations(screen)

        regie.get_by_role("button", name="Vider les écrans").click()
        expect(screen.locator(".insert")).to_have_count(0)
        regie.get_by_role("button", name="Rétablir").click()
        expect(screen.locator(".insert")).to_contain_text("Claire Dumoulin")

        post(regie, "Salles")
        regie.get_by_role("button", name="Repérer cet écran").click()
        expect(screen.locator(".spotted")).to_contain_text(SCRIPT)
        [known] = crew.get("/api/v1/screens").json()["items"]
        assert (known["width"], known["height"]) == (1920, 1080)
        crew.patch(f"/api/v1/screens/{known['id']}", json={"carries_overlay": True})
        expect(screen.locator(".insert")).to_have_count(0)  # its picture has it already
        crew.patch(f"/api/v1/screens/{known['id']}", json={"face": "air"})
        expect(screen.locator(".insert")).to_contain_text("Claire Dumoulin")
        crew.delete(f"/api/v1/screens/{known['id']}")
        expect(code).to_have_text(re.compile(r"^[A-Z0-9]{6}$"))


def test_screen_that_is_removed_shows_its_code_alone_and_is_silent(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    with opened(browser, f"{served.url}/ecran", WALL) as screen:
        code = screen.locator(".pairing-code")
        said = {"code": code.text_content(), "name": "Hall", "face": "live", "sound": True}
        screens = "/api/v1/screens"
        made = crew.post(screens, json=said).raise_for_status().json()["id"]
        expect(screen).to_have_url(re.compile("/ecran/screen_"))
        until(screen, 60, lambda: screen.evaluate(HEARD), "its sound")
        taken(crew, type="bandeau", title="Claire Dumoulin")
        expect(screen.locator(".insert")).to_be_visible()
        crew.post(f"{screens}/{made}:spot", json={}).raise_for_status()
        expect(screen.locator(".spotted")).to_be_visible()
        crew.delete(f"{screens}/{made}").raise_for_status()
        expect(code).to_have_text(re.compile(r"^[A-Z0-9]{6}$"))
        expect(screen.locator(".spotted, .insert")).to_have_count(0)
        expect(screen.locator("#stage")).to_be_hidden()
        assert not screen.evaluate(HEARD)


def test_display_is_paired_by_a_phone_that_scanned_it_and_asks_the_room_to_vote(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    with opened(browser, f"{served.url}/ecran", WALL) as screen:
        expect(screen.locator("#pairing img")).to_be_visible()
        assert not violations(screen)
        code = screen.locator(".pairing-code").text_content()
        address = crew_address(served, f"ecran/associer/{code}")
        with opened(browser, address, PHONE) as phone:
            phone.get_by_label("Son nom").fill("Hall")
            phone.get_by_role("radio", name="Le conducteur seul").check()
            assert not violations(phone)
            phone.get_by_label("Son nom").press("Enter")
            expect(phone.locator("section")).to_contain_text("Hall")
        expect(screen.locator(".spotted")).to_contain_text("Hall")
        said = {"talk": "direct", "type": "single", "prompt": "Par où commencer ?"}
        poll = crew.post("/api/v1/polls", json=said | {"options": ["Ici", "Là"]}).json()
        crew.post(f"/api/v1/polls/{poll['id']}:open")
        taken(crew, type="poll", shows=poll["id"])
        card = screen.locator(".insert")
        expect(card.get_by_text("Votez ici")).to_be_visible()
        assert not violations(screen)
        crew.post(f"/api/v1/polls/{poll['id']}:close")
        expect(card.get_by_text("Votez ici")).to_have_count(0)


def test_on_a_wall_what_is_on_air_keeps_beside_the_invitation(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    with opened(browser, f"{served.url}/ecran", WALL) as screen:
        paired = {"code": screen.locator(".pairing-code").text_content(), "name": "Hall"}
        crew.post("/api/v1/screens", json=paired | {"face": "wall"}).raise_for_status()
        post = {"text": "Bravo", "author": "Office", "network": "Mastodon"}
        shown = crew.post("/api/v1/wall/posts", json=post).raise_for_status().json()["id"]
        crew.post(f"/api/v1/wall/posts/{shown}:show").raise_for_status()
        expect(screen.locator("#wall")).to_contain_text("Bravo")
        invitation = screen.locator("#wall .wall-invitation img")
        expect(invitation).to_be_visible()
        taken(crew, type="bandeau", title="Claire Dumoulin", text="Directrice")
        taken(crew, type="countdown", title="Reprise dans", duration=540)
        expect(screen.locator(".insert")).to_have_count(2)
        code = invitation.bounding_box()
        inserts = [each.bounding_box() for each in screen.locator(".insert").all()]
        assert code
        for box in inserts:
            assert box
            assert box["x"] > code["x"] + code["width"]
            assert box["y"] > WALL["height"] * 0.7
        crew.post(f"/api/v1/wall/posts/{shown}:hide").raise_for_status()


def test_overlay_is_transparent_but_for_what_is_on_air(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    with opened(browser, f"{served.url}/habillage", WALL) as overlay:
        expect(overlay.locator("#air")).to_be_attached()
        assert drawn(overlay).getextrema()[3] == (0, 0)
        # Faces that came with the first words would be seen to change on air.
        overlay.wait_for_function(
            "() => [...document.fonts].every(({ status }) => status == 'loaded')"
        )
        taken(crew, type="bandeau", title="Claire Dumoulin", text="Directrice")
        expect(overlay.locator(".insert")).to_contain_text("Claire Dumoulin")
        overlay.wait_for_function("() => document.getAnimations().length === 0")
        picture = drawn(overlay)
        box = picture.getchannel("A").getbbox()
        assert box
        left, top, right, bottom = box
        assert (left, picture.getpixel((1900, 20))[3]) == (96, 0)  # the safe area's edge
        assert top > 540
        assert right < 1920 * 0.66
        assert bottom < 1080 * 0.81


def test_message_on_stage_is_read_in_one_tap(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    with (
        opened(browser, crew_address(served, "regie")) as regie,
        opened(browser, crew_address(served, "intervenant", Role.PRESENTER)) as stage,
    ):
        expect(stage.locator("#prompter")).to_be_visible()
        regie.get_by_label("Message à l’intervenant").fill("Plus que 2 minutes")
        regie.get_by_role("button", name="Envoyer", exact=True).click()
        # An age would be read out again and again: the line is a live region.
        expect(regie.locator(".messages")).to_have_text(re.compile(r"envoyé à \d+\sh\s\d\d, pas"))
        expect(stage.get_by_role("alert")).to_contain_text("Plus que 2 minutes")
        assert not violations(stage)
        stage.get_by_role("button", name="Compris").click()
        expect(stage.get_by_role("alert")).to_have_count(0)
        expect(regie.locator(".messages")).to_contain_text("lu à")
