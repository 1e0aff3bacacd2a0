"""uvicorn's HTTP protocol, made to answer at once what is ready, and to end what stands still.

A crowd asks for the same few parts and playlists: those are sent from the parser's callback, with
neither a task nor a scope made for them, and parts from the kernel's memory, without a copy. Those
who wait for the same playlist share one task. What a crowd sends at once (votes) is handed over
with its body, and has no task either: tv/taps.py.

uvicorn waits for ever for a request's end, and for a reader that does not read. Here the policy is:
- a request must be whole, head and body, within 10 to 20 s of the answer before it;
- whoever is being sent something must take 8 kB/s of it, or more, over any such time;
- a request's head has the limits of tv/request_head.py (400, 414, 431);
- above so many connections (files that the process may open, less a reserve) new ones are closed.
Who does otherwise is cut off without a word: there is nobody to read one.
"""

import asyncio
import fcntl
import functools
import logging
import os
import resource
import socket
import struct
import sys
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tv import request_head
from tv.replies import Headers, Reply
from tv.request_head import FIELDS, HEAD_LIMIT, TARGET_LIMIT, names_a_host

logger = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds between two looks at a connection
SLOWEST = 8_000  # bytes a second: less than sound alone needs
RESERVE = 200  # files for what is not a viewer's connection
SMALL = 8192  # bytes of a body that are taken whole

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: on, no time


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a connection is: at its request number so many."""

    request: int
    asking: bool  # the request is not whole yet
    left: int  # bytes of the answer that the reader has not taken


def stands_still(before: Standing, now: Standing, seconds: float) -> bool:
    """Whether a connection has done nothing useful between two looks, so far apart."""
    if now.request != before.request:
        return False
    if before.left:
        return now.left > 0 and before.left - now.left < SLOWEST * seconds
    return before.asking and now.asking


class Answers(Protocol):
    """What has the answer to a GET, by its target and headers."""

    def ready(self, target: bytes, headers: Headers) -> Reply | None:
        """If it needs no work."""

    def coming(self, target: bytes, headers: Headers) -> asyncio.Task[Reply] | None:
        """If many wait for the same."""


Then = Callable[[bytes, bytes], None]  # given an answer's head, but for the date, and body
# Given a request's headers, its body, and the address of the peer.
Take = Callable[[Headers, bytes, str, Then], None]
# By method and target: what answers a request with a small body, if it is one that comes in storms.
Taking = Callable[[bytes, bytes], Take | None]


class Cycle:
    """In the place of uvicorn's for a request that is answered without a task of its own."""

    message_event = asyncio.Event()  # nobody waits for it
    expected_content_length = 0

    def __init__(self, complete: bool = False, take: Take | None = None) -> None:
        self.take = take  # what answers when the body is whole
        self.response_complete = complete
        self.more_body = self.keep_alive = True
        self.disconnected = False
        self.body = bytearray()


ANSWERED: Any = Cycle(complete=True)


class HeadRefused(Exception):
    """Raised in the parser's callbacks, to end its work."""


# The fault of a request, not ours: a target may also be no address, or not ASCII.
REFUSABLE = (HeadRefused, httptools.HttpParserError, UnicodeDecodeError)


