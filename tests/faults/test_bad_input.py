"""What a running service is sent that it cannot use: each is told why, and nothing else notices.

One service for all: a studio is on air, and its captions' model is damaged from the start.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from captions.models import weights
from tests import servers, viewers
from tests.browser.people import crew_address, opened
from tests.servers import Fabrique
from tests.streaming.ingest.films import make_film
from tests.streaming.ingest.publishers import obs, status, tags_of
from tests.streaming.webrtc import offers
from tests.studio import Studio
from tests.waiting import until
from tv import store
from tv.passes import Passes, Role
from tv.studios.keys import load_secret

QUESTIONS = "/api/v1/talks/direct/questions"
SLOW_KEYS = {"preset": "ultrafast", "x264-params": "keyint=90:min-keyint=90:scenecut=0:bframes=0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def film(folder: Path) -> Path:
    return make_film(folder / "film.mp4", sound_rate=48000)


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    """Whisper's weights, of which a download brought the beginning only."""
    good = weights.resolve("base", folder / "cache")
    bad = folder / "model"
    shutil.copytree(good, bad, copy_function=os.link)
    (bad / "model.bin").unlink()
    (bad / "model.bin").write_bytes((good / "model.bin").read_bytes()[:1_000_000])
    return bad


@pytest.fixture(scope="module")
def service(film: Path, model: Path) -> Iterator[Fabrique]:
    settings = {
        "CAPTIONS__CHANNELS": "plateau",
        "CAPTIONS__MODEL": str(model),
        "CHANNELS__ATELIER__NAME": "Atelier",
    }
    with servers.fabrique(**settings) as server:
        studio = Studio(film, server.rtmp())
        studio.start()
        try:
            until(lambda: sources(server) and sources(server)[0]["on_air"])
            yield server
        finally:
            studio.kill()


@pytest.fixture(autouse=True)
def undisturbed(service: Fabrique) -> Iterator[None]:
    """Whatever happens: the same processes, the same studio on air, no traceback in the log."""
    before, on_air = service.children(), channel(service, "plateau")
    yield
    assert service.children() == before
    log = service.log.read_text()
    assert "Traceback" not in log, log
    assert " ended " not in log, log
    now = channel(service, "plateau")
    assert (now["on_air"], now["since"]) == ("primary", on_air["since"])
    assert len([each for each in now["sources"] if each["connected"]]) == 1


def channel(service: Fabrique, slug: str) -> Any:
    """What the control room is told of a channel."""
    with service.crew() as desk:
        (item,) = desk.get(f"/api/v1/views/channel:{slug}").raise_for_status().json()["items"]
    return item


def sources(service: Fabrique, slug: str = "plateau") -> Any:
    return [each for each in channel(service, slug)["sources"] if each["connected"]]


@pytest.fixture
def viewer(service: Fabrique) -> Iterator[httpx.Client]:
    with service.someone() as someone:
        yield someone


def problem(answer: httpx.Response, code: int, detail: str) -> Any:
    """What an answer refuses with (RFC 9457), which must say `detail`, in French."""
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == code
    assert body["title"]
    assert detail in body["detail"].replace("\u00a0", " ").replace("\u202f", " ")
    return body


# The studio's side.


async def publish(service: Fabrique, key: str) -> dict[str, Any]:
    async with obs(service.rtmp_port) as studio:
        await studio.shake_hands()
        await studio.connect()
        told = status(await studio.publish(key))
        await studio.closed()
        return told


async def test_wrong_stream_key_is_refused_with_where_to_find_it(service: Fabrique) -> None:
    told = await publish(service, "plateau-p-abcdefghijklmnopqrst")
    assert told["level"] == "error"
    assert "fabrique-tv key CANAL" in told["description"]
    assert "plateau-p-abcdef" not in service.log.read_text()


async def test_second_publisher_on_a_taken_slot_is_refused(service: Fabrique) -> None:
    told = await publish(service, service.key())
    assert told["code"] == "NetStream.Publish.BadName"
    assert "déjà occupé" in told["description"]


async def test_garbage_on_the_rtmp_port_is_closed(service: Fabrique) -> None:
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01" + bytes(500), os.urandom(5000)):
        reader, writer = await asyncio.open_connection("127.0.0.1", service.rtmp_port)
        with closing(writer):
            writer.write(b"\x00" + garbage)
            async with asyncio.timeout(3):
                with suppress(ConnectionError):
                    assert await reader.read() == b""


async def test_garbage_on_the_webrtc_port_is_ignored(service: Fabrique) -> None:
    port = int(service.environment["FABRIQUE_WEBRTC__PORT"])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for size in (0, 1, 20, 1400):
            udp.sendto(os.urandom(size), ("127.0.0.1", port))
    async with viewers.whep(service.url) as peer, asyncio.timeout(10):
        assert (await peer.picture()).width == 320


