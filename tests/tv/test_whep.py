"""WHEP by HTTP, up to a picture that moves in Chromium."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.offer import Refusal
from streaming.webrtc.relay import Relay
from tests.streaming.webrtc.media import FRAME_RATE, encode_pictures, encode_sounds
from tests.viewers import chromium_beside
from tv import problems, whep

SDP = {"content-type": "application/sdp"}

PAGE = """<!doctype html><title>WHEP</title><video muted autoplay playsinline></video><script>
const video = document.querySelector("video"), shown = [];
const note = (now, frame) => {
  shown.push([performance.timeOrigin + now, frame.rtpTimestamp]);
  video.requestVideoFrameCallback(note);
};
async function watch() {
  const peer = new RTCPeerConnection(), stream = new MediaStream();
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, {direction: "recvonly"});
  peer.ontrack = event => { stream.addTrack(event.track); video.srcObject = stream; };
  video.requestVideoFrameCallback(note);
  await peer.setLocalDescription(await peer.createOffer());
  const reply = await fetch("/plateau/whep", {
    method: "POST", headers: {"content-type": "application/sdp"}, body: peer.localDescription.sdp,
  });
  window.peer = peer;
  window.session = reply.headers.get("location");
  await peer.setRemoteDescription({type: "answer", sdp: await reply.text()});
}
async function stats() {
  const all = [...(await peer.getStats()).values()];
  return all.filter(item => item.type === "inbound-rtp");
}
</script>"""


class OneChannel:
    """Media in this process: what `tv.upstream` reaches over the link."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    async def offer(self, channel: str, sdp: str) -> tuple[str, str]:
        try:
            return await self.relay.answer(sdp)
        except Refusal as error:
            raise problems.Problem(error.status, error.code, "Refusé", str(error)) from error

    async def hangup(self, session: str) -> None:
        if not await self.relay.hangup(session):
            raise problems.Problem(404, "unknown-session", "Refusé", "Cette session n’existe plus.")


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay(Feed())
    yield relay
    await relay.close()


def application(relay: Relay) -> Starlette:
    async def page(request: Request) -> Response:
        return HTMLResponse(PAGE)

    return Starlette(
        routes=[Route("/", page), *whep.routes(OneChannel(relay), ["plateau"])],
        exception_handlers=problems.handlers,
    )


@pytest.fixture
async def client(relay: Relay) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(relay))
    async with httpx.AsyncClient(transport=transport, base_url="http://tv") as client:
        yield client


@asynccontextmanager
async def offering(*kinds: str) -> AsyncIterator[str]:
    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    peer = RTCPeerConnection(configuration)
    try:
        for kind in kinds:
            peer.addTransceiver(kind, "recvonly")
        await peer.setLocalDescription(await peer.createOffer())
        yield peer.localDescription.sdp
    finally:
        await peer.close()


async def test_an_offer_is_answered_and_the_session_ended(
    client: httpx.AsyncClient, relay: Relay
) -> None:
    async with offering("video", "audio") as offer:
        reply = await client.post("/plateau/whep", content=offer, headers=SDP)
        assert reply.status_code == 201
        assert reply.headers["content-type"] == "application/sdp"
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "Location" in reply.headers["access-control-expose-headers"]
        assert reply.text.startswith("v=0")
        location = reply.headers["location"]
        assert location.startswith("/plateau/whep/")
        assert (await client.delete(location)).status_code == 200
        gone = await client.delete(location)
        assert gone.status_code == 404
        assert gone.json()["type"] == "urn:fabrique-tv:problem:unknown-session"


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "code"),
    [
        ("/plateau/whep", SDP, b"bonjour", 400, "not-an-offer"),
        ("/plateau/whep", SDP, b"", 400, "not-an-offer"),
        ("/plateau/whep", SDP, b"\xff\xfe", 400, "not-an-offer"),
        ("/plateau/whep", SDP, b"v=0\r\n", 422, "nothing-to-receive"),
        ("/plateau/whep", SDP, b"v=0\r\n" + b"a" * 70_000, 413, "offer-too-large"),
        ("/plateau/whep", {"content-type": "application/json"}, b"{}", 415, "not-sdp"),
        ("/plateau/whep", {}, b"v=0\r\n", 415, "not-sdp"),
        ("/plateau/whep", SDP | {"accept": "text/html"}, b"v=0\r\n", 406, "sdp-not-accepted"),
        ("/ailleurs/whep", SDP, b"v=0\r\n", 404, "unknown-channel"),
    ],
)
async def test_bad_input_is_told_in_french(
    client: httpx.AsyncClient,
    path: str,
    headers: dict[str, str],
    body: bytes,
    status: int,
    code: str,
) -> None:
    reply = await client.post(path, content=body, headers=headers)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"
    problem = reply.json()
    assert problem["type"] == f"urn:fabrique-tv:problem:{code}"
    assert problem["detail"]


