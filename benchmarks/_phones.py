"""The audience's devices, thousands to a process: HTTP connections that act, pages that are told.

Both cost little, so that what is measured is the server: they look at no more than they count.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec

from benchmarks import _hls_crowd

Then = Callable[[int, bytes], None]  # told an answer's status (0: the connection is lost) and body
Answer = tuple[int, bytes]
PATIENCE = 60.0  # seconds for an answer
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_PING, _PONG, _CLOSE = 0x89, 0x8A, 0x88


def request(method: str, path: str, token: str = "", body: object = None, key: str = "") -> bytes:
    """A whole HTTP/1.1 request; `key` is its Idempotency-Key."""
    content = b"" if body is None else msgspec.json.encode(body)
    lines = [f"{method} {path} HTTP/1.1", "host: x", f"content-length: {len(content)}"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if key:
        lines.append(f"idempotency-key: {key}")
    if content:
        lines.append("content-type: application/json")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Phone(asyncio.Protocol):
    """One HTTP connection, kept open; one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._then: Then | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, asked: bytes, then: Then) -> None:
        self._then = then
        self.transport.write(asked)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head + 2)
        whole = head + 4 + (int(length[1]) if length else 0)
        if len(self._received) < whole:
            return
        answer, self._received = self._received[:whole], self._received[whole:]
        then, self._then = self._then, None
        assert then is not None
        then(int(answer[9:12]), answer[head + 4 :])

    def connection_lost(self, error: Exception | None) -> None:
        then, self._then = self._then, None
        if then is not None:
            then(0, b"")


async def dial(port: int) -> Phone:
    loop = asyncio.get_running_loop()
    _, phone = await loop.create_connection(Phone, "127.0.0.1", port)
    return phone


async def ask(port: int, asked: bytes) -> Answer:
    """One request over a connection of its own.

    Raises OSError when there is nobody, or (TimeoutError, which is one) nobody answers in a minute.
    """
    async with asyncio.timeout(PATIENCE):
        phone = await dial(port)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        phone.ask(asked, lambda status, body: answer.done() or answer.set_result((status, body)))
        try:
            return await answer
        finally:
            phone.transport.close()


class Page(asyncio.Protocol):
    """An open page: says hello, answers pings, and gives each message to `heard`.

    `lost` is called once, with the reason of the server's close, or "".
    """

    def __init__(
        self,
        token: str,
        topics: Mapping[str, str],
        heard: Callable[["Page", bytes], None],
        lost: Callable[["Page", str], None] = lambda page, reason: None,
    ) -> None:
        self._token = token
        self._topics = topics
        self._heard = heard
        self._lost = lost
        self._received = b""
        self._open = False
        self._reason = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        bearer = f"authorization: Bearer {self._token}\r\n" if self._token else ""
        lines = (
            "GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            f"{bearer}sec-websocket-version: 13\r\n"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self.transport.write(lines.encode())

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        if not self._open:
            head = received.find(b"\r\n\r\n")
            if head < 0:
                self._received = received
                return
            received = received[head + 4 :]
            self._open = True
            self.show(self._topics)
        at = 0
        while len(received) - at >= 2:
            size, start = received[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(received[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, start = int.from_bytes(received[at + 2 : at + 10]), at + 10
            if len(received) < start + size:
                break
            self._take(received[at], received[start : start + size])
            at = start + size
        self._received = received[at:]

    def show(self, topics: Mapping[str, str]) -> None:
        """Say hello, at first or again, with other topics than before."""
        self._topics = topics
        if self._open:
            hello = {"type": "hello", "version": 1, "topics": topics}
            self._say(0x81, msgspec.json.encode(hello))

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self, self._reason)

    def _take(self, head: int, payload: bytes) -> None:
        if head == _PING:
            self._say(_PONG, payload)
        elif head == _CLOSE:
            self._reason = payload[2:].decode()
            self.transport.close()
        else:
            self._heard(self, payload)

    def _say(self, head: int, payload: bytes) -> None:
        """Send a frame of at most 64 kB, masked by zeros."""
        size = len(payload)
        length = bytes((0x80 | size,)) if size < 126 else b"\xfe" + size.to_bytes(2)
        self.transport.write(bytes((head,)) + length + bytes(4) + payload)


async def open_page(
    port: int,
    token: str,
    topics: Mapping[str, str],
    heard: Callable[[Page, bytes], None],
    lost: Callable[[Page, str], None] = lambda page, reason: None,
) -> Page:
    loop = asyncio.get_running_loop()
    _, page = await loop.create_connection(
        lambda: Page(token, topics, heard, lost), "127.0.0.1", port
    )
    return page


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """What so many of the times are no longer than."""
    return _hls_crowd.milliseconds(seconds, SHARES)
