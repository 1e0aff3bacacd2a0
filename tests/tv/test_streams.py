"""The windows of a channel's renditions, from media to a web process, and to who waits for more."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
from anyio.lowlevel import checkpoint

from streaming import link
from streaming.hls.window import Stopped, Window
from tests.streaming.hls.test_window import START, init, segment
from tests.tv.test_media import following, silent
from tv.hls import Hls
from tv.media import Media
from tv.studios.stream_keys import StreamKeys

KEYS = StreamKeys(b"secret", Path("/nowhere"))


async def until(fact: Callable[[], bool]) -> None:
    """Let everything else run until `fact()` is true."""
    while not fact():
        await checkpoint()


async def test_windows_of_renditions_come_and_go(tmp_path: Path) -> None:
    media, path = Media(KEYS), tmp_path / "media.sock"
    on_air = media.channels["plateau"] = silent()
    on_air.renditions["480p"] = Window()
    for event in [init(), *segment(1), *segment(2, closed=False)]:
        on_air.renditions["480p"].apply(event)
    async with (
        asyncio.timeout(10),
        link.listening(path, media.serve),
        following(path) as upstream,
    ):
        await until(lambda: "plateau/480p" in upstream.windows)
        window = upstream.windows["plateau/480p"]
        await until(lambda: len(window.segments) == 2)

        # One that media alone knows of, and one of a channel that is not ours.
        media.note("plateau/secret", init())
        media.note("labo-9/480p", init())
        media.note("plateau/480p", Stopped())
        await until(lambda: window.over)
        assert set(upstream.windows) == {"plateau"}

        for event in [init(), *segment(7)]:
            media.note("plateau/480p", event)
        await until(lambda: "plateau/480p" in upstream.windows)
        assert upstream.windows["plateau/480p"] is not window
        assert [each.opened.msn for each in upstream.windows["plateau/480p"].segments] == [7]


async def test_who_waits_for_a_rendition_that_stops_is_sent_elsewhere_at_once() -> None:
    source, small = Window(), Window()
    for window in (source, small):
        for event in [init(), *segment(1), *segment(2, closed=False)]:
            window.apply(event)
    app = Hls({"plateau": source, "plateau/480p": small}, lambda *heard: [], lambda: START, 5.0)
    transport = httpx.ASGITransport(app=app)
    async with (
        asyncio.timeout(4),
        httpx.AsyncClient(transport=transport, base_url="http://here") as client,
    ):
        asked = asyncio.create_task(client.get("/plateau/480p/media.m3u8?_HLS_msn=3&_HLS_part=0"))
        await until(lambda: bool(small._wakers))
        small.apply(Stopped())
        assert (await asked).status_code == 404
