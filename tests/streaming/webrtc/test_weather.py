"""What viewers get through bad networks, and what they cost the others: real peers, real loss."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiortc.rtp import RTCP_PSFB_PLI, RtcpPsfbPacket

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc import rtcp
from streaming.webrtc.fanout import REPEATS
from streaming.webrtc.relay import Relay
from tests.impairment import CLEAR, Weather, bad_network

FAST = 0.01  # seconds from one picture to the next: four times as fast as they would be
GONE_WITHIN = 10.0  # seconds


@asynccontextmanager
async def on_air(feed: Feed, pictures: list[Packet], step: float = FAST) -> AsyncIterator[None]:
    """A studio that plays its film again and again, a picture every `step` seconds."""

    async def play() -> None:
        began, start = time.monotonic(), time.time()
        for index in itertools.count():
            picture, at = pictures[index % len(pictures)], start + index * step
            feed.webrtc.append(Packet(picture.data, at, at, picture.key, picture.config))
            await asyncio.sleep(max(0.0, began + (index + 1) * step - time.monotonic()))

    task = asyncio.create_task(play())
    try:
        yield
    finally:
        task.cancel()


def numbers(viewer: Any, relay: Relay) -> tuple[set[int], set[int]]:
    """Which packets of the picture have come, and which of them as retransmissions."""
    source = relay.streams["video"].source
    packets = viewer.packets["video"]
    first = {packet.sequence_number for packet in packets if packet.ssrc == source}
    again = {int.from_bytes(p.payload[:2], "big") for p in packets if p.ssrc != source}
    return first | again, again


async def say(viewer: Any, *feedback: bytes) -> None:
    """Have the viewer send RTCP."""
    report = rtcp.receiver_report(1, "viewer")
    await viewer.connection.getReceivers()[0].transport._send_rtp(report + b"".join(feedback))


@pytest.mark.parametrize(
    "weather",
    [
        Weather(loss=0.1),
        Weather(loss=0.1, burst=8),
        Weather(loss=0.05, reorder=0.2, duplicate=0.1, jitter=0.03),
    ],
)
async def test_what_is_lost_on_the_way_comes_again(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any, weather: Weather
) -> None:
    with bad_network() as network:
        async with (
            on_air(feed, pictures),
            watching(network.around(relay.answer), kinds=("video",)) as viewer,
        ):
            await viewer.until(lambda: bool(viewer.packets["video"]))
            network.down.weather = weather
            until = len(viewer.packets["video"]) + 80
            await viewer.until(
                lambda: network.down.lost > 10 and len(viewer.packets["video"]) > until, seconds=30
            )
            network.down.weather = CLEAR
            end = len(viewer.packets["video"]) + 20
            await viewer.until(lambda: len(viewer.packets["video"]) > end, seconds=30)
            came, again = numbers(viewer, relay)
    first = min(came)  # numbers begin in the lower half
    missed = set(range(first, max(came) - 10)) - came
    assert again
    assert len(missed) <= len(came) / 50


async def test_what_comes_in_disorder_and_twice_is_complete(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    with bad_network(down=Weather(reorder=0.3, behind=0.02, duplicate=0.3)) as network:
        async with watching(network.around(relay.answer), kinds=("video",)) as viewer:
            for picture in pictures[:30]:
                feed.webrtc.append(picture)
            await viewer.until(lambda: len(set(viewer.timestamps("video"))) == 30)


async def test_who_lost_the_picture_gets_the_key_again_before_the_studio_is_asked(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    asked: asyncio.Queue[float] = asyncio.Queue()
    feed.want_key = lambda: asked.put_nowait(time.monotonic())
    for picture in pictures[:60]:  # the newest key is picture 50
        feed.webrtc.append(picture)
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: len(viewer.timestamps("video")) == 10)
        stream = relay.streams["video"]
        assert stream.entry is not None
        key = {number & 0xFFFF for number in range(stream.entry, stream.entry_end)}
        lost = RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=1, media_ssrc=stream.source)
        await say(viewer, bytes(lost))
        await viewer.until(lambda: numbers(viewer, relay)[1] == key)
        assert asked.empty()
        for number in range(20):
            await say(viewer, bytes(lost), rtcp.full_picture(1, stream.source, number))
        async with asyncio.timeout(10):
            for _ in range(20):
                await asked.get()
        assert numbers(viewer, relay)[1] == key
        again = [p for p in viewer.packets["video"] if p.ssrc != stream.source]
        assert len(again) <= REPEATS * len(key)


async def test_a_viewer_without_anything_to_begin_with_has_the_studio_asked(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    asked = asyncio.Event()
    feed.want_key = asked.set
    async with watching(relay.answer, kinds=("video",)) as viewer, asyncio.timeout(10):
        await asked.wait()
        feed.webrtc.append(pictures[0])
        await viewer.until(lambda: bool(viewer.packets["video"]))


async def test_both_sides_learn_how_far_apart_they_are(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    with bad_network(up=Weather(delay=0.03), down=Weather(delay=0.03)) as network:
        async with (
            on_air(feed, pictures),
            watching(network.around(relay.answer), kinds=("video",)) as viewer,
        ):
            told = heard_of(viewer)
            await viewer.until(lambda: bool(viewer.reports["video"]), seconds=20)
            source = relay.streams["video"].source
            middle = viewer.reports["video"][-1].sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF
            block = rtcp.Reception(source, 0, 0, 0, 0, middle, 0)
            reference = (
                b"\x80\xcf\0\4" + b"\0\0\0\1" + b"\4\0\0\2" + bytes.fromhex("0102030405060708")
            )
            await say(
                viewer,
                rtcp.receiver_report(1, "viewer", [block]),
                rtcp.missing(1, source, [0]),
                reference,
            )
            await viewer.until(lambda: bool(told), seconds=20)
            peer = next(iter(relay._viewers.values())).peer
    assert 0.06 <= peer.round_trip < 2.0
    # Block type 5: who asked, the middle of its time, and that it waited for nothing.
    assert told[0][8:] == bytes.fromhex("05000003 00000001 03040506 00000000")


def heard_of(viewer: Any) -> list[bytes]:
    """The extended reports that a viewer gets, as they come."""
    transport = viewer.connection.getReceivers()[0].transport
    handle, found = transport._handle_rtcp_data, []

    async def came(data: bytes) -> None:
        place = 0
        while place < len(data):
            end = place + 4 + 4 * int.from_bytes(data[place + 2 : place + 4], "big")
            if data[place + 1] == rtcp.EXTENDED:
                found.append(data[place:end])
                viewer.came.set()
            place = end
        await handle(data)

    transport._handle_rtcp_data = came
    return found


def stall(viewer: Any) -> None:
    """Let it read nothing any more, nor say anything: its process stands still."""
    for protocol in viewer.connection.getReceivers()[0].transport.transport._connection._protocols:
        protocol.transport.pause_reading()
        protocol.transport.sendto = lambda data, address=None: None


@pytest.mark.alone
@pytest.mark.slow
async def test_who_vanishes_or_stalls_is_gone_in_ten_seconds_and_nobody_notices(
    relay: Relay, feed: Feed, pictures: list[Packet], watching: Any
) -> None:
    with bad_network() as network:
        async with (
            on_air(feed, pictures, step=0.04),
            watching(network.around(relay.answer), kinds=("video",)) as vanishing,
            watching(relay.answer, kinds=("video",)) as stalling,
            watching(relay.answer, kinds=("video",)) as stays,
        ):
            for viewer in (vanishing, stalling, stays):
                await viewer.until(lambda v=viewer: bool(v.packets["video"]), seconds=20)
            assert relay.viewers == 3
            network.up.weather = network.down.weather = Weather(loss=1)
            stall(stalling)
            went, before = time.monotonic(), set(stays.timestamps("video"))
            await stays.until(lambda: relay.viewers == 1, seconds=GONE_WITHIN + 20)
            took = time.monotonic() - went
            assert took < GONE_WITHIN + 1.0  # and a second for a busy machine
            frames = len(set(stays.timestamps("video")) - before)
            assert frames > 0.8 * took / 0.04
            missed, _ = numbers(stays, relay)
            assert set(range(min(missed), max(missed))) <= missed