async def test_codec_we_cannot_use_is_refused_naming_the_setting(
    service: Fabrique, film: Path
) -> None:
    async with obs(service.rtmp_port) as studio:
        await studio.start(service.key("atelier"))
        kind, at, _ = tags_of(film)[0]
        studio.tag(kind, at, b"\x90vvc1" + bytes(30))  # Enhanced RTMP
        told = status(await studio.until("onStatus"))
        await studio.closed()
    assert "VVC" in told["description"]
    assert "Encodeur vidéo" in told["description"]


def test_gop_we_cannot_use_stays_on_air_with_advice_for_the_crew(
    service: Fabrique, folder: Path
) -> None:
    slow = make_film(folder / "slow.mp4", 5.0, options=SLOW_KEYS, sound_rate=48000)
    studio = Studio(slow, service.rtmp("atelier"))
    studio.start()
    try:
        advice = until(lambda: (found := sources(service, "atelier")) and found[0]["advice"])
        until(lambda: any("Intervalle d’images clés" in each for each in advice))
        assert sources(service, "atelier")[0]["on_air"]
    finally:
        studio.kill()
    until(lambda: not sources(service, "atelier"))


# The viewers' side.


@pytest.mark.parametrize(
    ("offer", "code", "said"),
    [
        (b"", 400, "offre SDP"),
        (b"hello", 400, "offre SDP"),
        (b"\xff\xfe\x00", 400, "n’est pas du SDP"),
        (b"v=0\r\nm=video 9 x\r\n" * 50, 400, "offre SDP"),
        (b"v=0\r\n", 400, "mal formée"),
        (offers.CHROME.replace("recvonly", "inactive").encode(), 422, "ni image ni son"),
        (offers.FIREFOX_ESR_OF_DEBIAN.encode(), 406, "H.264"),
        (b"v=0\r\n" + b"a=x\r\n" * 2_000_000, 413, "64"),
    ],
    ids=["empty", "text", "bytes", "broken", "cut", "inactive", "firefox", "10 MB"],
)
def test_sdp_that_is_not_one_is_refused(
    service: Fabrique, offer: bytes, code: int, said: str
) -> None:
    headers = {"content-type": "application/sdp"}
    with service.client() as someone:
        answer = someone.post("/plateau/whep", content=offer, headers=headers)
        problem(answer, code, said)


def test_unknown_channel_is_told_to_players_and_to_people(service: Fabrique) -> None:
    with service.client() as someone:
        problem(someone.get("/nosuch/index.m3u8"), 404, "« nosuch »")
        headers = {"content-type": "application/sdp"}
        problem(someone.post("/nosuch/whep", content="v=0", headers=headers), 404, "« nosuch »")
        for address in ("/?canal=nosuch", "/nosuch"):
            page = someone.get(address, headers={"accept": "text/html"})
            assert page.status_code == 404
            assert page.headers["content-type"].startswith("text/html")
            assert '<html lang="fr"' in page.text
            assert 'href="/' in page.text  # the way back


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ("?" * 10_000, 422, "10000 caractères, pour 500 au plus. Raccourcissez le texte."),
        ("Bonjour\x00\x07\x1b[2J", 422, "caractères qui ne s’affichent pas"),
        ("\u200b\u202e \n", 422, "écrivez quelques mots"),
        ("?" * 100_000, 413, "dépasse 64 ko"),
        (17, 422, "« body », attendu un texte, reçu un nombre entier"),
    ],
)
def test_question_that_cannot_be_shown_is_refused(
    service: Fabrique, viewer: httpx.Client, body: Any, code: int, said: str
) -> None:
    with service.crew() as desk:
        before = desk.get(QUESTIONS).json()
        problem(viewer.post(QUESTIONS, json={"body": body}), code, said)
        assert desk.get(QUESTIONS).json() == before


def test_body_that_is_not_json_is_refused(viewer: httpx.Client) -> None:
    for body in (b"{", b"\xff\xfe", b"bonjour"):
        problem(viewer.post(QUESTIONS, content=body), 400, "n’est pas du JSON")
    problem(viewer.post(QUESTIONS, content=b""), 422, "il manque « body »")


