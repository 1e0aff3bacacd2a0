"""What a studio by WHIP may send us: nothing of it raises, grows, or reaches anybody else."""

import asyncio
import contextlib
import itertools
import logging
import random
import re
import socket
from pathlib import Path

import pylibsrtp
import pytest
from aioice import stun
from aiortc.rtp import RtcpPacket, RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from streaming.clock import Clock
from streaming.errors import UnsupportedMedia
from streaming.feed import Feed
from streaming.ingest.intake import Intake
from streaming.ingest.whip import offer
from streaming.ingest.whip.reorder import JUMP, WINDOW
from streaming.ingest.whip.tracks import RATE, PictureTrack, SoundTrack
from streaming.packet import Packet
from streaming.webrtc import rtcp, rtp
from streaming.webrtc.connection import SOURCE_LIMIT
from streaming.webrtc.relay import Relay
from streaming.webrtc.rtp import Received
from streaming.webrtc.sdp import Refusal
from tests.streaming.ingest.films import Recorder
from tests.streaming.ingest.whip.conftest import Stage
from tests.streaming.ingest.whip.publisher import Publisher, publishing
from tests.streaming.webrtc.conftest import _watching as watching
from tests.streaming.webrtc.damage import damaged

CHROMIUM = Path(__file__).parents[2] / "webrtc/chromium.sdp"
OFFER = CHROMIUM.read_bytes().decode().replace("a=recvonly", "a=sendonly")


