"""A packet's journey: from a studio's encoder to viewers by WebRTC and LL-HLS, through its loss."""

import asyncio
import io
import re
from itertools import pairwise
from pathlib import Path

import av
import httpx
import m3u8
from playwright.sync_api import Browser

from tests import viewers
from tests.servers import Fabrique
from tests.studio import Studio, publishing
from tests.waiting import when
from tv.demo.scene import frame_number


async def test_two_peers_see_every_frame_and_hear_the_sound(served: Fabrique, film: Path) -> None:
    with publishing(film, served):
        async with (
            asyncio.timeout(30),
            viewers.whep(served.url) as one,
            viewers.whep(served.url) as other,
        ):
            for numbers in await asyncio.gather(one.film_frames(75), other.film_frames(75)):
                steps = [after - before for before, after in pairwise(numbers)]
                assert steps.count(1) >= 70, steps  # a loop of the film, or a decoder's first frame
            loudest = 0
            while loudest < 500:  # the talk begins with a breath
                heard = await one.sound()
                assert heard.sample_rate == 48_000
                loudest = max(loudest, abs(heard.to_ndarray().astype(int)).max())


async def test_hls_has_the_film_without_a_hole(served: Fabrique, film: Path) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient(base_url=served.url) as client:
        with publishing(film, served):
            query, numbers = "", [0]
            while 0 in numbers:  # the slate's lower edge
                text = (await client.get(f"/plateau/media.m3u8{query}")).text
                newest = [segment for segment in m3u8.loads(text).segments if segment.uri][-4:]
                # Blocking reload: the answer comes when the next segment is there, not before.
                query = f"?_HLS_msn={int(newest[-1].uri.split('-')[1].split('.')[0]) + 1}"
                if len(newest) == 4 and len({s.init_section.uri for s in newest}) == 1:
                    numbers = await frame_numbers(client, newest)
    assert len(numbers) == 200
    assert all(after - before in (1, -399) for before, after in pairwise(numbers))


async def frame_numbers(client: httpx.AsyncClient, segments: list[m3u8.Segment]) -> list[int]:
    """Decode segments as a player does, one after the other behind their initialisation."""
    names = [segments[0].init_section.uri, *(segment.uri for segment in segments)]
    pieces = [(await client.get(f"/plateau/{name}")).content for name in names]
    with av.open(io.BytesIO(b"".join(pieces))) as file:
        return [frame_number(frame.to_ndarray(format="gray")) for frame in file.decode(video=0)]


async def listed(client: httpx.AsyncClient, name: str) -> list[m3u8.Segment]:
    return list(m3u8.loads((await client.get(f"/plateau/{name}")).text).segments)


async def test_synchronised_playlist_offers_french_captions(served: Fabrique) -> None:
    async with httpx.AsyncClient(base_url=served.url) as client:
        master = m3u8.loads((await client.get("/plateau/sync.m3u8")).text)
        (subtitles,) = [media for media in master.media if media.type == "SUBTITLES"]
        assert subtitles.language == "fr"
        first, *_ = await when(lambda: listed(client, subtitles.uri))
        text = (await client.get(f"/plateau/{first.uri}")).text
        assert re.match(r"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:\d+,LOCAL:00:00:00.000\n", text)


def test_open_pages_follow_the_studio_through_its_loss(
    served: Fabrique, film: Path, browser: Browser
) -> None:
    by_webrtc = browser.new_page(viewport={"width": 1280, "height": 800})
    by_webrtc.goto(served.url)
    viewers.until(by_webrtc, 20, viewers.shows_slate(by_webrtc), "slate by WebRTC")
    by_hls = browser.new_page(viewport={"width": 1280, "height": 800})
    # A network that lets no UDP through: the page finds LL-HLS by itself.
    by_hls.add_init_script("delete window.RTCPeerConnection")
    by_hls.goto(served.url)
    viewers.until(by_hls, 20, viewers.shows_slate(by_hls), "slate by LL-HLS")

    studio = Studio(film, served.rtmp())
    try:
        for _ in range(2):
            studio.start()
            viewers.until(by_webrtc, 10, viewers.shows_film(by_webrtc, "webrtc"), "film, WebRTC")
            viewers.until(by_hls, 15, viewers.shows_film(by_hls, "hls"), "film by LL-HLS")
            studio.kill()
            viewers.until(by_webrtc, 10, viewers.shows_slate(by_webrtc), "slate by WebRTC")
            viewers.until(by_hls, 15, viewers.shows_slate(by_hls), "slate by LL-HLS")
    finally:
        studio.kill()
        by_webrtc.close()
        by_hls.close()