class Connection(HttpToolsProtocol):
    """One that asks `answers` and `taking` first."""

    def __init__(self, *, answers: Answers, taking: Taking, **by_uvicorn: Any) -> None:
        super().__init__(**by_uvicorn)
        self._answers = answers
        self._taking = taking
        self._requests = 0
        self._unparsed = 0  # bytes since the last head or piece of a body, by whole reads
        self._head_size = 0  # bytes of the head, or of the trailers behind a body
        self._fields = 0  # the same, counted
        self._head_whole = False
        self._hosts: list[bytes] = []
        self._refusal = request_head.UNREADABLE
        self._file = -1  # the socket's number, where it is one that the kernel may be asked about

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # a transport of TCP
        if len(self.connections) > most_connections():
            self.transport.abort()
        elif self.scheme == "http":
            self._file = transport.get_extra_info("socket").fileno()

    def connection_lost(self, exc: Exception | None) -> None:
        self._file = -1
        super().connection_lost(exc)

    def standing(self) -> Standing:
        cycle = self.cycle
        if cycle is None or cycle is ANSWERED:
            return Standing(self._requests, True, self._waiting())
        asking = cycle.response_complete or cycle.more_body
        return Standing(self._requests, asking, cycle.expected_content_length + self._waiting())

    def _waiting(self) -> int:
        """Bytes that are sent, but not to the reader's machine yet."""
        waiting = self.transport.get_write_buffer_size()
        if self._file >= 0:
            with suppress(OSError):
                held = fcntl.ioctl(self._file, termios.TIOCOUTQ, bytes(4))
                waiting += int.from_bytes(held, sys.byteorder)
        return waiting

    def cut(self) -> None:
        """End the connection, and give up what the kernel holds for it.

        A close waits until the reader has taken everything: for ever, if need be.
        """
        with suppress(OSError):
            connection = self.transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()
            # Else what follows is lost: `on_headers_complete` has the answer say so.
        except httptools.HttpParserError as error:
            cause = error.__context__  # of a callback that failed
            if cause is not None and not isinstance(cause, REFUSABLE):
                logger.error("a request cannot be read", exc_info=cause)
            self._refuse(self._refusal)
        else:
            if self._unparsed > HEAD_LIMIT:
                self._refuse(request_head.LARGE_HEAD)

    def _refuse(self, reply: Reply) -> None:
        """Answer and close. Without a word while another request is being answered."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            dated = ending(self.server_state.default_headers)
            self.transport.write(b"".join((reply.head, dated, *reply.body)))
        self.transport.close()

    def _stop(self, reply: Reply) -> NoReturn:
        self._refusal = reply
        raise HeadRefused

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._head_size += len(url)
        if len(self.url) > TARGET_LIMIT:
            self._stop(request_head.LONG_TARGET)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value) + 4  # ": " and the end of the line
        self._fields += 1
        if self._head_size > HEAD_LIMIT or self._fields > FIELDS:
            self._stop(request_head.LARGE_HEAD)
        if self._head_whole:
            return  # a trailer: never taken for a header (RFC 9110, 6.5.1)
        name = name.lower()
        if name == b"host":
            self._hosts.append(value)
        elif name == b"cookie":
            # No value has one (RFC 6265, 4.1.1). To http.cookies it begins an escape, and undoing
            # 30 kB of these takes Python 3.11 a second (CVE-2024-7592).
            value = value.replace(b"\\", b"")
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def on_message_begin(self) -> None:
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._head_size = self._fields = 0
        self._head_whole = False
        self._hosts = []

    def on_headers_complete(self) -> None:
        self._requests += 1
        self._unparsed = self._head_size = self._fields = 0
        self._head_whole = True
        if not names_a_host(self._hosts, self.parser.get_http_version()):
            self._stop(request_head.ODD_HOST)
        free = self.cycle is None or self.cycle.response_complete
        if free and not self.flow.write_paused and self._goes_on():
            method = self.parser.get_method()
            if method != b"GET":
                take = self._taking(method, self.url) if self._small() else None
                if take is not None:
                    self.cycle = cast(Any, Cycle(take=take))  # to be answered with its body
                    return
            elif reply := self._answers.ready(self.url, self.headers):
                self.cycle = ANSWERED
                self._send(reply)
                return
            elif coming := self._answers.coming(self.url, self.headers):
                cycle: Any = Cycle()
                self.cycle = cycle
                coming.add_done_callback(lambda task: self._arrive(cycle, task))
                return
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()  # makes the scope, to be filled in
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        super().on_headers_complete()
        if self.parser.should_upgrade() and not self._should_upgrade():
            # The parser takes what follows for another protocol, and loses it.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        cycle: Any = self.cycle
        if type(cycle) is Cycle and cycle.take is not None and cycle.more_body:
            cycle.more_body = False
            cycle.take(
                self.headers,
                bytes(cycle.body),
                self.client[0] if self.client else "",
                lambda head, body: self._finish(cycle, head, body),
            )
        else:
            super().on_message_complete()

    def _goes_on(self) -> bool:
        return self.parser.should_keep_alive() and not self.parser.should_upgrade()

    def _small(self) -> bool:
        """Whether the body is small, and comes without our word."""
        if self.expect_100_continue:
            return False
        for name, value in self.headers:
            if name == b"content-length":
                return len(value) <= 4 and int(value) <= SMALL
        return False

    def _arrive(self, cycle: Cycle, coming: asyncio.Task[Reply]) -> None:
        """Send what was waited for, and go on as uvicorn does behind an answer."""
        if self.transport.is_closing():
            return
        if coming.cancelled() or coming.exception():
            self.transport.abort()
            return
        cycle.response_complete = True
        self._send(coming.result())
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _finish(self, cycle: Cycle, head: bytes, body: bytes) -> None:
        """The same, for what was given to who answers."""
        if self.transport.is_closing():
            return
        cycle.response_complete = True
        self.transport.write(b"".join((head, ending(self.server_state.default_headers), body)))
        if not cycle.keep_alive:
            self.transport.close()
        elif self.pipeline:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1  # `keeping` looks after those that ask no more

    def _send(self, reply: Reply) -> None:
        dated = ending(self.server_state.default_headers)
        file = reply.file(dated)
        if file is None or self._file < 0 or self.transport.get_write_buffer_size():
            self.transport.write(b"".join((reply.head, dated, *reply.body)))
            return
        sent = 0
        with suppress(OSError):  # no room, or no reader: the transport will see which
            sent = os.sendfile(self._file, file.number, 0, len(file.data))
        if sent < len(file.data):
            self.transport.write(memoryview(file.data)[sent:])


@functools.lru_cache(maxsize=1)
def _lines(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"


def ending(headers: Headers) -> bytes:
    """The headers that all answers have in this second, and the end of the head."""
    return _lines(tuple(headers))


def keeping(connections: set[Any], patience: float = PATIENCE) -> Callable[[], Awaitable[NoReturn]]:
    """Look at the server's connections for ever, and cut off those that stand still."""

    async def keep() -> NoReturn:
        seen: dict[Connection, Standing] = {}
        while True:
            await asyncio.sleep(patience)
            found = {each: each.standing() for each in connections if isinstance(each, Connection)}
            stuck = [
                each
                for each, now in found.items()
                if each in seen and stands_still(seen[each], now, patience)
            ]
            for each in stuck:
                each.cut()
            if stuck:
                logger.warning("cut off %d connections that stood still", len(stuck))
            seen = found

    return keep


def most_connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft - RESERVE)


def allow_connections() -> None:
    """Let this process have as many open as the system lets it: 1,024 is what many start with."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
