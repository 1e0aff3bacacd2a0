"""The wall's pages: written on a phone, read by a moderator, shown on a screen, then hidden."""

import io
import re

from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.people import (
    PHONE,
    WALL,
    crew_address,
    device,
    opened,
    violations,
    without_sockets,
)
from tests.servers import Fabrique
from tests.viewers import until
from tv.auth import Role

POSTS = "/api/v1/wall/posts"
BY_GET = "Et bonjour de l’hôtel, dont le réseau coupe tout"
WORDS = "Merci au jardin partagé : on s’y parle enfin !"


def photo() -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").resize((2400, 1800)).convert("RGB").save(made, "JPEG")
    return made.getvalue()


def test_post_goes_from_a_phone_to_the_screen_and_off_it(
    served: Fabrique, browser: Browser
) -> None:
    with (
        opened(browser, f"{served.url}/mur", WALL) as wall,
        opened(browser, f"{served.url}/mur/ecrire", PHONE) as page,
        opened(browser, crew_address(served, "mur/relire", Role.MODERATOR)) as desk,
    ):
        expect(wall.get_by_text("Écrire sur le mur")).to_be_visible()  # never empty
        assert violations(wall) == []

        page.get_by_label("Votre message").fill(WORDS)
        page.locator("input[type=file]").set_input_files(
            {"name": "jardin.jpg", "mimeType": "image/jpeg", "buffer": photo()}
        )
        page.get_by_label("Ce que l’on voit").fill("Un jardin au pied d’un immeuble")
        assert violations(page) == []
        page.get_by_role("button", name="Envoyer").click()
        expect(page.get_by_text("En attente de relecture")).to_be_visible()

        waiting = desk.get_by_role("region", name="À relire").locator(".card")
        expect(waiting).to_contain_text(WORDS)
        expect(waiting.get_by_role("img")).to_have_js_property("complete", True)
        assert violations(desk) == []
        waiting.get_by_role("button", name="Publier").press("Enter")
        expect(desk.get_by_role("heading", name="À relire")).to_be_focused()  # the card is gone
        expect(page.get_by_text("Publié dans quelques secondes")).to_be_visible()
        desk.get_by_role("button", name="Montrer tout de suite").click()

        card = wall.locator(".wall-post")
        expect(card).to_contain_text(WORDS)
        image = card.get_by_role("img", name="Un jardin au pied d’un immeuble")
        expect(image).to_have_js_property("naturalWidth", 1600)
        assert violations(wall) == []
        expect(page.get_by_text("Sur le mur", exact=True).last).to_be_visible()
        like = page.get_by_role("button", name="J’aime")
        like.press("Enter")
        up = desk.get_by_role("region", name="Sur le mur").locator(".card", has_text=WORDS)
        expect(up).to_contain_text("1 soutien")
        expect(like).to_be_focused()

        up.get_by_role("button", name="Masquer").click()
        expect(card).to_have_count(0)
        expect(page.get_by_text("Retiré par la modération")).to_be_visible()


def test_messages_that_came_together_are_refused_by_one_press_at_the_walls_desk(
    served: Fabrique, browser: Browser
) -> None:
    for _ in range(3):
        with served.someone() as nuisance:
            for n in range(4):
                nuisance.post(POSTS, json={"text": f"Réclame {n}"}).raise_for_status()
    with opened(browser, crew_address(served, "mur/relire", Role.MODERATOR)) as desk:
        line = desk.get_by_role("group", name="Envois groupés")
        expect(line).to_contain_text("12 messages d’appareils arrivés ensemble")
        line.get_by_role("button", name="Sélectionner").click()
        expect(desk.locator(".card > .pick > :checked")).to_have_count(12)
        assert violations(desk) == []
        desk.get_by_role("button", name="Vider la sélection").click()
        line.get_by_role("button", name="Tout refuser").click()
        expect(desk.get_by_text("Tout est relu.")).to_be_visible()
        desk.keyboard.press("z")
        expect(desk.locator(".card > .pick")).to_have_count(12)
        desk.get_by_role("checkbox", name="Tout sélectionner").check()
        desk.get_by_role("button", name="Refuser…").first.click()
        desk.get_by_role("dialog").get_by_role("button", name="Publicité").click()
        expect(desk.locator("#undo")).to_contain_text("12 messages refusés.")


