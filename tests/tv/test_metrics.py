"""Prometheus reads how sources do, and nobody learns a key or a name by it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware

from streaming import link
from streaming.clock import Clock
from streaming.hls.writer import Writer
from streaming.renditions import Renditions
from streaming.webrtc.mux import Mux
from tests.streaming import studios
from tests.tv.house import SECRET
from tests.tv.test_media import following, silent
from tests.waiting import when
from tv import metrics, problems
from tv.airing import Airing
from tv.auth import Authentication, Passes, Role
from tv.captioning.quality import Board
from tv.media import Media
from tv.networks import Networks
from tv.settings import Restream, load
from tv.studios.restreams import Restreams
from tv.studios.stream_keys import StreamKeys
from tv.upstream import Upstream

KEYS = StreamKeys(SECRET, Path("/nowhere"))

HERE, ELSEWHERE = "127.0.0.1", "203.0.113.9"
# A store that does not answer costs its figures. By its URL, as ours: so it is asked once.
AWAY = Redis.from_url("unix:///nonexistent")
Samples = dict[tuple[str, str], float]


def asked_from(upstream: Upstream, address: str, public_url: str = "") -> httpx.AsyncClient:
    """A client at `address` of a web process."""
    airing = Airing(upstream, load(None, {}), lambda channel: 3)
    app = Starlette(
        routes=metrics.routes(upstream, airing, Board(AWAY, "test"), {"plateau": 2}, public_url),
        middleware=[
            Middleware(
                Authentication,
                passes=Passes(SECRET),
                networks=Networks(SECRET),
                public_url=public_url,
            )
        ],
        exception_handlers=problems.handlers,
    )
    transport = httpx.ASGITransport(app, client=(address, 40_000))
    return httpx.AsyncClient(transport=transport, base_url="http://tv")


async def read(upstream: Upstream) -> Samples:
    """All samples, by name and by what their labels say besides the channel."""
    async with asked_from(upstream, HERE) as here:
        answer = await here.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = [
                value for name, value in sample.labels.items() if name not in ("channel", "worker")
            ]
            found[sample.name, " ".join(labels)] = sample.value
    return found


@asynccontextmanager
async def told(media: Media, path: Path) -> AsyncIterator[Upstream]:
    """A web process that hears media."""
    async with asyncio.timeout(30), link.listening(path, media.serve), following(path) as upstream:
        clock = Clock()
        running = asyncio.create_task(media.run(clock))
        heard = asyncio.Event()
        upstream.on_state.append(lambda channel: heard.set())
        await heard.wait()
        await upstream.connected.wait()
        yield upstream
        running.cancel()


@contextmanager
def publishing(media: Media) -> Iterator[None]:
    """A studio that has sent a second of picture."""
    source = media.take("plateau", "primary", "rtmp")
    now = media.channels["plateau"].channel.now()
    for packet in studios.film(25):
        source.video(studios.shift(packet, now))
    source.announce(30.0)
    source.transport(7, 0.04)
    yield
    source.close("done")


async def test_figures_of_sources_and_channels_are_told(tmp_path: Path) -> None:
    media = Media(KEYS)
    media.channels["plateau"] = silent()
    media.channels["plateau"].encoded = Renditions(
        ["480p"], "plateau", media.ladder, lambda name: Writer(lambda event: None, 0.0, 0.53), 0.0
    )
    media.refused["wrong_key"] += 2
    media.recordings["plateau"] = link.Recording(
        "plateau", "paused", "Plein.", seconds=40.0, size=5000, missing=8.0
    )
    media.audience.refused["too-many-viewers"] += 5
    with publishing(media):
        async with told(media, tmp_path / "media.sock") as upstream:
            samples = await read(upstream)
    assert samples["fabrique_media_up", ""] == 1
    assert samples["fabrique_ingest_up", "primary"] == 1
    assert samples["fabrique_ingest_frames_total", "primary"] == 25
    assert samples["fabrique_ingest_bytes_total", "primary"] > 1000
    assert samples["fabrique_ingest_lost_packets_total", "primary"] == 7
    assert samples["fabrique_ingest_round_trip_seconds", "primary"] == 0.04
    assert samples["fabrique_ingest_announced_frames_per_second", "primary"] == 30
    assert samples["fabrique_ingest_height_pixels", "primary"] == 180
    assert samples["fabrique_ingest_refused_total", "wrong_key"] == 2
    assert samples["fabrique_whep_refused_total", "too-many-viewers"] == 5
    assert samples["fabrique_channel_on_air", "slate"] + samples[
        "fabrique_channel_on_air", "primary"
    ] == 1  # fmt: skip
    assert samples["fabrique_recording_state", "paused"] == 1
    assert samples["fabrique_recording_state", "on"] == 0
    assert samples["fabrique_recording_seconds_total", ""] == 40
    assert samples["fabrique_recording_bytes_total", ""] == 5000
    assert samples["fabrique_recording_missing_seconds_total", ""] == 8
    assert ("fabrique_recording_room_seconds", "") not in samples
    assert samples["fabrique_ingest_failovers_total", ""] == 0
    assert samples["fabrique_whep_sessions", ""] == 0
    assert samples["fabrique_rendition_up", "480p"] == 0
    assert samples["fabrique_viewers", ""] == 3
    assert samples["fabrique_caption_worker_up", ""] == 0
    assert samples["fabrique_caption_late_words_total", ""] == 2
    assert ("fabrique_ingest_loudness_lufs", "primary") not in samples  # nobody listens


async def test_a_restream_that_nobody_wants_is_not_told_as_down(tmp_path: Path) -> None:
    media = Media(KEYS)
    media.channels["plateau"] = silent()
    target = Restream(url="rtmp://127.0.0.1:1/live2", key="cle")
    settings = dict.fromkeys(("wanted", "stopped", "unstarted"), target)
    media.restreams = Restreams(settings, tmp_path / "restreams.json", time.time, media.tell)
    for name in ("wanted", "stopped"):
        media.restreams.order(link.Restream(1, name, True))
    media.restreams.order(link.Restream(2, "stopped", False))
    async with told(media, tmp_path / "media.sock") as upstream:
        await when(lambda: upstream.restreams.keys() == settings.keys())
        samples = await read(upstream)
    told_of = {which: up for (name, which), up in samples.items() if name == "fabrique_restream_up"}
    assert told_of == {"wanted": 0}


async def test_what_comes_to_webrtcs_port_is_told(tmp_path: Path) -> None:
    media = Media(KEYS)
    media.channels["plateau"] = silent()
    media.mux = mux = Mux()
    await mux.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"hello", ("127.0.0.1", mux.port))
    await when(lambda: mux.counts.strangers)
    async with told(media, tmp_path / "media.sock") as upstream:
        samples = await read(upstream)
    await mux.close()
    assert samples["fabrique_webrtc_datagrams_total", "strangers"] == 1
    assert samples["fabrique_webrtc_datagrams_total", "forged"] == 0
    assert samples["fabrique_webrtc_held", "connections"] == 0
    assert samples["fabrique_webrtc_held", "tasks"] > 0


async def test_media_that_is_away_leaves_no_stale_figures(tmp_path: Path) -> None:
    media = Media(KEYS)
    media.channels["plateau"] = silent()
    with publishing(media):
        async with told(media, tmp_path / "media.sock") as upstream:
            assert ("fabrique_ingest_frames_total", "primary") in await read(upstream)
    upstream.connected.clear()  # as when the link is lost
    samples = await read(upstream)
    assert samples["fabrique_media_up", ""] == 0
    assert not any(name.startswith("fabrique_ingest_f") for name, _ in samples)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
async def test_programs_of_this_machine_may_read(tmp_path: Path, address: str) -> None:
    async with asked_from(Upstream(tmp_path, []), address) as here:
        assert (await here.get("/metrics")).status_code == 200


@pytest.mark.parametrize(
    ("address", "public_url", "headers"),
    [
        (ELSEWHERE, "", {}),
        ("", "", {}),
        ("testclient", "", {}),
        (HERE, "https://tv.example.org", {}),
        (HERE, "", {"x-forwarded-for": ELSEWHERE}),
        (HERE, "", {"forwarded": f"for={ELSEWHERE}"}),
    ],
)
async def test_others_need_a_pass(
    tmp_path: Path, address: str, public_url: str, headers: dict[str, str]
) -> None:
    passes = Passes(SECRET)
    async with asked_from(Upstream(tmp_path, []), address, public_url) as them:
        assert (await them.get("/metrics", headers=headers)).status_code == 401
        for role, status in ((Role.OPERATOR, 403), (Role.ADMIN, 200), (Role.NODE, 200)):
            bearer = {"authorization": f"Bearer {passes.issue(role)}"}
            answer = await them.get("/metrics", headers=headers | bearer)
            assert answer.status_code == status


async def test_openmetrics_is_spoken_to_who_asks_for_it(tmp_path: Path) -> None:
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    async with asked_from(Upstream(tmp_path, []), HERE) as here:
        answer = await here.get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
