"""The picture finds its way by itself: WebRTC, LL-HLS where that fails, back again, never black."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Browser, Route, expect

from tests import servers, viewers
from tests.browser.stage import filmed, offers, paths, reception, said, shows, watching
from tests.impairment import CLEAR, Weather, bad_network
from tests.servers import Fabrique

SILENT = Weather(loss=1.0)
TURN = "turn:127.0.0.1:9?transport=udp"

# The ICE servers of each connection that the page makes.
SERVERS = """
window.servers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration) {
    super(configuration);
    servers.push(configuration.iceServers);
  }
};
"""

# A browser that has no H.264 for WebRTC, as Debian's Firefox: its offers are refused.
WITHOUT_H264 = """
const add = RTCPeerConnection.prototype.addTransceiver;
RTCPeerConnection.prototype.addTransceiver = function (kind, options) {
  const made = add.call(this, kind, options);
  const { codecs } = RTCRtpReceiver.getCapabilities(kind);
  made.setCodecPreferences(codecs.filter(({ mimeType }) => mimeType !== "video/H264"));
  return made;
};
"""


# Whether the picture is so many seconds late.
LATE = """(seconds) => {
  const said = document.querySelector(".behind-time")?.textContent ?? "0";
  return parseFloat(said.replace(",", ".")) > seconds;
}"""

# Whether what is shown has got so far, in seconds, or something else is shown.
PLAYED = """([path, until]) => {
  const video = [...document.querySelectorAll("video.shown")].at(-1);
  return video.currentTime > until || document.querySelector("#stage").dataset.path !== path;
}"""


# The video that is shown.
VIDEO = "[...document.querySelectorAll('video.shown')].at(-1)"

# Whether a part was on its way, from the request until it is in the buffer, each time when
# something was removed from there.
REMOVED = """
window.removed = [];
let coming = false, appending = false;
const { open, send } = XMLHttpRequest.prototype, { appendBuffer, remove } = SourceBuffer.prototype;
const { addSourceBuffer } = MediaSource.prototype;
XMLHttpRequest.prototype.open = function (method, address, ...others) {
  this.address = address;
  open.call(this, method, address, ...others);
};
XMLHttpRequest.prototype.send = function (...body) {
  if (this.address.includes(".m4s")) coming = true;
  send.apply(this, body);
};
MediaSource.prototype.addSourceBuffer = function (type) {
  const made = addSourceBuffer.call(this, type);
  made.addEventListener("updateend", () => {
    if (appending) coming = appending = false;
  });
  return made;
};
SourceBuffer.prototype.appendBuffer = function (data) {
  appending = true;
  appendBuffer.call(this, data);
};
SourceBuffer.prototype.remove = function (...span) {
  removed.push(coming);
  remove.apply(this, span);
};
"""

# An iPhone whose own full screen shows nothing but the picture while it is `full`.
FULL = """
window.full = false;
Object.defineProperty(HTMLVideoElement.prototype, "webkitDisplayingFullscreen", {
  get: () => full,
});
"""

# A picture that is in step with its captions gets ahead of them: it waits, for longer than this.
AHEAD = f"""() => new Promise((waits) => {{
  const video = {VIDEO};
  video.addEventListener("pause", () => setTimeout(waits, 2000), {{ once: true }});
  video.currentTime += 6;
}})"""


@pytest.fixture(scope="module")
def served() -> Iterator[Fabrique]:
    """A server with two places by WebRTC, no delayed feed, and a TURN server that is not there."""
    settings = {
        "WEBRTC__VIEWERS": "2",
        "WEBRTC__DELAY": "0",
        "WEBRTC__ICE_SERVERS__LOCAL__URLS": TURN,
        "WEBRTC__ICE_SERVERS__LOCAL__SECRET": "un-secret-de-relais",
    }
    with servers.fabrique(**settings) as server:
        yield server


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with viewers.driving_beside(chromium) as browser:
        yield browser


async def hurried(route: Route) -> None:
    """The server wants to be left alone for half a minute: here it is a few seconds."""
    reply = await route.fetch()
    await route.fulfill(response=reply, headers=reply.headers | {"retry-after": "4"})


async def test_page_on_a_full_server_says_so_and_comes_back_when_a_place_is_free(
    browser: Browser, served: Fabrique
) -> None:
    async with asyncio.timeout(150), AsyncExitStack() as place:
        for _ in range(2):
            await place.enter_async_context(viewers.whep(served.url))
        async with watching(browser, served.url) as page:
            await page.route("**/whep*", hurried)
            await page.reload()
            await shows(page, "hls")
            assert "Toutes les places en WebRTC sont prises." in await reception(page)
            await place.aclose()
            made = offers(page)
            async with filmed(page):
                await shows(page, "webrtc")
            await expect(said(page)).to_have_text("Image par WebRTC, au plus près du plateau.")
            assert await paths(page) == ["hls", "webrtc"]
            assert len(made) <= 2  # one may have been on its way


async def test_browser_without_h264_is_on_hls_at_once(browser: Browser, served: Fabrique) -> None:
    async with watching(browser, served.url, script=WITHOUT_H264) as page:
        made = offers(page)
        await shows(page, "hls")
        assert len(made) <= 1
        assert "Ce navigateur ne lit pas la vidéo H.264 par WebRTC." in await reception(page)


async def test_network_without_udp_is_on_hls_after_three_seconds(
    browser: Browser, served: Fabrique
) -> None:
    with bad_network(SILENT, SILENT) as network:
        async with watching(browser, served.url, network) as page:
            made = offers(page)
            await shows(page, "hls")
            assert len(made) <= 1
            assert "Rien n’arrive par WebRTC sur ce réseau." in await reception(page)


@pytest.mark.slow  # until there is something behind the picture, and again
async def test_what_is_behind_is_removed_while_no_part_is_on_its_way(
    browser: Browser, served: Fabrique
) -> None:
    script = REMOVED + "delete window.RTCPeerConnection;"
    async with watching(browser, served.url, script=script) as page:
        far = {"offline": False, "latency": 200, "downloadThroughput": -1, "uploadThroughput": -1}
        session = await page.context.new_cdp_session(page)
        await session.send("Network.emulateNetworkConditions", far)
        await shows(page, "hls")
        await page.wait_for_function("() => removed.length > 2", timeout=90_000)
        assert not any(await page.evaluate("removed"))
        kept = await page.evaluate(f"{VIDEO}.currentTime - {VIDEO}.buffered.start(0)")
        assert 5 < kept < 30  # seconds


@pytest.mark.slow  # one path after the other is lost
async def test_frozen_picture_goes_on_by_hls_and_returns_unseen(
    browser: Browser, served: Fabrique
) -> None:
    with bad_network() as network:
        async with watching(browser, served.url, network) as page:
            await shows(page, "webrtc")
            async with filmed(page):
                network.up.weather = network.down.weather = SILENT
                await shows(page, "hls")
                await expect(said(page)).to_contain_text("L’image s’est figée en WebRTC.")
                network.up.weather = network.down.weather = CLEAR
                await shows(page, "webrtc")
            await expect(said(page)).to_have_text("Image par WebRTC, au plus près du plateau.")


@pytest.mark.slow  # it has to stutter for a while, and be steady for a while
async def test_picture_that_stutters_goes_on_by_hls_until_webrtc_is_steady(
    browser: Browser, served: Fabrique
) -> None:
    with bad_network() as network:
        async with watching(browser, served.url, network) as page:
            await shows(page, "webrtc")
            stage = page.locator("#stage")
            for _ in range(60):  # never still for long enough to be lost
                network.down.weather = SILENT
                await page.wait_for_timeout(900)
                network.down.weather = CLEAR
                await page.wait_for_timeout(600)
                if await stage.get_attribute("data-path") == "hls":
                    break
            await shows(page, "hls")
            await shows(page, "webrtc")
            assert await paths(page) == ["webrtc", "hls", "webrtc"]


async def test_lost_network_is_replaced_within_the_session(
    browser: Browser, served: Fabrique
) -> None:
    with bad_network() as network:
        async with watching(browser, served.url, network) as page:
            await shows(page, "webrtc")
            made = offers(page)
            async with page.expect_request(lambda request: request.method == "PATCH"):
                network.up.weather = network.down.weather = SILENT
            network.up.weather = network.down.weather = CLEAR
            await shows(page, "webrtc")
            await expect(page.locator(".stage-note")).to_have_count(0)
            assert await paths(page) == ["webrtc"]
            assert made == []


@pytest.mark.slow  # media starts anew
async def test_page_is_back_by_webrtc_soon_after_the_media_process_was_killed(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url) as page:
        await shows(page, "webrtc")
        served.kill("media")
        await expect(said(page)).to_have_text("Le direct se rétablit…")
        await expect(said(page)).not_to_have_text("Le direct se rétablit…")
        await shows(page, "webrtc")


@pytest.mark.slow  # for longer than the player would wait
async def test_viewer_who_paused_is_not_taken_away_from_there(
    browser: Browser, served: Fabrique
) -> None:
    with bad_network(SILENT, SILENT) as network:
        async with watching(browser, served.url, network) as page:
            await shows(page, "hls")
            await page.get_by_role("button", name="Mettre en pause").click()
            network.up.weather = network.down.weather = CLEAR
            made = offers(page)
            await page.wait_for_function(LATE, arg=8)  # the player waits 5 s at most
            await page.get_by_role("button", name="Lire").click()
            so_far = await page.evaluate("document.querySelector('video.shown').currentTime")
            await page.wait_for_function(PLAYED, arg=["hls", so_far + 4])
            assert made == []
            assert await paths(page) == ["hls"]
            await page.get_by_role("button", name="Revenir au direct").click()
            await shows(page, "webrtc")


async def test_pause_by_the_browsers_own_controls_is_the_viewers(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url) as page:
        await shows(page, "webrtc")
        made = offers(page)
        video = await page.evaluate_handle(VIDEO)
        await video.evaluate("(video) => video.pause()")
        await expect(page.get_by_role("button", name="Lire")).to_be_visible()
        await page.wait_for_function(LATE, arg=5)  # twice as long as a picture may stand still
        assert await video.evaluate(f"(video) => video.paused && video === {VIDEO}")
        await video.evaluate("(video) => Object.assign(video, { muted: false, volume: 0.3 })")
        await page.get_by_role("button", name="Couper le son").press("ArrowUp")
        assert 0.35 < await video.evaluate("(video) => video.volume") < 0.45
        await video.evaluate("(video) => video.play()")
        await expect(page.get_by_role("button", name="Mettre en pause")).to_be_visible()
        await shows(page, "webrtc")
        assert await page.locator("#stage video").count() == 1
        assert made == []
        assert await paths(page) == ["webrtc"]
        assert await reception(page) == "Image par WebRTC, au plus près du plateau."


async def test_picture_that_left_an_iphones_full_screen_goes_on(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url) as page:
        await shows(page, "webrtc")
        video = await page.evaluate_handle(VIDEO)
        await video.evaluate(
            "(video) => { video.pause(); video.dispatchEvent(new Event('webkitendfullscreen')); }"
        )
        await page.wait_for_function("(video) => !video.paused", arg=video)
        await expect(page.get_by_role("button", name="Mettre en pause")).to_be_visible()
        assert await video.evaluate(f"(video) => video === {VIDEO}")


@pytest.mark.slow  # for longer than the player would wait
async def test_picture_that_fills_an_iphone_is_not_replaced_before_it_no_longer_does(
    browser: Browser, served: Fabrique
) -> None:
    with bad_network(SILENT, SILENT) as network:
        async with watching(browser, served.url, network, FULL) as page:
            await shows(page, "hls")
            await page.evaluate("window.full = true")
            network.up.weather = network.down.weather = CLEAR
            made = offers(page)
            so_far = await page.evaluate(f"{VIDEO}.currentTime")
            await page.wait_for_function(PLAYED, arg=["hls", so_far + 12])
            assert made == []
            assert await paths(page) == ["hls"]
            await page.evaluate("window.full = false")
            await shows(page, "webrtc")


@pytest.mark.slow  # for longer than it would wait
async def test_picture_that_waits_for_its_captions_is_paused_by_the_viewer_alone(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url) as page:
        await shows(page, "webrtc")
        await page.get_by_role("button", name="Réglages").click()
        await page.get_by_text("Synchronisés").click()
        await page.keyboard.press("Escape")
        await shows(page, "sync")
        await page.wait_for_function(LATE, arg=9)
        await page.evaluate(AHEAD)
        assert await page.evaluate(f"{VIDEO}.paused")
        await page.get_by_role("button", name="Mettre en pause").click()
        await page.wait_for_function(LATE, arg=15)  # by then it would have gone on
        assert await page.evaluate(f"{VIDEO}.paused")
        await page.get_by_role("button", name="Lire").click()
        await shows(page, "sync")


async def test_sound_that_was_at_nothing_is_heard_when_it_is_turned_on(
    browser: Browser, served: Fabrique
) -> None:
    kept = "localStorage.setItem('fabrique.volume', '0');"
    async with watching(browser, served.url, script=kept) as page:
        await shows(page, "webrtc")
        await page.locator(".unmute").click()
        await expect(page.get_by_role("button", name="Couper le son")).to_be_visible()
        assert await page.evaluate(f"!{VIDEO}.muted && {VIDEO}.volume === 0.5")


async def test_sound_is_turned_on_without_an_end_of_the_pause(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url) as page:
        await shows(page, "webrtc")
        await page.get_by_role("button", name="Mettre en pause").click()
        await page.locator("body").press("m")
        await page.get_by_role("button", name="Couper le son").click()
        await page.get_by_role("button", name="Activer le son").last.press("ArrowUp")
        await expect(page.get_by_role("button", name="Couper le son")).to_be_visible()
        await expect(page.get_by_role("button", name="Lire")).to_be_visible()
        assert await page.evaluate(f"{VIDEO}.paused && !{VIDEO}.muted")


async def test_captions_in_step_come_by_hls_where_no_delayed_feed_is_offered(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url) as page:
        await shows(page, "webrtc")
        made = offers(page)
        await page.get_by_role("button", name="Réglages").click()
        async with filmed(page):
            await page.get_by_text("Synchronisés").click()
            await shows(page, "sync")
        assert made == []


async def test_relays_that_the_server_names_are_asked_from_the_second_connection_on(
    browser: Browser, served: Fabrique
) -> None:
    async with watching(browser, served.url, script=SERVERS) as page:
        await shows(page, "webrtc")
        await page.get_by_role("button", name="Réglages").click()
        await page.get_by_text("Synchronisés").click()
        await shows(page, "sync")
        await page.get_by_text("Au plus vite").click()
        await shows(page, "webrtc")
        first, second = await page.evaluate("servers")
    assert first == []
    (relay,) = second
    assert relay["urls"] == TURN
    assert relay["username"]
    assert relay["credential"]
