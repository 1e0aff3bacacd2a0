"""The page of a talk that is over: its words lead to its picture, and the crew opens it to all."""

import asyncio
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import servers, viewers
from tests.browser.people import DESK, SIZES, crew_address, opened, violations
from tests.journeys.test_media_time import Witness
from tests.servers import Fabrique
from tests.studio import publishing
from tests.waiting import until

pytestmark = pytest.mark.slow  # a talk takes place before

TALK = "/api/v1/talks/direct"
LASTS = 15.0  # seconds of the talk, at least
ANSWER = 3.0  # seconds of it after the question was taken, at least
WORDS = 30  # that are written of it, at least: captions of a busy machine leave some out
HEARD = 120.0  # seconds until captions have them: the model is loaded before
SYNTHESIS = "Une personne, une porte"
POLL = "Et le samedi ?"
QUESTION = "Qui paie l’accompagnement, et que se passe-t-il ensuite ?"

# At no speed at all a film that plays stays at the picture that it was led to.
HOLD = "document.querySelector('video.shown').playbackRate = 0"
HELD = """() => {
  const video = document.querySelector("video.shown");
  return !video.seeking && video.readyState > 1 && video.currentTime > 0;
}"""

# A key on the bar, and a word clicked before the bar goes where keys lead (QUIET in timeline.ts).
STEP_THEN_CLICK = """(bar, rank) => new Promise((done) => {
  bar.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  document.querySelector(`[data-word='${rank}']`).click();
  setTimeout(done, 300);
})"""


@dataclass
class Over:
    """A talk that is over, as it was really on air."""

    served: Fabrique
    crew: httpx.Client
    times: dict[int, list[float]]  # of each picture of the film, by its number

    def address(self, query: str = "") -> str:
        """Its replay, for the crew."""
        return crew_address(self.served, f"revoir/direct{query}")

    def words(self) -> list[dict[str, Any]]:
        transcript = self.crew.get(f"{TALK}/replay/transcript.json").json()
        return [
            word
            for paragraph in transcript["paragraphs"]
            for sentence in paragraph["sentences"]
            for word in sentence["words"]
        ]


@contextmanager
def witnessing(socket: Path) -> Iterator[Witness]:
    """A witness of what is on air, in a thread of its own."""
    air = Witness()
    loop = asyncio.new_event_loop()
    watching = loop.create_task(air.watch(socket))

    def run() -> None:
        loop.run_until_complete(asyncio.gather(watching, return_exceptions=True))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield air
    finally:
        loop.call_soon_threadsafe(watching.cancel)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def over(film: Path) -> Iterator[Over]:
    with (
        servers.fabrique(CAPTIONS__CHANNELS="plateau", LABS__LABO_1__NAME="Chercher") as served,
        publishing(film, served),
        witnessing(served.folder.media_socket) as air,
        served.crew() as crew,
    ):
        channel = "/api/v1/channels/plateau"
        until(lambda: crew.get(channel).json()["on_air"] == "primary")
        crew.post(f"{TALK}:start").raise_for_status()
        asked = crew.post(f"{TALK}/questions", json={"body": QUESTION}).raise_for_status().json()
        if asked["state"] == "pending":
            crew.post(f"/api/v1/questions/{asked['id']}:approve").raise_for_status()
        until(lambda: last_word(crew) > LASTS / 3, HEARD)
        crew.post(f"/api/v1/questions/{asked['id']}:take").raise_for_status()
        tell_synthesis(crew)
        hold_poll(crew)
        # Captions of a busy machine come late, and many at once: the answer lasts all the same.
        lasts = max(LASTS, so_far(crew) + ANSWER)
        until(lambda: last_word(crew) > lasts and written(crew) > WORDS, HEARD)
        crew.post(f"{TALK}:end").raise_for_status()
        until(lambda: crew.get(f"{TALK}/replay").json().get("complete"))
        over = Over(served, crew, {})
        last = over.words()[-1]["end"]
        # A witness on a busy machine has not looked at all of it yet.
        until(lambda: max(list(air.times.values()), default=0.0) > last, HEARD)
        for stamp, number in list(air.numbers.items()):
            over.times.setdefault(number, []).append(air.times[stamp])
        yield over


