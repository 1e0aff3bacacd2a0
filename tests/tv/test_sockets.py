"""The socket's protocol: frames made once are what the standard says, and nobody hangs on."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.tv.house import Server, stuck_page
from tv.sockets import (
    EXTENSION,
    FLOODS,
    FRAMES,
    LONGEST,
    LOOKED_AT,
    PIECES,
    RESTART,
    RETURNS,
    SIZE,
    WINDOW,
    Budget,
    Complaints,
    Message,
    Sockets,
    return_after,
)

HUGE = "x" * 8_000_000  # more than the kernel's buffers hold


@given(st.text(max_size=200) | st.sampled_from(["x" * size for size in (125, 126, 65_535, 65_536)]))
def test_frame_made_once_is_the_text_as_any_server_sends_it(text: str) -> None:
    assert Message(text, "").frame == Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


@asynccontextmanager
async def served(app: ASGIApp, patience: float = 0.1) -> AsyncIterator[str]:
    """`app` behind our protocol, which asks soon whether pages are still there."""
    config = uvicorn.Config(
        app,
        ws=Sockets,
        lifespan="off",
        log_config=None,
        ws_per_message_deflate=False,
        ws_ping_interval=patience,
        ws_ping_timeout=patience,
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


async def idle(scope: Scope, receive: Receive, send: Send) -> None:
    """Accepts a socket, and reads what comes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def upgraded(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket that sends its frames by hand, masked by zeros."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    writer.write(
        b"GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


PING, PONG, FIRST, NEXT, LETTER = (
    bytes((first, 0x80 | len(body), 0, 0, 0, 0)) + body
    for first, body in ((0x89, b""), (0x8A, b""), (0x01, b""), (0x00, b""), (0x81, b"x" * 120))
)
LARGE = b"\x82\xfe" + (60_000).to_bytes(2) + bytes(4 + 60_000)


@pytest.mark.parametrize(
    "flood",
    [
        PING * (FRAMES + 1),
        PONG * (FRAMES + 1),
        LETTER * (FRAMES + 1),
        FIRST + NEXT * (PIECES + 1),
        LARGE * (SIZE // len(LARGE) + 1),
    ],
    ids=["pings", "pongs", "texts", "pieces", "bytes"],
)
async def test_socket_that_brings_too_much_is_closed(flood: bytes) -> None:
    async with asyncio.timeout(10), served(idle, 30.0) as address:
        reader, writer = await upgraded(address)
        writer.write(flood)
        heard = await reader.read()
        writer.close()
    assert heard.endswith(bytes((0x88, 18)) + FLOODS.to_bytes(2) + b"too much at once")


async def test_pings_after_the_limit_are_not_read() -> None:
    """Megabytes may come in one piece: they must not be read to their end."""
    async with asyncio.timeout(10), served(idle, 30.0) as address:
        reader, writer = await upgraded(address)
        writer.write(PING * 500_000)
        with suppress(ConnectionError):
            heard = await reader.read()
            assert heard.count(b"\x8a\x00") <= FRAMES + LOOKED_AT // len(PING)
        writer.transport.abort()


async def test_fastest_captioner_is_far_from_the_limit() -> None:
    async with asyncio.timeout(10), served(idle, 30.0) as address:
        reader, writer = await upgraded(address)
        line = b"\x81\xfe" + (1_000).to_bytes(2) + bytes(4) + b"x" * 1_000
        writer.write(line * 200 + PING)
        assert await reader.readexactly(2) == b"\x8a\x00"
        writer.close()


def test_budget_begins_again_after_its_time() -> None:
    budget = Budget()
    assert budget.spend(0.0, SIZE, FRAMES)
    assert not budget.spend(WINDOW, 0, 1)
    assert budget.spend(WINDOW + 0.1, SIZE, FRAMES)
    assert not budget.spend(WINDOW + 0.2, 1, 0)


def test_log_has_one_line_a_second_of_floods(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints()
    for tenth in range(31):
        complaints.note(tenth / 10)
    counts = [record.args for record in caplog.records]
    assert counts == [(1,), (10,), (10,), (10,)]