def test_moderator_counts_the_support_of_a_burst(served: Fabrique, browser: Browser) -> None:
    with served.someone() as ann, served.crew(Role.MODERATOR) as crew:
        post = ann.post(POSTS, json={"text": "Un message bien aimé"}).raise_for_status().json()
        for verb in ("approve", "show"):
            crew.post(f"{POSTS}/{post['id']}:{verb}").raise_for_status()
    for _ in range(60):
        with served.someone() as person:
            person.put(f"{POSTS}/{post['id']}/support").raise_for_status()
    with opened(browser, crew_address(served, "mur/relire", Role.MODERATOR)) as desk:
        card = desk.locator(".card", has_text="Un message bien aimé")
        press = card.get_by_role("button", name=re.compile(r"Compter \d+ soutiens? mis de côté"))
        expect(press).to_be_visible()
        assert violations(desk) == []
        press.press("Enter")
        expect(card).to_contain_text("60 soutiens")
        expect(press).to_have_count(0)
        card.get_by_role("button", name="Masquer").click()  # the next test begins without it
        expect(card.get_by_role("button", name="Masquer")).to_have_count(0)


def test_wall_pauses_by_a_key_and_fits_its_screen(served: Fabrique, browser: Browser) -> None:
    with served.crew(Role.MODERATOR) as crew:
        for number in range(6):
            said = {"text": "Mot " * (20 * number + 5), "author": "Léa", "network": "LinkedIn"}
            made = crew.post(POSTS, json=said).raise_for_status().json()
            crew.post(f"{POSTS}/{made['id']}:show").raise_for_status()
    with opened(browser, f"{served.url}/mur", WALL) as wall:
        expect(wall.locator(".wall-post")).to_have_count(4)
        posts = "[...document.querySelectorAll('.wall-post')]"
        fits = f"{posts}.every((post) => post.scrollHeight <= post.clientHeight + 1)"
        until(wall, 10, lambda: wall.evaluate(fits), "posts that fit")  # once the letters are there
        wall.evaluate("document.querySelector('.top').style.minHeight = '40vh'")
        until(wall, 10, lambda: wall.evaluate(fits), "posts that fit where there is less room")
        assert wall.evaluate("document.documentElement.scrollHeight <= innerHeight")
        wall.keyboard.press("Space")
        resume = wall.get_by_role("button", name="Reprendre")
        expect(resume).to_be_visible()
        assert resume.get_attribute("aria-pressed") is None  # its name says the state already
        before = wall.locator(".wall-post").all_inner_texts()
        wall.keyboard.press("ArrowRight")
        expect(wall.locator(".wall-post").first).not_to_have_text(before[0])
        after = wall.locator(".wall-post").all_inner_texts()
        assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
        wall.keyboard.press("Space")
        expect(wall.get_by_role("button", name="Pause")).to_be_visible()


def test_wall_is_written_and_shown_where_sockets_are_blocked(
    served: Fabrique, browser: Browser
) -> None:
    with served.crew(Role.MODERATOR) as crew, device(browser) as own:
        without_sockets(own)
        wall, page = own.new_page(), own.new_page()
        wall.goto(f"{served.url}/mur")
        page.goto(f"{served.url}/mur/ecrire")
        page.get_by_label("Votre message").fill(BY_GET)
        page.get_by_role("button", name="Envoyer").click()
        expect(page.get_by_text("En attente de relecture").last).to_be_visible()
        posts = crew.get(POSTS).raise_for_status().json()["items"]
        (mine,) = [each["id"] for each in posts if each["text"] == BY_GET]
        for verb in ("approve", "show"):
            crew.post(f"{POSTS}/{mine}:{verb}").raise_for_status()
        expect(wall.locator(".wall-post", has_text=BY_GET)).to_be_visible()
        crew.post(f"{POSTS}/{mine}:hide").raise_for_status()
