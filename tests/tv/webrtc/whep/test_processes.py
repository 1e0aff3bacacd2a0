"""A WHEP session in the whole service: it is media's, and outlives the web process that made it."""

import asyncio

import httpx
import pytest

from tests import viewers
from tests.servers import fabrique
from tests.tv.webrtc.whep.conftest import FRAGMENT


@pytest.mark.slow
async def test_a_session_goes_on_whichever_web_processes_die() -> None:
    with fabrique(SERVER__WEB_WORKERS="2", WEBRTC__VIEWERS="1") as server:
        async with viewers.whep(server.url) as peer, asyncio.timeout(60):
            await peer.picture()
            for name in ("web:0", "web:1"):
                server.kill(name)
                await asyncio.to_thread(server.wait_ready)
                async with httpx.AsyncClient(base_url=server.url) as anew:
                    for _ in range(4):  # of either process
                        reply = await _patch(anew, peer.session)
                        assert reply.status_code == 204, reply.text
                        full = await _post(anew, peer.connection.localDescription.sdp)
                        assert full.status_code == 503
                        assert full.headers["retry-after"] == "30"
                await peer.picture()


async def _patch(client: httpx.AsyncClient, session: str) -> httpx.Response:
    headers = FRAGMENT | {"if-match": "*", "connection": "close"}
    return await client.patch(session, content="a=end-of-candidates\r\n", headers=headers)


async def _post(client: httpx.AsyncClient, sdp: str) -> httpx.Response:
    headers = {"content-type": "application/sdp", "connection": "close"}
    return await client.post("/plateau/whep", content=sdp, headers=headers)
