"""WHEP in Chromium, up to a picture that moves: by its own offer, by ours, and after a restart."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from playwright.async_api import Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from streaming.packet import Packet
from tests.impairment import Weather, bad_network
from tests.tv.webrtc.whep.conftest import House, on_air, serving
from tv.upstream import Upstream

PAGE = """<!doctype html><title>WHEP</title><video muted autoplay playsinline></video><script>
const video = document.querySelector("video"), shown = [], events = [];
const SDP = "application/sdp", FRAGMENT = "application/trickle-ice-sdpfrag";
const note = (now, frame) => {
  shown.push([performance.timeOrigin + now, frame.rtpTimestamp]);
  video.requestVideoFrameCallback(note);
};
const send = (address, method, type, body, tag) => fetch(address, {
  method, body, headers: {"content-type": type, ...(tag ? {"if-match": tag} : {})},
});
function begin() {
  const stream = new MediaStream();
  window.peer = new RTCPeerConnection();
  peer.ontrack = event => { stream.addTrack(event.track); video.srcObject = stream; };
  video.requestVideoFrameCallback(note);
}
async function gathered() {
  while (peer.iceGatheringState !== "complete")
    await new Promise(done => peer.addEventListener("icegatheringstatechange", done, {once: true}));
}
async function watch() {
  begin();
  for (const kind of ["video", "audio"]) peer.addTransceiver(kind, {direction: "recvonly"});
  await peer.setLocalDescription();
  const reply = await send("/plateau/whep", "POST", SDP, peer.localDescription.sdp);
  window.session = reply.headers.get("location");
  window.tag = reply.headers.get("etag");
  window.links = reply.headers.get("link");
  window.answer = await reply.text();
  await peer.setRemoteDescription({type: "answer", sdp: answer});
}
async function takeTheirs() {
  begin();
  await peer.setLocalDescription();  // no section at all
  const empty = peer.localDescription.sdp;
  await peer.setLocalDescription({type: "rollback"});
  const reply = await send("/plateau/whep", "POST", SDP, empty);
  window.session = reply.headers.get("location");
  await peer.setRemoteDescription({type: "offer", sdp: await reply.text()});
  await peer.setLocalDescription();
  await gathered();
  const agreed = await send(session, "PATCH", SDP, peer.localDescription.sdp);
  return [reply.status, agreed.status];
}
async function restart() {  // as when the network changes
  peer.restartIce();
  await peer.setLocalDescription();
  await gathered();
  const lines = peer.localDescription.sdp.split("\\r\\n");
  const of = name => lines.filter(line => line.startsWith(name));
  const fragment = [...of("a=group:"), of("m=")[0], of("a=mid:")[0], of("a=ice-ufrag:")[0],
    of("a=ice-pwd:")[0], ...new Set(of("a=candidate:")), ""].join("\\r\\n");
  const reply = await send(session, "PATCH", FRAGMENT, fragment, "*");
  const ours = await reply.text();
  const [ufrag, pwd] = ["a=ice-ufrag:", "a=ice-pwd:"].map(
    name => ours.split("\\r\\n").find(line => line.startsWith(name)));
  const sdp = answer.replaceAll(/a=ice-ufrag:.*/g, ufrag).replaceAll(/a=ice-pwd:.*/g, pwd);
  await peer.setRemoteDescription({type: "answer", sdp});
  return [reply.status, reply.headers.get("etag") !== tag];
}
async function listen() {
  const entry = links.match(/<([^>]+)>; rel="urn:ietf:params:whep:ext:core:server-sent-events"/);
  const reply = await send(entry[1], "POST", "application/json", '["active", "viewercount"]');
  const source = window.source = new EventSource(reply.headers.get("location"));
  for (const name of ["active", "viewercount"])
    source.addEventListener(name, event => events.push([name, JSON.parse(event.data)]));
}
async function stats() {
  const all = [...(await peer.getStats()).values()];
  return all.filter(item => item.type === "inbound-rtp");
}
</script>"""

# Wait until so many packets of the picture have come as retransmissions.
GOT_AGAIN = """async count => {
  for (;;) {
    const picture = (await stats()).find(item => item.kind === "video");
    if (picture.retransmittedPacketsReceived >= count) return;
    await new Promise(done => setTimeout(done, 100));
  }
}"""


@pytest.fixture
async def page(
    tab: Page, upstream: Upstream, house: House, pictures: list[Packet], sounds: list[Packet]
) -> AsyncIterator[Page]:
    """A page of a channel that is on air."""

    async def answer(request: Request) -> Response:
        return HTMLResponse(PAGE)

    async with (
        on_air(house.feed, pictures, sounds, time.time()),
        serving(upstream, Route("/", answer)) as url,
    ):
        await tab.goto(url)
        yield tab
        await tab.close()


async def test_chromium_shows_a_moving_picture_and_the_time_it_has(
    page: Page, house: House
) -> None:
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
    assert house.viewers == 1
    gone = await page.evaluate("fetch(session, {method: 'DELETE'}).then(reply => reply.status)")
    assert gone == 200
    assert house.viewers == 0


async def test_chromium_takes_our_offer(page: Page, house: House) -> None:
    assert await page.evaluate("takeTheirs()") == [406, 204]
    await page.wait_for_function("shown.length > 20", timeout=15_000)
    stats = {item["kind"]: item for item in await page.evaluate("stats()")}
    assert stats["audio"]["packetsReceived"] > 10
    assert house.viewers == 1


async def test_chromium_goes_on_after_an_ice_restart(page: Page) -> None:
    await page.evaluate("watch()")
    await page.wait_for_function("shown.length > 10", timeout=15_000)
    assert await page.evaluate("restart()") == [200, True]
    await page.wait_for_function(
        "['connected', 'completed'].includes(peer.iceConnectionState)", timeout=15_000
    )
    count = await page.evaluate("shown.length")
    await page.wait_for_function(f"shown.length > {count} + 20", timeout=15_000)
    assert await page.evaluate("peer.connectionState") == "connected"


@pytest.mark.slow
async def test_chromium_gets_again_what_a_bad_network_loses_and_knows_how_far_we_are(
    page: Page, house: House
) -> None:
    far = Weather(delay=0.02)
    with bad_network(up=far, down=far) as network:
        await network.stand_before(page)
        await page.evaluate("watch()")
        await page.wait_for_function("shown.length > 10", timeout=30_000)
        network.down.weather = replace(far, loss=0.2)
        async with asyncio.timeout(30):
            await page.evaluate(GOT_AGAIN, 6)
        network.down.weather = far
        (viewer,) = house.media.channels["plateau"].relays.live._viewers.values()
        assert 0.04 <= viewer.peer.round_trip < 1.0
        assert "a=rtcp-xr:rcvr-rtt=all" in await page.evaluate("answer")
        count = await page.evaluate("shown.length")
        await page.wait_for_function(f"shown.length > {count} + 20", timeout=15_000)


async def test_chromium_hears_events_and_is_told_their_end(page: Page, house: House) -> None:
    await page.evaluate("watch()")
    await page.evaluate("listen()")
    await page.wait_for_function("events.length > 0")
    house.say("primary", viewers=7)
    await page.wait_for_function("events.length > 2")
    assert await page.evaluate("events") == [
        ["viewercount", {"viewercount": 0}],
        ["active", {}],
        ["viewercount", {"viewercount": 7}],
    ]
    await page.evaluate("fetch(session, {method: 'DELETE'})")
    # It comes back once, is told that there is nothing, and asks no more.
    await page.wait_for_function("source.readyState === EventSource.CLOSED", timeout=15_000)
