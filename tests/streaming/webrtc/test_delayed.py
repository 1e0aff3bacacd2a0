"""The delayed feed: what came before comes again, later, for viewers of its own."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.delayed import LOOK, Delayed
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import OutOfOrder, Relay
from tests.streaming.webrtc.media import encode_pictures
from tests.waiting import when

DELAY = 0.6  # seconds
PACE = 0.02  # seconds from one picture to the next: twice as fast as they were taken


@dataclass
class Studio:
    """Gives a feed its pictures one by one, as fast as real ones, and notes when."""

    feed: Feed
    gave: dict[int, float] = field(default_factory=dict)  # by RTP timestamp
    keys: list[int] = field(default_factory=list)

    async def play(self, pictures: list[Packet], sounds: list[Packet]) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        for picture, sound in zip(pictures, sounds, strict=True):
            await asyncio.sleep(due - loop.time())
            due = max(due + PACE, loop.time())
            stamp = timestamp(picture)
            self.gave[stamp] = time.monotonic()
            self.keys += [stamp] if picture.key else []
            self.feed.webrtc.append(picture)
            self.feed.opus.append(sound)


def timestamp(picture: Packet) -> int:
    return round(picture.pts * 90_000) % 2**32


def answering(delayed: Delayed) -> Callable[[str], Awaitable[tuple[str, str]]]:
    """Begins with an offer: it would not wait for a viewer who is slow to make one."""
    return lambda offer: delayed.open().answer(offer)


@dataclass
class Watched:
    """When each picture came to a viewer first, by RTP timestamp."""

    viewer: Any
    came: dict[int, float] = field(default_factory=dict)

    async def until(self, fact: Callable[[], bool], seconds: float = 10) -> None:
        def look() -> bool:
            for packet in self.viewer.packets["video"][-64:]:
                self.came.setdefault(packet.timestamp, time.monotonic())
            return fact()

        await self.viewer.until(look, seconds)


@pytest.fixture
async def mux() -> AsyncIterator[Mux]:
    mux = Mux()
    yield mux
    await mux.close()


@pytest.fixture
async def open_delayed(feed: Feed, mux: Mux) -> AsyncIterator[Callable[..., Delayed]]:
    """Make delayed feeds that are closed when the test ends."""
    opened: list[Delayed] = []

    def open_(delay: float = DELAY, **settings: Any) -> Delayed:
        opened.append(Delayed(feed, delay, lambda feed: Relay(feed, mux=mux), **settings))
        return opened[-1]

    yield open_
    for each in opened:
        await each.close()


@asynccontextmanager
async def playing(
    feed: Feed, pictures: list[Packet], sounds: list[Packet]
) -> AsyncIterator[Studio]:
    studio = Studio(feed)
    task = asyncio.create_task(studio.play(pictures, sounds))
    try:
        yield studio
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.alone
async def test_a_picture_is_there_at_once_and_everything_comes_as_late_as_was_asked_for(
    open_delayed: Callable[..., Delayed],
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
) -> None:
    delayed, film = open_delayed(), pictures[:70]
    async with playing(feed, film, sounds[:70]) as studio, asyncio.timeout(20):
        await until(lambda: len(studio.keys) == 2, feed)  # after a second: the first is old enough
        asked = time.monotonic()
        async with watching(delayed.open().answer) as viewer:
            watched = Watched(viewer)
            await watched.until(lambda: bool(watched.came))
            assert time.monotonic() - asked < 2.0  # a tenth of that on a machine that has time
            await watched.until(lambda: timestamp(film[-1]) in watched.came)
            await viewer.until(lambda: len(viewer.timestamps("audio")) > 10)
    shown = viewer.timestamps("video")
    # From a keyframe that was old enough on, each picture at its own time.
    assert shown[0] in studio.keys
    assert shown == [timestamp(picture) for picture in film][-len(shown) :]
    late = [watched.came[stamp] - studio.gave[stamp] for stamp in shown]
    assert min(late) >= DELAY
    assert statistics.median(late[-20:]) < DELAY + 0.2
    times = {round(sound.pts * 48_000) % 2**32: sound.data for sound in sounds}
    assert all(times[packet.timestamp] == packet.payload for packet in viewer.packets["audio"])


async def until(fact: Callable[[], bool], feed: Feed) -> None:
    """Wait until `fact` is true; it can change with each picture of the feed."""
    async for _ in feed.webrtc.follow():
        if fact():
            return


async def test_both_feeds_are_cut_from_the_same_packets_and_share_no_stream(
    open_delayed: Callable[..., Delayed],
    relay: Relay,
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
) -> None:
    delayed = open_delayed(0.3)
    slate = encode_pictures(20, start=pictures[30].pts, size=(640, 360))
    film = [*pictures[:30], *slate]
    async with (
        watching(relay.answer) as live,
        watching(delayed.open().answer) as later,
        playing(feed, film, sounds[:50]),
    ):
        for viewer in (live, later):
            await viewer.until(lambda v=viewer: len(v.timestamps("video")) == 50)
    for kind in ("video", "audio"):
        one, two = live.packets[kind], later.packets[kind]
        assert {packet.ssrc for packet in one}.isdisjoint(packet.ssrc for packet in two)
    frames = [
        [(packet.timestamp, packet.payload, packet.marker) for packet in viewer.packets["video"]]
        for viewer in (live, later)
    ]
    assert frames[0] == frames[1]
    assert live.timestamps("video") == [timestamp(picture) for picture in film]


async def test_it_stops_when_nobody_watches_and_begins_anew(
    open_delayed: Callable[..., Delayed],
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
) -> None:
    delayed = open_delayed(0.2, linger=1.0)
    assert delayed.relay is None
    tasks = len(asyncio.all_tasks())
    sources: list[int] = []
    for part in (pictures[:20], pictures[50:70]):
        async with watching(answering(delayed)) as viewer, playing(feed, part, sounds[:20]):
            last = timestamp(part[-1])
            await viewer.until(lambda v=viewer, t=last: t in v.timestamps("video"))
            first = delayed.relay
            assert first is not None
            assert delayed.open() is first
            assert first.viewers == 1
            assert await first.hangup(viewer.session)
        assert viewer.timestamps("video")[-20:] == [timestamp(picture) for picture in part]
        sources.append(viewer.packets["video"][0].ssrc)
        await when(lambda: delayed.relay is None and len(asyncio.all_tasks()) <= tasks)
    assert sources[0] != sources[1]


async def test_it_goes_on_while_somebody_watches(
    open_delayed: Callable[..., Delayed],
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
) -> None:
    delayed = open_delayed(0.2, linger=0.5)
    async with (
        watching(answering(delayed)) as viewer,
        playing(feed, pictures[:60], sounds[:60]),
    ):
        relay = delayed.relay
        await viewer.until(lambda: len(viewer.timestamps("video")) == 60)  # more than a second
        assert delayed.open() is relay is not None


async def test_b_frames_are_refused_as_late_as_they_would_come(
    open_delayed: Callable[..., Delayed],
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
) -> None:
    delayed = open_delayed(2 * LOOK)
    relay = delayed.open()
    async with watching(relay.answer) as viewer, playing(feed, pictures[:5], sounds[:5]):
        feed.out_of_order = True
        began = time.monotonic()
        await viewer.until(lambda: len(viewer.timestamps("video")) == 5)
        async with asyncio.timeout(10):
            await viewer.closed.wait()
        assert time.monotonic() - began > LOOK
        with pytest.raises(OutOfOrder):
            await relay.answer(viewer.offer)


async def test_closing_parts_from_its_viewers(
    open_delayed: Callable[..., Delayed],
    feed: Feed,
    pictures: list[Packet],
    sounds: list[Packet],
    watching: Any,
) -> None:
    delayed = open_delayed(0.2)
    async with (
        watching(delayed.open().answer) as viewer,
        playing(feed, pictures[:10], sounds[:10]),
    ):
        await viewer.until(lambda: len(viewer.timestamps("video")) == 10)
        await delayed.close()
        async with asyncio.timeout(5):
            await viewer.closed.wait()
    assert delayed.relay is None
