"""A planned day in a browser: pages are about the talk of the moment, the crew may choose."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.bundle import page_with
from tests.browser.people import DESK, PHONE, crew_address, device, opened
from tests.servers import Fabrique, fabrique


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A server on which no talk was given yet."""
    with fabrique() as server:
        yield server


@pytest.fixture
def planned(served: Fabrique) -> Iterator[list[str]]:
    """Two talks to come, the later one made first; gone afterwards."""
    talks = (
        {"title": "Chauffer moins", "planned_start": "2031-03-14T10:00:00+01:00"},
        {"title": "Ouvrir les toits", "planned_start": "2031-03-14T09:00:00+01:00"},
    )
    with served.crew() as crew:
        ids = [
            crew.post("/api/v1/talks", json=talk | {"channel": "plateau"}).json()["id"]
            for talk in talks
        ]
        yield ids
        for id in ids:
            assert crew.delete(f"/api/v1/talks/{id}").status_code == 200


NAMES = """([talks, states]) =>
  player.ranked(talks, "plateau", player[states]).map(({ id }) => id).join("")"""


def test_next_talk_comes_first_or_for_the_audience_the_last_one_that_was(browser: Browser) -> None:
    def talk(id: str, state: str, hour: float | None = None, **more: object) -> dict[str, object]:
        when = "planned_start" if state == "scheduled" else "started_at"
        return {"id": id, "state": state, when: hour, "channel": "plateau", **more}

    talks = [
        talk("d", "scheduled", standing=True),
        talk("x", "scheduled", 1, channel="labo-1"),
        talk("c", "scheduled", 30),
        talk("b", "scheduled", 20),
        talk("y", "ended", 1),
        talk("z", "replay", 2),
        talk("n", "cancelled"),
    ]
    with page_with(browser, 'export * from "./talks";') as page:
        assert page.evaluate(NAMES, [talks, "CREW"]) == "bcdyzn"
        assert page.evaluate(NAMES, [talks, "AUDIENCE"]) == "zybcdn"
        talks.append(talk("l", "live", 3))
        assert page.evaluate(NAMES, [talks, "AUDIENCE"])[0] == "l"


def test_pages_are_about_the_next_talk_and_the_crew_may_choose_another(
    served: Fabrique, browser: Browser, planned: list[str]
) -> None:
    with opened(browser, served.url, PHONE) as watch, served.crew() as crew:
        heading = watch.locator("#talk")
        expect(heading.get_by_role("heading")).to_have_text("Ouvrir les toits")
        expect(heading).to_contain_text("Prévue vendredi 14 à")
        ask = watch.get_by_role("button", name="Poser une question")
        expect(ask).to_be_visible()
        changed = crew.patch(f"/api/v1/talks/{planned[1]}", json={"questions": "off"})
        assert changed.status_code == 200
        expect(ask).to_be_hidden()
    with opened(browser, crew_address(served, "regie")) as page:
        title = page.locator("#talk h2")
        expect(title).to_have_text("Ouvrir les toits")
        choice = page.get_by_role("combobox", name="Intervention")
        choice.select_option(planned[0])
        expect(title).to_have_text("Chauffer moins")
        choice.select_option("")
        expect(title).to_have_text("Ouvrir les toits")


@pytest.mark.parametrize(
    ("zone", "elsewhere"), [("Europe/Paris", False), ("America/Montreal", True)]
)
def test_hours_are_those_of_the_event_wherever_one_watches(
    served: Fabrique, browser: Browser, planned: list[str], zone: str, elsewhere: bool
) -> None:
    with device(browser, DESK, zone) as there:
        watch, programme = there.new_page(), there.new_page()
        watch.goto(served.url)
        expect(watch.locator("#talk")).to_contain_text("Prévue vendredi 14 à 9\u00a0h\u00a000")
        programme.goto(f"{served.url}/programme")
        card = programme.locator(f"#{planned[1]}")
        expect(programme.locator("li", has=card).last).to_contain_text("9\u00a0h")
        said = programme.get_by_text("À l’heure de l’événement (Europe/Paris)")
        expect(said).to_be_visible(visible=elsewhere)