def tell_synthesis(crew: httpx.Client) -> None:
    """A laboratory shares one, and it is told in the talk, until that ends."""
    plan = {"title": "Bien arriver", "prompts": ["?"], "tables": {"labo-1": 1}}
    cafe = crew.post("/api/v1/cafes", json=plan).raise_for_status().json()["id"]
    crew.post(f"/api/v1/cafes/{cafe}:open").raise_for_status()
    said = {"table": "labo-1.1", "title": SYNTHESIS, "body": "Du premier appel aux clés."}
    made = crew.post("/api/v1/syntheses", json=said).raise_for_status().json()["id"]
    for act, body in (("share", {"open": True}), ("take", {"talk": "direct"})):
        crew.post(f"/api/v1/syntheses/{made}:{act}", json=body).raise_for_status()


def hold_poll(crew: httpx.Client) -> None:
    draft = {"talk": "direct", "type": "single", "prompt": POLL, "options": ["Oui", "Non"]}
    poll = crew.post("/api/v1/polls", json=draft).raise_for_status().json()["id"]
    for verb in ("open", "close", "publish"):
        crew.post(f"/api/v1/polls/{poll}:{verb}").raise_for_status()


def so_far(crew: httpx.Client) -> float:
    """How long the talk has been on air, in seconds."""
    origin: float = crew.get(f"{TALK}/captions.json").json()["origin"]
    return time.time() - origin


def last_word(crew: httpx.Client) -> float:
    """How long the talk has been when its last caption ends, in seconds."""
    captions = crew.get(f"{TALK}/captions.json").json()
    return max((cue["end"] - captions["origin"] for cue in captions["items"]), default=0.0)


def written(crew: httpx.Client) -> int:
    """How many words its captions have."""
    return sum(len(cue["words"]) for cue in crew.get(f"{TALK}/captions.json").json()["items"])


def ready(page: Page) -> Page:
    """Wait for its picture and its words."""
    page.locator("video.shown").wait_for()
    page.locator("[data-word]").first.wait_for()
    return page


def plain(text: str) -> str:
    """Its letters as somebody types them who does not care for accents."""
    letters = unicodedata.normalize("NFD", bare(text))
    return "".join(sign for sign in letters if not unicodedata.combining(sign)).upper()


def lasts(word: dict[str, Any]) -> bool:
    """Whether it is long enough for a picture that is its own."""
    return bool(word["end"] - word["start"] > 0.05)


def bare(text: str) -> str:
    """Without the marks at it, and the spaces before them."""
    return text.strip(".,:;!?…\u00a0\u202f")


def said_once(words: list[dict[str, Any]]) -> dict[str, Any]:
    """The longest word that no other has in it; at best one with an accent."""
    everything = " ".join(plain(word["text"]) for word in words)
    alone = [word for word in words if lasts(word) and everything.count(plain(word["text"])) == 1]
    return max(alone, key=lambda word: (not bare(word["text"]).isascii(), len(word["text"])))


