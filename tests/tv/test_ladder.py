"""The ladder process: what viewers cannot be shown as it comes, until it is killed, and on."""

import subprocess
from asyncio import sleep, timeout
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests import viewers
from tests.servers import fabrique
from tests.streaming import numbers

OFFER = (Path(__file__).parents[1] / "streaming" / "webrtc" / "chromium.sdp").read_bytes()


@contextmanager
def encoding(film: Path, address: str, *options: str) -> Iterator[None]:
    """ffmpeg, encoding a film in real time as a crew's encoder would."""
    command = [
        "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", str(film),
        "-f", "lavfi", "-i", "sine", "-c:a", "aac", *options, "-f", "flv", address,
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.communicate()


async def watch(peer: viewers.Peer, frames: int = 12) -> None:
    """See the studio: so many pictures in a row whose numbers go up by one."""
    seen: list[int] = []
    while len(seen) < frames:
        number = numbers.read_number(await peer.picture())
        if seen and number != (seen[-1] + 1) % 200:
            seen.clear()
        seen.append(number)


async def status_of_an_offer(client: httpx.AsyncClient) -> int:
    """What a WHEP viewer's offer is answered with; a session that begins is ended."""
    reply = await client.post(
        "/plateau/whep", content=OFFER, headers={"content-type": "application/sdp"}
    )
    if reply.status_code == 201:
        await client.delete(reply.headers["location"])
    return reply.status_code


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("numbers") / "film.mkv"
    numbers.film(path, "libx264", 200, options={"preset": "ultrafast"})
    return path


@pytest.mark.slow
async def test_an_encoder_as_it_is_by_default_is_seen_by_webrtc_though_the_ladder_dies(
    film: Path,
) -> None:
    with (
        fabrique(LADDER__JOBS="1") as server,
        encoding(film, server.rtmp(), "-c:v", "libx264"),  # B-frames, a keyframe every 10 s
    ):
        async with timeout(90), viewers.whep(server.url) as peer:
            await watch(peer)
            server.kill("ladder")
            while "job 2 begins" not in server.log.read_text():  # noqa: ASYNC110  # its own process
                await sleep(0.05)
            await watch(peer)


@pytest.mark.slow
async def test_without_a_ladder_b_frames_are_for_hls(film: Path) -> None:
    with (
        fabrique(LADDER__JOBS="0") as server,
        encoding(film, server.rtmp(), "-c:v", "libx264"),
    ):
        async with timeout(60), httpx.AsyncClient(base_url=server.url) as client:
            while (status := await status_of_an_offer(client)) != 406:
                assert status == 201  # the slate is on air still
                await sleep(0.25)  # to ask more often is refused
        assert "ladder" not in server.children()


@pytest.mark.slow
async def test_hevc_by_enhanced_rtmp_is_seen_by_webrtc(film: Path) -> None:
    options = ("-c:v", "libx265", "-preset", "ultrafast", "-g", "50", "-x265-params", "pools=1")
    with (
        fabrique(LADDER__JOBS="1") as server,
        encoding(film, server.rtmp(), *options),
    ):
        async with timeout(90), viewers.whep(server.url) as peer:
            await watch(peer)
