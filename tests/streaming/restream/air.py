"""What a channel has on air, made in advance, and servers of other platforms, good and bad."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from streaming.ingest import amf, chunks, replies
from streaming.ingest.chunks import Chunks, Message
from streaming.packet import Packet
from streaming.restream.address import parse
from streaming.restream.client import Patience
from streaming.restream.target import Pauses, Progress, Target
from tests.certificates import make_certificate
from tests.streaming import studios

Frame: TypeAlias = tuple[str, Packet]

KEY = "cle-tres-secrete"
START = 1_790_000_000.0
PATIENCE = Patience(farewell=0.2)
QUICK = Pauses(first=0.02, longest=0.1)


def air(
    seconds: float = 1.6,
    *,
    start: float = START,
    size: tuple[int, int] = (320, 180),
    gop: int = 10,
    b_frames: int = 0,
) -> list[Frame]:
    """Pictures and sound in the order in which media sends them: the sound is late."""
    pictures = studios.film(round(25 * seconds), size, gop=gop, b_frames=b_frames)
    sounds = studios.sound(studios.tone(seconds))
    frames = [("h264", each, each.dts) for each in pictures]
    frames += [("aac", each, each.dts + 0.2) for each in sounds]
    frames.sort(key=lambda frame: frame[2])
    return [(codec, studios.shift(packet, start)) for codec, packet, _ in frames]


def later(frames: list[Frame], by: float, pad: int = 0) -> list[Frame]:
    """The same frames `by` seconds later, each with `pad` more bytes."""
    return [
        (codec, Packet(each.data + bytes(pad), each.dts + by, each.pts + by, each.key, each.config))
        for codec, each in frames
    ]


def pictures_in(frames: list[Frame]) -> list[Packet]:
    return [packet for codec, packet in frames if codec == "h264"]


class Sender:
    """A running target, and what it says of itself."""

    def __init__(self) -> None:
        self.told: list[Progress] = []
        self.target: Target
        self._told = asyncio.Event()

    def hear(self, progress: Progress) -> None:
        self.told.append(progress)
        self._told.set()

    def put(self, frames: list[Frame]) -> None:
        for frame in frames:
            self.target.put(*frame)

    async def until(self, fact: Callable[[Progress], bool]) -> Progress:
        """Wait until it says something for which `fact` is true, from now on."""
        seen = len(self.told)
        async with asyncio.timeout(30):
            while True:
                for progress in self.told[seen:]:
                    if fact(progress):
                        return progress
                seen = len(self.told)
                self._told.clear()
                await self._told.wait()

    async def on(self) -> Progress:
        if self.told and self.told[-1].state == "on":
            return self.told[-1]
        return await self.until(lambda progress: progress.state == "on")


@asynccontextmanager
async def sending(
    url: str,
    *,
    key: str = KEY,
    trust: ssl.SSLContext | None = None,
    patience: Patience = PATIENCE,
) -> AsyncIterator[Sender]:
    sender = Sender()
    sender.target = Target(
        "essai",
        parse(url, key),
        trust or ssl.create_default_context(),
        sender.hear,
        patience=patience,
        pauses=QUICK,
    )
    task = asyncio.create_task(sender.target.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Guest:
    """A server's side of one connection, which does as the test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._chunks = Chunks(1 << 22)

    async def shake_hands(self) -> None:
        hello = await self.reader.readexactly(1537)
        self.writer.write(b"\3" + bytes(1536) + hello[1:])
        await self.reader.readexactly(1536)

    async def message(self) -> Message:
        while (message := self._chunks.next()) is None:
            data = await self.reader.read(1 << 16)
            if not data:
                raise EOFError
            self._chunks.push(data)
        return message

    async def command(self, name: str) -> list[amf.Value]:
        while True:
            message = await self.message()
            if message.kind == chunks.COMMAND:
                values = amf.decode(message.body)
                if values[0] == name:
                    return values

    async def welcome(self) -> None:
        """All of it, up to the first tag."""
        await self.shake_hands()
        await self.command("connect")
        self.writer.write(replies.connected(1.0, enhanced=False))
        await self.command("createStream")
        self.writer.write(replies.stream_created(4.0))
        await self.command("publish")
        self.writer.write(replies.started())


@asynccontextmanager
async def platform(
    serve: Callable[[Guest], Awaitable[None]], tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server that treats each connection with `serve`; the value is its address."""
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(Guest(reader, writer))
        except (EOFError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls, limit=1 << 16)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"rtmp{'s' if tls else ''}://localhost:{port}/live2"
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def secured(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(a server's context for localhost, a context that trusts it)."""
    certificate, key = make_certificate(folder)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    return server, ssl.create_default_context(cafile=str(certificate))
