"""What media asks of the ladder, and what it makes of a ladder that is slow, full or gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from streaming import link
from streaming.ladder import COMING, RECOVERY, STALLED, UNANSWERED, Failure, Ladder, NoRoom
from streaming.link import (
    Encode,
    Encoded,
    EncodeEnd,
    EncodeFailed,
    EncodeFrame,
    EncodeKey,
    Follow,
    Room,
)
from streaming.packet import Packet
from streaming.rung import BROKEN, REST, Rung
from tests.streaming.ladders import AwaitedLadder, Script, listening


def packet(time: float, key: bool = False) -> Packet:
    return Packet(b"frame", time, time, key, b"config")


class Bench:
    """Media's side: a ladder, and what one stream got from it."""

    def __init__(self, path: Path) -> None:
        self.time = 0.0
        self.path = path
        self.ladder = AwaitedLadder(expected=True, monotonic=lambda: self.time)
        self.made: list[Packet] = []
        self.failures: list[Failure] = []
        self.lost = 0
        self.happened = asyncio.Event()

    def rung(self, *, spare: int = 0) -> Rung:
        return Rung(
            self.ladder,
            "stream",
            heights=(1080, 720),
            frame_rate=30.0,
            on_packet=self._take,
            on_lost=self._lose,
            spare=spare,
        )

    async def until_lost(self, times: int) -> None:
        async with asyncio.timeout(10):
            while self.lost < times:
                self.happened.clear()
                await self.happened.wait()

    async def until_made(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.made) < count:
                self.happened.clear()
                await self.happened.wait()

    def _take(self, made: Packet) -> None:
        self.made.append(made)
        self.happened.set()

    def _lose(self) -> None:
        self.lost += 1
        self.happened.set()

    @asynccontextmanager
    async def scripted(self, room: int) -> AsyncIterator[Script]:
        """A ladder with so much room, once media knows of it."""
        async with link.connected(self.path) as peer:
            peer.send(Follow("jobs"))
            peer.send(Room(room))
            await self.ladder.until(lambda: self.ladder.room == room)
            yield Script(peer)


@asynccontextmanager
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "media.sock")

    async with listening(made.ladder, made.path):
        yield made


