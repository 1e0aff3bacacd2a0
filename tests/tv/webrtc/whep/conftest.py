"""WHEP as web processes serve it, with media at the other end of the link, and viewers of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from streaming import link
from streaming.feed import Feed
from streaming.packet import Packet
from tests.streaming.webrtc.conftest import Viewer, _watching
from tests.streaming.webrtc.media import FRAME_RATE, encode_pictures, encode_sounds
from tests.tv.test_media import following, silent
from tests.tv.webrtc.sdp_replies import credentials as credentials
from tests.tv.webrtc.sdp_replies import problem as problem
from tv import problems
from tv.media import Media
from tv.studios.stream_keys import StreamKeys
from tv.upstream import Upstream
from tv.webrtc import whep
from tv.webrtc.admission import Admission
from tv.webrtc.ice_servers import IceServer

SDP = {"content-type": "application/sdp"}
FRAGMENT = {"content-type": "application/trickle-ice-sdpfrag"}

SERVERS = (
    IceServer(urls=("stun:stun.example.org:3478",)),
    IceServer(urls=("turn:turn.example.org?transport=udp",), username="salle", credential="mot"),
)


class House:
    """Media in this process with two channels, and what tests do to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.admission = Admission(200, {})
        keys = StreamKeys(b"secret", Path("/nowhere"))
        self.media = Media(keys, door=self)  # type: ignore[arg-type]  # its one method
        self.channels = ("plateau", "atelier")
        for name in self.channels:
            self.media.channels[name] = silent(name)

    def ask(self, channel: str, who: str, there: Any, joining: int) -> None:
        self.admission.ask(channel, who, there, joining)

    @property
    def feed(self) -> Feed:
        return self.media.channels["plateau"].channel.feed

    @property
    def viewers(self) -> int:
        return self.media.channels["plateau"].relays.live.viewers

    def say(self, on_air: str, viewers: int = 0) -> None:
        """Tell viewers of the stage what is on air."""
        state = link.ChannelState("plateau", on_air, 0.0, [], viewers)  # type: ignore[arg-type]
        self.media.audience.note(state)

    async def close(self) -> None:
        for on_air in self.media.channels.values():
            await on_air.relays.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path / "media.sock")
    async with link.listening(house.path, house.media.serve):
        yield house
        await house.close()


@asynccontextmanager
async def web_process(house: House) -> AsyncIterator[Upstream]:
    """What a web process knows of media."""
    async with following(house.path) as upstream:
        heard = asyncio.Event()
        upstream.on_state.append(lambda channel: heard.set())
        async with asyncio.timeout(20):
            await heard.wait()
        yield upstream


def application(upstream: Upstream, *routes: BaseRoute) -> Starlette:
    return Starlette(
        routes=[*routes, *whep.routes(upstream, ["plateau", "atelier"], SERVERS)],
        exception_handlers=problems.handlers,
    )


