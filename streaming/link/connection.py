"""Connections between our processes: framed msgpack over a unix socket, or TCP between machines.

Media listens. Frames are a 4-byte big-endian length and one message. Nobody waits for a slow peer:
one that leaves more than `BACKLOG` bytes unread is cut off, and connects again to the newest state.
Who comes by TCP says `Hello` first: until its pass is believed it may send nothing else.
"""

import asyncio
import logging
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streaming.errors import LinkLost, NotAdmitted
from streaming.link.messages import AnyMessage, Hello, Welcome

logger = logging.getLogger(__name__)

FRAME_LIMIT = 32 * 1024 * 1024  # bytes
BUFFER = 1024 * 1024  # bytes that are read ahead of who takes them
BACKLOG = 128 * 1024 * 1024  # bytes that a peer may leave unread: half a minute of seven channels

HELLO_LIMIT = 4096  # bytes of what a stranger may send
HELLO_WAIT = 5.0  # seconds for it, for the connection and for the answer
STRANGERS = 32  # who have not said who they are yet; more are closed at once
# A machine that is gone without a word is so after 11 s (tcp(7); names unknown here are left out).
PATIENCE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 11_000}

_decoder = msgspec.msgpack.Decoder(AnyMessage)
_encoder = msgspec.msgpack.Encoder()
_length = struct.Struct("!I")


@dataclass(frozen=True)
class Remote:
    """Media, or an edge, on another machine; `token` is a pass of the role "node".

    With `tls` the link is encrypted, and the other end must show a certificate for `host`.
    """

    host: str
    port: int
    token: str
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


Place = Path | Remote  # where media listens


def frame(message: AnyMessage) -> bytearray:
    """Encode once what goes to several peers."""
    data = bytearray(_length.size)
    _encoder.encode_into(message, data, _length.size)  # a part of half a second is a lot to copy
    _length.pack_into(data, 0, len(data) - _length.size)
    return data


async def receive(
    reader: asyncio.StreamReader, limit: int = FRAME_LIMIT
) -> AsyncIterator[AnyMessage]:
    """Yield what comes, until its end. Raises LinkLost on what is not a message."""
    while True:
        try:
            (size,) = _length.unpack(await reader.readexactly(_length.size))
            if size > limit:
                raise LinkLost(f"a message of {size} bytes is over the limit of {limit}")
            body = await reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError):  # a machine that is gone says TimeoutError
            return
        try:
            yield _decoder.decode(body)
        except ValueError as error:  # msgspec's own, or a text's that is no UTF-8
            raise LinkLost(f"not a message of ours: {error}") from error


