import asyncio
import logging
import random
import signal
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streaming import h264
from streaming.clock import Clock
from streaming.continuity import Channel
from streaming.errors import PublishRefused
from streaming.ingest import Source, amf, rtmp
from streaming.ingest.chunks import SET_PEER_BANDWIDTH, WINDOW_ACKNOWLEDGEMENT_SIZE
from streaming.ingest.rtmp import Patience
from tests.streaming.ingest.films import Films, Recorder
from tests.streaming.ingest.publishers import Obs, ffmpeg, obs, pictures_of, pyav, status, tags_of

KEY = "plateau-p-0123456789"
REFUSED = "Clé de diffusion inconnue."


class Studios:
    """Gives a place to whoever has the key."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sources: list[Recorder] = []
        self.opened = asyncio.Event()

    def open(self, app: str, key: str) -> Recorder:
        self.asked.append((app, key))
        if key != KEY:
            raise PublishRefused(REFUSED)
        self.sources.append(Recorder())
        self.opened.set()
        return self.sources[-1]

    async def first(self) -> Recorder:
        async with asyncio.timeout(10):
            await self.opened.wait()
        return self.sources[0]


@asynccontextmanager
async def server(patience: Patience | None = None) -> AsyncIterator[tuple[int, Studios]]:
    studios = Studios()
    async with rtmp.listening(
        "127.0.0.1", 0, studios.open, patience or Patience(farewell=0.1)
    ) as port:
        yield port, studios


def address(port: int, key: str = KEY) -> str:
    return f"rtmp://127.0.0.1:{port}/live/{key}"


@pytest.mark.slow
async def test_ffmpeg_publishes_and_its_frames_pass_untouched(plain: Path) -> None:
    async with server() as (port, studios), ffmpeg(plain, address(port)) as process:
        source = await studios.first()
        await source.until(lambda: source.closed)
        assert await process.wait() == 0
    assert studios.asked == [("live", KEY)]
    sent = pictures_of(plain)
    assert [packet.data for packet in source.pictures][1:] == sent[1:]
    assert source.pictures[0].key
    assert source.pictures[-1].dts - source.pictures[0].dts == pytest.approx(2.96, abs=0.02)
    assert {codec for codec, _ in source.sounds} == {"aac"}
    assert len(source.sounds) > 120
    offset = source.sounds[0][1].pts - source.pictures[0].pts
    assert abs(offset) < 0.04
    assert source.advice == []


async def test_pyav_publishes(plain: Path) -> None:
    async with server() as (port, studios):
        assert await pyav(plain, address(port)) == 0
        source = await studios.first()
        await source.until(lambda: source.closed)
    assert len(source.pictures) == 75


async def test_b_frames_pass_with_their_order(reordered: Path) -> None:
    async with server() as (port, studios), ffmpeg(reordered, address(port)):
        source = await studios.first()
        await source.until(lambda: len(source.pictures) >= 50)
    shown = [packet.pts for packet in source.pictures]
    assert shown != sorted(shown)
    assert all(packet.pts >= packet.dts for packet in source.pictures)


async def test_opus_comes_by_enhanced_rtmp(films: Films) -> None:
    film = films("opus.mkv", sound="libopus", sound_rate=48000, layout="stereo")

    async with server() as (port, studios):
        assert await pyav(film, address(port)) == 0
        source = await studios.first()
        await source.until(lambda: len(source.sounds) > 100)
    assert {codec for codec, _ in source.sounds} == {"opus"}


async def test_a_wrong_key_is_refused_before_any_media(plain: Path) -> None:
    async with server() as (port, studios):
        async with ffmpeg(plain, address(port, "wrong")) as process:
            _, errors = await process.communicate()
        assert process.returncode != 0
        assert REFUSED in errors.decode()
    assert studios.asked == [("live", "wrong")]
    assert studios.sources == []


async def test_obs_is_answered_in_its_order() -> None:
    async with server() as (port, studios), obs(port) as studio:
        await studio.shake_hands()
        told = await studio.connect()
        assert [message.kind for message in told[:2]] == [
            WINDOW_ACKNOWLEDGEMENT_SIZE,
            SET_PEER_BANDWIDTH,
        ]
        name, transaction, _, information = amf.decode(told[-1].body)
        assert (name, transaction) == ("_result", 1.0)
        assert isinstance(information, dict)
        assert information["code"] == "NetConnection.Connect.Success"
        told = await studio.publish(KEY)
        assert told[-1].stream == 1
        assert status(told)["code"] == "NetStream.Publish.Start"
        assert studios.asked == [("live", KEY)]


async def test_ending_as_obs_does_frees_the_place_at_once(plain: Path) -> None:
    async with server() as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        for tag in tags_of(plain)[:40]:
            studio.tag(*tag)
        source = await studios.first()
        await source.until(lambda: source.pictures)
        body = amf.encode("FCUnpublish", 6.0, None, KEY)
        studio.send(b"\x43" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14" + body)
        await source.until(lambda: source.closed)
        assert source.closed == "the studio stopped"
        await studio.closed()


async def test_addresses_with_a_slash_too_many_work() -> None:
    async with server() as (port, studios), obs(port) as studio:
        await studio.shake_hands()
        await studio.connect("live/")
        await studio.publish(KEY)
    assert studios.asked == [("live", KEY)]


async def test_a_killed_publisher_frees_its_place_at_once(plain: Path) -> None:
    async with server() as (port, studios), ffmpeg(plain, address(port)) as process:
        source = await studios.first()
        await source.until(lambda: len(source.pictures) > 10)
        process.kill()
        await source.until(lambda: source.closed, within=2)


async def test_a_frozen_publisher_is_given_up(plain: Path) -> None:
    patience = Patience(silence=0.5)
    async with server(patience) as (port, studios), ffmpeg(plain, address(port)) as process:
        source = await studios.first()
        await source.until(lambda: len(source.pictures) > 10)
        process.send_signal(signal.SIGSTOP)
        await source.until(lambda: source.closed, within=4)
        assert source.closed is not None
        assert "silent" in source.closed


async def test_an_evicted_publisher_is_told_and_closed(plain: Path) -> None:
    async with server() as (port, studios), ffmpeg(plain, address(port)) as process:
        source = await studios.first()
        await source.until(lambda: len(source.pictures) > 10)
        assert source.on_evicted is not None
        source.on_evicted()
        count = len(source.pictures)
        _, errors = await process.communicate()
        assert "pris cette place" in errors.decode() or process.returncode != 0
        assert len(source.pictures) == count


async def test_a_second_publisher_is_refused_and_the_first_stays(plain: Path) -> None:
    channel = Channel("plateau", Clock().now)

    def take(app: str, key: str) -> Source:
        return channel.take("primary", "rtmp")

    async with rtmp.listening("127.0.0.1", 0, take) as port:
        async with obs(port) as first:
            await first.start(KEY)
            first.tag(*tags_of(plain)[0])
            async with obs(port) as second:
                await second.shake_hands()
                await second.connect()
                told = status(await second.publish(KEY))
                assert told["code"] == "NetStream.Publish.BadName"
                assert "déjà occupé" in told["description"]
            assert channel.state().sources[0].connected
        async with obs(port) as third, asyncio.timeout(5):
            await third.start(KEY)  # the first is gone: the place is free at once


@pytest.mark.slow
async def test_what_comes_too_fast_is_slowed_to_the_pace_of_time(films: Films) -> None:
    film = films("long.mp4", 4.0)
    async with server() as (port, studios), ffmpeg(film, address(port), paced=False):
        started = asyncio.get_running_loop().time()
        source = await studios.first()
        most = 0.0

        def ended() -> bool:
            nonlocal most
            if source.pictures:
                most = max(most, source.pictures[-1].dts - source.timeline.now())
            return len(source.pictures) == 100

        await source.until(ended)
        assert asyncio.get_running_loop().time() - started > 1.5
    assert most < 2.2
    assert source.pictures[-1].dts - source.pictures[0].dts == pytest.approx(3.96, abs=0.02)


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (b"\x90hvc1\1", "HEVC"),  # as OBS and ffmpeg send it
        (b"\x1c\0\0\0\0\1", "HEVC"),  # as some cameras do
        (b"\x90av01\1", "AV1"),
    ],
)
async def test_other_codecs_are_refused_naming_the_setting(first: bytes, name: str) -> None:
    async with server() as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        studio.tag(9, 0, first)
        for index in range(50):  # a publisher does not stop to listen
            studio.tag(9, index * 40, b"\x91hvc1\0\0\0" + bytes(5000))
        told = status(await studio.until("onStatus"))
        assert told["code"] == "NetStream.Publish.Rejected"
        assert told["level"] == "error"
        assert name in told["description"]
        assert "Encodeur vidéo" in told["description"]
        await studio.closed()
        source = await studios.first()
        assert source.closed
        assert source.advice == [told["description"]]


async def test_hevc_from_ffmpeg_is_refused(films: Films) -> None:
    film = films("hevc.mp4", 1.0, codec="libx265", options={"preset": "ultrafast"})
    async with server() as (port, studios), ffmpeg(film, address(port)) as process:
        source = await studios.first()
        await source.until(lambda: source.closed)
        _, errors = await process.communicate()
        assert process.returncode != 0 or b"HEVC" in errors
        assert "HEVC" in source.advice[0]


async def test_mp3_is_left_out_and_the_picture_stays(films: Films) -> None:
    film = films("mp3.mkv", sound="libmp3lame", layout="stereo")
    async with server() as (port, studios), ffmpeg(film, address(port)):
        source = await studios.first()
        await source.until(lambda: len(source.pictures) > 25)
    assert source.sounds == []
    assert "MP3" in source.advice[0]


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),  # TLS
        b"\x03" + bytes(1536) + bytes(1536) + b"\xff" * 400,
        b"\x06" + bytes(1536),  # RTMPE
    ],
)
async def test_garbage_is_closed_with_one_warning_and_disturbs_nobody(
    garbage: bytes, plain: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with server() as (port, studios), ffmpeg(plain, address(port)):
        source = await studios.first()
        async with asyncio.timeout(5):
            for _ in range(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(garbage)
                while await _read(reader):
                    pass
                writer.close()
        count = len(source.pictures)
        await source.until(lambda: len(source.pictures) > count + 20)
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "sent away" in warnings[0].getMessage()


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(4096)
    except ConnectionError:
        return b""


@pytest.mark.parametrize("steps", [0, 1, 2])
async def test_who_says_nothing_more_is_closed(steps: int) -> None:
    patience = Patience(handshake=0.3, key=0.6)
    async with server(patience) as (port, _), obs(port) as studio:
        if steps > 0:
            await studio.shake_hands()
        if steps > 1:
            await studio.connect()
        await studio.closed()


async def test_a_crowd_of_strangers_does_not_keep_a_studio_out() -> None:
    async with server() as (port, _):
        crowd = [
            await asyncio.open_connection("127.0.0.1", port) for _ in range(rtmp.STRANGERS + 20)
        ]
        async with obs(port) as studio:
            await studio.start(KEY)
        async with asyncio.timeout(5):
            assert await _read(crowd[0][0]) == b""  # the oldest had to go
        for _, writer in crowd:
            writer.close()


async def test_a_player_is_told_where_to_watch() -> None:
    async with server() as (port, _), obs(port) as viewer:
        await viewer.shake_hands()
        await viewer.connect()
        body = amf.encode("play", 5.0, None, "plateau")
        viewer.send(b"\x04" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14\1\0\0\0" + body)
        told = status(await viewer.until("onStatus"))
        assert told["code"] == "NetStream.Play.Failed"
        assert "page web" in told["description"]
        await viewer.closed()


@pytest.mark.parametrize("order", ["media first", "publish first", "publish twice"])
async def test_commands_out_of_place_are_closed(order: str) -> None:
    async with server() as (port, studios), obs(port) as studio:
        await studio.shake_hands()
        if order == "publish first":
            body = amf.encode("publish", 5.0, None, KEY, "live")
            studio.send(b"\x04" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14\1\0\0\0" + body)
        else:
            await studio.connect()
        if order == "media first":
            studio.tag(9, 0, b"\x17\0\0\0\0\1")
        if order == "publish twice":
            await studio.publish(KEY)
            body = amf.encode("publish", 6.0, None, KEY, "live")
            studio.send(b"\x04" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14\1\0\0\0" + body)
        await studio.closed()
        assert all(source.closed for source in studios.sources)
        assert len(studios.sources) == (order == "publish twice")


async def _ask_on(writer: asyncio.StreamWriter, question: bytes) -> None:
    while True:
        writer.write(question)
        await writer.drain()


async def test_who_asks_and_does_not_read_is_closed() -> None:
    async with server() as (port, studios):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        stranger = Obs(reader, writer)
        await stranger.shake_hands()
        body = amf.encode("connect", 1.0, {"app": "live"})
        question = b"\x03" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14\0\0\0\0" + body
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionError):
                await _ask_on(writer, question * 1000)
        assert studios.asked == []


async def test_a_ping_is_answered_and_bytes_are_acknowledged(plain: Path) -> None:
    async with server() as (port, _), obs(port) as studio:
        await studio.start(KEY)
        studio.send(b"\x02" + bytes(3) + b"\0\0\x04\x05\0\0\0\0" + struct.pack(">I", 40_000))
        for tag in tags_of(plain):
            studio.tag(*tag)
        studio.send(b"\x02" + bytes(3) + b"\0\0\x06\x04\0\0\0\0" + struct.pack(">HI", 6, 77))
        body = amf.encode("createStream", 9.0, None)
        studio.send(b"\x43" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14" + body)
        told = await studio.until("_result")
        assert [message.body for message in told if message.kind == 4] == [
            struct.pack(">HI", 7, 77)
        ]
        assert any(message.kind == 3 for message in told)


async def test_the_server_closes_its_publishers_with_itself() -> None:
    async with server() as (port, studios):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await Obs(reader, writer).start(KEY)
    assert studios.sources[0].closed == "the server closes"
    assert await _read(reader) == b""
    writer.close()


async def test_broken_streams_harm_nobody(plain: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever comes after a right key: never an exception, and the next publisher is served."""
    chance = random.Random(7)
    tags = tags_of(plain)
    async with server() as (port, studios):
        for _ in range(60):
            async with obs(port) as studio:
                await studio.start(KEY)
                for kind, time, body in tags[: chance.randint(1, 12)]:
                    broken = bytearray(body)
                    for _ in range(chance.randint(0, 6)):
                        broken[chance.randrange(len(broken))] = chance.randrange(256)
                    cut = (
                        broken[: chance.randint(1, len(broken))]
                        if chance.random() < 0.3
                        else broken
                    )
                    studio.tag(kind, time + chance.choice([0, 0, 0, 90_000]), bytes(cut))
                if chance.random() < 0.5:
                    studio.send(chance.randbytes(chance.randint(1, 300)))
                await studio.drain()
        async with obs(port) as studio:
            await studio.start(KEY)
            for tag in tags[:20]:
                studio.tag(*tag)
            source = studios.sources[-1]
            await source.until(lambda: len(source.pictures) > 5)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    for recorder in studios.sources:
        for packet in recorder.pictures:
            h264.nal_units(packet.data)
