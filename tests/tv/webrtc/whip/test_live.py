"""WHIP through the whole service, to what viewers see: an aiortc studio, and a browser."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from playwright.async_api import Page

from streaming.packet import Packet
from tests import viewers
from tests.servers import Fabrique, fabrique
from tests.streaming.ingest.whip.publisher import Publisher, publishing
from tests.streaming.webrtc.media import encode_sounds
from tests.viewers import CAMERA_ARGUMENTS, chromium_beside
from tests.waiting import when
from tv.auth import Role

STUDIO = """
async ([url, key]) => {
  const stream = await navigator.mediaDevices.getUserMedia(
    {audio: true, video: {width: 640, height: 360, frameRate: 25}});
  const peer = window.studio = new RTCPeerConnection();
  for (const track of stream.getTracks())
    peer.addTransceiver(track, {direction: "sendonly", streams: [stream]});
  const video = peer.getTransceivers().find(each => each.sender.track.kind === "video");
  const codecs = RTCRtpSender.getCapabilities("video").codecs;
  video.setCodecPreferences(codecs.filter(codec => /h264|rtx/i.test(codec.mimeType)));
  const authorization = "Bearer " + key;
  await peer.setLocalDescription();
  const reply = await fetch(url, {
    method: "POST", headers: {authorization, "content-type": "application/sdp"},
    body: peer.localDescription.sdp,
  });
  if (reply.status !== 201) return await reply.text();
  window.session = new URL(reply.headers.get("location"), url).href;
  window.tag = reply.headers.get("etag");
  window.answer = await reply.text();
  await peer.setRemoteDescription({type: "answer", sdp: window.answer});
  return 201;
}"""

# What a page does when its network changes (RFC 9725, 4.3.3).
RESTART = """
async key => {
  const peer = window.studio;
  const offer = await peer.createOffer({iceRestart: true});
  await peer.setLocalDescription(offer);
  await new Promise(done => {
    if (peer.iceGatheringState === "complete") done();
    peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
  });
  const lines = peer.localDescription.sdp.split("\\r\\n");
  const of = name => lines.filter(line => line.startsWith(name));
  const fragment = [...of("a=group:"), of("m=")[0], of("a=mid:")[0], of("a=ice-ufrag:")[0],
    of("a=ice-pwd:")[0], ...new Set(of("a=candidate:")), ""].join("\\r\\n");
  const reply = await fetch(window.session, {
    method: "PATCH", body: fragment,
    headers: {authorization: "Bearer " + key, "if-match": "*",
              "content-type": "application/trickle-ice-sdpfrag"},
  });
  const ours = await reply.text();
  const [ufrag, pwd] = ["a=ice-ufrag:", "a=ice-pwd:"].map(
    name => ours.split("\\r\\n").find(line => line.startsWith(name)));
  const answer = window.answer.replaceAll(/a=ice-ufrag:.*/g, ufrag)
    .replaceAll(/a=ice-pwd:.*/g, pwd);
  await peer.setRemoteDescription({type: "answer", sdp: answer});
  return [reply.status, reply.headers.get("etag") !== window.tag];
}"""

SENT = """async () => {
  const all = [...(await studio.getStats()).values()];
  const video = all.find(each => each.type === "outbound-rtp" && each.kind === "video");
  return {plis: video.pliCount, codec: all.find(each => each.id === video.codecId).mimeType,
          state: studio.iceConnectionState};
}"""


@pytest.fixture(scope="module")
def service() -> Any:
    with fabrique() as server:
        yield server


@asynccontextmanager
async def studio(
    service: Fabrique, pictures: list[Packet], sounds: list[Packet]
) -> AsyncIterator[Publisher]:
    """A studio that publishes by real HTTP and ends its session in the end."""
    authorized = {"authorization": f"Bearer {service.key()}"}
    async with httpx.AsyncClient(base_url=service.url, headers=authorized) as client:

        async def ask(offer: str) -> tuple[str, str]:
            headers = {"content-type": "application/sdp"}
            reply = await client.post("/plateau/whip", content=offer, headers=headers)
            assert reply.status_code == 201, reply.text
            return reply.headers["location"], reply.text

        async with publishing(ask, pictures, sounds) as peer:
            yield peer
            assert (await client.delete(peer.session)).status_code == 200


def pictures_of(film: Path) -> list[Packet]:
    """A film's pictures, as a studio has them."""
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        config = bytes(stream.codec_context.extradata or b"")
        return [
            Packet(bytes(packet), 0.0, 0.0, packet.is_keyframe, config)
            for packet in container.demux(stream)
            if packet.size
        ]


async def source(service: Fabrique) -> dict[str, Any]:
    """What the control room is told of the primary slot."""
    token = service.make_pass(Role.OPERATOR)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers) as client:
        reply = await client.get("/api/v1/views/channel:plateau")
        (item,) = reply.raise_for_status().json()["items"]
    found: dict[str, Any] = item["sources"][0]
    return found


async def until(service: Fabrique, fact: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        return seen if fact(seen := await source(service)) else None

    return await when(look)


@pytest.mark.slow
async def test_a_studio_by_whip_is_seen_by_whep_and_leaves_when_it_says_so(
    service: Fabrique, film: Path
) -> None:
    async with (
        studio(service, pictures_of(film), encode_sounds(100)),
        viewers.whep(service.url) as viewer,
        asyncio.timeout(40),
    ):
        numbers = await viewer.film_frames(20)
        assert len(set(numbers)) > 10
        assert (await viewer.sound()).sample_rate == 48_000
        seen = await until(service, lambda each: each["connected"] and each["on_air"])
        assert seen["kind"] == "whip"
    await until(service, lambda each: not each["connected"])


@pytest.mark.slow
async def test_chromiums_camera_by_whip_is_seen_by_a_whep_viewer(service: Fabrique) -> None:
    async with chromium_beside(*CAMERA_ARGUMENTS) as browser, asyncio.timeout(60):
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await page.goto(f"{service.url}/readyz")
        said = await page.evaluate(STUDIO, [f"{service.url}/plateau/whip", service.key()])
        assert said == 201
        async with viewers.whep(service.url) as viewer:
            await _sees_the_camera(viewer)
            seen = await until(service, lambda each: each["on_air"])
            assert seen["kind"] == "whip"
            await _restart(page, service)
            await _sees_the_camera(viewer)
        while (sent := await page.evaluate(SENT))["plis"] < 1:
            await page.wait_for_timeout(100)
        assert sent["codec"] == "video/H264"
        assert sent["state"] == "connected"
        assert (await until(service, lambda each: each["connected"]))["on_air"]
        await page.close()  # no DELETE: the connection tells
    await until(service, lambda each: not each["connected"])


async def _sees_the_camera(viewer: viewers.Peer) -> None:
    """Chromium's fake camera is green and has a size of its own: the slate is neither."""
    while True:
        frame = await viewer.picture()
        red, green, blue = frame.to_ndarray(format="rgb24").mean(axis=(0, 1))
        if green > red + 20 and green > blue + 20:
            return


async def _restart(page: Page, service: Fabrique) -> None:
    status, another = await page.evaluate(RESTART, service.key())
    assert status == 200
    assert another
    await page.wait_for_function("studio.iceConnectionState === 'connected'", timeout=15_000)