async def test_a_job_begins_with_a_keyframe_and_gives_what_the_ladder_makes(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        rung = on.rung()
        assert not rung.put(packet(1), "hevc")
        assert rung.put(packet(2, key=True), "hevc")
        assert rung.put(packet(3), "hevc")
        assert await script.hear() == Encode(1, "stream", "hevc", 1080, 30.0)
        assert await script.hear() == EncodeFrame(1, packet(2, key=True))
        assert await script.hear() == EncodeFrame(1, packet(3))
        script.say(Encoded(1, packet(2, key=True)))
        await on.until_made(1)
        assert on.made == [packet(2, key=True)]
        assert on.ladder.room == 0
        rung.end()
        assert await script.hear() == EncodeEnd(1)
        assert on.ladder.room == 1


async def test_a_job_is_told_that_a_keyframe_is_wanted(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        rung = on.rung()
        rung.want_key()  # the first frame is one anyway
        assert rung.put(packet(1, key=True), "hevc")
        rung.want_key()
        heard = [await script.hear() for _ in range(3)]
        assert heard[2] == EncodeKey(1)
        rung.end()
        rung.want_key()
        assert await script.hear() == EncodeEnd(1)


async def test_a_machine_that_does_not_follow_gets_less_to_do_then_a_rest(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        rung = on.rung()
        for job, height in ((1, 1080), (2, 720)):
            assert rung.put(packet(job, key=True), "hevc")
            assert await script.hear() == Encode(job, "stream", "hevc", height, 30.0)
            await script.hear()
            assert rung.failure is None
            script.say(EncodeFailed(job, "Trop lent.", slow=True))
            await on.until_lost(job)
        assert rung.failure == Failure("slow", "Trop lent.")
        assert not rung.put(packet(3, key=True), "hevc")
        on.time += REST
        assert rung.put(packet(4, key=True), "hevc")
        assert await script.hear() == Encode(3, "stream", "hevc", 720, 30.0)


async def test_a_stream_is_believed_unreadable_after_some_tries(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        rung = on.rung()
        for job in range(1, BROKEN + 1):
            assert rung.failure is None
            assert rung.put(packet(job, key=True), "hevc")
            script.say(EncodeFailed(job, "Illisible."))
            await on.until_lost(job)
        assert rung.failure == Failure("unreadable", "Illisible.")
        assert not rung.put(packet(9, key=True), "hevc")


async def test_what_is_needed_displaces_what_is_good_to_have(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        spare, other, needed = on.rung(spare=1), on.rung(spare=1), on.rung()
        assert spare.put(packet(1, key=True), "h264")
        assert not other.put(packet(1, key=True), "h264")
        assert needed.put(packet(2, key=True), "hevc")
        assert on.lost == 1
        assert not spare.busy
        heard = [await script.hear() for _ in range(5)]
        assert [type(message) for message in heard] == [
            Encode,
            EncodeFrame,
            EncodeEnd,
            Encode,
            EncodeFrame,
        ]
        with pytest.raises(NoRoom):
            on.ladder.begin(
                "another",
                "hevc",
                height=720,
                frame_rate=30.0,
                on_packet=lambda packet: None,
                on_failed=lambda failure: None,
            )


async def test_a_ladder_that_goes_is_waited_for_a_while(tmp_path: Path) -> None:
    async with bench(tmp_path) as on:
        assert on.ladder.coming
        rung = on.rung()
        async with on.scripted(1):
            assert not on.ladder.coming
            assert rung.put(packet(1, key=True), "hevc")
        await on.until_lost(1)
        assert rung.failure is None
        assert on.ladder.coming
        assert not rung.put(packet(2, key=True), "hevc")
        async with on.scripted(1) as script:
            assert rung.put(packet(3, key=True), "hevc")
            assert await script.hear() == Encode(2, "stream", "hevc", 1080, 30.0)
        await on.until_lost(2)
        on.time += COMING
        assert not on.ladder.coming
        assert not Ladder().coming


async def test_a_ladder_that_hangs_is_parted_from(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        rung = on.rung()
        assert rung.put(packet(0, key=True), "hevc")
        for index in range(UNANSWERED - 1):
            rung.put(packet(index), "hevc")
        on.time += STALLED + 1
        rung.put(packet(100), "hevc")
        assert on.lost == 1
        assert on.ladder.room == 0
        await script.ended()


async def test_a_new_ladder_takes_the_place_of_one_that_is_not_known_to_be_gone(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as old:
        rung = on.rung()
        assert rung.put(packet(0, key=True), "hevc")
        async with on.scripted(2) as new:
            assert on.lost == 1
            old.say(Room(9))
            assert rung.put(packet(1, key=True), "hevc")
            assert isinstance(await new.hear(), Encode)
            new.say(Encoded(2, packet(1, key=True)))
            await on.until_made(1)
            assert on.ladder.room == 1


async def test_nonsense_ends_the_link_and_the_jobs(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(1) as script:
        rung = on.rung()
        assert rung.put(packet(0, key=True), "hevc")
        script.say(link.Now(1.0))
        await on.until_lost(1)
        await script.ended()
        assert on.ladder.coming


async def test_what_is_needed_and_slow_is_tried_again_without_what_is_spare(tmp_path: Path) -> None:
    async with bench(tmp_path) as on, on.scripted(2) as script:
        needed, spare = on.rung(), on.rung(spare=480)
        assert needed.put(packet(1, key=True), "hevc")
        assert spare.put(packet(1, key=True), "h264")
        script.say(EncodeFailed(1, "Trop lent.", slow=True))
        await on.until_lost(2)
        assert not spare.busy
        heard = [await script.hear() for _ in range(5)]
        assert heard[-1] == EncodeEnd(2)
        assert needed.put(packet(2, key=True), "hevc")
        assert await script.hear() == Encode(3, "stream", "hevc", 1080, 30.0)
        script.say(EncodeFailed(3, "Trop lent.", slow=True))  # of the same time
        await on.until_lost(3)
        on.time += RECOVERY
        assert needed.put(packet(3, key=True), "hevc")
        script.say(EncodeFailed(4, "Trop lent.", slow=True))
        await on.until_lost(4)
        assert needed.put(packet(4, key=True), "hevc")
        heard = [await script.hear() for _ in range(4)]
        assert heard[-1] == Encode(5, "stream", "hevc", 720, 30.0)