async def test_an_offer_without_h264_is_not_acceptable(client: httpx.AsyncClient) -> None:
    async with offering("video") as offer:
        reply = await client.post(
            "/plateau/whep", content=offer.replace("H264/90000", "VP9/90000"), headers=SDP
        )
    assert reply.status_code == 406
    assert "H.264" in reply.json()["detail"]


async def test_other_methods_are_refused_and_say_which_are_not(client: httpx.AsyncClient) -> None:
    for path, methods, allow in (
        ("/plateau/whep", ("GET", "PUT", "PATCH", "DELETE"), "POST, OPTIONS"),
        ("/plateau/whep/session", ("GET", "POST", "PATCH"), "DELETE, OPTIONS"),
    ):
        for method in methods:
            reply = await client.request(method, path)
            assert reply.status_code == 405
            assert reply.headers["allow"] == allow
        reply = await client.options(path)
        assert reply.status_code == 204
        assert reply.headers["access-control-allow-methods"] == allow
    assert (await client.options("/plateau/whep")).headers["accept-post"] == "application/sdp"


@asynccontextmanager
async def on_air(feed: Feed, now: float) -> AsyncIterator[None]:
    """A studio that sends in real time, from `now` on: a keyframe every two seconds."""
    loop = asyncio.get_running_loop()
    pictures, sounds = encode_pictures(100), encode_sounds(100)
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


@asynccontextmanager
async def serving(relay: Relay) -> AsyncIterator[str]:
    config = uvicorn.Config(application(relay), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[socket])
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}/"
    finally:
        await server.shutdown(sockets=[socket])


async def test_chromium_shows_a_moving_picture_and_the_time_it_has(relay: Relay) -> None:
    async with (
        on_air(relay._feed, time.time()),
        serving(relay) as url,
        chromium_beside() as browser,
    ):
        page = await browser.new_page()
        await page.goto(url)
        await page.evaluate("watch()")
        await page.wait_for_function("shown.length > 40", timeout=15_000)
        shown = await page.evaluate("shown.slice(20)")
        stats = {item["kind"]: item for item in await page.evaluate("stats()")}
        size = await page.evaluate("[video.videoWidth, video.videoHeight]")
        assert size == [320, 180]
        assert stats["video"]["framesDecoded"] > 40
        assert stats["audio"]["packetsReceived"] > 40
        assert len({stamp for _, stamp in shown}) == len(shown)
        # The timestamp alone gives the picture's time, which is a moment before it was shown.
        ages = [
            ((round(at / 1000 * 90_000) - stamp + 2**31) % 2**32 - 2**31) / 90_000
            for at, stamp in shown
        ]
        assert all(-0.05 < age < 1 for age in ages)
        assert sorted(ages)[len(ages) // 2] < 0.3
        assert relay.viewers == 1
        gone = await page.evaluate("fetch(session, {method: 'DELETE'}).then(reply => reply.status)")
        assert gone == 200
        assert relay.viewers == 0
