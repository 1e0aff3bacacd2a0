"""What our processes say to each other: framed msgpack over a unix socket.

Media listens. A web process follows the HLS windows and the channels' states and passes WHEP offers
on; captions follow the sound; a process that holds a foreign input publishes what it reads. Frames
are a 4-byte big-endian length and one message. Nobody waits for a slow peer: one that leaves more
than `BACKLOG` bytes unread is cut off, and connects again to the newest state.
"""

import asyncio
import logging
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

import msgspec

from streaming.errors import LinkLost
from streaming.hls.window import WindowEvent
from streaming.packet import Packet

logger = logging.getLogger(__name__)

FRAME_LIMIT = 32 * 1024 * 1024  # bytes
BACKLOG = 128 * 1024 * 1024  # bytes that a peer may leave unread: half a minute of seven channels


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Root of what goes over the link."""


# From media.


class Now(Message, frozen=True):
    """The broadcast clock, once a second."""

    time: float


class WindowChanged(Message, frozen=True):
    """What happened to a channel's live window, in order; what happened at once comes at once.

    A segment's last part, its end and the next one's beginning are one change: a playlist between
    them would hint at a part that never comes.
    """

    channel: str
    events: list[WindowEvent]


class Sound(Message, frozen=True):
    """One Opus packet of a channel."""

    channel: str
    packet: Packet


class SourceState(msgspec.Struct, frozen=True):
    """A studio in its slot, and what ails it, in French for the régie."""

    slot: str
    kind: str
    connected: bool
    on_air: bool
    advice: list[str] = []
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0
    bitrate: float = 0.0  # bits per second
    keyframe_interval: float = 0.0  # seconds
    drift: float = 0.0  # seconds


class ChannelState(Message, frozen=True):
    """What a channel shows now, sent when it changes and once a second."""

    channel: str
    on_air: Literal["primary", "backup", "slate"]
    since: float
    sources: list[SourceState]
    webrtc_viewers: int = 0


class Answered(Message, frozen=True):
    """The answer to an `Offer`: `session` names the viewer from now on."""

    request: int
    session: str
    sdp: str


class Refused(Message, frozen=True):
    """A request that failed: an HTTP status, a stable code, and a sentence in French."""

    request: int
    status: int
    code: str
    detail: str


class Done(Message, frozen=True):
    """A request that was carried out and has nothing to return."""

    request: int


class Lateness(Message, frozen=True):
    """How late a 5 ms timer fired in media's loop while it was watched, in seconds."""

    request: int
    median: float
    p99: float
    worst: float


# To media.


class WatchLateness(Message, frozen=True):
    """Ask how late media's loop runs over the next `seconds` (at most 60)."""

    request: int
    seconds: float


class Follow(Message, frozen=True):
    """Ask for the HLS windows and states of all channels, or for the sound of one."""

    what: Literal["hls", "sound"]
    channel: str = ""


class Offer(Message, frozen=True):
    """A WHEP viewer's SDP offer."""

    request: int
    channel: str
    sdp: str


class Hangup(Message, frozen=True):
    """A WHEP viewer leaves."""

    request: int
    session: str


class Publish(Message, frozen=True):
    """Take a channel's slot with what follows on this connection as `SourceFrame`s."""

    request: int
    channel: str
    slot: str
    kind: str


class SourceFrame(Message, frozen=True):
    """One encoded frame of a foreign input.

    `dts` and `pts` are integer microseconds of the source, `codec` is libav's name.
    """

    codec: str
    data: bytes
    dts: int
    pts: int
    key: bool
    config: bytes


class Unusable(Message, frozen=True):
    """Why a foreign input gives nothing, in French for the régie: the source ends with it."""

    reason: str


AnyMessage = (
    Now
    | WindowChanged
    | Sound
    | ChannelState
    | Answered
    | Refused
    | Done
    | Lateness
    | WatchLateness
    | Follow
    | Offer
    | Hangup
    | Publish
    | SourceFrame
    | Unusable
)

_decoder = msgspec.msgpack.Decoder(AnyMessage)
_encoder = msgspec.msgpack.Encoder()
_length = struct.Struct("!I")


def frame(message: AnyMessage) -> bytes:
    """Encode once what goes to several peers."""
    body = _encoder.encode(message)
    return _length.pack(len(body)) + body


class Link:
    """One end of a connection between two of our processes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._lost = False

    def send(self, message: AnyMessage) -> None:
        self.send_frame(frame(message))

    def send_frame(self, data: bytes) -> None:
        """Send what `frame` returned. A peer that does not read is cut off, not waited for."""
        if self._lost or self._writer.is_closing():
            return
        self._writer.write(data)
        if self._writer.transport.get_write_buffer_size() > BACKLOG:
            logger.warning("link: a peer reads too slowly, it is cut off")
            self._lost = True
            self._writer.transport.abort()

    async def drain(self) -> None:
        """Wait until the peer has taken most of what was sent: for senders that may be slowed."""
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise LinkLost("the other process went away") from error

    async def receive(self) -> AsyncIterator[AnyMessage]:
        """Yield messages until the peer goes away. Raises LinkLost on what is not a message."""
        while True:
            try:
                (size,) = _length.unpack(await self._reader.readexactly(_length.size))
                if size > FRAME_LIMIT:
                    raise LinkLost(f"a message of {size} bytes is over the limit of {FRAME_LIMIT}")
                body = await self._reader.readexactly(size)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            try:
                yield _decoder.decode(body)
            except msgspec.DecodeError as error:
                raise LinkLost(f"not a message of ours: {error}") from error

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
