"""The presenter's page: by keyboard, without a network, told the time and what is not heard."""

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests import servers
from tests.browser.test_pages import crew_address, violations
from tests.servers import Fabrique
from tests.studio import publishing
from tests.viewers import opened, until
from tv.auth import Role

TABLET = {"width": 1180, "height": 820}
PATIENCE = 30_000  # ms
FIRST, SECOND = "Qui répare l’ascenseur de la tour B ?", "Quand commencent les travaux ?"
FOCUSED = "document.activeElement?.textContent?.trim() ?? ''"
STOPS = 40  # presses of Tab from one end of the page to the other


@pytest.fixture(scope="module")
def served(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabrique]:
    """A stage whose microphone is off."""
    silent = tmp_path_factory.mktemp("silent") / "silent.mp4"
    command = ["ffmpeg", "-loglevel", "error", "-i", str(film), "-c", "copy", "-an", str(silent)]
    subprocess.run(command, check=True)
    with servers.fabrique() as server, publishing(silent, server):
        yield server


@pytest.fixture(scope="module")
def crew(served: Fabrique) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {served.make_pass(Role.OPERATOR)}"}
    with httpx.Client(base_url=served.url, headers=headers, timeout=30) as client:
        yield client


def asked(served: Fabrique, crew: httpx.Client, talk: str, body: str) -> str:
    """The id of a question that somebody asks and the control room publishes."""
    with httpx.Client(base_url=served.url, timeout=30) as client:
        token = client.post("/api/v1/participants", json={}).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        made = client.post(f"/api/v1/talks/{talk}/questions", json={"body": body}).json()
    assert crew.post(f"/api/v1/questions/{made['id']}:approve").status_code == 200
    return str(made["id"])


def tab_to(page: Page, text: str) -> None:
    for _ in range(STOPS):
        if page.evaluate(FOCUSED) == text:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{text} cannot be reached by keyboard")


def test_presenter_answers_by_keyboard_while_the_network_is_away(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    now = time.time()
    plan = {"title": "Habiter demain", "channel": "plateau", "planned_start": now - 60}
    talk = crew.post("/api/v1/talks", json=plan | {"planned_end": now + 1200}).json()["id"]
    assert crew.post(f"/api/v1/talks/{talk}:start").status_code == 200
    first, second = (asked(served, crew, talk, body) for body in (FIRST, SECOND))
    address = crew_address(served, "intervenant", Role.PRESENTER)
    with opened(browser, address, TABLET) as page:
        expect(page.locator("#question")).to_contain_text(FIRST, timeout=PATIENCE)
        expect(page.locator(".elapsed")).to_contain_text("20 min")
        assert violations(page) == []
        tab_to(page, "Je réponds")
        page.context.set_offline(True)
        page.keyboard.press("Enter")
        button = page.get_by_role("button", name="Réponse donnée")
        expect(button).to_be_focused()
        expect(page.get_by_text("1 geste partira au retour du réseau")).to_be_visible()
        expect(button).to_be_enabled()
        page.keyboard.press("Enter")
        expect(page.locator("#question")).to_contain_text(SECOND)
        expect(page.get_by_text("2 gestes partiront au retour du réseau")).to_be_visible()
        assert violations(page) == []
        back = time.time()
        page.context.set_offline(False)

        def first_is_answered() -> bool:
            known = crew.get(f"/api/v1/questions/{first}").json()
            if known["state"] != "answered":
                return False
            taken, answered = map(datetime.fromisoformat, (known["taken_at"], known["answered_at"]))
            assert taken < answered < datetime.fromtimestamp(back, UTC)
            return True

        until(page, 30, first_is_answered, "the marks arrive")
        expect(page.locator("#status")).to_contain_text("À l’antenne", timeout=PATIENCE)

        page.get_by_role("button", name="Je réponds").click()
        address = f"/api/v1/questions/{second}"
        until(page, 30, lambda: crew.get(address).json()["state"] == "live", "it is taken")
        expect(page.locator("#rooms")).to_contain_text("montrent le direct et la question.")
        expect(page.get_by_role("alert")).to_contain_text("Micro coupé", timeout=PATIENCE)
        crew.patch(f"/api/v1/talks/{talk}", json={"planned_end": time.time() + 302})
        expect(page.locator("#signal")).to_contain_text("Plus que 5 minutes", timeout=PATIENCE)
        expect(page.locator(".elapsed")).to_contain_text("5 min")
        assert violations(page) == []
