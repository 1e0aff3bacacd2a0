"""The public page of ideas and what leads to it: answered, read, supported, told on the set."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.bundle import page_with
from tests.browser.laboratory import TABLE, Laboratory, done, laboratory
from tests.browser.people import PHONE, SIZES, crew_address, opened, violations
from tests.viewers import until
from tv.auth import Role

QUESTION = "Qu’est-ce qui rend un voisin précieux ?"
ANSWER = "Celui qui garde un double des clés."
IDEA = "Un mot de bienvenue signé de tout l’escalier"
FIRST = "Une personne, une porte"
SECOND = "Le premier soir, quelqu’un frappe"
ASKED = "Et dans les petites communes ?"


@pytest.fixture(scope="module")
def labs() -> Iterator[Laboratory]:
    with laboratory() as there:
        yield there


@pytest.fixture(scope="module")
def syntheses(labs: Laboratory) -> tuple[str, str]:
    """One of each laboratory, the first made of an idea of its table."""
    labs.open()
    long = "Une seule personne suit le dossier, du premier appel aux clés. " * 8
    return (
        shared(labs, TABLE, FIRST, long, labs.idea(IDEA)),
        shared(labs, "labo-2.1", SECOND, "Un voisin volontaire passe le soir même."),
    )


def shared(labs: Laboratory, table: str, title: str, body: str, *ideas: str) -> str:
    """A synthesis that everybody sees."""
    said = {"table": table, "title": title, "body": body, "ideas": list(ideas)}
    made: str = done(labs.crew.post("/api/v1/syntheses", json=said))["id"]
    done(labs.crew.post(f"/api/v1/syntheses/{made}:share", json={"open": True}))
    return made


def call(labs: Laboratory, question: str) -> str:
    """A question to everybody, open."""
    plan = {"type": "call", "title": "Avant de venir", "prompts": [question]}
    cafe: str = done(labs.crew.post("/api/v1/cafes", json=plan))["id"]
    done(labs.crew.post(f"/api/v1/cafes/{cafe}:open"))
    return cafe


def answer(labs: Laboratory, cafe: str, text: str) -> str:
    """What somebody answers to it, before it was read."""
    with labs.served.someone() as person:
        said = {"cafe": cafe, "text": text}
        return str(done(person.post("/api/v1/contributions", json=said))["id"])


def items(labs: Laboratory, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = done(labs.crew.get(f"/api/v1/{path}"))["items"]
    return found


def test_answer_leaves_once_when_the_network_returns_and_shows_when_it_was_read(
    labs: Laboratory, browser: Browser
) -> None:
    cafe = call(labs, QUESTION)
    with opened(browser, labs.served.url, PHONE) as page:
        page.get_by_role("link", name=QUESTION).click()  # from the page of the picture
        expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
        field = page.get_by_label("Votre réponse", exact=True)
        field.fill(ANSWER)
        page.reload()
        expect(field).to_have_value(ANSWER)
        assert violations(page) == []

        page.context.set_offline(True)
        page.get_by_role("button", name="Envoyer").click()
        expect(page.locator(".state.unsent")).to_be_visible()
        expect(field).to_have_value("")
        page.context.set_offline(False)
        own = page.get_by_role("region", name="Vos réponses")
        expect(own).to_contain_text("En attente de relecture")
        (made,) = [each for each in items(labs, "contributions") if each["cafe"] == cafe]
        assert made["text"] == ANSWER

        done(labs.crew.post(f"/api/v1/contributions/{made['id']}:approve"))
        expect(own).to_contain_text("Publiée")
        other = answer(labs, cafe, "Celle qui dit bonjour.")
        done(labs.crew.post(f"/api/v1/contributions/{other}:approve"))
        point = page.get_by_role("button", name="Donner un point à : Celle qui dit bonjour.")
        point.press("Enter")
        expect(point).to_have_attribute("aria-pressed", "true")
        expect(point).to_have_text("1")
        expect(point).to_be_focused()
        expect(page.get_by_text("Il vous reste 4 points à donner.")).to_be_visible()
        assert violations(page) == []

        field.fill("Trop tard")
        done(labs.crew.post(f"/api/v1/cafes/{cafe}:close"))
        expect(page.get_by_text("Elle ne prend plus de réponses.")).to_be_visible()
        expect(page.get_by_text("« Trop tard »")).to_be_visible()  # nothing that was typed is lost
        expect(point).to_be_disabled()


def test_page_says_what_one_can_do_before_and_after_the_event(labs: Laboratory) -> None:
    words = {"before": "n’a pas commencé", "after": "est passé", "open": "table après table"}
    for phase, said in words.items():
        done(labs.crew.post("/api/v1/event:phase", json={"phase": phase}))
        assert said in httpx.get(f"{labs.served.url}/idees").text


@SIZES
def test_synthesis_is_found_supported_and_spoken_about(
    labs: Laboratory, browser: Browser, syntheses: tuple[str, str], size: dict[str, int]
) -> None:
    with opened(browser, f"{labs.served.url}/idees?tri=recent", size) as page:
        titles = page.locator(".synthesis h3")
        expect(titles).to_have_text([SECOND, FIRST])
        page.get_by_role("button", name="Emménager").press("Enter")
        expect(titles).to_have_text([FIRST])
        page.reload()
        expect(titles).to_have_text([FIRST])
        assert violations(page) == []

        page.get_by_role("button", name="Lire la suite").press("Enter")
        page.get_by_role("button", name="Idées d’origine").press("Enter")
        expect(page.locator(".sources-list")).to_contain_text(IDEA)
        expect(page.locator(".sources-list")).to_contain_text("table 3, tour 1")
        assert violations(page) == []

        like = page.get_by_role("button", name=f"Soutenir : {FIRST}")
        before = int(like.inner_text())
        like.press("Enter")
        expect(like).to_have_text(str(before + 1))
        expect(like).to_have_attribute("aria-pressed", "true")
        expect(like).to_be_focused()

        said = f"D’accord, et sans rappeler trois fois ({size['width']})."
        page.get_by_role("button", name="Commentaires").press("Enter")
        page.get_by_label("Votre commentaire").fill(said)
        page.get_by_label("Votre commentaire").press("Control+Enter")
        comments = page.locator(".comments")
        expect(comments).to_contain_text("En attente de relecture")
        (waiting,) = [
            each
            for each in items(labs, f"syntheses/{syntheses[0]}/comments")
            if each["text"] == said
        ]
        done(labs.crew.post(f"/api/v1/comments/{waiting['id']}:approve"))
        expect(comments.get_by_text("Publié", exact=True)).to_be_visible()
        assert violations(page) == []
    with opened(browser, f"{labs.served.url}/idees#{syntheses[0]}", size) as page:
        expect(page.locator(f"#{syntheses[0]}")).to_be_focused()  # where a link leads
        page.get_by_role("button", name=f"Commentaires : {FIRST}").press("Enter")
        expect(page.get_by_text(said)).to_be_visible()


def test_restitution_tells_syntheses_one_by_one(
    labs: Laboratory, browser: Browser, syntheses: tuple[str, str]
) -> None:
    plan = {"title": "Ce que les labos ont trouvé", "channel": "plateau", "type": "restitution"}
    talk = done(labs.crew.post("/api/v1/talks", json=plan))["id"]
    done(labs.crew.post(f"/api/v1/talks/{talk}:start"))
    with opened(browser, crew_address(labs.served, "intervenant", Role.PRESENTER)) as page:
        prompt = page.locator("#question")
        expect(prompt).to_contain_text(FIRST)
        expect(page.locator("#next")).to_contain_text(SECOND)
        assert violations(page) == []
        asked = done(labs.crew.post(f"/api/v1/talks/{talk}/questions:room", json={"body": ASKED}))
        done(labs.crew.post(f"/api/v1/questions/{asked['id']}:release"))
        page.get_by_role("button", name=f"Passer à : {ASKED}").press("Enter")
        expect(prompt).to_contain_text(ASKED)
        page.get_by_role("button", name="Plus tard").click()
        page.get_by_role("button", name=f"Passer à : {SECOND}").click()
        expect(prompt).to_contain_text(SECOND)
        page.get_by_role("button", name="Je présente").click()
        expect(prompt).to_contain_text("Présentée en ce moment")
        until(page, 10, lambda: _airings(labs, syntheses[1], talk) == 1, "it is told")
        assert violations(page) == []
        page.get_by_role("button", name="Présentée", exact=True).click()
        expect(prompt).to_contain_text(FIRST)
        expect(page.get_by_text("1 synthèse présentée")).to_be_visible()
        page.get_by_role("button", name="Je présente").click()
        expect(prompt).to_contain_text("Présentée en ce moment")
        until(page, 10, lambda: _airings(labs, syntheses[0], talk) == 1, "it is told")
    done(labs.crew.post(f"/api/v1/talks/{talk}:end"))
    with opened(browser, f"{labs.served.url}/idees") as page:
        expect(page.get_by_text("Présentée sur le plateau")).to_have_count(2)


def _airings(labs: Laboratory, synthesis: str, talk: str) -> int:
    found = labs.crew.get(f"/api/v1/syntheses/{synthesis}").json()["airings"]
    return [airing["talk"] for airing in found].count(talk)


RULES = """
export { steady, fromAddress, toAddress } from "./parts/idea_filters";
export { telling } from "./parts/restitution";
"""


@pytest.fixture(scope="module")
def rules(browser: Browser) -> Iterator[Page]:
    with page_with(browser, RULES) as page:
        yield page


def test_what_shows_keeps_its_place_and_newcomers_come_after_it(rules: Page) -> None:
    steady = "([before, now]) => player.steady(before, now.map((id) => ({ id }))).map((x) => x.id)"
    assert rules.evaluate(steady, [["b", "a", "gone"], ["n", "a", "m", "b"]]) == list("banm")


def test_address_says_what_was_chosen(rules: Page) -> None:
    asked = "?labo=labo-2&etape=Installation&theme=c_1&tri=recent"
    again = "(asked) => player.toAddress(player.fromAddress(asked))"
    assert rules.evaluate(again, asked) == asked
    assert rules.evaluate(again, "?tri=support&autre=1") == ""


def test_syntheses_are_told_along_the_journey_and_those_put_off_last(rules: Page) -> None:
    labs = [{"id": "z"}, {"id": "a"}]
    airing = {"talk": "now", "start": 1, "end": 2}

    def synthesis(id: str, lab: str, table: int, **more: object) -> dict[str, object]:
        shared = {"state": "shared", "airings": []}
        return {"id": id, "lab": lab, "table": f"{lab}.{table}"} | shared | more

    shared = [
        synthesis("4", "a", 2),
        synthesis("2", "z", 10),
        synthesis("3", "a", 1),
        synthesis("1", "z", 9, airings=[airing | {"talk": "before"}]),
        synthesis("told", "a", 3, airings=[airing]),
        synthesis("on", "a", 4, airings=[airing | {"end": None}]),
        synthesis("draft", "a", 5, state="hidden"),
    ]
    tell = """([shared, labs, later, lab]) => {
      const found = player.telling(shared, { id: "now", lab }, labs, new Map(later));
      return [found.on?.id, found.next.map((x) => x.id).join(""), found.told];
    }"""
    assert rules.evaluate(tell, [shared, labs, [], ""]) == ["on", "1234", 1]
    assert rules.evaluate(tell, [shared, labs, [["1", 5], ["4", -5]], ""]) == ["on", "4231", 1]
    assert rules.evaluate(tell, [shared, labs, [], "z"]) == [None, "12", 0]
