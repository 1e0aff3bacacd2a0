"""HLS over real HTTP: what caches are told, and what of an answer is said to whom."""

import asyncio

import httpx

from tests.streaming.hls.test_window import segment
from tests.tv.hls.site import Site


async def test_head_says_what_get_would(site: Site, client: httpx.AsyncClient) -> None:
    site.fill()
    for path in ("index.m3u8", "media.m3u8", "1-0.m4s", "1-0.0.m4s", "a.mp4", "x.mp4"):
        got, head = await client.get(f"/plateau/{path}"), await client.head(f"/plateau/{path}")
        assert head.status_code == got.status_code
        assert head.content == b""
        for name in ("content-length", "content-type", "cache-control"):
            assert head.headers[name] == got.headers[name]


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    reply = await client.post("/plateau/media.m3u8")
    assert reply.status_code == 405
    assert reply.headers["allow"] == "GET, HEAD"


async def test_playlists_are_plain_for_who_cannot_unzip(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill()
    reply = await client.get("/plateau/media.m3u8", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in reply.headers
    assert reply.text == (await client.get("/plateau/media.m3u8")).text
    assert reply.headers["vary"] == "accept-encoding, x-fabrique-edge"


async def test_who_comes_through_our_nginx_keeps_further_away(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill(8)
    edge = {"x-fabrique-edge": "1"}
    for name, near, far in (
        ("media", "PART-HOLD-BACK=1.590,HOLD-BACK=9.0", "PART-HOLD-BACK=2.090,HOLD-BACK=9.5"),
        ("sync-media", "HOLD-BACK=10.0", "HOLD-BACK=10.5"),
    ):
        for _ in range(2):
            direct = await client.get(f"/plateau/{name}.m3u8")
            through = await client.get(f"/plateau/{name}.m3u8", headers=edge)
            assert near in direct.text
            assert far in through.text
            assert "x-fabrique-edge" in through.headers["vary"]
            assert direct.headers["etag"] != through.headers["etag"]


async def test_who_has_the_newest_is_told_so_in_a_few_bytes(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill(8)
    for name in ("index.m3u8", "sync-media.m3u8", "1-3.m4s", "1-7.0.m4s", "a.mp4"):
        whole = await client.get(f"/plateau/{name}")
        for known in (whole.headers["etag"], f'"x", W/{whole.headers["etag"]}', "*"):
            again = await client.get(f"/plateau/{name}", headers={"if-none-match": known})
            assert again.status_code == 304
            assert again.content == b""
            for header in ("etag", "cache-control"):
                assert again.headers[header] == whole.headers[header]
        other = await client.get(f"/plateau/{name}", headers={"if-none-match": '"other"'})
        assert other.status_code == 200
    before = (await client.get("/plateau/sync-media.m3u8")).headers["etag"]
    site.apply(segment(8)[3])  # a part is no change of it
    assert (await client.get("/plateau/sync-media.m3u8")).headers["etag"] == before
    site.apply(segment(8)[4:])
    assert (await client.get("/plateau/sync-media.m3u8")).headers["etag"] != before


async def test_caches_are_told_how_long_each_answer_holds(
    site: Site, client: httpx.AsyncClient
) -> None:
    site.fill(8)
    for path, said in {
        "plateau/1-3.m4s": "public, max-age=600, immutable",
        "plateau/1-7.0.m4s": "public, max-age=600, immutable",
        "plateau/a.mp4": "public, max-age=600, immutable",
        "plateau/index.m3u8": "public, max-age=1",
        "plateau/media.m3u8": "public, max-age=1",
        "plateau/media.m3u8?_HLS_msn=7": "public, max-age=6",
        "plateau/1-0.vtt": "no-store",  # it is not listed yet
        "plateau/1-99.m4s": "no-store",
        "plateau/1-8.3.m4s": "no-store",
        "plateau/b.mp4": "no-store",
        "plateau/480p/media.m3u8": "no-store",
        "labo-9/index.m3u8": "no-store",
        "plateau/rewind.m3u8": "no-store",
        "plateau/media.m3u8?_HLS_part=1": "no-store",
        "plateau/media.m3u8?_HLS_msn=99": "no-store",
    }.items():
        reply = await client.get(f"/{path}")
        assert reply.headers["cache-control"] == said, path


ODD = [
    "/plateau/../plateau/media.m3u8",
    "/plateau/%2e%2e/plateau/media.m3u8",
    "/plateau%2Fmedia.m3u8",
    "/plateau/480p%2F..%2Fmedia.m3u8",
    "//plateau/media.m3u8",
    "/x/plateau/media.m3u8",
    "/plateau/480p/audio/media.m3u8",
    "/" + 3000 * "a" + "/media.m3u8",
    "/plateau/" + 3000 * "9" + "-1.m4s",
    "/plateau/1-" + 3000 * "9" + ".0.m4s",
    "/plateau/%00.m4s",
    "/plateau/.m3u8",
]


async def test_odd_addresses_are_not_found(site: Site, client: httpx.AsyncClient) -> None:
    site.fill()
    host, port = client.base_url.host, client.base_url.port
    for path in ODD:
        reader, writer = await asyncio.open_connection(host, port)
        # As it stands: clients tidy up addresses.
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        async with asyncio.timeout(5):
            reply = await reader.read()
        writer.close()
        assert reply.startswith(b"HTTP/1.1 404"), path
        assert b"\r\ncache-control: no-store\r\n" in reply, path
        assert len(reply) < 1000
