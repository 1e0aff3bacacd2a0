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
from tv import journal, serving, store
from tv.folder import Folder
from tv.journal import JournalReplaced
from tv.settings import Store, load


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
