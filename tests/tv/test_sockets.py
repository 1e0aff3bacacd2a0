"""The socket's protocol: frames made once are what the standard says, and nobody hangs on."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.tv.house import Server, stuck_page
from tv.sockets import EXTENSION, LONGEST, RESTART, RETURNS, Message, Sockets, return_after

HUGE = "x" * 8_000_000  # more than the kernel's buffers hold


@given(st.text(max_size=200) | st.sampled_from(["x" * size for size in (125, 126, 65_535, 65_536)]))
def test_frame_made_once_is_the_text_as_any_server_sends_it(text: str) -> None:
    assert Message(text, "").frame == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """`app` behind our protocol, which asks soon whether pages are still there."""
    config = uvicorn.Config(
        app,
        ws=Sockets,
        lifespan="off",
        log_config=None,
        ws_per_message_deflate=False,
        ws_ping_interval=0.1,
        ws_ping_timeout=0.1,
        timeout_graceful_shutdown=1,
    )
    server = Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server._serve([listening]))
    try:
        await server.listening.wait()
        host, port = listening.getsockname()
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        await serving


def test_pages_are_told_to_come_back_evenly_and_not_too_late() -> None:
    waits = sorted(return_after(2_000) / 1000 for _ in range(20_000))
    assert waits[-1] <= 2_000 / RETURNS
    for second in range(1, 2_000 // RETURNS):
        back = sum(wait <= second for wait in waits) / 10
        assert abs(back - second * RETURNS) < RETURNS / 2
    assert return_after(0) == 0
    assert max(return_after(1_000_000) for _ in range(1_000)) <= 1000 * LONGEST


async def test_server_that_stops_says_when_to_come_back() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async with asyncio.timeout(10), AsyncExitStack() as page:
        async with served(app) as address:
            opened = await page.enter_async_context(connect(f"ws://{address}/ws"))
        with pytest.raises(ConnectionClosed) as closed:
            await opened.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == RESTART
    assert re.fullmatch(r"retry_after_ms=\d+", closed.value.rcvd.reason)


async def test_page_that_answers_no_ping_is_gone_though_it_left_messages_unread() -> None:
    gone = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": HUGE})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        gone.set()

    async with asyncio.timeout(10), served(app) as address, stuck_page(address):
        await gone.wait()


async def test_page_that_does_not_read_is_not_written_to_at_once() -> None:
    written: list[bool] = []
    done = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        direct: Sockets = scope["extensions"][EXTENSION]
        written.extend(direct.write(Message(HUGE, "").frame) for _ in range(3))
        direct.cut()
        written.append(direct.write(b""))
        done.set()

    async with asyncio.timeout(10), served(app) as address, stuck_page(address):
        await done.wait()
    assert written == [True, False, False, False]
