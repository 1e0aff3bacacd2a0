"""What viewers of a channel get, seen by real peers on loopback."""

import asyncio
import gc
import math
import time
from typing import Any

import pytest
from aiortc.codecs import h264_depayload

from streaming.feed import Feed
from streaming.h264 import IDR, PPS, SEI, SPS, annexb_units, nal_type, nal_units, parameter_sets
from streaming.packet import Packet
from streaming.webrtc.datagrams import Way
from streaming.webrtc.offer import Refusal
from streaming.webrtc.relay import OutOfOrder, Relay, TooManyViewers
from tests.streaming.webrtc.media import encode_pictures
from tests.streaming.webrtc.test_datagrams import WAYS


def fill(feed: Feed, pictures: list[Packet], sounds: list[Packet]) -> None:
    for picture in pictures:
        feed.webrtc.append(picture)
    for sound in sounds:
        feed.opus.append(sound)


async def test_two_viewers_get_every_frame_with_the_time_it_has(
    relay: Relay, feed: Feed, pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:10], sounds[:10])
    async with watching(relay.answer) as one, watching(relay.answer) as two:
        for viewer in (one, two):
            await viewer.until(lambda v=viewer: len(v.timestamps("video")) == 10)
            await viewer.until(lambda v=viewer: v.packets["audio"])
        assert relay.viewers == 2
        for picture, sound in zip(pictures[10:40], sounds[10:40], strict=True):
            feed.webrtc.append(picture)
            feed.opus.append(sound)
        for viewer in (one, two):
            await viewer.until(lambda v=viewer: len(v.timestamps("video")) == 40)
            await viewer.until(lambda v=viewer: len(v.timestamps("audio")) == 31)
            assert viewer.timestamps("video")[9:] == [
                round(picture.pts * 90_000) % 2**32 for picture in pictures[9:40]
            ]
            assert viewer.timestamps("audio") == [
                round(sound.pts * 48_000) % 2**32 for sound in sounds[9:40]
            ]
            assert [packet.payload for packet in viewer.packets["audio"]] == [
                sound.data for sound in sounds[9:40]
            ]


@pytest.mark.parametrize("cipher", [b"SRTP_AEAD_AES_128_GCM", b"SRTP_AES128_CM_SHA1_80"])
@pytest.mark.parametrize("way", WAYS)
async def test_in_every_way_a_peer_can_read_every_packet(
    open_relay: Any,
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
    way: Way,
    cipher: bytes,
) -> None:
    relay = open_relay(way=way)
    big = encode_pictures(12, slices=4, noise=90)
    fill(feed, big[:3], sounds[:3])
    async with watching(relay.answer, cipher=cipher) as viewer:
        for place in range(3, 12):  # one by one: its socket holds few so big pictures
            await viewer.until(lambda n=place: viewer.pictures() == n)
            feed.webrtc.append(big[place])
            feed.opus.append(sounds[place])
        await viewer.until(lambda: viewer.pictures() == 12)
        await viewer.until(lambda: len(viewer.timestamps("audio")) == 10)
        packets = viewer.packets["video"]
        assert len(packets) > 150
        assert any(packet.padding_size for packet in packets)
        units = annexb_units(b"".join(h264_depayload(packet.payload) for packet in packets))
        kept = [unit for unit in units if nal_type(unit) not in (SPS, PPS, SEI)]
        sent = [bytes(unit) for picture in big for unit in nal_units(picture.data)]
        assert kept == [unit for unit in sent if nal_type(unit) != SEI]


async def test_a_viewer_decodes_the_studios_own_pictures_and_sound(
    relay: Relay, feed: Feed, pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:20], sounds[:20])
    async with watching(relay.answer) as viewer:
        video, audio = (receiver.track for receiver in viewer.connection.getReceivers())
        async with asyncio.timeout(10):
            frame = await video.recv()
            assert (frame.width, frame.height) == (320, 180)
            await viewer.until(lambda: len(viewer.timestamps("video")) == 20)
            for sound in sounds[20:60]:  # more than its jitter buffer holds back
                feed.opus.append(sound)
            assert (await audio.recv()).sample_rate == 48_000
        payloads = [packet.payload for packet in viewer.packets["video"]]
        units = annexb_units(b"".join(map(h264_depayload, payloads)))
        sent = [
            bytes(unit)
            for picture in pictures[:20]
            for unit in nal_units(picture.data)
            if picture.key or nal_type(unit) != SEI
        ]
        assert [unit for unit in units if nal_type(unit) not in (SPS, PPS)] == sent


