"""Publishers as they come: ffmpeg, and one that speaks RTMP byte by byte as OBS does."""

import asyncio
import contextlib
import struct
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av

from streaming.ingest import amf, chunks
from streaming.ingest.chunks import Chunks, Message

HANDSHAKE = 1 + 2 * 1536  # bytes, of a publisher


@asynccontextmanager
async def ffmpeg(
    film: Path, address: str, *options: str, paced: bool = True
) -> AsyncIterator[asyncio.subprocess.Process]:
    """ffmpeg publishing a film; killed at the end of the block if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-loglevel", "error", *(("-re",) if paced else ())),
        *("-i", str(film), *(options or ("-c", "copy")), "-f", "flv", address),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.communicate()


# In a process of its own: libav connects with the interpreter locked, and the server is in ours.
PYAV = """
import sys, av
with av.open(sys.argv[1]) as film, av.open(sys.argv[2], "w", format="flv") as out:
    streams = {stream.index: out.add_stream_from_template(stream) for stream in film.streams}
    for packet in film.demux():
        if packet.dts is not None:
            packet.stream = streams[packet.stream_index]
            out.mux(packet)
"""


async def pyav(film: Path, address: str) -> int:
    """PyAV publishing a film as fast as it may; the value is its exit status."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PYAV, film, address)
    return await process.wait()


class Obs:
    """Says what OBS Studio (librtmp) says, in its order and in its chunk types."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._chunks = Chunks(1 << 20)
        self._time = 0

    async def shake_hands(self) -> None:
        c1 = struct.pack(">II", 0, 0) + bytes(index % 251 for index in range(1528))
        self._writer.write(b"\x03" + c1)
        answer = await self._reader.readexactly(1 + 1536 + 1536)
        assert answer[0] == 3
        assert answer[1537:] == c1
        self._writer.write(answer[1:1537])

    async def connect(self, app: str = "live") -> list[Message]:
        self._send(b"\x02\0\0\0\0\0\x04\x01\0\0\0\0" + struct.pack(">I", 4096))
        self._invoke(
            0, 3, amf.encode("connect", 1.0, {"app": app, "type": "nonprivate", "flashVer": "FMLE"})
        )
        return await self.until("_result")

    async def publish(self, key: str) -> list[Message]:
        self._invoke(1, 3, amf.encode("releaseStream", 2.0, None, key))
        self._invoke(1, 3, amf.encode("FCPublish", 3.0, None, key))
        self._invoke(1, 3, amf.encode("createStream", 4.0, None))
        for _ in range(3):
            await self.until("_result")
        self._invoke(0, 4, amf.encode("publish", 5.0, None, key, "live"), stream=1)
        return await self.until("onStatus")

    async def start(self, key: str) -> None:
        """All of it, up to the first tag."""
        await self.shake_hands()
        await self.connect()
        told = await self.publish(key)
        assert status(told)["code"] == "NetStream.Publish.Start"

    def tag(self, kind: int, time: int, body: bytes) -> None:
        """Send a sound or a picture, on chunk stream 4 as OBS does."""
        delta, self._time = time - self._time, time
        size = len(body).to_bytes(3, "big") + bytes((kind,))
        if delta >= 0:
            header = b"\x44" + delta.to_bytes(3, "big") + size
        else:
            header = b"\x04" + time.to_bytes(3, "big") + size + b"\1\0\0\0"
        pieces = [body[at : at + 4096] for at in range(0, len(body), 4096)]
        self._send(header + b"\xc4".join(pieces))

    def send(self, data: bytes) -> None:
        self._send(data)

    async def drain(self) -> None:
        await self._writer.drain()

    async def until(self, command: str) -> list[Message]:
        """Read up to the next command of this name; return all that was read."""
        told: list[Message] = []
        async with asyncio.timeout(5):
            while True:
                while (message := self._chunks.next()) is not None:
                    told.append(message)
                    if message.kind == chunks.COMMAND and amf.decode(message.body)[0] == command:
                        return told
                data = await self._reader.read(4096)
                assert data, f"closed before {command}"
                self._chunks.push(data)

    async def closed(self) -> bytes:
        """Wait until the server has closed; return what it said until then."""
        said = b""
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                while data := await self._reader.read(4096):
                    said += data
        return said

    def _invoke(self, header: int, channel: int, body: bytes, stream: int = 0) -> None:
        fields = bytes(3) + len(body).to_bytes(3, "big") + b"\x14"
        if header == 0:
            fields += struct.pack("<I", stream)
        self._send(bytes((header << 6 | channel,)) + fields + body)

    def _send(self, data: bytes) -> None:
        self._writer.write(data)


@asynccontextmanager
async def obs(port: int) -> AsyncIterator[Obs]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Obs(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def status(told: list[Message]) -> dict[str, Any]:
    """What an onStatus says."""
    information = amf.decode(told[-1].body)[3]
    assert isinstance(information, dict)
    return information


def tags_of(film: Path) -> list[tuple[int, int, bytes]]:
    """A film as FLV tags (type, milliseconds, body), the configurations first."""
    with av.open(str(film)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        record = bytes(picture.codec_context.extradata)
        config = bytes(sound.codec_context.extradata)
        tags = [(9, 0, b"\x17\0\0\0\0" + record), (8, 0, b"\xaf\0" + config)]
        for packet in container.demux(picture, sound):
            if packet.size == 0 or packet.dts < 0:
                continue
            time = int(packet.dts * packet.time_base * 1000)
            if packet.stream is picture:
                delay = int((packet.pts - packet.dts) * packet.time_base * 1000)
                head = bytes((0x17 if packet.is_keyframe else 0x27, 1)) + delay.to_bytes(3, "big")
                tags.append((9, time, head + bytes(packet)))
            else:
                tags.append((8, time, b"\xaf\1" + bytes(packet)))
    return sorted(tags, key=lambda tag: tag[1])


def pictures_of(film: Path) -> Sequence[bytes]:
    """The pictures of a film as its container holds them."""
    with av.open(str(film)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def as_obs(film: Path, key: str = "good") -> bytes:
    """OBS's words, in its chunk types, after its handshake."""
    said = [chunks.write(2, chunks.SET_CHUNK_SIZE, 0, struct.pack(">I", 4096))]
    connect = amf.encode("connect", 1.0, {"app": "live", "type": "nonprivate"})
    said.append(chunks.write(3, 20, 0, connect, 4096))
    for number, name in enumerate(("releaseStream", "FCPublish", "createStream"), 2):
        said.append(chunks.write(3, 20, 0, amf.encode(name, float(number), None, key), 4096))
    said.append(chunks.write(4, 20, 1, amf.encode("publish", 5.0, None, key, "live"), 4096))
    facts = amf.encode("@setDataFrame", "onMetaData", {"framerate": 25.0})
    said.append(chunks.write(4, 18, 1, facts, 4096))
    before = 0
    for kind, time, body in tags_of(film)[:60]:
        head = b"\x44" + (time - before).to_bytes(3, "big") + len(body).to_bytes(3, "big")
        pieces = [body[at : at + 4096] for at in range(0, len(body), 4096)]
        said.append(head + bytes((kind,)) + b"\xc4".join(pieces))
        before = time
    return b"\3" + bytes(HANDSHAKE - 1) + b"".join(said)