def test_word_that_is_clicked_or_found_shows_the_picture_it_was_said_in(
    over: Over, browser: Browser
) -> None:
    words = over.words()
    with opened(browser, over.address()) as page:
        ready(page).evaluate(HOLD)

        def lands_on(word: dict[str, Any]) -> None:
            page.wait_for_function(HELD)
            number = page.evaluate(viewers.SHOWN)["number"]
            distance = min(abs(moment - word["start"]) for moment in over.times[number])
            assert distance < 0.1, (word, number)
            expect(page.locator(".word.heard")).to_have_text(word["text"])

        lasting = [rank for rank, word in enumerate(words) if lasts(word)]
        for rank in (lasting[len(lasting) // 3], lasting[-4]):
            page.locator(f"[data-word='{rank}']").click()
            lands_on(words[rank])
        field = page.get_by_role("searchbox")
        found = said_once(words)
        field.fill(plain(found["text"]))
        expect(page.get_by_role("status").filter(has_text="passage")).to_be_visible()
        field.press("Enter")
        lands_on(found)
        expect(page.locator(".word.chosen")).to_have_text(found["text"])
        field.fill("introuvable")
        expect(page.get_by_text("Rien de tel n’a été dit.")).to_be_visible()


def test_word_that_is_clicked_is_shown_although_the_bar_was_being_moved(
    over: Over, browser: Browser
) -> None:
    words = over.words()
    rank = next(rank for rank, word in enumerate(words) if word["start"] > words[0]["start"] + 3)
    with opened(browser, over.address()) as page:
        ready(page).evaluate(HOLD)
        page.get_by_role("slider", name="Position dans le replay").evaluate(STEP_THEN_CLICK, rank)
        page.wait_for_function(HELD)
        number = page.evaluate(viewers.SHOWN)["number"]
        distance = min(abs(moment - words[rank]["start"]) for moment in over.times[number])
        assert distance < 0.1, number


def test_replay_is_played_by_the_keyboard_from_the_moment_that_its_address_names(
    over: Over, browser: Browser
) -> None:
    with opened(browser, over.address("?t=3")) as page:
        ready(page)
        slider = page.get_by_role("slider", name="Position dans le replay")
        expect(page.locator(".clock").first).to_have_text("0:03")
        page.keyboard.press("ArrowRight")
        expect(page.locator(".clock").first).to_have_text("0:13")
        assert (slider.get_attribute("aria-valuetext") or "").startswith("13\u00a0s sur ")
        slider.press("Home")
        expect(page.locator(".clock").first).to_have_text("0:00")
        slider.blur()
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Mettre en pause")).to_be_visible()
        page.keyboard.press("k")
        expect(page.get_by_role("button", name="Lire", exact=True)).to_be_visible()
        page.keyboard.press("c")
        pressed = page.get_by_role("button", name="Sous-titres", exact=True)
        expect(pressed).to_have_attribute("aria-pressed", "false")
        first = page.locator(".said-sentence").first
        first.focus()
        page.keyboard.press("ArrowDown")
        expect(page.locator(".said-sentence").nth(1)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".said-sentence").nth(1)).to_have_attribute("aria-current", "true")


def test_film_is_made_at_a_click_and_taken_when_it_is_ready(over: Over, browser: Browser) -> None:
    with opened(browser, over.address()) as page:
        button = ready(page).get_by_role("button", name="Télécharger la vidéo")
        with page.expect_download() as taken:
            button.click()
        assert taken.value.url.endswith("/film.mp4")
        expect(button).to_be_enabled()


def test_clip_goes_from_where_one_was_to_where_one_is(over: Over, browser: Browser) -> None:
    with opened(browser, over.address()) as page:
        group = ready(page).get_by_role("group", name="Extrait")
        slider = page.get_by_role("slider", name="Position dans le replay")
        group.get_by_role("button", name="Extrait d’ici").click()
        expect(group.get_by_role("button", name="Télécharger l’extrait")).to_have_count(0)
        slider.press("ArrowRight")
        expect(page.locator(".clock").first).to_have_text("0:10")
        group.get_by_role("button", name="Extrait jusqu’ici").click()
        expect(group.locator(".note")).to_have_text("0:00 – 0:10")
        assert violations(page) == []
        with page.expect_download() as taken:
            group.get_by_role("button", name="Télécharger l’extrait").click()
        with av.open(str(taken.value.path())) as clip:
            assert clip.duration is not None
            assert 9.5 < clip.duration / av.time_base < 12.5  # from keyframe to keyframe
        group.get_by_role("button", name="Extrait d’ici").click()
        slider.press("Home")
        expect(page.locator(".clock").first).to_have_text("0:00")
        group.get_by_role("button", name="Extrait jusqu’ici").click()
        expect(group.get_by_text("La fin vient avant le début.")).to_be_visible()


@SIZES
def test_replay_fits_the_screen_and_has_no_accessibility_violation(
    over: Over, browser: Browser, size: dict[str, int]
) -> None:
    with opened(browser, over.address(), size) as page:
        ready(page)
        for name in ("Chapitres", "Questions"):
            if size != DESK:
                page.get_by_role("tab", name=name).click()
            expect(page.get_by_text(QUESTION).locator("visible=true").first).to_be_visible()
            assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("slider", name="Position dans le replay").press("ArrowRight")
        expect(page.locator(".peek img")).to_be_visible()  # what is there, small
        page.get_by_role("button", name="Revoir la réponse").click()
        expect(page.get_by_role("button", name="Mettre en pause")).to_be_visible()


def test_replay_is_the_crews_until_it_is_published_and_no_longer_once_it_is_taken_back(
    over: Over, browser: Browser
) -> None:
    address = f"{over.served.url}/revoir/direct"
    with (
        opened(browser, over.address()) as crew,
        opened(browser, address) as public,
        opened(browser, over.served.url) as watch,
    ):
        expect(public.get_by_role("heading", level=1)).to_have_text("Ce replay n’est pas en ligne")
        assert violations(public) == []
        expect(watch.get_by_role("heading", level=1)).not_to_be_empty()
        expect(watch.get_by_role("link", name="Revoir l’intervention")).to_have_count(0)

        length = ready(crew).locator(".clock").last.inner_text()
        crew.locator("[data-word='12']").click()
        crew.keyboard.press("k")
        crew.get_by_role("button", name="Début ici").click()
        expect(crew.locator(".clock").last).not_to_have_text(length)
        expect(crew.locator(".clock").first).to_have_text("0:00")
        # Back to the whole of it: what happened at its start is in it again, also for other tests.
        crew.get_by_role("button", name="Ne rien couper").click()
        expect(crew.locator(".clock").last).to_have_text(length)

        publish = crew.get_by_role("button", name="Mettre en ligne")
        expect(publish).to_be_disabled()
        crew.get_by_label("Les personnes filmées ont donné leur accord").check()
        crew.get_by_label("Les sous-titres ont été relus").check()
        publish.press("Enter")
        expect(crew.get_by_text("Tout le monde peut voir ce replay.")).to_be_visible()
        expect(crew.get_by_role("button", name="Retirer")).to_be_focused()

        link = watch.get_by_role("link", name="Revoir l’intervention")
        expect(link).to_be_visible()
        link.click()
        expect(ready(watch).get_by_text("Sous-titres relus")).to_be_visible()
        expect(watch.get_by_role("button", name="Début ici")).to_have_count(0)
        public.goto(f"{over.served.url}/revoir")
        assert violations(public) == []
        public.get_by_role("link", name="En direct du plateau").click()
        ready(public)

        crew.goto(crew_address(over.served, "regie"))
        crew.locator("#posts").get_by_role("button", name="Technique").click()
        card = crew.locator(".replay-card")
        expect(card).to_contain_text("En ligne")
        card.get_by_role("button", name="Retirer").press("Enter")
        expect(card).to_contain_text("Pas encore en ligne")
        expect(card.get_by_label("Les personnes filmées ont donné leur accord")).to_be_focused()
        public.reload()
        expect(public.get_by_role("heading", level=1)).to_have_text("Ce replay n’est pas en ligne")


def test_synthesis_is_there_to_see_again_and_laboratories_are_sent_what_was_said(
    over: Over, browser: Browser
) -> None:
    first = "getSelection().selectAllChildren(document.querySelector('.said-sentence'))"
    with opened(browser, over.address()) as page:
        ready(page)
        expect(page.locator(".chapters")).to_contain_text(SYNTHESIS)
        told = page.locator("#syntheses-part")
        expect(told.get_by_role("heading", name=SYNTHESIS)).to_be_visible()
        expect(told.get_by_role("button", name="Revoir la synthèse")).to_be_visible()

        page.evaluate(first)
        sentence = page.locator(".said-sentence").first.inner_text().strip()
        page.get_by_role("button", name="Envoyer au labo", exact=True).first.click()
        sheet = page.get_by_role("dialog", name="Envoyer au labo")
        expect(sheet).to_contain_text(sentence)
        assert violations(page) == []
        sheet.get_by_role("button", name="Envoyer", exact=True).press("Enter")
        expect(sheet).to_be_hidden()
        for asked in (QUESTION, POLL):
            page.get_by_role("button", name=f"Envoyer au labo : {asked}").press("Enter")
            expect(sheet).to_contain_text(asked)
            sheet.get_by_role("button", name="Envoyer", exact=True).press("Enter")
            expect(sheet).to_be_hidden()
    sent = over.crew.get("/api/v1/sendings").json()["items"]
    assert {each["type"]: each["text"] for each in sent}["quote"] == sentence
    assert {each["type"] for each in sent} == {"quote", "question", "poll"}