async def test_a_joiner_gets_a_picture_at_once(
    relay: Relay, feed: Feed, pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:90], sounds[:90])  # the newest key is picture 50; nothing comes after
    async with watching(relay.answer) as viewer:
        await viewer.until(lambda: len(viewer.timestamps("video")) == 40, seconds=3)
        assert viewer.timestamps("video") == [
            round(picture.pts * 90_000) % 2**32 for picture in pictures[50:90]
        ]


async def test_parameter_sets_come_before_every_keyframe(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:60], [])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: len(viewer.timestamps("video")) == 10)
        for picture in pictures[60:] + pictures[:1]:
            feed.webrtc.append(picture)
        await viewer.until(lambda: len(viewer.timestamps("video")) == 51)
        payloads = [packet.payload for packet in viewer.packets["video"]]
        units = annexb_units(b"".join(map(h264_depayload, payloads)))
        (sps,), (pps,) = parameter_sets(pictures[0].config)
        kinds = [nal_type(unit) for unit in units if nal_type(unit) != SEI]
        assert kinds[:3] == [SPS, PPS, IDR]
        assert kinds.count(SPS) == 2
        second = kinds.index(SPS, 1)
        assert kinds[second : second + 3] == [SPS, PPS, IDR]
        assert [unit for unit in units if nal_type(unit) in (SPS, PPS)] == [sps, pps, sps, pps]


async def test_a_viewer_goes_on_when_the_slate_takes_over(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:10], [])
    slate = encode_pictures(10, start=pictures[10].pts, size=(640, 360))
    async with watching(relay.answer, kinds=("video",)) as viewer:
        track = viewer.connection.getReceivers()[0].track
        async with asyncio.timeout(10):
            assert (await track.recv()).width == 320
            for picture in slate:
                feed.webrtc.append(picture)
            while (await track.recv()).width != 640:
                pass
        assert relay.viewers == 1


async def test_reports_tie_sound_and_picture_to_one_clock(
    relay: Relay, feed: Feed, pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:10], sounds[:20])
    async with watching(relay.answer) as viewer:
        await viewer.until(lambda: bool(viewer.reports["video"] and viewer.reports["audio"]))
        times = {}
        for kind, rate in (("video", 90_000), ("audio", 48_000)):
            info = viewer.reports[kind][0].sender_info
            wall = info.ntp_timestamp / 2**32 - 2_208_988_800
            off = (info.rtp_timestamp - round(wall * rate) + 2**31) % 2**32 - 2**31
            assert abs(off) <= 2
            times[kind] = wall
        assert abs(times["video"] - times["audio"]) < 0.1


async def test_a_lost_packet_comes_again(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    source, first = relay.streams["video"].source, relay.streams["video"].end
    lost: list[int] = []

    def lose(packet: Any) -> bool:
        # Nobody misses what comes before the first packet that came.
        if packet.ssrc != source or (packet.sequence_number - first) % 5 != 2:
            return False
        lost.append(packet.sequence_number)
        return True

    fill(feed, pictures[:1], [])
    async with watching(relay.answer, kinds=("video",), lose=lose) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"]))
        for picture in pictures[1:50]:
            feed.webrtc.append(picture)

        def all_came() -> bool:
            again = {
                int.from_bytes(packet.payload[:2], "big")
                for packet in viewer.packets["video"]
                if packet.ssrc != source
            }
            return len(lost) > 5 and set(lost[:-1]) <= again

        await viewer.until(all_came)


async def test_b_frames_are_refused_and_their_viewers_released(
    relay: Relay,
    feed: Feed,
    pictures: list[Packet],
    watching: Any,
) -> None:
    fill(feed, pictures[:5], [])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"]))
        feed.out_of_order = True
        async with asyncio.timeout(5):
            await viewer.closed.wait()
        assert relay.viewers == 0
        with pytest.raises(OutOfOrder):
            await relay.answer(viewer.offer)


async def test_a_viewer_hangs_up(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:5], [])
    async with watching(relay.answer) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"]))
        assert await relay.hangup(viewer.session)
        assert not await relay.hangup(viewer.session)
        assert relay.viewers == 0
        async with asyncio.timeout(5):
            await viewer.closed.wait()


