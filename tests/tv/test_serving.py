"""The web process as a whole: when what it knows is no longer true, it ends, to start over."""

import asyncio
import socket
from pathlib import Path

import httpx
import msgspec
import pytest

from engagement.talks import TalkStarted
from tests.servers import StoreServer
from tests.tv.house import SECRET
from tv import journal, serving, store, supervisor
from tv.folder import Folder
from tv.journal import JournalReplaced
from tv.settings import Server, Store, load
from tv.tasks import running
from tv.webrtc.whip import WRONG_KEYS


async def test_store_emptied_under_a_web_process_makes_it_start_over(
    store_server: StoreServer, tmp_path: Path
) -> None:
    folder = Folder(tmp_path)
    folder.make()
    settings = msgspec.structs.replace(load(None, {}), store=Store(url=store_server.url))
    listening = socket.create_server(("127.0.0.1", 0))
    host, port = listening.getsockname()
    async with (
        asyncio.timeout(20),
        store.connected(store_server.url) as client,
        journal.opened(client, settings.event.slug) as events,
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as page,
    ):
        await events.append(TalkStarted(id="a", at=1.0, by="c", talk="direct"))
        web = asyncio.create_task(serving.run(folder, settings, SECRET, listening))
        assert (await page.get("/api/v1/talks/direct")).json()["state"] == "live"
        await client.flushall()
        with pytest.raises(BaseExceptionGroup) as ended:
            await web
        assert ended.group_contains(JournalReplaced)


async def test_web_process_ends_when_told(store_server: StoreServer, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.make()
    settings = msgspec.structs.replace(load(None, {}), store=Store(url=store_server.url))
    listening = socket.create_server(("127.0.0.1", 0))
    host, port = listening.getsockname()
    async with (
        asyncio.timeout(10),
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as page,
    ):
        web = asyncio.create_task(serving.run(folder, settings, SECRET, listening))
        assert (await page.get("/api/v1/talks/direct")).json()["state"] == "scheduled"
        web.cancel()
        await asyncio.wait([web])
        assert web.cancelled()


@pytest.mark.parametrize(("proxies", "last"), [((), 429), (("127.0.0.2",), 401)])
async def test_a_proxy_elsewhere_is_believed_about_viewers_where_it_is_named(
    store_server: StoreServer, tmp_path: Path, proxies: tuple[str, ...], last: int
) -> None:
    folder = Folder(tmp_path)
    folder.make()
    settings = msgspec.structs.replace(
        load(None, {}), store=Store(url=store_server.url), server=Server(proxies=proxies)
    )
    proxy = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    told = []
    with supervisor.listen("::", 0) as listening:  # to which IPv4 comes as IPv6
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        async with (
            asyncio.timeout(20),
            running(serving.run(folder, settings, SECRET, listening)),
            httpx.AsyncClient(base_url=address, transport=proxy) as client,
        ):
            for viewer in range(WRONG_KEYS + 1):
                headers = {"x-forwarded-for": f"198.51.100.{viewer}", "authorization": "Bearer no"}
                reply = await client.post("/plateau/whip", headers=headers)
                told.append(reply.status_code)
    assert told == [401] * WRONG_KEYS + [last]
