"""What real encoders send, broken in every way: never an exception, and nobody else notices."""

import asyncio
import contextlib
import itertools
import logging
import random
import struct
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from anyio import create_task_group
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streaming.clock import Clock
from streaming.continuity import Channel
from streaming.ingest import Malformed, Source, rtmp
from streaming.ingest.chunks import SET_CHUNK_SIZE, Chunks, Message, write
from streaming.ingest.rtmp import STUDIO_LIMIT, Patience
from streaming.packet import Packet
from tests.fuzz.studios import check, publish
from tests.streaming.ingest.films import Films, Recorder
from tests.streaming.ingest.publishers import HANDSHAKE, as_obs, ffmpeg, obs, pyav
from tests.streaming.studios import decode_pictures

GOOD = "good"

# Where bytes are broken, and how: mostly near the beginning, where the headers are.
flips = st.lists(
    st.tuples(st.integers(0, 600) | st.integers(0, 1 << 24), st.integers(1, 255)),
    min_size=1,
    max_size=12,
)
unhurried = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Tap:
    """Stands between a publisher and our server, and keeps what the publisher says."""

    def __init__(self, port: int) -> None:
        self.said = b""
        self._port = port

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)

        async def listen() -> None:
            while data := await reader.read(1 << 16):
                self.said += data
                far_writer.write(data)
            far_writer.close()

        async def answer() -> None:
            while data := await far_reader.read(1 << 16):
                writer.write(data)
            writer.close()

        with contextlib.suppress(ConnectionError):
            await asyncio.gather(listen(), answer())


async def _capture(film: Path, by_ffmpeg: bool) -> bytes:
    source = Recorder()
    async with rtmp.listening("127.0.0.1", 0, lambda app, key: source) as port:
        tap = Tap(port)
        relay = await asyncio.start_server(tap.pass_on, "127.0.0.1", 0)
        address = f"rtmp://127.0.0.1:{relay.sockets[0].getsockname()[1]}/live/{GOOD}"
        if by_ffmpeg:
            async with ffmpeg(film, address, paced=False) as process:
                await process.wait()
        else:
            assert await pyav(film, address) == 0
        await source.until(lambda: source.closed)
        relay.close()
    return tap.said


@pytest.fixture(scope="session")
def captures(films: Films, plain: Path) -> list[bytes]:
    """What ffmpeg, PyAV (Enhanced RTMP) and OBS say to our server, from the first byte on."""
    return asyncio.run(_capture_all(films, plain))


async def _capture_all(films: Films, plain: Path) -> list[bytes]:
    hevc = films("hevc.mp4", 1.0, codec="libx265", options={"preset": "ultrafast"})
    opus = films("opus-short.mkv", 1.0, sound="libopus", sound_rate=48000, layout="stereo")
    return [
        await _capture(films("short.mp4", 1.0), True),
        await _capture(hevc, True),
        await _capture(opus, False),
        as_obs(plain),
    ]