@asynccontextmanager
async def client_of(upstream: Upstream, address: str = "192.0.2.7") -> AsyncIterator[Any]:
    """Who asks a web process; it hears an event stream only when that has ended."""
    transport = httpx.ASGITransport(application(upstream), client=(address, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://tv") as client:
        yield client


@asynccontextmanager
async def serving(upstream: Upstream, *routes: BaseRoute) -> AsyncIterator[str]:
    """A web process that listens; the value is its address."""
    app = application(upstream, *routes)
    config = uvicorn.Config(
        app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[socket])
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        await server.shutdown(sockets=[socket])
        socket.close()


@pytest.fixture
async def upstream(house: House) -> AsyncIterator[Upstream]:
    async with web_process(house) as upstream:
        yield upstream


@pytest.fixture
async def client(upstream: Upstream) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(upstream) as client:
        yield client


@pytest.fixture
async def other_client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """The same of another web process."""
    async with web_process(house) as upstream, client_of(upstream) as client:
        yield client


@pytest.fixture(scope="session")
def pictures() -> list[Packet]:
    return encode_pictures(100)


@pytest.fixture(scope="session")
def sounds() -> list[Packet]:
    return encode_sounds(100)


@asynccontextmanager
async def on_air(
    feed: Feed, pictures: list[Packet], sounds: list[Packet], now: float
) -> AsyncIterator[None]:
    """A studio that sends in real time, from `now` on: a keyframe every two seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    timers: dict[str, asyncio.TimerHandle] = {}

    def show(index: int) -> None:
        at = now + index / FRAME_RATE
        picture = pictures[index % len(pictures)]
        feed.webrtc.append(Packet(picture.data, at, at, picture.key, picture.config))
        due = began + (index + 1) / FRAME_RATE
        timers["video"] = loop.call_at(due, show, index + 1)

    def play(index: int) -> None:
        at = now + index / 50
        feed.opus.append(Packet(sounds[index % len(sounds)].data, at, at, True))
        timers["audio"] = loop.call_at(began + (index + 1) / 50, play, index + 1)

    show(0)
    play(0)
    try:
        yield
    finally:
        for timer in timers.values():
            timer.cancel()


@dataclass
class Session:
    """A viewer and what it was answered."""

    viewer: Viewer
    reply: httpx.Response

    @property
    def location(self) -> str:
        where: str = self.reply.headers["location"]
        return where

    @property
    def tag(self) -> str:
        value: str = self.reply.headers["etag"]
        return value

    def fragment(self, *lines: str, name: str = "", password: str = "") -> str:
        """An SDP fragment of the viewer's, for its ICE session of now unless told."""
        ours = credentials(self.viewer.offer)
        made = [
            "a=group:BUNDLE 0 1",
            "m=video 9 UDP/TLS/RTP/SAVPF 99",
            "a=mid:0",
            f"a=ice-ufrag:{name or ours[0]}",
            f"a=ice-pwd:{password or ours[1]}",
            *lines,
        ]
        return "\r\n".join(made) + "\r\n"


Watch = Callable[..., Any]


@pytest.fixture
def watch(
    client: httpx.AsyncClient, house: House, pictures: list[Packet], sounds: list[Packet]
) -> Watch:
    """`async with watch() as session`: a viewer who has a picture.

    `change` is what becomes of its offer before it is sent.
    """

    @asynccontextmanager
    async def watch_(
        change: Callable[[str], str] = lambda offer: offer,
        path: str = "/plateau/whep",
        through: httpx.AsyncClient = client,
    ) -> AsyncIterator[Session]:
        replies: list[httpx.Response] = []

        async def ask(offer: str) -> tuple[str, str]:
            reply = await through.post(path, content=change(offer), headers=SDP)
            assert reply.status_code == 201, reply.text
            replies.append(reply)
            return reply.headers["location"], reply.text

        for picture, sound in zip(pictures[:20], sounds[:20], strict=True):
            house.feed.webrtc.append(picture)
            house.feed.opus.append(sound)
        async with _watching(ask) as viewer:
            await viewer.until(lambda: bool(viewer.packets["video"]))
            yield Session(viewer, replies[0])

    return watch_


@asynccontextmanager
async def offering(*kinds: str, direction: str = "recvonly") -> AsyncIterator[str]:
    """The offer of a viewer that goes no further."""
    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    peer = RTCPeerConnection(configuration)
    try:
        for kind in kinds or ("video", "audio"):
            peer.addTransceiver(kind, direction)
        await peer.setLocalDescription(await peer.createOffer())
        yield peer.localDescription.sdp
    finally:
        await peer.close()


@pytest.fixture
async def offer() -> AsyncIterator[str]:
    async with offering() as made:
        yield made


@asynccontextmanager
async def answering(proposal: str) -> AsyncIterator[tuple[Viewer, str]]:
    """A viewer who takes an offer of ours, and its answer."""
    async with AsyncExitStack() as stack:
        configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        peer = RTCPeerConnection(configuration)
        stack.push_async_callback(peer.close)
        await peer.setRemoteDescription(RTCSessionDescription(proposal, "offer"))
        viewer = Viewer(peer)
        viewer.observe()

        @peer.on("connectionstatechange")
        def changed() -> None:
            if peer.connectionState in ("closed", "failed"):
                viewer.closed.set()

        await peer.setLocalDescription(await peer.createAnswer())
        yield viewer, peer.localDescription.sdp