def test_ballot_too_late_or_for_an_absent_option_is_refused_and_counts_nothing(
    service: Fabrique, viewer: httpx.Client
) -> None:
    draft = {"talk": "direct", "type": "single", "prompt": "Pour ?", "options": ["Oui", "Non"]}
    with service.crew() as desk:
        made = desk.post("/api/v1/polls", json=draft).raise_for_status().json()
        poll = f"/api/v1/polls/{made['id']}"
        yes = made["options"][0]["id"]
        problem(viewer.put(f"{poll}/ballot", json={"choices": [yes]}), 404, "n’existe pas")
        desk.post(f"{poll}:open").raise_for_status()
        viewer.put(f"{poll}/ballot", json={"choices": [yes]}).raise_for_status()
        for choices, said in ((["o9"], "n’est pas proposée"), ([], "une seule")):
            problem(viewer.put(f"{poll}/ballot", json={"choices": choices}), 422, said)
        desk.post(f"{poll}:close").raise_for_status()
        late = viewer.put(f"{poll}/ballot", json={"choices": [yes]})
        problem(late, 409, "le sondage n’est pas ouvert")
        problem(viewer.put("/api/v1/polls/nosuch/ballot", json={"choices": []}), 404, "sondage")
        results = desk.get(f"{poll}/results").json()
    assert [count["votes"] for count in results["counts"]] == [1, 0]


# Passes.


@pytest.fixture
def useless(service: Fabrique) -> dict[str, str]:
    """Passes that open nothing, by what is wrong with them."""
    good = service.make_pass(Role.OPERATOR)
    expired = Passes(load_secret(service.folder.path)).issue(Role.OPERATOR, lifetime=-1.0)
    return {
        "forged": Passes(bytes(32)).issue(Role.ADMIN),
        "cut short": good[:-5],
        "expired": expired,
    }


def test_useless_pass_is_refused_by_the_api(service: Fabrique, useless: dict[str, str]) -> None:
    for what, token in useless.items():
        said = "n’est plus valable" if what == "expired" else "Copiez le lien en entier"
        with service.client(token) as someone:
            problem(someone.get(QUESTIONS), 401, said)
            problem(someone.post("/api/v1/talks/direct:start"), 401, said)
        with service.client() as someone:
            problem(someone.post("/api/v1/session", json={"pass": token}), 401, said)
            someone.cookies.set("fabrique_pass", token)
            problem(someone.post("/api/v1/talks/direct:start"), 401, said)
            assert someone.get(QUESTIONS).json() == {"items": []}


def test_useless_pass_opens_no_crew_socket(service: Fabrique, useless: dict[str, str]) -> None:
    address = service.url.replace("http", "ws") + "/ws"
    for token in useless.values():
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers={"authorization": f"Bearer {token}"})
        assert refused.value.response.status_code in (401, 403)
        with connect(address, additional_headers={"cookie": f"fabrique_pass={token}"}) as page:
            page.send('{"type": "hello", "version": 1, "topics": {}}')
            assert '"role":"viewer"' in str(page.recv(timeout=5))


# The machine's side.


async def test_damaged_model_leaves_the_picture_and_is_told_once(
    service: Fabrique, model: Path
) -> None:
    async with (
        store.connected(store.address(service.folder, "")) as events,
        events.pubsub(ignore_subscribe_messages=True) as published,
        asyncio.timeout(5),
    ):
        await published.subscribe("fabrique:partial")
        while (message := await published.get_message(timeout=5)) is None:
            pass
    assert f"« {model} » ne se charge pas".encode() in message["data"]
    assert service.log.read_text().count("ne se charge pas") == 1
    item = channel(service, "plateau")
    assert item["captions"] == "interrupted"
    assert f"« {model} » ne se charge pas" in item["captions_reason"]
    with service.client() as someone:
        (seen,) = someone.get("/api/v1/views/channel:plateau").json()["items"]
    assert "captions_reason" not in seen


def test_taken_ports_refuse_a_second_service_and_leave_the_first(
    service: Fabrique, folder: Path
) -> None:
    second = Fabrique(folder / "second")
    for name in ("SERVER__PORT", "RTMP__PORT", "SRT__PORT", "WEBRTC__PORT"):
        taken = {f"FABRIQUE_{name}": service.environment[f"FABRIQUE_{name}"]}
        done = subprocess.run(
            [sys.executable, "-m", "tv", "serve", "--data", str(second.folder.path)],
            env=second.environment | taken,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "n’est pas disponible" in line


# What people see: a loop runs from here on.


def test_page_says_what_is_wrong_with_a_link(
    service: Fabrique, useless: dict[str, str], browser: Browser
) -> None:
    for what, token in useless.items():
        with opened(browser, f"{service.url}/regie#pass={token}") as page:
            said = "n’est plus valable" if what == "expired" else "Copiez le lien en entier"
            expect(page.get_by_text(said)).to_be_visible()
            expect(page.get_by_role("link", name="Regarder le direct")).to_be_visible()


def test_control_room_says_why_there_are_no_captions(
    service: Fabrique, model: Path, browser: Browser
) -> None:
    with opened(browser, crew_address(service, "regie")) as page:
        expect(page.get_by_text(f"« {model} » ne se charge pas")).to_be_visible()
