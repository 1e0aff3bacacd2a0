"""Our RTMP client: publishes to a server as OBS does (Adobe, RTMP 1.0, sections 5.2 and 7).

The server is a stranger too: what it says is bounded, and none of its words reach people, since
some servers repeat the key in them.
"""

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from streaming.ingest import Malformed, amf, chunks, replies
from streaming.ingest.amf import Value
from streaming.ingest.chunks import Chunks, Message
from streaming.restream.address import Address
from streaming.restream.reasons import app_refused, hung_up, refused, stalled, why_not
from streaming.restream.tags import (
    CHUNK_SIZE,
    COMMAND_CHANNEL,
    CONTROL_CHANNEL,
    MEDIA_CHANNEL,
    message,
)

VERSION, HANDSHAKE = 3, 1536
LIMIT = 64 * 1024  # bytes of a server's messages under way
# What waits below us is late already, so little may: the outbox drops by groups of pictures.
BUFFER, UNSENT = 256 * 1024, 128 * 1024  # bytes, in our process and in the kernel
FLASH = "FMLE/3.0 (compatible; FMSc/1.0)"  # some servers turn others away


@dataclass(frozen=True)
class Patience:
    """Seconds that a target may take."""

    opening: float = 15.0  # from the first look-up to its leave to publish
    stall: float = 10.0  # without taking anything
    farewell: float = 1.0


