"""A WHIP endpoint with media behind it, and studios that publish there."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from streaming.errors import PublishRefused
from streaming.ingest.whip.studios import Studios
from streaming.packet import Packet
from streaming.webrtc.mux import Mux
from streaming.webrtc.sdp import Refusal
from tests.streaming.ingest.films import Recorder
from tests.streaming.ingest.whip.publisher import Publisher, publishing
from tests.streaming.webrtc.media import encode_pictures, encode_sounds
from tests.tv.webrtc.sdp_replies import credentials as credentials
from tests.tv.webrtc.sdp_replies import problem as problem
from tv import problems
from tv.studios.keys import stream_key
from tv.studios.stream_keys import StreamKeys
from tv.webrtc import whip

SECRET = b"a secret of thirty-two bytes ..."
KEY = stream_key(SECRET, "plateau", "primary")
BACKUP_KEY = stream_key(SECRET, "plateau", "backup")
OTHER_KEY = stream_key(SECRET, "atelier", "primary")
KEYS = StreamKeys(SECRET, Path("/nowhere"))
WRONG_KEY = "plateau-p-" + "a" * 20

SDP = {"content-type": "application/sdp", "authorization": f"Bearer {KEY}"}
FRAGMENT = {
    "content-type": "application/trickle-ice-sdpfrag",
    "authorization": f"Bearer {KEY}",
}
AUTHORIZED = {"authorization": f"Bearer {KEY}"}


class Stage:
    """Media in this process: what `tv.upstream` reaches over the link. Recorders hold the slots."""

    def __init__(self, mux: Mux) -> None:
        self.studios = Studios(mux, self.take)
        self.held: dict[tuple[str, str], Recorder] = {}
        self.time = 0.0
        self.busy = False

    def take(self, channel: str, slot: str, kind: str) -> Recorder:
        holder = self.held.get((channel, slot))
        if holder is not None and holder.closed is None:
            raise PublishRefused("L’emplacement est déjà occupé.")
        self.held[channel, slot] = Recorder()
        return self.held[channel, slot]

    @property
    def source(self) -> Recorder:
        return self.held["plateau", "primary"]

    async def publish(self, channel: str, slot: str, sdp: str) -> tuple[str, str, str]:
        if self.busy:
            raise problems.Problem(503, "busy", "Refusé", "Trop de demandes.", retry_after=1)
        return await _told(self.studios.publish((channel, slot), sdp))

    async def change(
        self, channel: str, slot: str, session: str, tag: str, sdp: str
    ) -> tuple[str, str] | None:
        return await _told(self.studios.change(session, (channel, slot), tag, sdp))

    async def unpublish(self, channel: str, slot: str, session: str) -> None:
        await _told(self.studios.hang_up(session, (channel, slot)))


async def _told(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except Refusal as error:
        raise problems.Problem(error.status, error.code, "Refusé", str(error)) from error
    except PublishRefused as error:
        raise problems.Problem(409, "publish-refused", "Refusé", str(error)) from error


@pytest.fixture(scope="module")
def pictures() -> list[Packet]:
    return encode_pictures(100)


@pytest.fixture(scope="module")
def sounds() -> list[Packet]:
    return encode_sounds(100)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    mux = Mux()
    stage = Stage(mux)
    yield stage
    await stage.studios.close()
    await mux.close()


def client_of(stage: Stage, address: str = "192.0.2.7") -> httpx.AsyncClient:
    app = Starlette(
        routes=whip.routes(stage, ["plateau", "atelier"], KEYS, lambda: stage.time),
        exception_handlers=problems.handlers,
    )
    transport = httpx.ASGITransport(app, client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://tv")


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(stage) as client:
        yield client


Publish = Callable[..., Any]


@pytest.fixture
def publish(client: httpx.AsyncClient, pictures: list[Packet], sounds: list[Packet]) -> Publish:
    """`async with publish() as studio`: a studio on air; `studio.session` is the 201 response."""

    async def ask(offer: str) -> tuple[httpx.Response, str]:
        reply = await client.post("/plateau/whip", content=offer, headers=SDP)
        assert reply.status_code == 201, reply.text
        return reply, reply.text

    def publish_(**how: Any) -> Any:
        return publishing(ask, pictures, sounds, **how)

    return publish_


@asynccontextmanager
async def offering(pictures: list[Packet], sounds: list[Packet]) -> AsyncIterator[str]:
    """The offer of a studio that goes no further."""
    made: list[str] = []

    async def ask(offer: str) -> tuple[None, str]:
        made.append(offer)
        raise _Enough

    with pytest.raises(_Enough):
        async with publishing(ask, pictures, sounds):
            pass
    yield made[0]


class _Enough(Exception):
    pass


@pytest.fixture
async def offer(pictures: list[Packet], sounds: list[Packet]) -> AsyncIterator[str]:
    async with offering(pictures, sounds) as made:
        yield made


def location(studio: Publisher) -> str:
    where: str = studio.session.headers["location"]
    return where


def tag(studio: Publisher) -> str:
    value: str = studio.session.headers["etag"]
    return value


def fragment(studio: Publisher, *lines: str, name: str = "", password: str = "") -> str:
    """An SDP fragment of the studio's, for its ICE session of now unless told."""
    ours = credentials(studio.offer)
    made = [
        "a=group:BUNDLE 0 1",
        "m=video 9 UDP/TLS/RTP/SAVPF 99",
        "a=mid:0",
        f"a=ice-ufrag:{name or ours[0]}",
        f"a=ice-pwd:{password or ours[1]}",
        *lines,
    ]
    return "\r\n".join(made) + "\r\n"
