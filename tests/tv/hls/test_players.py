"""HLS over real HTTP: what players ask for, and what mistakes are answered."""

import asyncio

import httpx
import m3u8
import pytest

from captions.cues import Cue, Word
from streaming.hls.tags import DateRange
from streaming.hls.window import PartAdded
from tests.streaming.hls.test_window import START, segment
from tests.tv.hls.site import Site, fill_renditions, visiting
from tests.waiting import when


async def test_a_player_finds_everything_from_the_index(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill()
    index = m3u8.loads((await client.get("/plateau/index.m3u8")).text)
    reply = await client.get(f"/plateau/{index.playlists[0].uri}")
    assert reply.headers["content-type"] == "application/vnd.apple.mpegurl"
    assert reply.headers["content-encoding"] == "gzip"
    media = m3u8.loads(reply.text)
    for line in reply.text.splitlines():
        if "URI=" not in line or "PRELOAD" in line:
            continue
        name = line.split('URI="')[1].split('"')[0]
        part = await client.get(f"/plateau/{name}")
        assert part.status_code == 200, name
        assert part.headers["content-type"] == "video/mp4"
    whole = await client.get(f"/plateau/{media.segments[0].uri}")
    assert whole.content == b"0.00.10.20.3"
    assert "immutable" in whole.headers["cache-control"]


async def test_everything_may_be_read_from_other_sites(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill()
    for path in ("index.m3u8", "media.m3u8", "1-0.m4s", "a.mp4", "1-0.vtt", "nothing.m4s"):
        reply = await client.get(f"/plateau/{path}")
        assert reply.headers["access-control-allow-origin"] == "*"
    preflight = await client.options("/plateau/media.m3u8")
    assert preflight.status_code == 204
    assert "GET" in preflight.headers["access-control-allow-methods"]


async def test_reload_is_held_until_its_part_is_there(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill()
    held = asyncio.create_task(client.get("/plateau/media.m3u8?_HLS_msn=4&_HLS_part=2"))
    other = asyncio.create_task(client.get("/plateau/media.m3u8?_HLS_msn=4"))
    await when(lambda: len(site.window._wakers) == 2)
    site.apply(segment(4)[3])
    async with asyncio.timeout(5):
        reply = await held
    assert "1-4.2.m4s" in reply.text
    assert '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-4.3.m4s"' in reply.text
    assert not other.done()
    site.apply(segment(4)[4:])
    async with asyncio.timeout(5):
        assert "\n1-4.m4s" in (await other).text


async def test_hinted_part_is_held_until_it_is_there(site: Site, client: httpx.AsyncClient) -> None:
    site.fill()
    held = asyncio.create_task(client.get("/plateau/1-4.2.m4s"))
    lost = asyncio.create_task(client.get("/plateau/1-4.2.m4s"))
    await when(lambda: len(site.window._wakers) == 2)
    site.apply(PartAdded(4, 2, 0.5, False, b"late"))
    async with asyncio.timeout(5):
        assert [(await task).content for task in (held, lost)] == [b"late", b"late"]


async def test_hint_that_never_came_true_is_not_found(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill()
    held = asyncio.create_task(client.get("/plateau/1-4.2.m4s"))
    await when(lambda: site.window._wakers)
    site.apply(segment(4, parts=2)[-1])
    async with asyncio.timeout(5):
        assert (await held).status_code == 404


async def test_delta_update_is_served_on_request(site: Site, client: httpx.AsyncClient) -> None:
    site.fill(30)
    for value in ("YES", "v2"):
        reply = await client.get(f"/plateau/media.m3u8?_HLS_skip={value}")
        assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=" in reply.text
    assert "SKIP:" not in (await client.get("/plateau/media.m3u8")).text


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_part=1",
        "_HLS_msn=x",
        "_HLS_msn=",
        "_HLS_msn=-1",
        "_HLS_msn=1&_HLS_part=1.5",
        "_HLS_msn=9999999999999999999",
        "_HLS_msn=999",
        "_HLS_msn=4&_HLS_part=99",
        "_HLS_msn=%D9%A3",
        # In a second spelling, which a cache may read otherwise.
        "_hls_msn=3",
        "%5FHLS_msn=3",
        "_HLS%5Fskip=YES",
        "_hls_SKIP=YES",
        "_HLS_msn=%33",
        "_HLS_msn=03",
        "_HLS_msn=3&_HLS_part=00",
        "_HLS_msn=3&_HLS_msn=3",
        "_HLS_skip&_HLS_skip=YES",
    ],
)
async def test_mistaken_reload_is_answered_at_once(
    site: Site, client: httpx.AsyncClient, query: str
) -> None:
    site.fill()
    reply = await client.get(f"/plateau/media.m3u8?{query}")
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"].startswith("urn:fabrique-tv:problem:")


async def test_reload_that_is_late_is_told_to_come_back(site: Site) -> None:
    site.fill()
    async with visiting(site, hold=0.05) as client:
        late = ("media.m3u8?_HLS_msn=5&_HLS_part=0", "1-4.2.m4s")
        too_short_yet = ("sync.m3u8", "sync-media.m3u8", "subtitles.m3u8")
        for path in late + too_short_yet:
            reply = await client.get(f"/plateau/{path}")
            assert reply.status_code == 503
            assert reply.headers["retry-after"] == "1"
            assert reply.json()["type"] == "urn:fabrique-tv:problem:not-on-air-yet"
    assert not site.window._wakers


async def test_channel_that_has_not_begun_is_waited_for(site: Site) -> None:
    async with visiting(site) as client:
        waiting = [
            asyncio.create_task(client.get(f"/plateau/{path}"))
            for path in ("index.m3u8", "media.m3u8", "sync.m3u8", "media.m3u8?_HLS_msn=7")
        ]
        await when(lambda: len(site.window._wakers) == 4)
        site.fill(8)
        async with asyncio.timeout(5):
            assert {(await task).status_code for task in waiting} == {200}


async def test_unknown_channel_is_named(client: httpx.AsyncClient) -> None:
    reply = await client.get("/labo-9/index.m3u8")
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "urn:fabrique-tv:problem:unknown-channel"
    assert "labo-9" in reply.json()["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "9-0.m4s",
        "1-0.9.m4s",
        "1-0.x.m4s",
        "1-9.0.m4s",
        "x.m4s",
        ".m4s",
        "1-4.m4s",
        "b.mp4",
        "1-4.vtt",
        "other.m3u8",
        "1-0.0.0.m4s",
    ],
)
async def test_unknown_files_are_not_found(
    site: Site, client: httpx.AsyncClient, name: str
) -> None:
    site.fill()
    assert (await client.get(f"/plateau/{name}")).status_code == 404


async def test_captions_come_as_webvtt_with_one_map(site: Site, client: httpx.AsyncClient) -> None:
    site.fill(8)
    site.now = START + 60
    site.cues = [
        Cue("plateau-1", 1, START + 1.5, START + 3.0, ("Bonjour à toutes", "et à tous."), ())
    ]
    index = m3u8.loads((await client.get("/plateau/sync.m3u8")).text)
    listed = m3u8.loads((await client.get(f"/plateau/{index.media[0].uri}")).text)
    texts = [(await client.get(f"/plateau/{each.uri}")).text for each in listed.segments]
    assert all(
        text.startswith("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n") for text in texts
    )
    cues = ["\n".join(text.strip().split("\n")[3:]) for text in texts]
    # A cue that reaches into the next segment is repeated there, letter by letter.
    assert cues[0] == cues[1]
    assert cues[0].endswith("Bonjour à toutes\net à tous.")
    assert not any(cues[2:6])


async def test_late_words_are_in_the_next_file_and_counted_once(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill(8)
    assert site.hls is not None
    words = (
        Word("Bonjour", START + 1.0, START + 1.2, 0.9, START + 3.0),
        Word("à", START + 1.3, START + 1.4, 0.9, START + 5.6),  # half a second too late
        Word("tous.", START + 1.5, START + 1.7, 0.9, START + 5.6),
    )
    site.cues = [Cue("plateau-1", 1, START + 1.0, START + 1.7, ("Bonjour à tous.",), words)]
    site.now = START + 5.9
    early = await client.get("/plateau/1-0.vtt")
    assert early.headers["cache-control"] == "no-store"  # it is not listed yet
    for site.now in (START + 6.0, START + 8.0, START + 10.0):
        first, second, third = [
            await client.get(f"/plateau/{name}.vtt") for name in ("1-0", "1-1", "1-2")
        ]
        assert first.text.endswith("\nBonjour\n")
    assert first.headers["cache-control"] == "public, max-age=60"
    assert second.text.endswith(":22.000 --> 472222:13:23.200\nBonjour à tous.\n")
    assert "tous" not in third.text
    assert site.hls.late_words == {"plateau": 2}


async def test_captions_are_listed_four_seconds_late(site: Site, client: httpx.AsyncClient) -> None:
    site.fill(8)
    site.now = START + 2 * 3 + 4.0
    listed = m3u8.loads((await client.get("/plateau/subtitles.m3u8")).text)
    assert listed.segments[-1].uri == "1-2.vtt"
    site.now += 2.0
    listed = m3u8.loads((await client.get("/plateau/subtitles.m3u8")).text)
    assert listed.segments[-1].uri == "1-3.vtt"


async def test_reload_of_the_synchronised_playlists_is_held_too(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill(8)
    site.now = START + 2 * 9 + 3.9  # a tenth of a second before captions of segment 8 are listed
    picture = asyncio.create_task(client.get("/plateau/sync-media.m3u8?_HLS_msn=8"))
    captions = asyncio.create_task(client.get("/plateau/subtitles.m3u8?_HLS_msn=8"))
    await when(lambda: len(site.window._wakers) == 2)
    began = asyncio.get_running_loop().time()
    site.clock = lambda: site.now + asyncio.get_running_loop().time() - began
    site.apply(segment(8)[3:])
    async with asyncio.timeout(5):
        assert (await picture).text.endswith("\n1-8.m4s\n")
        assert (await captions).text.endswith("\n1-8.vtt\n")
    assert asyncio.get_running_loop().time() - began > 0.1
    for name in ("sync-media", "subtitles"):
        for query in ("_HLS_msn=99", "_HLS_part=1"):
            assert (await client.get(f"/plateau/{name}.m3u8?{query}")).status_code == 400


async def test_many_held_viewers_are_all_answered(site: Site, client: httpx.AsyncClient) -> None:
    site.fill()
    url = "/plateau/media.m3u8?_HLS_msn=4&_HLS_part=2&_HLS_skip=YES"
    limits = httpx.Limits(max_connections=300)
    async with httpx.AsyncClient(base_url=client.base_url, limits=limits) as crowd:
        held = [asyncio.create_task(crowd.get(url)) for _ in range(200)]
        async with asyncio.timeout(20):
            await when(lambda: site.asked == 200)
            site.apply(segment(4)[3])
            replies = await asyncio.gather(*held)
    assert len({reply.content for reply in replies}) == 1


async def test_each_rendition_is_a_variant_and_knows_of_the_others(site: Site) -> None:
    fill_renditions(site, 0, 0)
    async with visiting(site) as client:
        index = m3u8.loads((await client.get("/plateau/index.m3u8")).text)
        uris = [each.uri for each in index.playlists]
        assert uris == ["media.m3u8", "480p/media.m3u8", "audio/media.m3u8"]
        sound = index.playlists[2].stream_info
        assert (sound.codecs, sound.resolution) == ("mp4a.40.2", None)
        synchronised = m3u8.loads((await client.get("/plateau/sync.m3u8")).text)
        assert [each.uri for each in synchronised.playlists] == [
            "sync-media.m3u8",
            "480p/sync-media.m3u8",
            "audio/sync-media.m3u8",
        ]
        assert {each.stream_info.subtitles for each in synchronised.playlists} == {"captions"}
        for uri in uris + [each.uri for each in synchronised.playlists]:
            address = httpx.URL(f"http://fabrique/plateau/{uri}")
            text = (await client.get(address.path)).text
            assert m3u8.loads(text).segments
            reported = {address.join(each.uri).path for each in m3u8.loads(text).rendition_reports}
            others = {f"/plateau/{other}" for other in uris} - {address.path}
            assert reported == (set() if "sync" in uri else others)
        assert (await client.get("/plateau/audio/1-7.0.m4s")).content == b"7.0"
        assert (await client.get("/plateau/audio/sound.mp4")).content == b"sound"
        for name in ("audio/index.m3u8", "audio/subtitles.m3u8", "audio/1-7.vtt", "90p/1-7.m4s"):
            assert (await client.get(f"/plateau/{name}")).status_code == 404


async def test_a_rendition_that_stopped_is_not_offered_any_more(site: Site) -> None:
    fill_renditions(site, 0, 4)
    async with visiting(site) as client:
        assert "audio" not in (await client.get("/plateau/index.m3u8")).text
        media = (await client.get("/plateau/media.m3u8")).text
        assert 'REPORT:URI="480p/media.m3u8",LAST-MSN=8,LAST-PART=3' in media
        assert "audio" not in media
        # Who plays it still finds what there is.
        assert (await client.get("/plateau/audio/media.m3u8")).status_code == 200


async def test_all_playlists_of_a_channel_tell_the_same_date_ranges(site: Site) -> None:
    fill_renditions(site, 0, 0)
    site.ranges = [DateRange("talk-1", "fr.fabrique.talk", START + 3.0)]
    async with visiting(site) as client:
        for name in ("media", "480p/media", "sync-media", "480p/sync-media", "subtitles"):
            text = (await client.get(f"/plateau/{name}.m3u8?_HLS_skip=YES")).text
            assert text.count("#EXT-X-DATERANGE:") == 1, name
