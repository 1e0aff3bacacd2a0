"""The presenter's page: by keyboard, without a network, told the time and what is not heard."""

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests import servers
from tests.browser.keyboard import reach
from tests.browser.people import crew_address, opened, violations
from tests.servers import Fabrique
from tests.studio import publishing
from tests.viewers import until
from tv.auth import Role

ON_STAGE = {"width": 1180, "height": 820}  # a tablet
FIRST, SECOND = "Qui répare l’ascenseur de la tour B ?", "Quand commencent les travaux ?"


@pytest.fixture(scope="module")
def served(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fabrique]:
    """A stage whose microphone is off."""
    silent = tmp_path_factory.mktemp("silent") / "silent.mp4"
    command = ["ffmpeg", "-loglevel", "error", "-i", str(film), "-c", "copy", "-an", str(silent)]
    subprocess.run(command, check=True)
    with servers.fabrique() as server, publishing(silent, server):
        yield server


def asked(served: Fabrique, crew: httpx.Client, talk: str, body: str) -> str:
    """The id of a question that somebody asks and the control room publishes."""
    with served.someone() as client:
        made = client.post(f"/api/v1/talks/{talk}/questions", json={"body": body}).json()
    assert crew.post(f"/api/v1/questions/{made['id']}:approve").status_code == 200
    return str(made["id"])


def test_presenter_answers_by_keyboard_while_the_network_is_away(
    browser: Browser, served: Fabrique, crew: httpx.Client
) -> None:
    now = time.time()
    plan = {"title": "Habiter demain", "channel": "plateau", "planned_start": now - 60}
    talk = crew.post("/api/v1/talks", json=plan | {"planned_end": now + 1200}).json()["id"]
    assert crew.post(f"/api/v1/talks/{talk}:start").status_code == 200
    first, second = (asked(served, crew, talk, body) for body in (FIRST, SECOND))
    address = crew_address(served, "intervenant", Role.PRESENTER)
    with opened(browser, address, ON_STAGE) as page:
        expect(page.locator("#question")).to_contain_text(FIRST)
        expect(page.locator(".elapsed")).to_contain_text("20 min")
        assert violations(page) == []
        reach(page, "^Je réponds$")
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
        expect(page.locator("#status")).to_contain_text("À l’antenne")

        page.get_by_role("button", name="Je réponds").click()
        address = f"/api/v1/questions/{second}"
        until(page, 30, lambda: crew.get(address).json()["state"] == "live", "it is taken")
        expect(page.locator("#rooms")).to_contain_text("montrent le direct et la question.")
        expect(page.get_by_role("alert")).to_contain_text("Micro coupé")
        crew.patch(f"/api/v1/talks/{talk}", json={"planned_end": time.time() + 302})
        expect(page.locator("#signal")).to_contain_text("Plus que 5 minutes")
        expect(page.locator(".elapsed")).to_contain_text("5 min")
        assert violations(page) == []
