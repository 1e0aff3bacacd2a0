"""A job keeps its order in a thread of its own, and says when it cannot go on."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from streaming.ingest import advice
from streaming.packet import Packet
from streaming.transcoding.encoder import THREADS
from streaming.transcoding.transcoder import Transcoder
from streaming.transcoding.worker import BEHIND, NICE, STARTING, Failed, Worker
from tests.streaming import numbers
from tests.streaming.transcoding.test_transcoder import START, packets


class Bench:
    """What a worker says, in a time that the test moves."""

    def __init__(self, codec: str = "h264") -> None:
        self.time = 0.0
        self.made: list[Packet] = []
        self.failed: asyncio.Future[Failed] = asyncio.get_running_loop().create_future()
        self._news = asyncio.Event()
        make = partial(Transcoder, codec, 1080, 30.0)
        self.worker = Worker(
            make, self._take, self.failed.set_result, "test", monotonic=lambda: self.time
        )

    async def until_made(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.made) < count:
                self._news.clear()
                await self._news.wait()

    def _take(self, made: list[Packet]) -> None:
        self.made += made
        self._news.set()


@asynccontextmanager
async def bench(codec: str = "h264") -> AsyncIterator[Bench]:
    made = Bench(codec)
    try:
        yield made
    finally:
        async with asyncio.timeout(20):
            await made.worker.close()


async def test_frames_come_back_in_order_as_soon_as_they_are_made(tmp_path: Path) -> None:
    given = packets(numbers.film(tmp_path / "film.mp4", "libx264", 50, options={"bf": "0"}))
    async with bench() as on:
        for packet in given:
            on.worker.put(packet)
        await on.until_made(50)
        assert [packet.pts for packet in on.made] == [packet.pts for packet in given]
        assert not on.failed.done()


async def test_a_burst_is_no_slowness_but_a_frame_that_waits_too_long_is(tmp_path: Path) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 75, options={"bf": "0"}, size=(1280, 720))
    given = packets(film)
    async with bench() as on:
        on.worker.put(given[0])
        await on.until_made(1)
        for packet in given[1:]:  # three seconds of them at once, as after a stall
            on.worker.put(packet)
        assert not on.failed.done()
        on.time += BEHIND + 0.1  # the thread has had no time yet
        on.worker.put(given[-1])
        async with asyncio.timeout(10):
            failure = await on.failed
        assert failure.slow
        assert str(failure) == advice.TOO_SLOW


async def test_a_job_may_take_a_moment_to_start(tmp_path: Path) -> None:
    given = packets(numbers.film(tmp_path / "film.mp4", "libx264", 25, options={"bf": "0"}))
    async with bench() as on:
        on.worker.put(given[0])
        on.time += (BEHIND + STARTING) / 2
        for packet in given[1:]:
            on.worker.put(packet)
        await on.until_made(25)


async def test_what_cannot_be_read_ends_the_job_with_the_reason() -> None:
    async with bench() as on:
        for index in range(100):
            time = START + index / 25
            on.worker.put(Packet(b"\0\0\0\5nonsense", time, time, True, b"nonsense"))
        async with asyncio.timeout(10):
            failure = await on.failed
        assert not failure.slow
        assert str(failure) == advice.UNDECODABLE


async def test_a_codec_without_a_decoder_ends_the_job_at_once() -> None:
    async with bench("nonsense") as on, asyncio.timeout(10):
        assert not (await on.failed).slow


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only whole processes can be nice")
async def test_a_yielding_job_waits_for_all_other_work_and_nobody_else_does(tmp_path: Path) -> None:
    given = packets(numbers.film(tmp_path / "film.mp4", "libx264", 25, options={"bf": "0"}))
    before = os.getpriority(os.PRIO_PROCESS, 0)
    made = asyncio.Event()
    make = partial(Transcoder, "h264", 1080, 30.0)
    nobody = asyncio.get_running_loop().create_future().set_result
    worker = Worker(make, lambda packets: made.set(), nobody, "test", yielding=True)
    try:
        worker.put(given[0])
        async with asyncio.timeout(20):
            await made.wait()
        threads = map(int, os.listdir("/proc/self/task"))
        nice = [os.getpriority(os.PRIO_PROCESS, thread) for thread in threads]
        assert nice.count(NICE) >= THREADS  # this job's own, and those of its encoder
        assert os.getpriority(os.PRIO_PROCESS, 0) == before
    finally:
        await worker.close()
