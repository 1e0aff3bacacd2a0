"""RTMP connections without a key: little time, little memory, no more than a few."""

import asyncio
import logging
from pathlib import Path

import pytest

from streaming.ingest import amf, rtmp
from streaming.ingest.rtmp import Patience
from streaming.ingest.wrong_keys import PATIENCE
from tests.streaming.ingest.publishers import Obs, ffmpeg, obs, status
from tests.streaming.ingest.rtmp_server import KEY, REFUSED, address, server


async def test_a_wrong_key_is_refused_before_any_media(plain: Path) -> None:
    async with server() as (port, studios):
        async with ffmpeg(plain, address(port, "wrong")) as process:
            _, errors = await process.communicate()
        assert process.returncode != 0
        assert REFUSED in errors.decode()
    assert studios.asked == [("live", "wrong")]
    assert studios.sources == []
    assert studios.refused == {"wrong_key": 1}


async def test_ten_wrong_keys_wait_and_a_right_one_from_there_does_not() -> None:
    """A venue has one address: a guest's mistakes must not keep the stage off air."""
    async with server() as (port, studios):
        for _ in range(PATIENCE):
            async with obs(port) as guest:
                await _show(guest, "wrong")
                assert status(await guest.until("onStatus"))["description"] == REFUSED
        async with obs(port) as guest, obs(port) as studio:
            asked = asyncio.get_running_loop().time()
            await _show(guest, "wrong again")
            await studios.heard(PATIENCE + 1)
            await studio.start(KEY)
            assert asyncio.get_running_loop().time() - asked < 1.0
            assert studios.refused == {"wrong_key": PATIENCE}  # the last one waits
            assert status(await guest.until("onStatus"))["description"] == REFUSED
            assert asyncio.get_running_loop().time() - asked >= 1.0
    assert studios.refused == {"wrong_key": PATIENCE + 1}


async def _show(guest: Obs, key: str) -> None:
    await guest.shake_hands()
    await guest.connect()
    body = amf.encode("publish", 5.0, None, key, "live")
    guest.send(b"\x04" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14\1\0\0\0" + body)
    await guest.drain()


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
    assert studios.refused == {"malformed": 5}
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
    async with server(patience) as (port, studios), obs(port) as studio:
        if steps > 0:
            await studio.shake_hands()
        if steps > 1:
            await studio.connect()
        await studio.closed()
        assert studios.refused == {"timeout": 1}


async def test_a_crowd_of_strangers_does_not_keep_a_studio_out() -> None:
    async with server() as (port, studios):
        crowd = [
            await asyncio.open_connection("127.0.0.1", port) for _ in range(rtmp.STRANGERS + 20)
        ]
        async with obs(port) as studio:
            await studio.start(KEY)
        async with asyncio.timeout(5):
            assert await _read(crowd[0][0]) == b""  # the oldest had to go
        assert studios.refused == {"crowd": 20 + 1}
        for _, writer in crowd:
            writer.close()


async def test_a_player_is_told_where_to_watch() -> None:
    async with server() as (port, studios), obs(port) as viewer:
        await viewer.shake_hands()
        await viewer.connect()
        body = amf.encode("play", 5.0, None, "plateau")
        viewer.send(b"\x04" + bytes(3) + len(body).to_bytes(3, "big") + b"\x14\1\0\0\0" + body)
        told = status(await viewer.until("onStatus"))
        assert told["code"] == "NetStream.Play.Failed"
        assert "page web" in told["description"]
        await viewer.closed()
        assert studios.refused == {"player": 1}


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


async def test_who_says_much_and_no_key_is_closed() -> None:
    async with server() as (port, studios), obs(port) as stranger:
        await stranger.shake_hands()
        acknowledged = b"\x02" + bytes(3) + b"\0\0\x04\x03" + bytes(8)
        stranger.send(acknowledged * (rtmp.STRANGER_LIMIT // len(acknowledged)))
        await stranger.closed()
        assert studios.refused == {"malformed": 1}
