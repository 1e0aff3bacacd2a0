"""Stream keys through the whole service: apart for SRT, and renewed while studios publish."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from streaming.packet import Packet
from tests.servers import Fabrique, fabrique
from tests.streaming.ingest.callers import PASSPHRASE, caller, refused
from tests.streaming.ingest.films import make_film
from tests.streaming.ingest.publishers import obs, status
from tests.streaming.ingest.whip.publisher import publishing
from tests.streaming.webrtc.media import encode_pictures, encode_sounds
from tests.studio import Studio
from tests.waiting import when
from tv.passes import Role

AT_ONCE = 5.0  # seconds: one, and what a busy machine adds


class Encoder(Protocol):
    """Publishes to the service with a key, while the block lasts."""

    def __call__(self, service: Fabrique, key: str) -> AbstractAsyncContextManager[None]: ...


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    make_film(folder / "film.ts", 4.0, sound_rate=48000)
    make_film(folder / "film.mp4", 4.0, sound_rate=48000)
    return folder


@pytest.fixture(scope="module")
def pictures() -> list[Packet]:
    return encode_pictures(100)


@pytest.fixture(scope="module")
def service() -> Iterator[Fabrique]:
    with fabrique(SRT__PASSPHRASE=PASSPHRASE) as server:
        yield server


@pytest.fixture
def rtmp(films: Path) -> Encoder:
    @asynccontextmanager
    async def publish(service: Fabrique, key: str) -> AsyncIterator[None]:
        studio = Studio(films / "film.mp4", f"rtmp://127.0.0.1:{service.rtmp_port}/live/{key}")
        studio.start()
        try:
            yield
        finally:
            studio.kill()

    return publish


@pytest.fixture
def srt(films: Path) -> Encoder:
    @asynccontextmanager
    async def publish(service: Fabrique, key: str) -> AsyncIterator[None]:
        async with caller(service.srt_port, f"publish:plateau:{key}", films / "film.ts"):
            yield

    return publish


@pytest.fixture
def whip(pictures: list[Packet]) -> Encoder:
    @asynccontextmanager
    async def publish(service: Fabrique, key: str) -> AsyncIterator[None]:
        authorized = {"authorization": f"Bearer {key}", "content-type": "application/sdp"}
        async with httpx.AsyncClient(base_url=service.url, headers=authorized) as client:

            async def ask(offer: str) -> tuple[str, str]:
                reply = await client.post("/plateau/whip", content=offer)
                assert reply.status_code == 201, reply.text
                return reply.headers["location"], reply.text

            async with publishing(ask, pictures, encode_sounds(100)):
                yield

    return publish


async def said_to_rtmp(service: Fabrique, key: str) -> str:
    """The status code that an RTMP publisher with this key receives."""
    async with obs(service.rtmp_port) as studio:
        await studio.shake_hands()
        await studio.connect()
        return str(status(await studio.publish(key))["code"])


async def said_to_srt(service: Fabrique, key: str, film: Path) -> str:
    """The refusal that an SRT publisher with this key receives."""
    async with caller(service.srt_port, f"publish:plateau:{key}", film) as process:
        return await refused(process)


async def said_to_whip(service: Fabrique, key: str) -> int:
    """The HTTP status that a WHIP publisher with a key and no offer receives."""
    async with httpx.AsyncClient(base_url=service.url) as client:
        authorized = {"authorization": f"Bearer {key}"}
        return (await client.post("/plateau/whip", headers=authorized)).status_code


def primary(service: Fabrique) -> dict[str, Any]:
    """The primary slot as the control room receives it."""
    with service.crew() as desk:
        channel = desk.get("/api/v1/channels/plateau").raise_for_status().json()
    found: dict[str, Any] = channel["sources"][0]
    return found


async def connected(service: Fabrique, kind: str) -> None:
    await when(lambda: (now := primary(service))["connected"] and now["kind"] == kind)


async def gone(service: Fabrique) -> dict[str, Any]:
    """Wait until nobody publishes; return the slot as the control room receives it."""
    await when(lambda: not primary(service)["connected"], AT_ONCE)
    return primary(service)


def renew(service: Fabrique, slot: str = "primary") -> dict[str, str]:
    with service.crew() as desk:
        made = desk.post(f"/api/v1/channels/plateau/keys/{slot}:renew")
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    found: dict[str, str] = made.json()
    return found


def command(service: Fabrique, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tv", "key", "plateau", "--data", str(service.folder.path), *words],
        env=service.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )


@pytest.mark.slow
async def test_key_that_srt_shows_opens_nothing_else(service: Fabrique, films: Path) -> None:
    printed = command(service)
    rtmp_key, srt_key = printed.stdout.strip(), command(service, "--protocol", "srt").stdout.strip()
    assert rtmp_key != srt_key
    assert f"publish:plateau:{srt_key}&passphrase=…" in printed.stderr
    assert f"/live, clé {rtmp_key}" in printed.stderr
    assert f"{service.url}/plateau/whip, jeton {rtmp_key}" in printed.stderr
    assert PASSPHRASE not in printed.stderr
    assert await said_to_rtmp(service, srt_key) == "NetStream.Publish.BadName"
    assert await said_to_whip(service, srt_key) == 401
    assert await said_to_whip(service, rtmp_key) == 415
    assert "PREDEFINED:403" in await said_to_srt(service, rtmp_key, films / "film.ts")
    async with caller(service.srt_port, f"publish:plateau:{srt_key}", films / "film.ts"):
        await connected(service, "srt")
    await when(lambda: not primary(service)["connected"])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["rtmp", "srt", "whip"])
async def test_renewed_key_ends_who_is_on_air_and_opens_at_once(
    service: Fabrique, films: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    publish: Encoder = request.getfixturevalue(kind)
    old = service.srt_key() if kind == "srt" else service.key()
    async with publish(service, old):
        await connected(service, kind)
        new = await asyncio.to_thread(renew, service)
        assert new[kind] != old
        told = await gone(service)
        assert "La clé de diffusion" in told["advice"][0]
        if kind == "rtmp":
            assert await said_to_rtmp(service, old) == "NetStream.Publish.BadName"
        elif kind == "srt":
            assert "PREDEFINED:403" in await said_to_srt(service, old, films / "film.ts")
        else:
            assert await said_to_whip(service, old) == 401
    async with publish(service, new[kind]):
        await connected(service, kind)
    await when(lambda: not primary(service)["connected"])
    for key in (old, new[kind]):
        assert key not in service.log.read_text()
        with service.client() as anybody:
            assert key not in anybody.get("/api/v1/channels").text


@pytest.mark.slow
async def test_key_that_the_command_line_renews_ends_its_publisher_and_outlives_a_restart(
    service: Fabrique, rtmp: Encoder
) -> None:
    old, backup = service.key(), service.key(slot="backup")
    async with rtmp(service, old):
        await connected(service, "rtmp")
        printed = await asyncio.to_thread(command, service, "--new")
        await gone(service)
    new = printed.stdout.strip()
    assert new not in (old, backup)
    assert new == command(service).stdout.strip()
    service.kill("media")
    await when(lambda: service.log.read_text().count("on air; rtmp on") == 2)
    assert await said_to_rtmp(service, old) == "NetStream.Publish.BadName"
    async with rtmp(service, new):
        await connected(service, "rtmp")
    assert service.key(slot="backup") == backup


@pytest.mark.slow
async def test_renewing_the_backups_key_leaves_the_primarys_studio_on_air(
    service: Fabrique, rtmp: Encoder
) -> None:
    async with rtmp(service, service.key()):
        await connected(service, "rtmp")
        since = primary(service)["since"]
        old = service.key(slot="backup")
        assert renew(service, "backup")["rtmp"] != old
        assert await said_to_rtmp(service, old) == "NetStream.Publish.BadName"
        assert primary(service)["since"] == since


@pytest.mark.slow
def test_only_those_who_run_the_show_renew_keys(service: Fabrique) -> None:
    before = service.key()
    for role in (Role.NODE, Role.PRESENTER, Role.MODERATOR, Role.HOST, Role.VIEWER):
        with service.crew(role) as desk:
            reply = desk.post("/api/v1/channels/plateau/keys/primary:renew")
            assert reply.status_code == 403, role
    with service.client() as anybody:
        reply = anybody.post("/api/v1/channels/plateau/keys/primary:renew")
        assert reply.status_code == 401
    with service.crew() as desk:
        reply = desk.post("/api/v1/channels/plateau/keys/third:renew")
        assert (reply.status_code, reply.json()["type"].split(":")[-1]) == (404, "unknown-slot")
        reply = desk.post("/api/v1/channels/nosuch/keys/primary:renew")
        assert reply.status_code == 404
    assert service.key() == before
