"""Our RTMP server: what OBS and `ffmpeg -f flv` publish to (Adobe, RTMP 1.0).

The stream key is read before any media: until then a publisher is a stranger, with little time and
little memory. One that sends faster than time is slowed by not reading; one that falls silent, or
sends what we do not carry, is sent away with the reason.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias, cast

from streaming.errors import PublishRefused, UnsupportedMedia
from streaming.ingest import Malformed, Source, amf, chunks, flv, replies
from streaming.ingest.amf import Value
from streaming.ingest.chunks import Chunks, Message
from streaming.ingest.intake import Intake

logger = logging.getLogger(__name__)

OpenSource: TypeAlias = Callable[[str, str], Source]

AHEAD, RESUME = 2.0, 1.8  # seconds that media may come before its time; then reading stops
LONGEST_PAUSE = 3.0  # seconds
STRANGERS = 64  # connections that have not shown a key yet; one more, and the oldest goes
UNREAD = 64 * 1024  # bytes of ours that a publisher may leave unread
STRANGER_LIMIT, STUDIO_LIMIT = 64 * 1024, 8 * 1024 * 1024  # bytes of messages under way

VERSION, HANDSHAKE = 3, 1536
REJECTED, BAD_NAME = "NetStream.Publish.Rejected", "NetStream.Publish.BadName"
NOT_PLAYED = "NetStream.Play.Failed"
EVICTED = "Un autre encodeur a pris cette place."
NOT_FOR_PLAYERS = "Cette adresse sert à diffuser\u202f; pour regarder, ouvrez la page web."


@dataclass(frozen=True)
class Patience:
    """Seconds that a publisher may take."""

    handshake: float = 5.0  # from the connection
    key: float = 10.0  # from the connection
    silence: float = 10.0  # without a byte
    # To read why it is sent away: closing at once could lose our last words.
    farewell: float = 1.0


@asynccontextmanager
async def listening(
    host: str, port: int, open_source: OpenSource, patience: Patience = Patience()
) -> AsyncIterator[int]:
    """Accept publishers while the body runs; the value is the port (for `port` 0, the free one).

    `open_source(app, key)` gives a publisher its place, or raises PublishRefused with a sentence
    in French that its user gets to read.
    """
    server = _Server(open_source, patience)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Connection(server), host, port, backlog=64)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await server.close()
        await listener.wait_closed()


class _Server:
    """What all connections share."""

    def __init__(self, open_source: OpenSource, patience: Patience) -> None:
        self.open_source = open_source
        self.patience = patience
        self.connections: dict[_Connection, None] = {}  # the oldest first
        self.emptied = asyncio.Event()
        self._complained_at = float("-inf")
        self._unsaid = 0

    def welcome(self, newcomer: "_Connection") -> None:
        self.connections[newcomer] = None
        strangers = [each for each in self.connections if each.is_stranger]
        if len(strangers) > STRANGERS:
            strangers[0].dismiss("too many connections without a stream key")

    def complain(self, peer: str, reason: str) -> None:
        """Log who is sent away and why, once a second however many come."""
        now = asyncio.get_running_loop().time()
        if now - self._complained_at < 1.0:
            self._unsaid += 1
            return
        unsaid, self._unsaid, self._complained_at = self._unsaid, 0, now
        more = f" ({unsaid} others were not logged)" if unsaid else ""
        logger.warning("rtmp: %s is sent away: %s%s", peer, reason, more)

    async def close(self) -> None:
        for connection in tuple(self.connections):
            connection.end("the server closes")
        while self.connections:
            self.emptied.clear()
            await self.emptied.wait()


class _Connection(asyncio.Protocol):
    """One publisher, from its first byte to its last."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._handshake = bytearray()
        self._greeted = self._ready = self._leaving = self._paused = False
        self._chunks = Chunks(STRANGER_LIMIT)
        self._app: str | None = None
        self._source: Source | None = None
        self._intake: Intake | None = None
        self._received = self._acknowledged = 0
        self._window = replies.WINDOW
        self._timer: asyncio.TimerHandle | None = None
        self._peer = "?"

    @property
    def is_stranger(self) -> bool:
        return self._source is None and not self._leaving

    # The connection's life.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        address = transport.get_extra_info("peername")
        self._peer = str(address[0]) if address else "?"
        self._connected_at = self._heard_at = self._loop.time()
        self._server.welcome(self)
        self._check_time()

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        self._release("the connection was cut" if error else "the connection ended")
        self._server.connections.pop(self, None)
        self._server.emptied.set()

    def end(self, reason: str) -> None:
        """Close at once."""
        self._release(reason)
        self._leaving = True
        self._transport.abort()

    def dismiss(self, reason: str) -> None:
        """Close at once on who does not speak RTMP as we do, or takes too long."""
        if not self._leaving:
            self._server.complain(self._peer, reason)
            self.end(reason)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._received += len(data)
        if self._leaving:
            return
        try:
            if self._ready:
                self._chunks.push(data)
                self._read_messages()
            else:
                self._shake_hands(data)
        except Malformed as error:
            self.dismiss(str(error))

    def _check_time(self) -> None:
        """Again and again: is it taking too long?"""
        now, patience = self._loop.time(), self._server.patience
        age = now - self._connected_at
        if self._source is None:
            if age > (patience.key if self._ready else patience.handshake):
                self.dismiss("no stream key" if self._ready else "no handshake")
        elif now - self._heard_at > patience.silence and not self._paused:
            self.dismiss(f"silent for {patience.silence:.0f} s")
        wait = min(1.0, patience.handshake / 4, patience.silence / 4)
        self._timer = self._loop.call_later(wait, self._check_time)

    def _refuse(self, code: str, description: str) -> None:
        """Say why, in words for the publisher's user, then close."""
        if self._leaving:
            return
        self._server.complain(self._peer, description)
        self._transport.write(replies.refused(code, description))
        self._release(description)
        self._leave()

    def _leave(self) -> None:
        self._leaving = True
        self._transport.resume_reading()  # what is unread would turn the end into a reset
        self._loop.call_later(self._server.patience.farewell, self._transport.close)

    def _release(self, reason: str) -> None:
        source, self._source, self._intake = self._source, None, None
        if source is not None:
            source.on_evicted = None
            source.close(reason)
            logger.info("rtmp: %s has stopped publishing: %s", self._peer, reason)

    def _say(self, reply: bytes) -> None:
        self._transport.write(reply)
        if self._transport.get_write_buffer_size() > UNREAD:
            raise Malformed("it asks and does not read")

    def _evicted(self) -> None:
        self._refuse(BAD_NAME, EVICTED)

    # From bytes to messages.

    def _shake_hands(self, data: bytes) -> None:
        """The simple handshake (5.2): our answer is the client's own bytes."""
        self._handshake += data
        if self._handshake[0] != VERSION:
            raise Malformed("not RTMP")
        if not self._greeted and len(self._handshake) > HANDSHAKE:
            self._greeted = True
            ours = bytes(8) + os.urandom(HANDSHAKE - 8)
            self._transport.write(bytes((VERSION,)) + ours + self._handshake[1 : 1 + HANDSHAKE])
        rest = self._handshake[1 + 2 * HANDSHAKE :]
        if len(self._handshake) > 2 * HANDSHAKE:
            self._handshake.clear()
            self._ready = True
            self._chunks.push(bytes(rest))
            self._read_messages()

    def _read_messages(self) -> None:
        while not self._paused and not self._leaving:
            message = self._chunks.next()
            if message is None:
                break
            self._take(message)
        if self._received - self._acknowledged >= self._window and not self._leaving:
            self._acknowledged = self._received
            self._say(replies.acknowledged(self._received))

    def _take(self, message: Message) -> None:
        match message.kind:
            case chunks.VIDEO | chunks.SOUND:
                self._take_media(message.kind, message.timestamp, message.body)
            case chunks.AGGREGATE:
                for kind, timestamp, body in flv.split_aggregate(message.body, message.timestamp):
                    self._take_media(kind, timestamp, body)
            case chunks.COMMAND:
                self._obey(amf.decode(message.body))
            case chunks.COMMAND_AMF3:  # AMF0 behind one byte, in practice
                self._obey(amf.decode(message.body[1:]))
            case chunks.WINDOW_ACKNOWLEDGEMENT_SIZE:
                self._window = max(1 << 14, int.from_bytes(message.body[:4], "big") // 2)
            case chunks.USER_CONTROL:
                if int.from_bytes(message.body[:2], "big") == replies.PING_REQUEST:
                    self._say(replies.pong(message.body[2:6]))

    def _take_media(self, kind: int, timestamp: int, body: bytes) -> None:
        intake = self._intake
        if intake is None:
            if self._leaving:
                return
            raise Malformed("media without a stream key")
        try:
            if kind == flv.PICTURE:
                _take_picture(intake, flv.read_picture(body), timestamp)
            elif kind == flv.SOUND:
                _take_sound(intake, flv.read_sound(body), timestamp)
        except UnsupportedMedia as error:
            if self._source:
                self._source.advise([str(error)])
            self._refuse(REJECTED, str(error))
            return
        if intake.ahead > AHEAD and not self._leaving:
            self._pause(intake.ahead - RESUME)

    def _pause(self, seconds: float) -> None:
        self._paused = True
        self._transport.pause_reading()
        self._loop.call_later(min(seconds, LONGEST_PAUSE), self._resume)

    def _resume(self) -> None:
        self._paused = False
        self._heard_at = self._loop.time()
        if self._leaving or self._transport.is_closing():
            return
        self._transport.resume_reading()
        self.data_received(b"")  # messages may wait in what was read before

    # What publishers say (7.2).

    def _obey(self, values: list[Value]) -> None:
        match values:
            case ["connect", float() as transaction, {"app": str() as app}, *_]:
                self._app = app.split("?")[0].strip("/")
                self._say(replies.connected(transaction))
            case ["createStream", float() as transaction, *_]:
                self._say(replies.stream_created(transaction))
            case [("releaseStream" | "FCPublish"), float() as transaction, *_]:
                self._say(replies.noted(transaction))
            case ["publish", _, _, str() as key, *_]:
                self._publish(key)
            case ["play" | "play2", *_]:
                self._refuse(NOT_PLAYED, NOT_FOR_PLAYERS)
            case ["FCUnpublish" | "deleteStream" | "closeStream", *_] if self._source:
                self._release("the studio stopped")
                self._leave()
            case ["connect" | "publish", *_]:
                raise Malformed("a command without its arguments")

    def _publish(self, key: str) -> None:
        if self._app is None or self._source is not None:
            raise Malformed("a publish command out of place")
        try:
            source = self._server.open_source(self._app, key)
        except PublishRefused as error:
            self._refuse(BAD_NAME, str(error))
            return
        source.on_evicted = self._evicted
        self._source = source
        self._intake = Intake(source, rate=1000, bits=32)
        self._chunks.limit = STUDIO_LIMIT
        self._say(replies.started())
        logger.info("rtmp: %s publishes", self._peer)


def _take_picture(intake: Intake, tag: flv.Tag | None, timestamp: int) -> None:
    if tag is None:
        return
    if tag.config:
        intake.configure_picture(tag.codec, tag.data)
    else:
        intake.picture(tag.codec, tag.data, timestamp, tag.delay)


def _take_sound(intake: Intake, tag: flv.Tag | None, timestamp: int) -> None:
    if tag is None:
        return
    if tag.config:
        intake.configure_sound(tag.codec, tag.data)
    else:
        intake.sound(tag.codec, tag.data, timestamp)
