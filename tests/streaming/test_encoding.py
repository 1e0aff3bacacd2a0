"""A channel's sound never stops, never restarts, and is heard when it should be."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from streaming.encoding import SoundDesk, SoundEncoder
from streaming.feed import Feed
from streaming.packet import Packet
from streaming.ring import Ring
from streaming.sound import RATE, place_of
from tests.streaming import studios

START = 1_790_000_000.0
STEPS = {"aac": 1024, "opus": 960}


class Listener:
    """Hears all of a feed's sound."""

    def __init__(self, feed: Feed) -> None:
        self.heard: dict[str, list[Packet]] = {"aac": [], "opus": []}
        self._rings: dict[str, Ring[Packet]] = {"aac": feed.aac, "opus": feed.opus}
        self._news = asyncio.Event()

    async def listen(self) -> None:
        async with asyncio.TaskGroup() as group:
            for codec in self.heard:
                group.create_task(self._follow(codec))

    async def _follow(self, codec: str) -> None:
        async for packet in self._rings[codec].follow(live=True):
            self.heard[codec].append(packet)
            self._news.set()

    async def until(self, time: float) -> None:
        """Wait until both codecs have come to `time`."""
        async with asyncio.timeout(20):
            while any(not packets or packets[-1].pts < time for packets in self.heard.values()):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def desk(start: float = START) -> AsyncIterator[tuple[SoundDesk, Listener]]:
    feed = Feed()
    sound_desk = SoundDesk(feed, start)
    listener = Listener(feed)
    tasks = [asyncio.create_task(sound_desk.run()), asyncio.create_task(listener.listen())]
    try:
        yield sound_desk, listener
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def play(sound_desk: SoundDesk, packets: Iterable[Packet], codec: str) -> None:
    for packet in packets:
        sound_desk.play(packet, codec)


def assert_gap_free(listener: Listener) -> None:
    for codec, packets in listener.heard.items():
        places = [place_of(packet.pts) for packet in packets]
        assert set(np.diff(places)) == {STEPS[codec]}
        assert len({packet.config for packet in packets}) == 1
        assert all(abs(packet.pts * RATE - place_of(packet.pts)) < 0.1 for packet in packets)


def assert_clicks(listener: Listener, times: np.ndarray, within: float = 0.002) -> None:
    for codec, packets in listener.heard.items():
        heard = studios.clicks(*studios.decode_sound(packets, codec))
        assert np.array(heard) - START == pytest.approx(times, abs=within)


@pytest.mark.parametrize(
    ("codec", "rate", "mono"),
    [("aac", 48_000, False), ("aac", 44_100, True), ("opus", 48_000, False)],
)
async def test_both_codecs_say_when_a_click_is_heard(codec: str, rate: int, mono: bool) -> None:
    async with desk() as (sound_desk, listener):
        play(sound_desk, studios.sound(studios.ticks(4, rate), codec, rate, mono, START), codec)
        await listener.until(START + 3.8)
    assert_gap_free(listener)
    assert_clicks(listener, np.arange(0.25, 3.9, 0.5))


async def test_silence_fills_the_time_without_a_source() -> None:
    async with desk() as (sound_desk, listener):
        sound_desk.fill(START + 3)
        await listener.until(START + 2.9)
    assert_gap_free(listener)
    assert listener.heard["aac"][0].pts == pytest.approx(START, abs=0.0001)
    assert listener.heard["opus"][0].pts - START < 0.02
    _, samples = studios.decode_sound(listener.heard["opus"], "opus")
    assert np.abs(samples).max() < 0.001


async def test_lost_packets_move_nothing() -> None:
    packets = [
        packet
        for packet in studios.sound(studios.ticks(6), start=START)
        if not 1.0 < packet.pts - START < 1.1 and not 3.4 < packet.pts - START < 4.2
    ]
    async with desk() as (sound_desk, listener):
        play(sound_desk, packets, "aac")
        await listener.until(START + 5.8)
    assert_gap_free(listener)
    times = np.arange(0.25, 5.9, 0.5)
    assert_clicks(listener, times[np.abs(times - 3.75) > 0.1])


async def test_a_drifting_clock_keeps_sound_within_5_ms_of_its_time() -> None:
    def late(time: float) -> float:
        return START + (time - START) * (1 + 500e-6)

    packets = [
        Packet(packet.data, late(packet.dts), late(packet.pts), True, packet.config)
        for packet in studios.sound(studios.ticks(30), start=START)
    ]
    async with desk() as (sound_desk, listener):
        for at in range(0, len(packets), 100):
            play(sound_desk, packets[at : at + 100], "aac")
            await listener.until(packets[min(at + 100, len(packets)) - 1].pts - 0.1)
    assert_gap_free(listener)
    assert_clicks(listener, np.arange(0.25, 29.8, 0.5) * (1 + 500e-6), within=0.005)