def flipped(data: bytes, chance: random.Random, most: int = 6) -> bytes:
    """The same with a few bytes changed, and now and then cut or made longer."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, most)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    if chance.random() < 0.2:
        del changed[chance.randrange(len(changed) + 1) :]
    if chance.random() < 0.1:
        changed += chance.randbytes(chance.randint(1, 40))
    return bytes(changed)


# Parsers.


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    for some in (data, b"\x80" + data, b"\x81\xcd" + data, b"\xbf\xe6" + data):
        rtcp.read(some)
        packet = rtp.read(some)
        assert packet is None or len(packet.payload) < len(some)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 31), st.integers(200, 207), st.integers(0, 12), st.binary(max_size=48)
        ),
        max_size=5,
    ),
    st.binary(max_size=8),
)
def test_rtcp_of_any_length_is_read_as_far_as_it_makes_sense(
    parts: list[tuple[int, int, int, bytes]], rest: bytes
) -> None:
    data = b"".join(
        bytes((0x80 | count, kind, 0, words)) + body[: 4 * words].ljust(4 * words, b"\1")
        for count, kind, words, body in parts
    )
    said = rtcp.read(data + rest)
    assert len(said.lost) <= len(parts)
    assert all(len(numbers) <= rtcp.LOST_LIMIT for numbers in said.lost.values())


@given(st.binary(min_size=12, max_size=80))
def test_rtp_is_read_as_aiortc_reads_it(data: bytes) -> None:
    data = bytes((data[0] & 0x3F | 0x80,)) + data[1:]
    ours = rtp.read(data)
    try:
        theirs = RtpPacket.parse(data)
    except ValueError:
        # It also refuses a padding of no length, and extensions that make no sense.
        return
    assert ours is not None
    assert ours.payload == theirs.payload
    assert (ours.payload_type, ours.sequence, ours.timestamp, ours.source, ours.marker) == (
        theirs.payload_type,
        theirs.sequence_number,
        theirs.timestamp,
        theirs.ssrc,
        bool(theirs.marker),
    )


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=60), st.integers(1, 2**32 - 1))
def test_what_we_say_by_rtcp_is_read_by_us_and_by_aiortc(numbers: list[int], source: int) -> None:
    numbers = sorted(set(numbers))
    reception = rtcp.Reception(source, 7, -3, 70_000, 12, 34, 56)
    data = b"".join(
        (
            rtcp.receiver_report(1, "fabrique", [reception]),
            rtcp.missing(1, source, numbers),
            rtcp.picture_lost(1, source),
            rtcp.full_picture(1, source, 300),
            rtcp.room(1, [source], 8_000_000),
        )
    )
    report, description, nack, pli, fir, remb = RtcpPacket.parse(data)
    (block,) = report.reports
    assert (block.ssrc, block.fraction_lost, block.packets_lost) == (source, 7, -3)
    assert (block.highest_sequence, block.jitter, block.lsr, block.dlsr) == (70_000, 12, 34, 56)
    assert description.chunks[0].items == [(1, b"fabrique")]
    assert nack.lost == numbers
    assert (pli.fmt, pli.media_ssrc, fir.fmt) == (1, source, 4)
    assert (
        7_900_000
        < (int.from_bytes(remb.fci[5:8], "big") & 0x3FFFF) << (remb.fci[5] >> 2)
        <= 8_000_000
    )
    said = rtcp.read(data)
    assert said.lost == {source: numbers}
    assert said.pictures_lost == [source, source]


@given(damaged(OFFER))
def test_a_damaged_offer_is_answered_or_refused(sdp: str) -> None:
    try:
        read = offer.read_offer(sdp)
    except Refusal:
        return
    assert set(read.codecs) <= {"video", "audio"}
    assert read.remote_name


@given(st.text(max_size=300))
def test_any_text_is_no_offer(text: str) -> None:
    for some in (text, "v=0\r\n" + text):
        with pytest.raises(Refusal):
            offer.read_offer(some)


def test_offers_have_limits() -> None:
    with pytest.raises(Refusal):
        offer.read_offer("v=0\r\n" + "a=x\r\n" * 20_000)


# Streams.

packets = st.builds(
    Received,
    st.just(96),
    st.integers(0, 0xFFFF) | st.integers(0, 40),
    st.integers(0, 2**32 - 1) | st.integers(0, 9000),
    st.integers(1, 3),
    st.booleans(),
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda body: b"\x65\x88" + body)
    | st.binary(max_size=30).map(lambda body: b"\x67\x42\x00\x1f" + body)
    | st.binary(max_size=30).map(lambda body: b"\x68" + body),
)


@given(st.lists(st.tuples(packets, st.floats(0, 2)), max_size=80))
def test_streams_take_whatever_comes_and_stay_small(some: list[tuple[Received, float]]) -> None:
    now = 1000.0
    source = Recorder(Clock(monotonic=lambda: now).now)
    intake = Intake(source, RATE)
    sound = SoundTrack(intake)
    picture = PictureTrack(intake, sound.line, 0.4)
    for packet, later in some:
        now += later
        sound.receive(packet, now)
        try:
            picture.receive(packet, now)
            picture.receive_again(packet, now)
            picture.advance(now)
        except UnsupportedMedia:
            return  # the studio is sent away, with the reason
        picture.missing(now)
        for track in (picture, sound):
            assert track.reception(now) is not None
            rtcp.receiver_report(1, "x", [r for r in [track.reception(now)] if r])
            assert len(track._reorder._held) <= WINDOW
            assert len(track._reorder._missing) <= WINDOW + JUMP
    times = [packet.dts for packet in source.pictures]
    assert times == sorted(times)


# The wire: a studio that lies inside its own DTLS, beside another and a viewer.


async def _carry(source: Recorder, feed: Feed) -> None:
    """Put on air what the studio sends."""
    shown = 0
    while source.closed is None:
        await source.until(lambda seen=shown: len(source.pictures) > seen, within=60)
        for picture in source.pictures[shown:]:
            feed.webrtc.append(picture)
            shown += 1


async def _bombard(
    stage: Stage,
    pictures: list[Packet],
    sounds: list[Packet],
    caplog: pytest.LogCaptureFixture,
    attack: object,
) -> None:
    caplog.set_level(logging.WARNING)
    feed = Feed()
    relay = Relay(feed, mux=stage.mux)
    async with publishing(stage.publish_backup, pictures, sounds) as good:
        neighbour = stage.source
        carrying = asyncio.create_task(_carry(neighbour, feed))
        try:
            await neighbour.until(lambda: bool(neighbour.pictures))
            async with (
                watching(relay.answer, kinds=("video",)) as viewer,
                publishing(stage.publish, pictures, sounds) as bad,
            ):
                await viewer.until(lambda: bool(viewer.packets["video"]))
                source = stage.source
                await source.until(lambda: len(source.pictures) >= 5 and len(source.sounds) >= 5)
                await attack(bad, good)  # type: ignore[operator]
                seen, shown = len(neighbour.pictures), len(viewer.timestamps("video"))
                await neighbour.until(lambda: len(neighbour.pictures) > seen + 10)
                await viewer.until(lambda: len(viewer.timestamps("video")) > shown + 10)
        finally:
            carrying.cancel()
            await relay.close()
    assert neighbour.closed in (None, "the connection ended")
    steps = [b.dts - a.dts for a, b in itertools.pairwise(neighbour.pictures)]
    assert max(steps) < 0.06
    assert not [record for record in caplog.records if record.exc_info], caplog.text


async def test_lies_inside_srtp_reach_nobody_else(
    stage: Stage, pictures: list[Packet], sounds: list[Packet], caplog: pytest.LogCaptureFixture
) -> None:
    """RTP and RTCP of a real studio with bytes changed, in framing that DTLS-SRTP vouches for."""
    chance = random.Random(9725)

    async def attack(bad: Publisher, good: Publisher) -> None:
        real: list[bytes] = []
        bad.put_on(lambda kind, data: real.append(data) or [data])  # type: ignore[func-returns-value]
        source = bad.sender("video")._ssrc
        await stage.source.until(lambda: len(real) > 20)
        reports = [
            rtp.sender_report(source, 1e9, 90_000, 5, 500, "x"),
            rtcp.receiver_report(source, "x", [rtcp.Reception(source, 0, 0, 0, 0, 0, 0)]),
            rtcp.missing(source, source, range(40)),
            b"\x81\xcb\0\1" + source.to_bytes(4, "big"),
        ]
        for _ in range(2000):
            for data in (
                flipped(chance.choice(real), chance),
                flipped(chance.choice(reports), chance),
            ):
                # What SRTP will not carry never leaves: a header cut short, a number long past.
                if len(data) >= 12 and data[0] >> 6 == 2:
                    with contextlib.suppress(pylibsrtp.Error, ValueError):
                        await bad.send(data)
            if chance.random() < 0.02:
                await asyncio.sleep(0)

    await _bombard(stage, pictures, sounds, caplog, attack)


async def test_sources_without_end_are_not_remembered(
    stage: Stage, pictures: list[Packet], sounds: list[Packet], caplog: pytest.LogCaptureFixture
) -> None:
    async def attack(bad: Publisher, good: Publisher) -> None:
        kind = RtpPacket.parse(bad.sent["video"][0]).payload_type if bad.sent["video"] else 99
        for source in range(1, 2000):
            await bad.send(rtp.packet(rtp.Rtp(source, 0, True, b"\x41\x9a"), kind, source))
            await bad.send(rtcp.receiver_report(source, "x"))
            if not source % 100:
                await asyncio.sleep(0)
        connection = next(
            session.studio
            for session in stage.studios._sessions.values()
            if session.place == ("plateau", "primary")
        )
        await stage.source.until(lambda: connection.refused > 1000)
        assert len(connection._known) <= SOURCE_LIMIT

    await _bombard(stage, pictures, sounds, caplog, attack)


async def test_strangers_and_broken_framing_reach_nobody(
    stage: Stage, pictures: list[Packet], sounds: list[Packet], caplog: pytest.LogCaptureFixture
) -> None:
    """STUN, DTLS and SRTP with bytes changed, from the studio's own address and from another."""
    chance = random.Random(8445)

    async def attack(bad: Publisher, good: Publisher) -> None:
        ours = re.search(r"a=ice-ufrag:(\S+)", bad.answer)
        port = re.search(r" 127\.0\.0\.1 (\d+) typ host", bad.answer)
        assert ours
        assert port
        check = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        check.attributes["USERNAME"] = f"{ours[1]}:abcd"
        check.attributes["PRIORITY"] = 1
        check.add_message_integrity(b"not the password, though")
        real = [
            bytes(check),
            b"\x80\x63\0\1" + bytes(40),
            b"\x80\xc8\0\6" + bytes(40),
            b"\x16\xfe\xfd" + bytes(60),
            b"\x17\xfe\xfd\0\1" + bytes(60),
        ]
        pair = bad.dtls.transport._connection._nominated[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for index in range(3000):
                data = flipped(chance.choice(real), chance) or b"\0"
                stranger.sendto(data, ("127.0.0.1", int(port[1])))
                if not 20 <= data[0] < 64:  # a DTLS record of its own would end its connection
                    pair.protocol.transport.sendto(data, pair.remote_addr)
                if not index % 50:
                    await asyncio.sleep(0)

    await _bombard(stage, pictures, sounds, caplog, attack)
