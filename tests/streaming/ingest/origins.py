"""Where pulled sources come from: a web server of files, and a camera that speaks RTSP."""

import asyncio
import base64
import contextlib
import struct
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from streaming import h264


@dataclass
class Web:
    """An HTTP server of a folder. `silence` makes it stop in the middle of its next answer."""

    folder: Path
    port: int = 0
    asked: list[str] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    chunk: int = 1 << 16
    endless: bool = False  # no length is told: it might be live
    silence: bool = False
    tail: bytes = b""  # comes after a file, for ever
    refuse: int = 0  # an HTTP status for all

    def url(self, name: str, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.port}/{name}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        name = head.split(" ")[1].partition("?")[0].removeprefix("/")
        headers = dict(
            line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
        )
        self.asked.append(name)
        self.authorizations.add(headers.get("authorization", ""))
        path = self.folder / name
        if self.refuse or not path.is_file():
            writer.write(
                b"HTTP/1.1 %d No\r\nwww-authenticate: Basic realm=x\r\ncontent-length: 0\r\n\r\n"
                % (self.refuse or 404)
            )
            await writer.drain()
            return
        data = path.read_bytes()
        start = int(headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        writer.write(b"HTTP/1.1 206 Partial\r\n" if start else b"HTTP/1.1 200 OK\r\n")
        if not self.endless:
            writer.write(
                b"accept-ranges: bytes\r\ncontent-length: %d\r\n" % (len(data) - start)
                + b"content-range: bytes %d-%d/%d\r\n" % (start, len(data) - 1, len(data))
            )
        writer.write(b"connection: close\r\n\r\n")
        for at in range(start, len(data), self.chunk):
            if self.silence and at > len(data) // 2:
                await reader.read()  # until the other side has had enough
            writer.write(data[at : at + self.chunk])
            await writer.drain()
        while self.tail:
            writer.write(self.tail)
            await writer.drain()
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
) -> AsyncIterator[int]:
    """Serve connections while the body runs, and leave none behind; the value is the port."""
    talks: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks[asyncio.get_running_loop().create_task(serve(reader, writer))] = writer

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in talks:
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        for writer in talks.values():
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def web(folder: Path, **how: Any) -> AsyncIterator[Web]:
    site = Web(folder, **how)
    async with serving(site.serve) as site.port:
        yield site


class Camera:
    """An RTSP server (RFC 2326) of one film, H.264 and AAC, interleaved in TCP; again and again."""

    def __init__(self, film: Path) -> None:
        self.port = 0
        self.plays = 0
        self.mute = asyncio.Event()  # stop sending, but stay
        self._load(film)

    def _load(self, film: Path) -> None:
        with av.open(str(film)) as container:
            picture, sound = container.streams.video[0], container.streams.audio[0]
            self._sps, self._pps = h264.parameter_sets(bytes(picture.codec_context.extradata))
            self._config = bytes(sound.codec_context.extradata)
            self._rates = 90_000, sound.codec_context.sample_rate
            self._frames = sorted(
                (
                    (float(packet.dts * packet.time_base), packet.stream is sound, bytes(packet))
                    for packet in container.demux(picture, sound)
                    if packet.size
                ),
                key=lambda frame: frame[0],
            )

    def url(self, credentials: str = "") -> str:
        return f"rtsp://{credentials}127.0.0.1:{self.port}/live"

    @property
    def _sdp(self) -> str:
        sets = ",".join(base64.b64encode(each).decode() for each in (self._sps[0], self._pps[0]))
        rate = self._rates[1]
        return (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
            f"m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/{rate}/1\r\na=control:trackID=1\r\n"
            "a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
            f"indexdeltalength=3;config={self._config.hex()}\r\n"
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing: list[asyncio.Task[None]] = []
        try:
            await self._talk(reader, writer, playing)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            for task in playing:
                task.cancel()
            await asyncio.gather(*playing, return_exceptions=True)
            writer.close()

    async def _talk(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        playing: list[asyncio.Task[None]],
    ) -> None:
        while True:
            first = await reader.readexactly(1)
            if first == b"$":  # RTCP of the player's
                size = int.from_bytes((await reader.readexactly(3))[1:], "big")
                await reader.readexactly(size)
                continue
            head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
            method = head.split(" ")[0]
            headers = dict(
                line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line
            )
            more, body = "", ""
            match method:
                case "OPTIONS":
                    more = "Public: DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
                case "DESCRIBE":
                    body = self._sdp
                    more = f"Content-Type: application/sdp\r\nContent-Base: {self.url()}/\r\n"
                case "SETUP":
                    more = f"Transport: {headers['transport']}\r\n"
            writer.write(
                f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\nSession: 1\r\n{more}"
                f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            if method == "PLAY":
                self.plays += 1
                playing.append(asyncio.create_task(self._play(writer)))
            if method == "TEARDOWN":
                return

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        began, sequence, shift = loop.time(), [0, 0], 0.0
        while True:
            for time, is_sound, data in self._frames:
                await asyncio.sleep(max(0.0, began + shift + time - loop.time()))
                if self.mute.is_set():
                    await asyncio.Event().wait()
                timestamp = round((shift + time) * self._rates[is_sound]) & 0xFFFFFFFF
                payloads = [_sound(data)] if is_sound else _picture(data, self._sps, self._pps)
                for index, payload in enumerate(payloads):
                    last = index == len(payloads) - 1
                    kind = 97 if is_sound else 96
                    header = struct.pack(
                        ">BBHII", 0x80, kind | last << 7, sequence[is_sound], timestamp, 7
                    )
                    sequence[is_sound] = (sequence[is_sound] + 1) & 0xFFFF
                    channel = 2 * is_sound
                    size = len(header) + len(payload)
                    writer.write(b"$" + struct.pack(">BH", channel, size) + header + payload)
                await writer.drain()
            shift += self._frames[-1][0] + 0.04


def _sound(data: bytes) -> bytes:
    """One access unit behind its AU header (RFC 3640, 3.2)."""
    return struct.pack(">HH", 16, len(data) << 3) + data


def _picture(avcc: bytes, sps: list[bytes], pps: list[bytes]) -> list[bytes]:
    """NAL units, the long ones in fragments (RFC 6184, 5.8)."""
    units = [bytes(unit) for unit in h264.nal_units(avcc)]
    if any(h264.nal_type(unit) == h264.IDR for unit in units):
        units = [*sps, *pps, *units]
    payloads = []
    for unit in units:
        if len(unit) <= 1400:
            payloads.append(unit)
            continue
        pieces = [unit[at : at + 1400] for at in range(1, len(unit), 1400)]
        for index, piece in enumerate(pieces):
            ends = (index == 0) << 7 | (index == len(pieces) - 1) << 6
            payloads.append(bytes((unit[0] & 0xE0 | 28, ends | unit[0] & 31)) + piece)
    return payloads


@asynccontextmanager
async def camera(film: Path) -> AsyncIterator[Camera]:
    made = Camera(film)
    async with serving(made.serve) as made.port:
        yield made


async def segmenting(film: Path, folder: Path, *options: str) -> asyncio.subprocess.Process:
    """ffmpeg making HLS of a film into a folder: `live.m3u8`."""
    return await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1"),
        *("-i", str(film), "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "6"),
        *("-hls_flags", "delete_segments", *options, str(folder / "live.m3u8")),
    )
