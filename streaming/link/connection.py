"""Connections between our processes: framed msgpack over a unix socket; media listens.

Frames are a 4-byte big-endian length and one message. Nobody waits for a slow peer: one that leaves
more than `BACKLOG` bytes unread is cut off, and connects again to the newest state.
"""

import asyncio
import logging
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from streaming.errors import LinkLost
from streaming.link.messages import AnyMessage

logger = logging.getLogger(__name__)

FRAME_LIMIT = 32 * 1024 * 1024  # bytes
BACKLOG = 128 * 1024 * 1024  # bytes that a peer may leave unread: half a minute of seven channels

_decoder = msgspec.msgpack.Decoder(AnyMessage)
_encoder = msgspec.msgpack.Encoder()
_length = struct.Struct("!I")


def frame(message: AnyMessage) -> bytearray:
    """Encode once what goes to several peers."""
    data = bytearray(_length.size)
    _encoder.encode_into(message, data, _length.size)  # a part of half a second is a lot to copy
    _length.pack_into(data, 0, len(data) - _length.size)
    return data


async def receive(reader: asyncio.StreamReader) -> AsyncIterator[AnyMessage]:
    """Yield what comes, until its end. Raises LinkLost on what is not a message."""
    while True:
        try:
            (size,) = _length.unpack(await reader.readexactly(_length.size))
            if size > FRAME_LIMIT:
                raise LinkLost(f"a message of {size} bytes is over the limit of {FRAME_LIMIT}")
            body = await reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        try:
            yield _decoder.decode(body)
        except msgspec.DecodeError as error:
            raise LinkLost(f"not a message of ours: {error}") from error


class Link:
    """One end of a connection between two of our processes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._lost = False

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
        """Wait until the peer has taken most of what was sent: for senders that may be slowed."""
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise LinkLost("the other process went away") from error

    def receive(self) -> AsyncIterator[AnyMessage]:
        """Yield messages until the peer goes away. Raises LinkLost on what is not a message."""
        return receive(self._reader)

    def close(self) -> None:
        self._writer.close()


@asynccontextmanager
async def listening(path: Path, serve: Callable[[Link], Awaitable[None]]) -> AsyncIterator[None]:
    """Accept links on a unix socket while the body runs; each is served until it ends."""
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

    with suppress(FileNotFoundError):
        os.unlink(path)  # the data folder's lock is ours: a socket left there is dead
    server = await asyncio.start_unix_server(accept, path, limit=1 << 20)
    os.chmod(path, 0o600)
    try:
        yield
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def connected(path: Path) -> AsyncIterator[Link]:
    """A link to the process that listens at `path`. Raises LinkLost when there is none."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=1 << 20)
    except OSError as error:
        raise LinkLost(f"nobody answers at {path.name}") from error
    link = Link(reader, writer)
    try:
        yield link
    finally:
        link.close()
