"""`fabrique-tv check-hls`: what it says of a live channel of ours, and of servers that do wrong."""

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from streaming.hls import playlist
from streaming.hls.multivariant import multivariant
from streaming.hls.tags import DateRange
from streaming.hls.window import PartAdded, SegmentClosed, SegmentOpened
from tests.servers import Fabrique
from tests.streaming.hls.test_window import START, init, segment, window_of
from tests.tv.hls.site import NoAnswers, Site, fill_renditions, serving, visiting
from tv.check_hls import Report, Unusable, check
from tv.replies import PLAYLIST
from tv.tasks import running

SECONDS = 0.4  # of watching: our show goes on ten times as fast as it would


async def go_on(site: Site) -> None:
    """Parts come for ever, of all renditions at once, with a discontinuity now and then."""
    windows = [site.window, *site.renditions.values()]
    for msn in itertools.count(9):
        for index in range(4):
            await asyncio.sleep(0.05)
            for window in windows:
                kind = "sound" if window is site.renditions.get("audio") else "a"
                start, number = START + 2 * msn, 1 + msn // 12
                window.apply(SegmentOpened(msn, f"1-{msn}", start, kind, number))
                window.apply(PartAdded(msn, index, 0.5, index == 0, b"%d.%d" % (msn, index)))
                if index == 3:
                    window.apply(SegmentClosed(msn, 2.0))


async def checked(url: str) -> Report:
    async with asyncio.timeout(60):
        return await asyncio.to_thread(check, url, SECONDS)


@pytest.mark.parametrize("name", ["index.m3u8", "sync.m3u8"])
async def test_a_live_channel_is_without_fault(name: str) -> None:
    site = Site()
    fill_renditions(site, 0, 0)
    site.now = START + 10_000  # captions are there at once
    site.ranges = [DateRange("talk-1", "fr.fabrique.talk", START, None, (("X-T", "Le « débat »"),))]
    async with visiting(site) as client, running(go_on(site)):
        report = await checked(f"{client.base_url}/plateau/{name}")
    assert report.said == []
    assert len(report.playlists) == (4 if name == "index.m3u8" else 5)
    assert report.reloads >= len(report.playlists) - 1


@contextlib.asynccontextmanager
async def static(files: Mapping[str, str]) -> AsyncIterator[str]:
    """A server that has some playlists, heeds no query, and has nothing else."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = files.get(scope["path"])
        kind = PLAYLIST if "typed" in files else b"text/plain"
        status = 404 if body is None else 200
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", kind)],
            }
        )
        await send({"type": "http.response.body", "body": (body or "").encode()})

    async with serving(app, NoAnswers()) as (_, port):
        yield f"http://127.0.0.1:{port}"


async def run(*arguments: str) -> tuple[int, str, str]:
    """The command itself: its exit status and what it says."""
    command = (sys.executable, "-m", "tv", "check-hls", *arguments)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_server_that_promises_more_than_it_does_is_found_out() -> None:
    window = window_of(init(), *(segment(msn) for msn in range(12)))
    files = {
        "/index.m3u8": multivariant({"": window}) + "#EXT-X-STREAM-INF:BANDWIDTH=1\ngone.m3u8\n",
        "/media.m3u8": playlist.media(window),
    }
    async with static(files) as url:
        status, out, _ = await run(f"{url}/index.m3u8", "--seconds", "0.5", "--json")
    assert status == 1
    report: dict[str, Any] = json.loads(out)
    said = {(each["section"], each["playlist"]): each["said"] for each in report["findings"]}
    assert "gone.m3u8" in report["playlists"]
    assert "404" in said["6.2.1", "gone.m3u8"]
    assert "n’est pas là" in said["6.2.1", "media.m3u8"]
    assert ("6.2.5.2", "media.m3u8") in said  # neither blocks nor refuses
    assert ("6.2.5.1", "media.m3u8") in said  # no delta update
    assert ("4", "media.m3u8") in said
    assert report["errors"] == sum(each["error"] for each in report["findings"])


async def test_what_is_no_playlist_cannot_be_checked() -> None:
    async with static({"/page": "<html>"}) as url:
        for address, why in (
            (f"{url}/page", "#EXTM3U"),
            (f"{url}/none.m3u8", "404"),
            ("file:///etc/hostname", "http://"),
            ("http://127.0.0.1:1/", "refused"),
            ("plateau", "http://"),
        ):
            with pytest.raises(Unusable, match=why):
                await checked(address)
        status, out, err = await run(f"{url}/page")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1


async def test_a_recording_is_read_once() -> None:
    text = playlist.synchronised(window_of(init(), *(segment(msn) for msn in range(12))))
    vod = text + "#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-ENDLIST\n"
    names = [line for line in text.split("\n") if line.endswith("m4s")]
    files = {"/media.m3u8": vod, "/a.mp4": "x", "typed": "", **{f"/{name}": "x" for name in names}}
    async with static(files) as url:
        report = await checked(f"{url}/media.m3u8")
    assert (report.said, report.reloads) == ([], 0)
    assert list(report.lines()) == ["1 liste, 0 rechargement\u00a0: 0 erreur, 0 remarque."]


@pytest.mark.slow
async def test_the_whole_service_is_without_fault(served: Fabrique) -> None:
    channel = f"{served.url}/plateau"
    async with asyncio.timeout(90):
        async with httpx.AsyncClient(timeout=30) as client:
            while (await client.get(f"{channel}/sync.m3u8")).status_code != 200:
                pass  # it holds the request until there is enough
        reports = await asyncio.gather(
            *(asyncio.to_thread(check, f"{channel}/{name}.m3u8", 5.0) for name in ("index", "sync"))
        )
    for report in reports:
        assert [said for said in report.said if said.finding.error] == []
        assert any("audio/" in name for name in report.playlists)
        # Captions are known four seconds after they were said, which the draft does not foresee.
        assert {said.finding.section for said in report.said} <= {"6.2.4"}
