"""Pulled addresses: HTTP, HLS, RTSP and RTMP, as others serve them, and when they stop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.errors import SourceLost
from streaming.ingest import pull
from streaming.link import SourceFrame
from tests.servers import free_ports
from tests.streaming.ingest.films import Films
from tests.streaming.ingest.origins import camera, segmenting, web
from tests.streaming.ingest.publishers import pictures_of
from tests.waiting import when


async def take(url: str, most: int, patience: float = 5.0) -> list[SourceFrame]:
    """The first frames of an address."""
    frames: list[SourceFrame] = []
    async with asyncio.timeout(60), pull.reading(url, patience=patience) as reading:
        async for frame in reading:
            frames.append(frame)
            if len(frames) >= most:
                break
    return frames


def is_whole(frames: list[SourceFrame]) -> bool:
    """Picture and sound, in step, the picture from a keyframe on."""
    pictures = [frame for frame in frames if frame.codec == "h264"]
    sounds = [frame for frame in frames if frame.codec == "aac"]
    times = [frame.dts for frame in pictures]
    return (
        pictures[0].key
        and bool(pictures[0].config)
        and len(sounds) > len(pictures) / 2
        and times == sorted(set(times))
        and abs(pictures[-1].pts - sounds[-1].pts) < 500_000
    )


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films("address.ts", 2.0)


@pytest.mark.parametrize("name", ["address.mp4", "address.ts", "address.flv"])
async def test_a_recording_on_a_web_server_is_read_to_its_end(films: Films, name: str) -> None:
    film = films(name, 1.0) if name != "address.ts" else films("address-short.ts", 1.0)
    async with web(film.parent) as site:
        frames = await asyncio.wait_for(take(site.url(film.name), 10_000), 30)
    assert is_whole(frames)
    assert sum(frame.codec == "h264" for frame in frames) == len(pictures_of(film)) == 25


async def test_a_live_transport_stream_by_http_is_read_and_its_end_is_a_loss(film: Path) -> None:
    async with web(film.parent, endless=True) as site:
        assert is_whole(await take(site.url(film.name), 100))
        with pytest.raises(SourceLost, match=r"http://127\.0\.0\.1/….*(s’est arrêté|coupée)"):
            await take(site.url(film.name), 10_000)


async def test_a_web_server_that_falls_silent_is_lost(film: Path) -> None:
    async with web(film.parent, endless=True, silence=True, chunk=4096) as site:
        with pytest.raises(SourceLost, match="pas de réponse"):
            await take(site.url(film.name), 10_000, patience=1.0)


async def test_bytes_without_frames_are_lost_too(film: Path) -> None:
    """Null packets keep a line open that carries nothing."""
    null = b"\x47\x1f\xff\x10" + b"\xff" * 184
    async with web(film.parent, endless=True, tail=null * 20) as site:
        with pytest.raises(SourceLost, match="ni image ni son"):
            await take(site.url(film.name), 10_000, patience=0.7)


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "identifiants refusés"), (403, "accès refusé"), (404, "introuvable"), (500, "serveur")],
)
async def test_what_a_web_server_refuses_is_told_in_french_without_secrets(
    film: Path, status: int, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with web(film.parent, refuse=status) as site:
        with pytest.raises(SourceLost, match=told) as lost:
            await take(site.url("address.ts?jeton=secret", "moi:secret@"), 1)
    assert "secret" not in str(lost.value) + caplog.text
    assert status != 401 or "basic bw9ponnly3jlda==" in site.authorizations


@asynccontextmanager
async def live_hls(film: Path, folder: Path, *options: str) -> AsyncIterator[None]:
    process = await segmenting(film, folder, *options)
    try:
        playlist = folder / "live.m3u8"
        await when(lambda: playlist.exists() and playlist.read_text().count("#EXTINF") >= 3)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20_000_000)), max_size=60))
def test_putting_frames_in_order_loses_none(times: list[tuple[bool, int]]) -> None:
    frames = [SourceFrame("h264" if p else "aac", b"", t, t, True, b"") for p, t in times]
    ordered = list(pull.in_order(iter(frames)))
    assert sorted(map(id, ordered)) == sorted(map(id, frames))
    rising = [SourceFrame(f.codec, b"", t, t, True, b"") for t, f in enumerate(frames)]
    apart = sorted(rising, key=lambda frame: frame.codec)  # one track after the other
    assert list(pull.in_order(iter(apart))) == rising


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mpegts", "fmp4"])
async def test_a_live_playlist_is_followed(films: Films, tmp_path: Path, kind: str) -> None:
    film = films("address-long.ts" if kind == "mpegts" else "address-long.mp4", 4.0)
    async with (
        live_hls(film, tmp_path, "-hls_segment_type", kind),
        web(tmp_path) as site,
    ):
        frames = await take(site.url("live.m3u8"), 350)  # five seconds and more
    assert is_whole(frames)
    pictures = [frame.dts for frame in frames if frame.codec == "h264"]
    assert pictures[-1] - pictures[0] > 4_000_000


async def test_a_playlist_that_is_complete_is_read_to_its_end(films: Films, tmp_path: Path) -> None:
    film = films("address-short.ts", 1.0)
    (tmp_path / "a.ts").write_bytes(film.read_bytes())
    (tmp_path / "all.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n"
    )
    async with web(tmp_path) as site:
        frames = await take(site.url("all.m3u8"), 10_000)
    assert sum(frame.codec == "h264" for frame in frames) == 25


async def test_a_camera_is_read_by_rtsp(films: Films) -> None:
    async with camera(films("camera.mp4", 2.0)) as source:
        frames = await take(source.url("moi:secret@"), 120)
        assert is_whole(frames)
        async with asyncio.timeout(60), pull.reading(source.url(), patience=1.0) as reading:
            assert await anext(reading)
            source.mute.set()
            with pytest.raises(SourceLost, match="pas de réponse"):
                async for _ in reading:
                    pass
    with pytest.raises(SourceLost, match="connexion refusée"):
        await take(source.url(), 1)


async def test_a_server_is_read_by_rtmp(films: Films) -> None:
    (port,) = free_ports(1)
    url = f"rtmp://127.0.0.1:{port}/live/key"
    film = films("camera.mp4", 2.0)
    frames: list[SourceFrame] = []
    while not frames:  # ffmpeg serves one viewer, once it listens
        process = await asyncio.create_subprocess_exec(
            *("ffmpeg", "-nostdin", "-loglevel", "quiet", "-re", "-stream_loop", "-1"),
            *("-i", str(film), "-c", "copy", "-f", "flv", "-listen", "1", url),
        )
        try:
            while process.returncode is None and not frames:
                with contextlib.suppress(SourceLost):
                    frames = await take(url, 100)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    assert is_whole(frames)
