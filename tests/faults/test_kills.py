"""Any process may be killed in mid-talk: what was acknowledged is there, the picture goes on."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import httpx
import pytest

from tests import servers, waiting
from tests.servers import Fabrique
from tests.studio import publishing
from tv.auth import Role

T = TypeVar("T")
WITHIN = 10.0  # seconds


@pytest.fixture(scope="module")
def on_air(film: Path) -> Iterator[Fabrique]:
    """A service with a studio on air, two web processes, and captions."""
    settings = {
        "SERVER__WEB_WORKERS": "2",
        "CAPTIONS__CHANNELS": "plateau",
        "CAPTIONS__SECOND_PASS": "auto",
    }
    with servers.fabrique(**settings) as server, publishing(film, server):
        yield server


@pytest.fixture
def crew(on_air: Fabrique) -> Iterator[httpx.Client]:
    token = on_air.make_pass(Role.MODERATOR, "Régie")
    transport = httpx.HTTPTransport(retries=3)
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(
        base_url=on_air.url, headers=headers, transport=transport, timeout=15
    ) as client:
        yield client


@pytest.fixture
def viewer(on_air: Fabrique) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(base_url=on_air.url, transport=transport, timeout=15) as client:
        token = client.post("/api/v1/participants", json={}).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def until(look: Callable[[], T | None]) -> T:
    """Ask until there is something; whom we ask may be the one that is starting."""

    def answer() -> T | None:
        with suppress(httpx.TransportError):
            return look()
        return None

    return waiting.until(answer, WITHIN)


def newest(client: httpx.Client) -> int | None:
    """The media sequence number after the newest complete segment."""
    reply = client.get("/plateau/media.m3u8")
    if reply.status_code != 200:
        return None
    first = re.search(r"MEDIA-SEQUENCE:(\d+)", reply.text)
    assert first
    return int(first[1]) + reply.text.count("#EXTINF")


def dates(client: httpx.Client) -> list[datetime]:
    """When each segment of the live window began."""
    text = client.get("/plateau/media.m3u8").raise_for_status().text
    return [datetime.fromisoformat(d) for d in re.findall(r"PROGRAM-DATE-TIME:(\S+)", text)]


def goes_on(client: httpx.Client, after: int | None) -> None:
    """Assert that new segments come after the one with that number."""
    assert after is not None
    until(lambda: (newest(client) or 0) > after + 1)


def ask(viewer: httpx.Client, body: str) -> str:
    reply = viewer.post("/api/v1/talks/direct/questions", json={"body": body})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def questions(client: httpx.Client) -> set[str] | None:
    reply = client.get("/api/v1/talks/direct/questions")
    return {item["id"] for item in reply.json()["items"]} if reply.status_code == 200 else None


def test_killed_store_loses_no_question_and_leaves_the_picture(
    on_air: Fabrique, viewer: httpx.Client, crew: httpx.Client
) -> None:
    asked = ask(viewer, "Qui répare l’ascenseur ?")
    before = newest(viewer)
    on_air.kill("store")
    goes_on(viewer, before)
    later = until(
        lambda: (
            reply.json()["id"]
            if (reply := viewer.post("/api/v1/talks/direct/questions", json={"body": "Et après ?"}))
            and reply.status_code == 201
            else None
        ),
    )
    assert {asked, later} <= (questions(crew) or set())


@pytest.mark.parametrize("name", ["captions", "reread", "watch"])
def test_killed_helper_leaves_the_picture_and_comes_back(
    on_air: Fabrique, viewer: httpx.Client, name: str
) -> None:
    before = newest(viewer)
    old = on_air.kill(name)
    goes_on(viewer, before)
    until(lambda: on_air.children()[name] != old)


def test_killed_web_process_loses_nothing(
    on_air: Fabrique, viewer: httpx.Client, crew: httpx.Client
) -> None:
    asked = ask(viewer, "Qui a la clé du local à vélos ?")
    old = {name: on_air.kill(name) for name in ("web:0", "web:1")}
    assert asked in until(lambda: questions(crew))
    until(lambda: on_air.children()["web:1"] != old["web:1"])


def test_killed_media_is_back_on_a_later_time(
    on_air: Fabrique, viewer: httpx.Client, crew: httpx.Client
) -> None:
    asked = ask(viewer, "Le gardien sera-t-il là ?")
    before = newest(viewer)
    on_air.kill("media")
    goes_on(viewer, before)
    began = dates(viewer)
    assert began == sorted(set(began)), "times of two runs overlap"
    assert asked in (questions(crew) or set())


def test_pages_are_told_that_media_is_away_and_that_it_is_back(
    on_air: Fabrique, viewer: httpx.Client
) -> None:
    def interrupted() -> bool:
        (channel,) = viewer.get("/api/v1/views/channel:plateau").json()["items"]
        return bool(channel["interrupted"])

    until(lambda: not interrupted())
    on_air.kill("media")
    until(interrupted)
    until(lambda: not interrupted())


def test_second_server_on_the_folder_is_refused_and_disturbs_nothing(on_air: Fabrique) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "tv", "serve", "--data", str(on_air.folder.path)],
        env=on_air.environment | {"FABRIQUE_SERVER__PORT": str(servers.free_ports(1)[0])},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 2
    assert "utilise déjà" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert httpx.get(f"{on_air.url}/readyz").status_code == 200


def test_killed_supervisor_leaves_no_orphan_and_the_next_run_has_everything() -> None:
    with servers.fabrique() as server:
        with server.someone() as viewer:
            asked = ask(viewer, "Et la chaudière ?")
        assert {"store", "media", "web:0", "watch"} <= server.children().keys()
        pids = list(server.children().values())
        assert server.process
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        until(lambda: not any(map(servers.is_alive, pids)))

        server.start()
        server.wait_ready()
        with server.crew(Role.MODERATOR) as crew:
            assert asked in (questions(crew) or set())
        assert server.stop() == 0
