"""The socket's protocol: frames made once are what the standard says, and nobody hangs on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.frames import Frame, Opcode

from tests.tv.house import Server, stuck_page
from tv.sockets import EXTENSION, Message, Sockets

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