@pytest.mark.slow
async def test_a_viewer_that_vanishes_is_dropped(
    open_relay: Any, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    relay = open_relay(patience=2.5)
    fill(feed, pictures[:5], [])
    async with watching(relay.answer) as gone, watching(relay.answer) as stays:
        for viewer in (gone, stays):
            await viewer.until(lambda v=viewer: bool(v.packets["video"]))
        # As if its machine were cut off: nothing more leaves it.
        for protocol in gone.connection.getReceivers()[
            0
        ].transport.transport._connection._protocols:
            protocol.transport.sendto = lambda data, address: None
        async with asyncio.timeout(10):
            while relay.viewers == 2:
                stays.came.clear()  # reports come every half second
                await stays.came.wait()
        assert relay.viewers == 1
        assert await relay.hangup(stays.session)
        assert not await relay.hangup(gone.session)


@pytest.mark.slow
async def test_who_asks_and_never_comes_is_forgotten(
    open_relay: Any, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    relay = open_relay(patience=2.5, limit=2)
    fill(feed, pictures[:5], [])
    async with watching(relay.answer) as stays:
        await stays.until(lambda: bool(stays.packets["video"]))
        session, _ = await relay.answer(stays.offer)
        with pytest.raises(TooManyViewers):
            await relay.answer(stays.offer)
        async with asyncio.timeout(10):
            while session in relay._viewers:
                stays.came.clear()  # reports come every half second
                await stays.came.wait()
        assert relay.viewers == 1
        await relay.answer(stays.offer)  # the place is free again


async def test_viewers_are_limited(
    open_relay: Any, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    relay = open_relay(limit=1)
    fill(feed, pictures[:5], [])
    async with watching(relay.answer) as viewer:
        await viewer.until(lambda: viewer.pictures() > 0)
        with pytest.raises(TooManyViewers):
            async with watching(relay.answer):
                pytest.fail("the offer was answered")


async def test_what_is_no_offer_is_refused_and_leaves_nothing(
    relay: Relay, feed: Feed, watching: Any
) -> None:
    for text in ("", "bonjour", "v=0\r\n", "v=0\r\n" * 20_000):
        with pytest.raises(Refusal):
            await relay.answer(text)
    assert relay.viewers == 0


async def test_a_broken_picture_stops_nobody(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:5], [])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: len(viewer.timestamps("video")) == 5)
        broken = pictures[5]
        feed.webrtc.append(
            Packet(b"\xff\xff\xff\xff\0", broken.dts, broken.pts, False, broken.config)
        )
        feed.webrtc.append(pictures[6])
        await viewer.until(lambda: len(viewer.timestamps("video")) == 6)


async def test_a_relay_that_failed_lets_its_viewers_go_and_serves_the_next(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:5], [])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: len(viewer.timestamps("video")) == 5)
        nowhere = pictures[5]
        feed.webrtc.append(Packet(nowhere.data, math.nan, math.nan, False, nowhere.config))
        async with asyncio.timeout(5):
            await viewer.closed.wait()  # so that the page asks again, or goes over to HLS
    assert relay.viewers == 0
    fill(feed, pictures[:5], [])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: len(viewer.timestamps("video")) == 5)


async def test_joins_and_leaves_leave_nothing_behind(
    relay: Relay, feed: Feed, pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    fill(feed, pictures[:5], sounds[:5])

    async def visit() -> None:
        async with watching(relay.answer) as viewer:
            await viewer.until(lambda: bool(viewer.packets["video"]))
            assert await relay.hangup(viewer.session)

    await visit()
    gc.collect()
    tasks = len(asyncio.all_tasks())
    for _ in range(5):
        await visit()
    gc.collect()
    assert len(asyncio.all_tasks()) <= tasks
    mux = relay._mux
    assert not mux.parties
    assert not mux.claims
    assert not mux.asked


@pytest.mark.alone
async def test_answer_comes_soon_and_offers_loopback(
    open_relay: Any, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    relay = open_relay(addresses=["203.0.113.7"])
    fill(feed, pictures[:5], [])
    began = time.monotonic()
    async with watching(relay.answer) as viewer:
        assert time.monotonic() - began < 3
        candidates = [line for line in viewer.answer.splitlines() if "a=candidate" in line]
        assert " 203.0.113.7 " in candidates[0]
        assert any(" 127.0.0.1 " in line for line in candidates)
        assert len({line.split()[5] for line in candidates}) == 1  # one port for all
        assert "a=setup:passive" in viewer.answer