class Publication:
    """A stream that a server takes from us. `stream` is the number that it gave it."""

    def __init__(
        self,
        address: Address,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience: Patience,
    ) -> None:
        self.stream = 0
        self.sent = 0  # bytes
        self._address = address
        self._reader, self._writer = reader, writer
        self._patience = patience
        self._chunks = Chunks(LIMIT)
        self._received = self._acknowledged = 0
        self._window = replies.WINDOW

    async def send(self, data: bytes) -> None:
        """Send, as fast as the target takes it. Raises TargetLost."""
        self._writer.write(data)
        self.sent += len(data)
        if self._writer.transport.get_write_buffer_size() < BUFFER:
            return  # which is nearly always; that it hung up is for `listen` to find
        try:
            async with asyncio.timeout(self._patience.stall):
                await self._writer.drain()
        except TimeoutError as error:
            raise stalled(self._address, self._patience.stall) from error
        except OSError as error:
            raise hung_up(self._address) from error

    async def listen(self) -> None:
        """Heed what the server says, until it ends. Raises TargetLost then."""
        while True:
            values = _command_of(await self._next())
            match values:
                case ["onStatus", _, _, {"level": "error"} as information, *_]:
                    raise refused(self._address, information)
                case ["close", *_]:
                    raise hung_up(self._address)

    async def open(self) -> None:
        """From the handshake to the leave to publish, in OBS's order. Raises TargetLost."""
        await self._shake_hands()
        self._control(chunks.SET_CHUNK_SIZE, CHUNK_SIZE.to_bytes(4, "big"))
        where: Value = {
            "app": self._address.app,
            "type": "nonprivate",
            "flashVer": FLASH,
            "swfUrl": self._address.url,
            "tcUrl": self._address.url,
        }
        key = self._address.key
        self._invoke("connect", 1.0, where)
        await self._result(1.0)
        self._invoke("releaseStream", 2.0, None, key)
        self._invoke("FCPublish", 3.0, None, key)
        self._invoke("createStream", 4.0, None)
        match await self._result(4.0):
            case [_, float() as stream, *_] if 0 < stream < 1 << 32:
                self.stream = int(stream)
            case _:
                raise Malformed("RTMP: a stream without a number")
        body = amf.encode("publish", 5.0, None, key, "live")
        self._writer.write(message(MEDIA_CHANNEL, chunks.COMMAND, self.stream, body))
        while True:
            match _command_of(await self._next()):
                case ["onStatus", _, _, {"level": "error"} as information, *_]:
                    raise refused(self._address, information)
                case ["onStatus", _, _, {"code": "NetStream.Publish.Start"}, *_]:
                    return
                case ["_error", 5.0, *_]:
                    raise refused(self._address, {})

    async def close(self) -> None:
        """Say goodbye, so that the platform ends the broadcast at once."""
        with suppress(OSError, TimeoutError):
            self._invoke("FCUnpublish", 6.0, None, self._address.key)
            self._invoke("deleteStream", 7.0, None, float(self.stream))
            async with asyncio.timeout(self._patience.farewell):
                await self._writer.drain()
                self._writer.close()
                await self._writer.wait_closed()

    def _invoke(self, name: str, transaction: float, *values: Value) -> None:
        body = amf.encode(name, transaction, *values)
        self._writer.write(message(COMMAND_CHANNEL, chunks.COMMAND, 0, body))

    def _control(self, kind: int, body: bytes) -> None:
        self._writer.write(message(CONTROL_CHANNEL, kind, 0, body))

    async def _shake_hands(self) -> None:
        """The simple handshake (5.2): platforms ask for no other."""
        ours = bytes(8) + os.urandom(HANDSHAKE - 8)
        self._writer.write(bytes((VERSION,)) + ours)
        answer = await self._reader.readexactly(1 + HANDSHAKE)
        if answer[0] != VERSION:
            raise Malformed("not RTMP")
        self._writer.write(answer[1:])
        await self._reader.readexactly(HANDSHAKE)  # some do not echo ours: nobody checks

    async def _result(self, transaction: float) -> list[Value]:
        """What the server answers to a command of ours."""
        while True:
            match _command_of(await self._next()):
                case ["_result", float() as answered, *values] if answered == transaction:
                    return values
                case ["_error", float() as answered, *_] if answered == transaction:
                    raise app_refused(self._address)
                case ["onStatus", _, _, {"level": "error"} as information, *_]:
                    raise refused(self._address, information)

    async def _next(self) -> Message:
        """The next message that is not about the connection itself."""
        while True:
            message = self._chunks.next()
            if message is None:
                data = await self._reader.read(LIMIT)
                if not data:
                    raise asyncio.IncompleteReadError(b"", None)
                self._chunks.push(data)
                self._acknowledge(len(data))
            elif message.kind == chunks.WINDOW_ACKNOWLEDGEMENT_SIZE:
                self._window = max(1 << 14, int.from_bytes(message.body[:4], "big") // 2)
            elif message.kind == chunks.USER_CONTROL:
                if int.from_bytes(message.body[:2], "big") == replies.PING_REQUEST:
                    pong = struct.pack(">H", replies.PING_RESPONSE) + message.body[2:6]
                    self._control(chunks.USER_CONTROL, pong)
                    if self._writer.transport.get_write_buffer_size() > 4 * BUFFER:
                        raise Malformed("RTMP: it pings and does not read")
            else:
                return message

    def _acknowledge(self, size: int) -> None:
        self._received += size
        if self._received - self._acknowledged >= self._window:
            self._acknowledged = self._received
            received = self._received & 0xFFFFFFFF
            self._control(chunks.ACKNOWLEDGEMENT, received.to_bytes(4, "big"))


@asynccontextmanager
async def publishing(
    address: Address, trust: ssl.SSLContext, patience: Patience = Patience()
) -> AsyncIterator[Publication]:
    """Publish to `address` while the body runs; `trust` verifies the certificates of rtmps.

    Raises TargetLost, with the reason in French, before the body and in what `Publication` does.
    """
    writer: asyncio.StreamWriter | None = None
    orderly = False
    try:
        try:
            async with asyncio.timeout(patience.opening):
                reader, writer = await asyncio.open_connection(
                    address.host,
                    address.port,
                    ssl=trust if address.secure else None,
                    limit=LIMIT,
                    happy_eyeballs_delay=0.25,
                )
                _keep_little(writer)
                publication = Publication(address, reader, writer, patience)
                await publication.open()
        except (asyncio.IncompleteReadError, OSError, Malformed) as error:
            raise why_not(address, error, connected=writer is not None) from error
        try:
            yield publication
        except (asyncio.IncompleteReadError, OSError, Malformed) as error:
            raise hung_up(address) from error
        except asyncio.CancelledError:
            orderly = True
            raise
        finally:
            if orderly:
                await publication.close()
    finally:
        if writer is not None:
            writer.transport.abort()  # what a dead target has not taken is nobody's any more


def _keep_little(writer: asyncio.StreamWriter) -> None:
    writer.transport.set_write_buffer_limits(high=BUFFER)
    raw = writer.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if raw is not None and option is not None:
        with suppress(OSError):
            raw.setsockopt(socket.IPPROTO_TCP, option, UNSENT)


def _command_of(message: Message) -> list[Value]:
    match message.kind:
        case chunks.COMMAND:
            return amf.decode(message.body)
        case chunks.COMMAND_AMF3:  # AMF0 behind one byte, in practice
            return amf.decode(message.body[1:])
    return []
