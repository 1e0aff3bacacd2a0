"""Rewind over real HTTP: what of a live talk can be fetched, and what never can."""

import asyncio
import contextlib
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import m3u8
import pytest
from msgspec.structs import replace

from captions.cues import Cue
from engagement.talks import Talk
from streaming.hls.check_list import Listed, understand
from streaming.hls.check_media import media_findings
from streaming.hls.check_text import read
from streaming.hls.check_updates import delta_findings, update_findings
from streaming.hls.window import Window
from tests.streaming.recording.reels import INIT, LENGTH, START, closed, events, record
from tests.tv.hls.site import serving
from tv.hls import Hls
from tv.recorded.recordings import Recordings
from tv.recorded.rewind import Rewind
from tv.tasks import running

SINCE = START + 9.5 * LENGTH  # its first whole segment is number 10
COUNT = 60  # segments on air so far
LATE = re.compile(r"^(7-\d+)\.m4s$", re.MULTILINE)


@dataclass
class Site:
    """A web process with one recorded channel, and a talk that the test has go on."""

    folder: Path
    window: Window = field(default_factory=Window)
    talks: list[Talk] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)

    def heard(self, channel: str, start: float, end: float) -> list[Cue]:
        return [cue for cue in self.cues if cue.start < end and cue.end > start]

    def every_talk(self) -> Iterable[Talk]:
        return self.talks

    def now(self) -> float:
        return START + LENGTH * COUNT

    def start_talk(self, recorded: bool = True) -> None:
        talk = Talk(id="t", channel="plateau", title="T", recorded=recorded)
        self.talks = [replace(talk, state="live", started_at=SINCE)]


@contextlib.asynccontextmanager
async def visiting(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    recordings = Recordings(site.folder, ["plateau"])
    rewind = Rewind(recordings, site.every_talk, site.heard, site.now)
    windows = {"plateau": site.window, "labo-1": Window()}
    app = Hls(windows, site.heard, site.now, hold=5.0, rewind=rewind)
    async with (
        serving(app, app) as (_, port),
        running(recordings.run()),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/plateau/") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    record(folder / "plateau", closed(1, COUNT)).close()
    return folder


@pytest.fixture
def site(recorded: Path, tmp_path: Path) -> Site:
    site = Site(tmp_path / "recording")
    shutil.copytree(recorded, site.folder)
    for event in events(1, COUNT):
        site.window.apply(event)
    return site


async def test_talk_is_listed_from_its_start_to_the_live_edge(site: Site) -> None:
    site.start_talk()
    async with visiting(site) as client:
        index = m3u8.loads((await client.get("rewind.m3u8")).raise_for_status().text)
        reply = await client.get(index.playlists[0].uri)
        listed = LATE.findall(reply.text)
        assert listed == [f"7-{msn}" for msn in range(10, COUNT + 1)]
        assert "#EXT-X-MEDIA-SEQUENCE:10\n" in reply.text
        assert "#EXT-X-GAP" not in reply.text
        for msn in (10, 30, COUNT):
            segment = await client.get(f"7-{msn}.m4s")
            assert segment.content == b"%d first %d second" % (msn, msn)
            assert segment.headers["cache-control"] == "public, max-age=600, immutable"
        assert (await client.get(f"{INIT.name}.mp4")).content == INIT.data


async def test_segments_from_before_the_talk_are_not_there(site: Site) -> None:
    site.start_talk()
    async with visiting(site) as client:
        for name in ("7-9.m4s", "7-1.m4s", "7-9.vtt", "8-20.m4s", "7-20.mp4", "..%2fclock"):
            assert (await client.get(name)).status_code == 404


async def test_without_a_live_talk_only_the_live_window_is_there(site: Site) -> None:
    async with visiting(site) as client:
        for name in ("rewind.m3u8", "rewind-media.m3u8", "7-10.m4s", "7-10.vtt"):
            assert (await client.get(name)).status_code == 404
        assert (await client.get(f"7-{COUNT}.m4s")).status_code == 200
        site.start_talk()
        assert (await client.get("7-10.m4s")).status_code == 200
        site.talks = [replace(site.talks[0], state="ended", ended_at=site.now())]
        assert (await client.get("7-10.m4s")).status_code == 404
        assert (await client.get("rewind-media.m3u8")).json()["type"].endswith("nothing-to-rewind")


async def test_talk_that_is_not_to_be_recorded_cannot_be_rewound(site: Site) -> None:
    site.start_talk(recorded=False)
    async with visiting(site) as client:
        assert (await client.get("rewind.m3u8")).status_code == 404
        assert (await client.get("7-10.m4s")).status_code == 404


async def test_reload_is_held_and_short(site: Site) -> None:
    site.start_talk()
    async with visiting(site) as client:
        asked = f"_HLS_msn={COUNT + 1}&_HLS_part=0&_HLS_skip=YES"
        waiting = asyncio.create_task(client.get(f"rewind-media.m3u8?{asked}"))
        whole = await client.get("rewind-media.m3u8")
        assert not waiting.done()
        for event in list(events(COUNT + 1, 1))[1:]:
            site.window.apply(event)
        reply = await waiting
        assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=" in reply.text
        assert len(reply.text) < len(whole.text) / 2
        assert LATE.findall(reply.text)[-1] == f"7-{COUNT + 1}"
        far = await client.get(f"rewind-media.m3u8?_HLS_msn={COUNT + 9}")
        assert far.status_code == 400


async def test_moving_window_and_growing_recording_keep_every_number(site: Site) -> None:
    site.start_talk()
    before: Listed | None = None
    async with visiting(site) as client:
        for msn in range(COUNT + 1, COUNT + 12):
            for event in list(events(msn, 1))[1:]:
                site.window.apply(event)
            if msn % 4 == 0:
                record(site.folder / "plateau", closed(msn - 3, 4)).close()
            text = (await client.get("rewind-media.m3u8")).raise_for_status().text
            assert LATE.findall(text) == [f"7-{number}" for number in range(10, msn + 1)]
            assert "#EXT-X-MEDIA-SEQUENCE:10\n" in text
            after = understand(read(text))
            update = (await client.get("rewind-media.m3u8?_HLS_skip=YES")).text
            found = [*media_findings(read(text)), *delta_findings(after, understand(read(update)))]
            found += update_findings(before, after) if before else []
            assert [each for each in found if each.error] == []
            before = after


async def test_captions_of_a_rewound_segment_are_whole(site: Site) -> None:
    site.start_talk()
    start = START + 20 * LENGTH
    site.cues = [Cue("c", 1, start + 1, start + 3, ("Bonjour à toutes",), (), "")]
    async with visiting(site) as client:
        for msn in (20, 21):
            reply = await client.get(f"7-{msn}.vtt")
            assert reply.headers["content-type"] == "text/vtt; charset=utf-8"
            assert "00:00:41.000 --> 00:00:43.000\nBonjour à toutes" in reply.text
        assert "Bonjour" not in (await client.get("7-22.vtt")).text