class Link:
    """One end of a connection between two of our processes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._lost = False
        self.token = ""  # by which a machine was admitted

    def send(self, message: AnyMessage) -> None:
        self.send_frame(frame(message))

    def send_frame(self, data: bytes | bytearray) -> None:
        """Send what `frame` returned, once or joined for several.

        A peer that does not read is cut off, not waited for.
        """
        if self._lost or self._writer.is_closing():
            return
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > BACKLOG:
            logger.warning("link: a peer reads too slowly, it is cut off")
            self._lost = True
            self._writer.transport.abort()

    @property
    def unread(self) -> int:
        """Bytes sent that the peer has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was sent: for senders that may be slowed.

        Raises LinkLost.
        """
        try:
            await self._writer.drain()
        except OSError as error:
            raise LinkLost("the other process went away") from error

    def receive(self) -> AsyncIterator[AnyMessage]:
        """Yield messages until the peer goes away. Raises LinkLost on what is not a message."""
        return receive(self._reader)

    async def read_hello(self) -> str:
        """The token that the peer shows before anything else. Raises LinkLost."""
        match await self._first():
            case Hello(token):
                return token
        raise LinkLost("a peer did not say who it is")

    async def read_welcome(self) -> bool:
        """Whether the peer lets us in. Raises LinkLost."""
        match await self._first():
            case Welcome(admitted):
                return admitted
        raise LinkLost("that is no link of ours")

    async def _first(self) -> AnyMessage:
        async for message in receive(self._reader, HELLO_LIMIT):
            return message
        raise LinkLost("the other process went away")

    def tune(self) -> None:
        """Have a connection to a machine that is gone without a word end soon."""
        connection = self._writer.get_extra_info("socket")
        with suppress(OSError):  # it is closed already: who reads will see that
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in PATIENCE.items():
                if (option := getattr(socket, name, None)) is not None:
                    connection.setsockopt(socket.IPPROTO_TCP, option, value)

    def close(self) -> None:
        self._writer.close()

    def cut(self) -> None:
        """Close at once, whatever was not sent yet."""
        self._writer.transport.abort()


Serve = Callable[[Link], Awaitable[None]]
Accept = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(path: Path, serve: Serve) -> AsyncIterator[None]:
    """Accept links on a unix socket while the body runs; each is served until it ends."""
    with suppress(FileNotFoundError):
        os.unlink(path)  # the data folder's lock is ours: a socket left there is dead
    async with _accepting(serve) as accept:
        server = await asyncio.start_unix_server(accept, path, limit=BUFFER)
        os.chmod(path, 0o600)
        try:
            yield
        finally:
            server.close()


@asynccontextmanager
async def listening_to_machines(
    host: str,
    port: int,
    serve: Serve,
    admits: Callable[[str], bool],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[None]:
    """Accept links on TCP while the body runs, from those whose token `admits`.

    Raises OSError when the port is taken.
    """
    strangers = 0

    async def admit(link: Link) -> None:
        nonlocal strangers
        if strangers >= STRANGERS:
            return
        strangers += 1
        try:
            async with asyncio.timeout(HELLO_WAIT):
                link.token = await link.read_hello()
                admitted = admits(link.token)
                link.send(Welcome(admitted))
                await link.drain()
        except TimeoutError as error:
            raise LinkLost("a machine did not say who it is") from error
        finally:
            strangers -= 1
        if not admitted:
            raise LinkLost("a machine without a valid pass was turned away")
        link.tune()
        await serve(link)

    async with _accepting(admit) as accept:
        server = await asyncio.start_server(accept, host, port, limit=BUFFER, ssl=tls)
        try:
            yield
        finally:
            server.close()


@asynccontextmanager
async def _accepting(serve: Serve) -> AsyncIterator[Accept]:
    """What a server calls for each connection while the body runs; then all of them end."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(reader, writer)
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(link)
        except LinkLost as error:
            logger.warning("link: %s", error)
        except asyncio.CancelledError:
            pass  # the server closes: asyncio's streams would report the cancellation as an error
        finally:
            tasks.discard(task)
            link.close()

    try:
        yield accept
    finally:
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[Link]:
    """A link to who listens at `place`. Raises LinkLost when nobody does, NotAdmitted."""
    link = await _opened(place)
    try:
        if isinstance(place, Remote):
            await _introduce(link, place)
        yield link
    finally:
        link.close()


async def _opened(place: Place) -> Link:
    try:
        if not isinstance(place, Remote):
            return Link(*await asyncio.open_unix_connection(place, limit=BUFFER))
        async with asyncio.timeout(HELLO_WAIT):
            return Link(
                *await asyncio.open_connection(place.host, place.port, limit=BUFFER, ssl=place.tls)
            )
    except OSError as error:  # TimeoutError is one too
        name = place if isinstance(place, Remote) else place.name
        raise LinkLost(f"nobody answers at {name} ({error or 'no answer'})") from error


async def _introduce(link: Link, place: Remote) -> None:
    link.send(Hello(place.token))
    try:
        async with asyncio.timeout(HELLO_WAIT):
            admitted = await link.read_welcome()
    except TimeoutError as error:
        raise LinkLost(f"{place} does not answer") from error
    if not admitted:
        logger.error("link: %s does not accept our pass", place)
        raise NotAdmitted(f"{place} does not accept our pass")
    link.tune()
