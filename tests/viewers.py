"""Real viewers for tests: a WebRTC peer, and pages in Debian's Chromium, told what they show."""

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import httpx
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from playwright import async_api, sync_api
from playwright.sync_api import Browser, Page

from tv.demo.scene import frame_number

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Of the same source: pages, media and network are Chromium's, but no window of its own is drawn
# around them. A page opened so takes a fifth of the processor.
SHELL = shutil.which("chromium-headless-shell") or "/usr/bin/chromium-headless-shell"
CHROMIUM_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    # WebRTC on loopback, where no camera was ever granted:
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]

# A camera that shows a moving disc, a microphone that beeps, and nobody to ask for leave:
CAMERA_ARGUMENTS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]

CHROMIUM_PATIENCE = 30.0  # seconds for its start
PATIENCE = 60.0  # seconds for what a page is to show: much else shares the machine

for expectation in (async_api.expect, sync_api.expect):
    expectation.set_options(timeout=1000 * PATIENCE)

# A function of a video, in JavaScript: the film's bar code in the picture that it shows.
BARS = """(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 320; canvas.height = 180;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  return (video) => {
    pen.drawImage(video, 0, 0, 320, 180);
    const row = pen.getImageData(0, 178, 320, 1).data;
    let number = 0;
    for (let bit = 0; bit < 16; bit++) number = number * 2 + (row[(bit * 20 + 10) * 4] > 120);
    return number;
  };
})()"""
# The video with a picture that can be seen, in JavaScript; undefined while there is none.
VISIBLE = """[...document.querySelectorAll("video")].find((each) => each.videoWidth
  && each.readyState > 1 && each.getClientRects().length
  && getComputedStyle(each).visibility !== "hidden")"""
# How a page shows the film, and which picture of it: -1 while there is none.
SHOWN = f"""() => {{
  const path = document.querySelector("[data-path]")?.dataset.path ?? "";
  const video = {VISIBLE};
  return {{ path, number: video ? {BARS}(video) : -1 }};
}}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with chromium_process() as address, driving(address) as browser:
        yield browser


@contextmanager
def driving(address: str) -> Iterator[Browser]:
    """A Chromium that runs, told what to do; what it showed goes when the block is over."""
    with sync_api.sync_playwright() as playwright:
        yield playwright.chromium.connect_over_cdp(address)


@asynccontextmanager
async def driving_beside(address: str) -> AsyncIterator[async_api.Browser]:
    """The same for tests that have a loop of their own."""
    async with async_api.async_playwright() as playwright:
        yield await playwright.chromium.connect_over_cdp(address)


@asynccontextmanager
async def chromium_beside(*arguments: str) -> AsyncIterator[async_api.Browser]:
    """One of its own for who has a loop."""
    with ExitStack() as stack:
        process = chromium_process(*arguments)
        address = await asyncio.to_thread(lambda: stack.enter_context(process))
        async with driving_beside(address) as browser:
            yield browser


@contextmanager
def chromium_process(*arguments: str, executable: str = CHROMIUM) -> Iterator[str]:
    """Chromium's process; the value is where it takes orders.

    It is ours to start and to end: on a busy machine it sometimes hangs in its own start, for ever,
    and playwright would wait for it as long. One that does not answer is killed, and started again.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for attempt in (1, 2, 3):
            own = Path(profile, str(attempt))
            process = _start_chromium(executable, str(own), arguments)
            try:
                if address := _address_of(process, own):
                    yield address
                    return
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        raise AssertionError("Chromium does not start")


def _start_chromium(
    executable: str, profile: str, arguments: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    command = [
        executable,
        "--headless",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        "--mute-audio",
        "--hide-scrollbars",
        "--disable-dev-shm-usage",
        *CHROMIUM_ARGUMENTS,
        *(["--no-sandbox"] if os.getuid() == 0 else []),
        *arguments,
        "about:blank",
    ]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0
    )


def _address_of(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Where Chromium takes orders, which it writes in its profile; nothing when not in time."""
    until = time.monotonic() + CHROMIUM_PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError, IndexError, httpx.HTTPError):
            port = (profile / "DevToolsActivePort").read_text().splitlines()[0]
            address = f"http://127.0.0.1:{port}"
            httpx.get(f"{address}/json/version", timeout=10.0).raise_for_status()
            return address
        time.sleep(0.05)
    return ""


def until(page: Page, seconds: float, look: Callable[[], Any], what: str) -> float:
    """Look at a page until `look` is true; return how long that took, in seconds."""
    start = time.monotonic()
    while not look():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds} s"
        page.wait_for_timeout(50)
    return time.monotonic() - start


def shows_film(page: Page, path: str) -> Callable[[], bool]:
    """Whether the page shows the film, in motion, by this path ("webrtc" or "hls").

    The slate's lower edge reads as zero; in the film two looks differ, and neither is zero.
    """
    seen: list[int] = []

    def look() -> bool:
        shown = page.evaluate(SHOWN)
        if shown["path"] != path or shown["number"] <= 0:
            seen.clear()
            return False
        seen.append(shown["number"])
        return len(set(seen)) > 1

    return look


def shows_slate(page: Page) -> Callable[[], bool]:
    return lambda: bool(page.evaluate(SHOWN)["number"] == 0)


class Peer:
    """A WHEP viewer: a real peer connection that decodes what it gets."""

    def __init__(self, connection: RTCPeerConnection, session: str) -> None:
        self.connection = connection
        self.session = session
        self._tracks = {r.track.kind: r.track for r in connection.getReceivers()}

    async def picture(self) -> av.VideoFrame:
        return await self._tracks["video"].recv()

    async def sound(self) -> av.AudioFrame:
        return await self._tracks["audio"].recv()

    async def film_frames(self, count: int) -> list[int]:
        """The numbers of the next frames that are the film's."""
        numbers: list[int] = []
        while len(numbers) < count:
            number = frame_number((await self.picture()).to_ndarray(format="gray"))
            if number:
                numbers.append(number)
        return numbers


@asynccontextmanager
async def whep(url: str, channel: str = "plateau") -> AsyncIterator[Peer]:
    """Join a channel by WHEP, as a browser does."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    async with httpx.AsyncClient(base_url=url) as client:
        try:
            for kind in ("video", "audio"):
                connection.addTransceiver(kind, direction="recvonly")
            await connection.setLocalDescription(await connection.createOffer())
            reply = await client.post(
                f"/{channel}/whep",
                content=connection.localDescription.sdp,
                headers={"content-type": "application/sdp"},
            )
            assert reply.status_code == 201, reply.text
            await connection.setRemoteDescription(RTCSessionDescription(reply.text, "answer"))
            yield Peer(connection, reply.headers["location"])
            assert (await client.delete(reply.headers["location"])).status_code == 200
        finally:
            await connection.close()
