"""Our RTMP server: what OBS and `ffmpeg -f flv` publish to (Adobe, RTMP 1.0).

The stream key is read before any media: until then a publisher is a stranger, with little time and
little memory. One that sends faster than time is slowed by not reading; one that falls silent, or
sends what we do not carry, is sent away with the reason.
"""

import asyncio
import logging
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

from streaming.ingest import Malformed, replies
from streaming.ingest.chunks import Chunks
from streaming.ingest.conversation import BAD_NAME, Conversation, Goodbye, OpenSource, Refusal
from streaming.ingest.wrong_keys import WrongKeys

logger = logging.getLogger(__name__)

AHEAD, RESUME = 2.0, 1.8  # seconds that media may come before its time; then reading stops
LONGEST_PAUSE = 3.0  # seconds
STRANGERS = 64  # connections that have shown no right key; one more, and the oldest goes
UNREAD = 64 * 1024  # bytes of ours that a publisher may leave unread
STRANGER_LIMIT = 64 * 1024  # bytes in all, before the key
STUDIO_LIMIT = 8 * 1024 * 1024  # bytes of messages under way
BUFFER = 256 * 1024  # bytes read at a time

# To wake up costs more than to read a frame: while nobody sees frames as they come, the kernel is
# asked to wait for bytes (SO_RCVLOWAT) that are worth it. Less than a header is not, which delays
# who sends headers apart and lets TCP wait for our acknowledgement before the rest (ffmpeg) by
# 30 ms. And a frame that spans many segments is not until most of it is there: the last two are
# left out, since they may wait, too.
A_HEADER = 24  # bytes
TWO_SEGMENTS = 3000
# And while nobody needs frames at all, what a studio sends is left unread: no longer than a lost
# studio may go unnoticed, no more than is read at a time, and no shorter than is worth the way.
LONGEST_REST, SHORTEST_REST = 0.15, 0.03  # seconds

VERSION, HANDSHAKE = 3, 1536


@dataclass(frozen=True)
class Patience:
    """Seconds that a publisher may take."""

    handshake: float = 5.0  # from the connection
    key: float = 10.0  # from the connection
    # Without a byte. The slate is long on air by then; but a studio that was only suspended comes
    # back on the same connection.
    silence: float = 30.0
    # To read why it is sent away: closing at once could lose our last words.
    farewell: float = 1.0


@asynccontextmanager
async def listening(
    host: str,
    port: int,
    open_source: OpenSource,
    patience: Patience = Patience(),
    refused: Counter[str] | None = None,
) -> AsyncIterator[int]:
    """Accept publishers while the body runs; the value is the port (for `port` 0, the free one).

    `open_source(app, key)` gives a publisher its place, or raises PublishRefused (WrongKey, when
    the key opens nothing) with a sentence in French that its user gets to read.

    `refused` counts who is sent away, for the metrics: "malformed" (not RTMP, or broken), "timeout"
    (no handshake, no key, or silent), "crowd" (too many without a key), "wrong_key", "taken" (the
    place is another's), "media" (what we do not carry), "player" and "evicted".
    """
    server = _Server(open_source, patience, Counter() if refused is None else refused)
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

    def __init__(self, open_source: OpenSource, patience: Patience, refused: Counter[str]) -> None:
        self.open_source = open_source
        self.patience = patience
        self.connections: dict[_Connection, None] = {}  # the oldest first
        self.emptied = asyncio.Event()
        self.wrong_keys = WrongKeys(asyncio.get_running_loop().time)
        self._refused = refused
        self._complained_at = float("-inf")
        self._unsaid = 0

    def welcome(self, newcomer: "_Connection") -> None:
        self.connections[newcomer] = None
        strangers = [each for each in self.connections if each.is_stranger]
        if len(strangers) > STRANGERS:
            strangers[0].dismiss("crowd", "too many connections without a stream key")

    def count(self, peer: str, reason: str, detail: str) -> None:
        """Count who is sent away; log it, once a second however many come."""
        self._refused[reason] += 1
        now = asyncio.get_running_loop().time()
        if now - self._complained_at < 1.0:
            self._unsaid += 1
            return
        unsaid, self._unsaid, self._complained_at = self._unsaid, 0, now
        more = f" ({unsaid} others were not logged)" if unsaid else ""
        logger.warning("rtmp: %s is sent away: %s%s", peer, detail, more)

    async def close(self) -> None:
        for connection in tuple(self.connections):
            connection.end("the server closes")
        while self.connections:
            self.emptied.clear()
            await self.emptied.wait()


