"""Numbers that wrap: 16 bits of sequence, SRTP's rollover count, 32 bits of timestamp."""

import asyncio
import itertools
from typing import Any

import pytest

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.relay import Relay
from tests.streaming.webrtc import clapper
from tests.waiting import when

GOP = 25
PACE = 0.005  # seconds from one picture to the next: eight times as fast as life


@pytest.fixture(scope="session")
def film() -> clapper.Film:
    """A keyframe every second; both kinds of timestamps wrap after a second and a half."""
    return clapper.make(4, 2514 * clapper.WRAP - 1.5)


def sent(pictures: list[Packet]) -> list[int]:
    return [round(picture.pts * 90_000) % 2**32 for picture in pictures]


def shown(viewer: Any) -> list[int]:
    """The timestamps of whole pictures in the order in which they came."""
    return [packet.timestamp for packet in viewer.packets["video"] if packet.marker]


async def give(feed: Feed, pictures: list[Packet], *viewers: Any) -> None:
    """Give a feed its pictures, no faster than those who have begun to watch take them in."""
    for picture in pictures:
        feed.webrtc.append(picture)
        await asyncio.sleep(PACE)
        (time,) = sent([picture])
        for viewer in viewers:
            if viewer.packets["video"]:
                await viewer.until(lambda v=viewer, t=time: t in shown(v))


async def connected(relay: Relay, *viewers: Any) -> None:
    """What comes before a viewer's own end of the handshake is lost to it."""
    await when(lambda: relay.viewers == len(viewers))
    await when(lambda: all(each.connection.connectionState == "connected" for each in viewers))


@pytest.mark.parametrize("short", [200, 90, 66, 65, 64, 20, 3, 1, 0])
async def test_who_joins_around_the_wrap_gets_everything_from_a_keyframe_on(
    open_relay: Any, feed: Feed, film: clapper.Film, watching: Any, short: int
) -> None:
    relay: Relay = open_relay(first=0x10000 - short)
    pictures = film.pictures
    feed.webrtc.append(pictures[0])
    async with watching(relay.answer, kinds=("video",)) as early:
        await connected(relay, early)
        await give(feed, pictures[1:GOP], early)
        async with watching(relay.answer, kinds=("video",)) as late:
            await connected(relay, early, late)
            await give(feed, pictures[GOP:], early, late)
            for viewer in (early, late):
                await viewer.until(lambda v=viewer: sent(pictures)[-1] in shown(v))
    for viewer in (early, late):
        times = shown(viewer)
        begin = sent(pictures).index(times[0])
        assert begin % GOP == 0
        assert begin <= GOP  # the first key, or the next one
        assert times == sent(pictures)[begin:]
        numbers = [packet.sequence_number for packet in viewer.packets["video"]]
        steps = [(after - before) % 2**16 for before, after in itertools.pairwise(numbers)]
        assert set(steps) == {1}
        assert numbers[-1] < 300
        # Nobody's first packets straddle the wrap: if they were lost, the count would be wrong.
        assert numbers[0] < 0x10000 - 64


@pytest.mark.parametrize("lost", [1, 40])
async def test_who_loses_what_is_around_the_wrap_can_still_decrypt_what_follows(
    open_relay: Any, feed: Feed, film: clapper.Film, watching: Any, lost: int
) -> None:
    relay: Relay = open_relay(first=0x10000 - 80)
    pictures = film.pictures
    feed.webrtc.append(pictures[0])
    async with watching(relay.answer, kinds=("video",)) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"]))
        dtls = viewer.connection.getReceivers()[0].transport
        take, dropped = dtls._handle_rtp_data, []

        async def lose(data: bytes, arrival_time_ms: int) -> None:
            number = int.from_bytes(data[2:4], "big")
            source = int.from_bytes(data[8:12], "big")
            if source == relay.streams["video"].source and (number + lost) % 2**16 < 2 * lost:
                dropped.append(number)
            else:
                await take(data, arrival_time_ms)

        dtls._handle_rtp_data = lose
        for picture in pictures[1 : 2 * GOP]:
            feed.webrtc.append(picture)
        await viewer.until(lambda: sent(pictures)[2 * GOP - 1] in shown(viewer))
        assert len(dropped) == 2 * lost

        def all_came_again() -> bool:
            again = {
                int.from_bytes(packet.payload[:2], "big")
                for packet in viewer.packets["video"]
                if packet.ssrc != relay.streams["video"].source
            }
            return set(dropped) <= again

        await viewer.until(all_came_again)


async def test_timestamps_wrap_and_nobody_notices(
    relay: Relay, feed: Feed, film: clapper.Film, watching: Any
) -> None:
    feed.webrtc.append(film.pictures[0])
    feed.opus.append(film.sounds[0])
    async with watching(relay.answer) as viewer:
        await viewer.until(lambda: bool(viewer.packets["video"] and viewer.packets["audio"]))
        for sound in film.sounds[1:]:
            feed.opus.append(sound)
        await give(feed, film.pictures[1:], viewer)
        await viewer.until(lambda: len(viewer.timestamps("audio")) == len(film.sounds))
        times = shown(viewer)
        assert times == sent(film.pictures)
        assert max(times) > 2**32 - 90_000
        assert min(times) < 90_000
        heard = viewer.timestamps("audio")
        assert heard == [round(sound.pts * 48_000) % 2**32 for sound in film.sounds]
        assert (max(heard) - min(heard)) > 2**31
        # What each picture is of can be told all the same.
        pictures = clapper.seen(viewer.packets["video"])
        assert [pictures[time][0] for time in times] == list(range(len(times)))
