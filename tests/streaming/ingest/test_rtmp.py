import asyncio
import itertools
import signal
import struct
from collections import Counter
from pathlib import Path

import pytest

from streaming.clock import Clock
from streaming.continuity import Channel
from streaming.ingest import Source, amf, rtmp
from streaming.ingest.chunks import (
    SET_CHUNK_SIZE,
    SET_PEER_BANDWIDTH,
    WINDOW_ACKNOWLEDGEMENT_SIZE,
    write,
)
from streaming.ingest.rtmp import LONGEST_REST, Patience
from tests.streaming.ingest.films import Films, Recorder
from tests.streaming.ingest.publishers import Obs, ffmpeg, obs, pictures_of, pyav, status, tags_of
from tests.streaming.ingest.rtmp_server import KEY, address, server


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


async def test_a_studio_that_goes_back_in_time_goes_on(plain: Path) -> None:
    tags = tags_of(plain)
    async with server() as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        for kind, time, body in tags[:60]:
            studio.tag(kind, 500_000 + time, body)
        for kind, time, body in tags[:60]:
            studio.tag(kind, time, body)
        source = await studios.first()
        pictures = sum(kind == 9 for kind, _, _ in tags[:60]) - 1
        await source.until(lambda: len(source.pictures) == 2 * pictures)
    times = [packet.dts for packet in source.pictures]
    assert times == sorted(times)
    assert times[-1] - times[0] < 10


@pytest.mark.parametrize("size", [1, 127, 4096, 100_000, 0x7FFFFFFF])
async def test_chunks_may_have_any_size(plain: Path, size: int) -> None:
    tags = tags_of(plain)[:12]
    async with server() as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        studio.send(write(2, SET_CHUNK_SIZE, 0, struct.pack(">I", size)))
        for kind, time, body in tags:
            head = b"\x04" + time.to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes((kind,))
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            studio.send(head + b"\1\0\0\0" + b"\xc4".join(pieces))
        source = await studios.first()
        pictures = sum(kind == 9 for kind, _, _ in tags) - 1
        await source.until(lambda: len(source.pictures) == pictures)
    assert [packet.data for packet in source.pictures][1:] == pictures_of(plain)[1:pictures]


@pytest.mark.parametrize("rest", [0.0, 10.0])
async def test_a_frame_in_many_segments_is_there_when_its_last_byte_is(
    plain: Path, rest: float
) -> None:
    """The kernel keeps us asleep while a frame is under way: never beyond its end."""

    def place() -> Recorder:
        source = Recorder()
        source.rest = rest
        return source

    tags = tags_of(plain)
    body = tags[2][2] + bytes(300_000)  # zero bytes after the units: lengths of nothing
    async with server(place=place) as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        for kind, time, data in tags[:2]:
            studio.tag(kind, time, data)
        source = await studios.first()
        for index in range(3):
            size = len(body).to_bytes(3, "big") + b"\x09"
            message = b"\x06" + (index * 40).to_bytes(3, "big") + size + b"\1\0\0\0"
            message += b"\xc6".join(body[at : at + 4096] for at in range(0, len(body), 4096))
            for at in range(0, len(message), 1460):
                studio.send(message[at : at + 1460])
                await studio.drain()
            await source.until(lambda: len(source.pictures) == index + 1)  # noqa: B023


async def test_nothing_waits_in_the_kernel_while_somebody_watches(plain: Path) -> None:
    def place() -> Recorder:
        source = Recorder()
        source.watched = True
        return source

    async with server(place=place) as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        for kind, time, data in tags_of(plain)[:2]:
            studio.tag(kind, time, data)
        source = await studios.first()
        for index in range(3):
            studio.tag(8, 20 * index, b"\xaf\1few")  # less than what is worth to wake up for
            await source.until(lambda: len(source.sounds) == index + 1)  # noqa: B023


async def test_a_studio_that_nobody_needs_now_is_left_unread_for_a_moment(plain: Path) -> None:
    def place() -> Recorder:
        source = Recorder()
        source.rest = 10.0
        return source

    loop, came = asyncio.get_running_loop(), []
    async with server(place=place) as (port, studios), obs(port) as studio:
        await studio.start(KEY)
        for kind, time, data in tags_of(plain)[:2]:
            studio.tag(kind, time, data)
        source = await studios.first()
        for index in range(3):
            studio.tag(8, 20 * index, b"\xaf\1few")
            await source.until(lambda: len(source.sounds) == index + 1)  # noqa: B023
            came.append(loop.time())
    for before, after in itertools.pairwise(came):
        assert 0.9 * LONGEST_REST < after - before < 1.0


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
        source.on_evicted("Une autre source a pris cette place.")
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


async def test_a_place_whose_publisher_is_silent_is_taken_over(plain: Path) -> None:
    now = 1000.0
    channel = Channel("plateau", lambda: now)
    refused: Counter[str] = Counter()

    def take(app: str, key: str) -> Source:
        return channel.take("primary", "rtmp")

    async with rtmp.listening("127.0.0.1", 0, take, refused=refused) as port, obs(port) as first:
        await first.start(KEY)
        now += 3.0  # its network is gone, and its connection does not know
        async with obs(port) as second:
            await second.start(KEY)
            told = status(await first.until("onStatus"))
            assert "pris cette place" in told["description"]
            await first.closed()
            assert channel.state().sources[0].connected
            assert refused == {"evicted": 1}


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
        studio = Obs(reader, writer)
        await studio.start(KEY)
    assert studios.sources[0].closed == "the server closes"
    assert await studio.closed() == b""
    writer.close()