class _Connection(asyncio.BufferedProtocol):
    """One publisher, from its first byte to its last."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._buffer = memoryview(bytearray(BUFFER))
        self._handshake = bytearray()
        self._greeted = self._ready = self._leaving = self._paused = self._waiting = False
        self._chunks = Chunks(STRANGER_LIMIT)
        self._conversation = Conversation(server.open_source, self._evicted, self._wrong_key)
        self._received = self._acknowledged = 0
        self._timer: asyncio.TimerHandle | None = None
        self._peer = "?"
        self._socket: socket.socket | None = None
        self._low_water = 1
        self._alarm: asyncio.TimerHandle | None = None  # the end of a rest

    @property
    def is_stranger(self) -> bool:
        return self._conversation.source is None

    # The connection's life.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._socket = transport.get_extra_info("socket")
        address = transport.get_extra_info("peername")
        self._peer = str(address[0]) if address else "?"
        self._connected_at = self._heard_at = self._loop.time()
        self._server.welcome(self)
        self._check_time()

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()
        if self._alarm:
            self._alarm.cancel()
        self._release("the connection was cut" if error else "the connection ended")
        self._leaving = True
        self._server.connections.pop(self, None)
        self._server.emptied.set()

    def end(self, reason: str) -> None:
        """Close at once."""
        self._release(reason)
        self._leaving = True
        self._transport.abort()

    def dismiss(self, reason: str, detail: str) -> None:
        """Close at once on who does not speak RTMP as we do, or takes too long."""
        if not self._leaving:
            self._server.count(self._peer, reason, detail)
        self.end(detail)

    def _check_time(self) -> None:
        """Again and again: is it taking too long?"""
        now, patience = self._loop.time(), self._server.patience
        age = now - self._connected_at
        if self._leaving or self._waiting:
            pass
        elif self.is_stranger:
            if age > (patience.key if self._ready else patience.handshake):
                self.dismiss("timeout", "no stream key" if self._ready else "no handshake")
        elif now - self._heard_at > patience.silence and not self._paused:
            self.dismiss("timeout", f"silent for {patience.silence:.0f} s")
        wait = min(1.0, patience.handshake / 4, patience.silence / 4)
        self._timer = self._loop.call_later(wait, self._check_time)

    def _refuse(self, refusal: Refusal) -> None:
        """Say why, in words for the publisher's user, then close."""
        if self._leaving:
            return
        self._server.count(self._peer, refusal.reason, str(refusal))
        self._transport.write(replies.refused(refusal.code, str(refusal)))
        self._release(str(refusal))
        self._leave()

    def _refuse_later(self, refusal: Refusal) -> None:
        """Keep who has shown many wrong keys waiting for the next no."""
        self._waiting = True
        self._transport.pause_reading()
        self._loop.call_later(refusal.wait, self._refuse, refusal)

    def _leave(self) -> None:
        self._leaving = True
        self._transport.resume_reading()  # what is unread would turn the end into a reset
        self._loop.call_later(self._server.patience.farewell, self._part)

    def _part(self) -> None:
        if self._transport.get_write_buffer_size():
            self._transport.abort()  # it does not read
        else:
            self._transport.close()

    def _release(self, reason: str) -> None:
        if self._conversation.release(reason):
            logger.info("rtmp: %s has stopped publishing: %s", self._peer, reason)

    def _say(self, reply: bytes) -> None:
        self._transport.write(reply)
        if self._transport.get_write_buffer_size() > UNREAD:
            raise Malformed("it asks and does not read")

    def _evicted(self, reason: str) -> None:
        self._refuse(Refusal("evicted", BAD_NAME, reason))

    def _wrong_key(self) -> float:
        return self._server.wrong_keys.note(self._peer)

    # From bytes to messages.

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer[:STRANGER_LIMIT] if self.is_stranger else self._buffer

    def buffer_updated(self, size: int) -> None:
        self._heard_at = self._loop.time()
        self._received += size
        if not self._leaving:
            self._take(bytes(self._buffer[:size]))
            if not self.is_stranger:
                self._doze()
            elif self._received > STRANGER_LIMIT:
                self.dismiss("malformed", "it says much, and no stream key")

    def _doze(self) -> None:
        """Sleep until there is something to do for a studio."""
        if self._alarm is not None:
            self._alarm.cancel()
        source = self._conversation.source
        if source is None:
            return
        rest = min(source.rest, LONGEST_REST)
        if rest >= SHORTEST_REST:
            self._wake_at(BUFFER)
            self._alarm = self._loop.call_later(rest, self._wake_at, 1)
        elif source.watched:
            self._wake_at(1)
        else:
            self._wake_at(max(A_HEADER, min(BUFFER, self._chunks.missing - TWO_SEGMENTS)))

    def _wake_at(self, wanted: int) -> None:
        """Have the kernel wake us when so many bytes are there."""
        if wanted != self._low_water and self._socket is not None:
            self._low_water = wanted
            with suppress(OSError):  # some systems have no such thing
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, wanted)

    def _take(self, data: bytes) -> None:
        try:
            if self._ready:
                self._chunks.push(data)
                self._read_messages()
            else:
                self._shake_hands(data)
        except Malformed as error:
            self.dismiss("malformed", str(error))
        except Refusal as refusal:
            if refusal.wait:
                self._refuse_later(refusal)
            else:
                self._refuse(refusal)
        except Goodbye:
            self._release("the studio stopped")
            self._leave()

    def _shake_hands(self, data: bytes) -> None:
        """The simple handshake (5.2): our answer is the client's own bytes.

        Clients that put a digest into theirs, as Flash did, see from our version 0 that we do not.
        """
        self._handshake += data
        if self._handshake[0] != VERSION:
            raise Malformed("not RTMP")
        if not self._greeted and len(self._handshake) > HANDSHAKE:
            self._greeted = True
            ours = bytes(8) + os.urandom(HANDSHAKE - 8)
            self._transport.write(bytes((VERSION,)) + ours + self._handshake[1 : 1 + HANDSHAKE])
        if len(self._handshake) > 2 * HANDSHAKE:
            rest = bytes(self._handshake[1 + 2 * HANDSHAKE :])
            self._handshake.clear()
            self._ready = True
            self._chunks.push(rest)
            self._read_messages()

    def _read_messages(self) -> None:
        conversation = self._conversation
        while not self._paused:
            message = self._chunks.next()
            if message is None:
                break
            reply = conversation.take(message)
            if reply:
                self._say(reply)
                if conversation.source is not None:
                    self._chunks.limit = STUDIO_LIMIT
            elif conversation.ahead > AHEAD:
                self._pause(conversation.ahead - RESUME)
        if self._received - self._acknowledged >= conversation.window:
            self._acknowledged = self._received
            self._say(replies.acknowledged(self._received))

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
        self._take(b"")  # messages may wait in what was read before