def _break(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    broken = bytearray(data)
    for place, change in changes:
        broken[place % len(broken)] ^= change
    return bytes(broken)


@unhurried
@given(which=st.integers(0, 3), changes=flips, piece=st.sampled_from([7, 1400, 65536]))
def test_bytes_that_flip_anywhere_are_survived(
    captures: list[bytes], which: int, changes: list[tuple[int, int]], piece: int
) -> None:
    check(publish(_break(captures[which][HANDSHAKE:], changes), piece))


@unhurried
@given(
    which=st.integers(0, 3),
    changes=st.dictionaries(st.integers(0, 40), flips, min_size=1, max_size=8),
    cut=st.none() | st.integers(0, 100),
)
def test_bytes_that_flip_in_well_framed_messages_are_survived(
    captures: list[bytes], which: int, changes: dict[int, list[tuple[int, int]]], cut: int | None
) -> None:
    """Chunks as they should be: AMF, tags, records and frames are what is broken, or cut short."""
    messages = _messages(captures[which][HANDSHAKE:])
    wire = write(2, SET_CHUNK_SIZE, 0, struct.pack(">I", 1 << 20))
    for index, message in enumerate(messages[:120]):
        body = message.body
        if body and index in changes:
            body = _break(body, changes[index])[:cut]
        time = min(message.timestamp, 0xFFFFFE).to_bytes(3, "big")
        size = len(body).to_bytes(3, "big")
        wire += b"\x05" + time + size + bytes((message.kind,)) + b"\1\0\0\0" + body
    check(publish(wire, 1 << 16))


def _messages(data: bytes) -> list[Message]:
    chunks, messages = Chunks(STUDIO_LIMIT), []
    chunks.push(data)
    while (message := chunks.next()) is not None:
        messages.append(message)
    return messages


def test_memory_has_its_bounds() -> None:
    """Messages in the smallest chunks, on as many chunk streams as there may be."""
    size = STUDIO_LIMIT // 4
    one_byte = write(2, SET_CHUNK_SIZE, 0, struct.pack(">I", 1))
    head = b"\x04\0\0\0" + size.to_bytes(3, "big") + b"\x09\1\0\0\0"
    tracemalloc.start()
    try:
        chunks = Chunks(STUDIO_LIMIT)
        chunks.push(one_byte + head + b"x")
        for _ in range(3):
            chunks.push(b"\xc4x" * 10_000)
            assert chunks.next() is None
        for stream in range(5, 5 + 30):
            with contextlib.suppress(Malformed):
                chunks.push(bytes((stream,)) + head[1:] + b"x" * 20_000)
                chunks.next()
        assert tracemalloc.get_traced_memory()[1] < 2 * STUDIO_LIMIT
    finally:
        tracemalloc.stop()


@pytest.mark.slow
async def test_a_studio_and_its_viewer_notice_nothing_of_broken_publishers(
    films: Films, captures: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(5)
    channel = Channel("plateau", Clock().now)
    refused: Counter[str] = Counter()
    shown: list[Packet] = []

    def take(app: str, key: str) -> Source:
        return channel.take("primary", "rtmp") if key == "studio" else Recorder()

    async def watch() -> None:
        async for packet in channel.feed.video.follow(live=True):
            shown.append(packet)  # noqa: PERF401 -- each one as it comes

    film = films("eight-seconds.mp4", 8.0)
    waits = Patience(handshake=0.5, key=1.0, farewell=0.1)
    async with rtmp.listening("127.0.0.1", 0, take, waits, refused) as port:
        studio = ffmpeg(film, f"rtmp://127.0.0.1:{port}/live/studio")
        async with create_task_group() as group:
            async with studio:
                group.start_soon(channel.run)
                await _on_air(channel)
                group.start_soon(watch)
                while len(shown) < 75:
                    broken = [_spoilt(captures, chance) for _ in range(8)]
                    await asyncio.gather(*(_say(port, data) for data in broken))
                    assert channel.on_air == "primary"
            group.cancel_scope.cancel()  # once ffmpeg has gone: waiting for that would end as well
        async with obs(port) as another:
            await another.start(GOOD)
    assert refused["malformed"] > 20
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    steps = [after.dts - before.dts for before, after in itertools.pairwise(shown)]
    assert all(0 < step < 0.1 for step in steps)
    from_key = shown[next(index for index, packet in enumerate(shown) if packet.key) :]
    assert len(decode_pictures(from_key)) == len(from_key)


async def _on_air(channel: Channel) -> None:
    changed = asyncio.Event()
    channel.on_change = changed.set
    async with asyncio.timeout(10):
        while channel.on_air != "primary":
            changed.clear()
            await changed.wait()


def _spoilt(captures: list[bytes], chance: random.Random) -> bytes:
    data = bytearray(chance.choice(captures))
    start = 0 if chance.random() < 0.2 else HANDSHAKE
    for _ in range(chance.randint(1, 20)):
        place = min(len(data) - 1, start + int(chance.expovariate(1 / 2000)))
        data[place] ^= chance.randint(1, 255)
    return bytes(data[: chance.randint(1, len(data))] if chance.random() < 0.3 else data)


async def _say(port: int, data: bytes) -> None:
    """Say all of it without listening, then hang up, or be hung up on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(10):
            while await reader.read(1 << 16):
                pass
    writer.close()
