"""nginx with the configuration that we ship, in front of real servers."""

import asyncio
import contextlib
import io
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.typing import Origin

from tests import viewers
from tests.certificates import make_certificate
from tests.edge import IPV6, edge
from tests.servers import Fabrique, fabrique
from tests.streaming.hls.test_window import segment
from tests.studio import publishing
from tests.tv.hls.site import NoAnswers, Site, serving
from tests.tv.recorded.test_replay_on_air import API, INDEX, segments_later, until_on_air
from tests.waiting import when
from tv.auth import Role
from tv.hls import Hls

CROWD = 40
CLIENT = "203.0.113.7"  # what a viewer may claim to be (RFC 5737)


class Counted:
    """A server with one channel behind the edge, which counts what comes through."""

    def __init__(self, site: Site) -> None:
        self.asked: Counter[str] = Counter()
        self.addresses: set[str] = set()
        self._hls = Hls({"plateau": site.window}, site.heard, site.read_clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked[scope["path"]] += 1
        self.addresses.add(scope["client"][0])
        await self._hls(scope, receive, send)


@pytest.fixture
def site() -> Site:
    site = Site()
    site.fill()
    return site


@pytest.fixture
async def behind(site: Site) -> AsyncIterator[tuple[Counted, httpx.AsyncClient]]:
    """The origin, and a client of the nginx in front of it."""
    origin = Counted(site)
    async with serving(origin, NoAnswers()) as (_, port):  # nothing is answered uncounted
        with contextlib.ExitStack() as stack:
            nginx = await asyncio.to_thread(stack.enter_context, edge(port))
            limits = httpx.Limits(max_connections=CROWD)
            address = f"http://127.0.0.1:{nginx.port}"
            async with httpx.AsyncClient(base_url=address, limits=limits, timeout=20) as client:
                yield origin, client


async def test_crowd_costs_the_origin_one_request(
    site: Site, behind: tuple[Counted, httpx.AsyncClient]
) -> None:
    origin, client = behind
    address = "/plateau/media.m3u8?_HLS_msn=4&_HLS_part=2"
    held = [
        asyncio.create_task(client.get(address, headers={"x-forwarded-for": CLIENT}))
        for _ in range(CROWD)
    ]
    async with asyncio.timeout(20):
        await when(lambda: site.window._wakers)
        assert not any(task.done() for task in held)
        site.apply(segment(4)[3])
        replies = [await task for task in held]
        assert {reply.status_code for reply in replies} == {200}
        assert all("1-4.2.m4s" in reply.text for reply in replies)
        assert origin.asked["/plateau/media.m3u8"] == 1
        assert origin.addresses == {"127.0.0.1"}  # not what somebody claims
        parts = await asyncio.gather(*(client.get("/plateau/1-4.2.m4s") for _ in range(CROWD)))
    assert {reply.content for reply in parts} == {b"4.2"}
    # On a busy machine the first takes longer than the others wait for it.
    assert origin.asked["/plateau/1-4.2.m4s"] <= CROWD / 8


@pytest.mark.skipif(not IPV6, reason="no IPv6 on this machine")
async def test_viewers_come_by_ipv6_too(behind: tuple[Counted, httpx.AsyncClient]) -> None:
    origin, client = behind
    reply = await client.get(f"http://[::1]:{client.base_url.port}/plateau/media.m3u8")
    assert reply.status_code == 200
    assert origin.addresses == {"::1"}


async def test_what_never_changes_is_answered_by_the_edge(
    behind: tuple[Counted, httpx.AsyncClient],
) -> None:
    origin, client = behind
    for name in ("1-0.m4s", "1-0.1.m4s", "a.mp4"):
        first = await client.get(f"/plateau/{name}")
        assert first.headers["x-cache"] == "MISS"
        for query in ("", "?", "?once=more"):
            again = await client.get(f"/plateau/{name}{query}")
            assert (again.headers["x-cache"], again.content) == ("HIT", first.content)
        assert origin.asked[f"/plateau/{name}"] == 1


async def test_playlist_is_kept_once_for_each_encoding_that_we_have(
    behind: tuple[Counted, httpx.AsyncClient],
) -> None:
    origin, client = behind
    texts = set()
    for encodings in ("gzip, deflate", "br, gzip;q=0.5", "identity", "br"):
        reply = await client.get("/plateau/media.m3u8", headers={"accept-encoding": encodings})
        assert reply.headers.get("content-encoding", "") == ("gzip" if "gzip" in encodings else "")
        texts.add(reply.text)
    assert len(texts) == 1
    assert origin.asked["/plateau/media.m3u8"] == 2


async def test_mistakes_are_told_through_the_edge(
    behind: tuple[Counted, httpx.AsyncClient],
) -> None:
    _, client = behind
    for address, status in (
        ("/plateau/media.m3u8?_HLS_part=1", 400),
        ("/plateau/media.m3u8?_HLS_msn=400", 400),
        ("/plateau/1-77.m4s", 404),
        ("/nosuch/index.m3u8", 404),
    ):
        reply = await client.get(address)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.fixture(scope="module")
def whole(film: Path) -> Iterator[Fabrique]:
    """The whole service with two web processes, a studio on air."""
    with (
        fabrique(SERVER__WEB_WORKERS="2") as server,
        publishing(film, server),
    ):
        yield server


@pytest.fixture(scope="module")
def front(whole: Fabrique) -> Iterator[str]:
    """The address of the nginx in front of it."""
    with edge(whole.port) as nginx:
        yield f"http://127.0.0.1:{nginx.port}"


async def test_webrtc_and_sockets_pass(front: str) -> None:
    async with asyncio.timeout(60), viewers.whep(front) as peer:
        assert (await peer.picture()).width > 0
        async with connect(front.replace("http", "ws") + "/ws", origin=Origin(front)) as page:
            await page.send('{"type": "hello", "version": 1, "topics": {"talks": ""}}')
            assert '"welcome"' in str(await page.recv())


def large_photo() -> bytes:
    """A JPEG that nothing can make small."""
    made = io.BytesIO()
    Image.effect_noise((3000, 2000), 100).save(made, "JPEG", quality=95)
    return made.getvalue()


async def test_pages_and_the_api_pass(front: str) -> None:
    async with httpx.AsyncClient(base_url=front) as client:
        assert "<html" in (await client.get("/")).text
        address = "/api/v1/participants"
        joined = await client.post(address, json={}, headers={"origin": front})
        assert joined.status_code == 201
        elsewhere = {"origin": "https://elsewhere.example"}
        assert (await client.post(address, json={}, headers=elsewhere)).status_code == 403
        # A photo as a telephone makes it: nothing that we take is too large for nginx.
        sent = large_photo()
        assert len(sent) > 4 << 20
        kept = await client.post("/api/v1/wall/pictures", content=sent, headers={"origin": front})
        assert kept.status_code == 201, kept.text
        # Who comes through a proxy is not this machine.
        assert (await client.get("/metrics")).status_code == 403


async def test_low_latency_players_stay_further_behind(front: str, whole: Fabrique) -> None:
    holds = []
    async with httpx.AsyncClient(timeout=20) as client:
        for url in (whole.url, front):
            text = (await client.get(f"{url}/plateau/media.m3u8")).text
            found = re.search(r"PART-HOLD-BACK=([\d.]+)", text)
            assert found
            holds.append(float(found[1]))
    assert holds[1] - holds[0] == pytest.approx(0.5)


async def test_any_web_process_goes_on_where_another_was_asked(whole: Fabrique) -> None:
    """Each request is a new connection, which either of the two may take."""
    assert {"web:0", "web:1"} <= whole.children().keys()
    async with asyncio.timeout(60):
        for number in range(8):
            async with httpx.AsyncClient(base_url=whole.url, timeout=20) as client:
                text = (await client.get("/plateau/media.m3u8")).text
            found = re.search(r'PRELOAD-HINT:TYPE=PART,URI="\d+-(\d+)\.(\d+)\.m4s"', text)
            assert found
            query = f"_HLS_msn={found[1]}&_HLS_part={found[2]}"
            async with httpx.AsyncClient(base_url=whole.url, timeout=20) as client:
                reply = await client.get(f"/plateau/media.m3u8?{query}")
            assert reply.status_code == 200, (number, reply.text)


async def answers(client: httpx.AsyncClient, status: int) -> bool:
    return (await client.get(INDEX)).status_code == status


@pytest.mark.alone
async def test_replay_is_kept_and_goes_when_it_is_withdrawn(front: str, whole: Fabrique) -> None:
    bearer = {"authorization": f"Bearer {whole.make_pass(Role.OPERATOR)}"}
    async with (
        asyncio.timeout(90),
        httpx.AsyncClient(base_url=front, headers=bearer, timeout=20) as crew,
        httpx.AsyncClient(base_url=front, timeout=20) as anyone,
    ):
        await until_on_air(crew)
        await crew.post(f"{API}:start")
        await segments_later(crew, 2)
        await crew.post(f"{API}:end")
        await when(lambda: answers(crew, 200))
        # What the crew may see is in no cache.
        assert (await anyone.get(INDEX)).status_code == 404
        await crew.post(f"{API}:publish", json={"consent": True})
        await when(lambda: answers(anyone, 200))
        found = {(await anyone.get(INDEX)).headers["x-cache"] for _ in range(10)}
        assert "HIT" in found
        await crew.post(f"{API}:unpublish")
        await when(lambda: answers(anyone, 404), 10.0)  # one, on a quiet machine


async def test_https_is_a_file_beside_and_stays(whole: Fabrique, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)
    with edge(whole.port, certified=(certificate, key)) as nginx:
        front = f"https://127.0.0.1:{nginx.secure_port}"
        async with asyncio.timeout(90), httpx.AsyncClient(verify=trusting) as client:
            plain = await client.get(f"http://127.0.0.1:{nginx.port}/programme?jour=2")
            assert plain.status_code == 301
            assert plain.headers["location"] == "https://127.0.0.1/programme?jour=2"
            assert "strict-transport-security" not in plain.headers  # RFC 6797, 7.2
            for path in ("/", "/plateau/index.m3u8", "/x%2fy.m3u8", "/nosuch"):
                reply = await client.get(f"{front}{path}")
                assert reply.headers["strict-transport-security"] == "max-age=15552000", path
                assert reply.headers["x-content-type-options"] == "nosniff", path
            address = f"{front}/api/v1/participants"
            joined = await client.post(address, json={}, headers={"origin": front})
            assert joined.status_code == 201
            assert "; Secure" in joined.headers["set-cookie"]
            socket = front.replace("https", "wss") + "/ws"
            async with connect(socket, origin=Origin(front), ssl=trusting) as page:
                await page.send('{"type": "hello", "version": 1, "topics": {"talks": ""}}')
                assert '"welcome"' in str(await page.recv())
            trusting.set_alpn_protocols(["h2", "http/1.1"])
            host = "::1" if IPV6 else "127.0.0.1"
            _, writer = await asyncio.open_connection(
                host, nginx.secure_port, ssl=trusting, server_hostname="localhost"
            )
            chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            writer.close()
            assert chosen == "h2"
            async with viewers.chromium_beside("--ignore-certificate-errors") as browser:
                watching = await browser.new_page()
                await watching.goto(front)
                await watching.locator("#stage[data-path=webrtc]").wait_for(timeout=60_000)
                assert await watching.evaluate("location.protocol") == "https:"