async def test_a_source_that_follows_another_is_heard_at_its_own_times() -> None:
    first = list(studios.sound(studios.ticks(2), "aac", start=START))
    second = list(studios.sound(studios.ticks(3), "opus", start=START + 2.6))
    async with desk() as (sound_desk, listener):
        play(sound_desk, first, "aac")
        sound_desk.cut()
        play(sound_desk, second, "opus")
        await listener.until(START + 5.4)
    assert_gap_free(listener)
    assert_clicks(listener, np.array([0.25, 0.75, 1.25, 1.75, 2.85, 3.35, 3.85, 4.35, 4.85, 5.35]))


async def test_minutes_of_silence_reach_a_reader_whole() -> None:
    async with desk() as (sound_desk, listener):
        sound_desk.fill(START + 60)
        await listener.until(START + 59.9)
    assert_gap_free(listener)


async def test_sound_after_a_long_silence_is_heard_in_its_place() -> None:
    """Encoders at rest are not asked for silence; they go on with sound as if they had been."""
    async with desk() as (sound_desk, listener):
        times = []
        for begin in (0.0, 20.011, 40.0):
            ticks = studios.sound(studios.ticks(2), start=START + begin)
            play(sound_desk, ticks, "aac")
            times += [begin + at for at in np.arange(0.25, 1.9, 0.5)]
            await listener.until(START + begin + 1.8)
            sound_desk.cut()
            for until in np.arange(begin + 2, begin + 19, 0.21):
                sound_desk.fill(START + until)
                await sound_desk.settled()
    assert_gap_free(listener)
    assert_clicks(listener, np.array(times))


async def test_the_loop_sleeps_while_nobody_waits_for_sound() -> None:
    feed = Feed()
    sound_desk = SoundDesk(feed, START)
    running = asyncio.create_task(sound_desk.run())
    await asyncio.sleep(0)
    play(sound_desk, studios.sound(studios.ticks(1), start=START), "aac")
    async with asyncio.timeout(20):
        while sound_desk._made is None:  # noqa: ASYNC110  # a thread that tells nobody
            await asyncio.sleep(0)
        for _ in range(100):  # turns in which the thread could wake the loop
            await asyncio.sleep(0)
        assert not feed.aac._end
        reader = feed.aac.follow()  # it begins to wait, and has it
        assert (await anext(reader)).pts >= START
        await sound_desk.settled()
    assert feed.opus._end > 40
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("codec", ["aac", "opus"])
def test_an_encoder_at_rest_repeats_what_it_would_encode(codec: str) -> None:
    encoders = [SoundEncoder(codec, 0), SoundEncoder(codec, 0)]  # type: ignore[arg-type]
    noise = studios.tone(1.0)
    asked, resting = ([*e.encode(noise), *e.encode(np.zeros_like(noise))] for e in encoders)
    assert encoders[1].at_rest
    for count in (1, 479, 48_000, 7777, 960, 1024):
        asked += encoders[0].encode(np.zeros((2, count), np.float32))
        resting += encoders[1].repeat(count)
    assert resting == asked
    asked += encoders[0].encode(noise)
    resting += encoders[1].encode(noise)
    assert not encoders[1].at_rest
    assert [packet.pts for packet in resting] == [packet.pts for packet in asked]
    heard = [studios.decode_sound(packets, codec)[1] for packets in (asked, resting)]
    assert np.abs(heard[0] - heard[1]).max() < 0.02


async def test_sound_after_a_minute_without_fill_reaches_a_reader_whole() -> None:
    async with desk() as (sound_desk, listener):
        play(sound_desk, studios.sound(studios.ticks(2), start=START + 60), "aac")
        await listener.until(START + 61.8)
    assert_gap_free(listener)
    assert_clicks(listener, np.arange(60.25, 61.9, 0.5))


async def test_broken_packets_are_silence_and_nothing_else() -> None:
    packets = list(studios.sound(studios.ticks(4), start=START))
    broken = [
        Packet(b"\xff\x5a" * 40, packet.dts, packet.pts, True, packet.config)
        if index % 7 == 3
        else packet
        for index, packet in enumerate(packets)
    ]
    async with desk() as (sound_desk, listener):
        play(sound_desk, broken, "aac")
        await listener.until(START + 3.8)
    assert_gap_free(listener)


async def test_a_flood_costs_the_oldest_packets_and_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    packets = list(studios.sound(studios.ticks(15), start=START))
    async with desk() as (sound_desk, listener):
        with caplog.at_level(logging.WARNING):
            play(sound_desk, packets, "aac")
            await listener.until(START + 14)
    assert_gap_free(listener)
    (record,) = caplog.records
    assert f"{len(packets) - 500} packets skipped" in record.getMessage()


def test_encoder_takes_blocks_of_any_size() -> None:
    samples = studios.tone(2)
    start = place_of(START)
    whole = SoundEncoder("opus", start).encode(samples)
    encoder, pieces, at = SoundEncoder("opus", start), [], 0
    for size in (1, 959, 960, 961, 0, 5000, 7, 30_000, 100_000):
        pieces += encoder.encode(samples[:, at : at + size])
        at += size
    assert pieces == whole
