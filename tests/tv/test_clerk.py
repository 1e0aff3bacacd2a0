"""What is done once, whatever number of processes there are: timers, snapshots, erasures."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from engagement.polls import Option, PollCreated, PollOpened
from tests.tv.test_snapshots import asked, known, started
from tv import journal
from tv.broadcast_time import BroadcastTime
from tv.clerk import Clerk, on_duty
from tv.compaction import EXCHANGE, Compaction, erasure
from tv.follower import Follower
from tv.journal import Journal
from tv.lease import Lease
from tv.tasks import running

KEY = "fabrique:{test}"


@dataclass
class Office:
    """A clerk that holds the lease, and does nothing unless told to."""

    clerk: Clerk
    book: Journal
    follower: Follower
    compaction: Compaction


class Busy:
    """The store, in which somebody writes just before a copy takes the place of the journal."""

    def __init__(self, redis: Redis, follower: Follower) -> None:
        self._redis = redis
        self._follower = follower

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)

    async def eval(self, script: str, *arguments: Any) -> Any:
        if script == EXCHANGE:
            await self._follower.write(asked(60))
        return await self._redis.eval(script, *arguments)  # type: ignore[misc]


@asynccontextmanager
async def office(redis: Redis, folder: Path, days: float = 0.0) -> AsyncIterator[Office]:
    async with started(redis) as (book, follower):
        await redis.set(f"{KEY}:clerk", "us")
        busy: Any = Busy(redis, follower)
        noted = folder / "erased.jsonl"
        compaction = Compaction(busy, "test", (f"{KEY}:clerk", "us"), noted)
        clerk = Clerk(follower, book, compaction, time.time, days, snapshot_after=10)
        yield Office(clerk, book, follower, compaction)


async def until(true: Callable[[], bool]) -> None:
    """Wait for what another task does."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def raw(redis: Redis) -> bytes:
    """All that the store holds of the journal and its snapshot."""
    entries = await redis.xrange(f"{KEY}:journal")
    return b"".join(fields[b"e"] for _, fields in entries)


async def test_one_clerk_is_on_duty_and_another_takes_over(redis: Redis) -> None:
    at_work: list[str] = []

    async def duty(name: str) -> None:
        at_work.append(name)
        try:
            await asyncio.Event().wait()
        finally:
            at_work.remove(name)

    def serving(name: str) -> "asyncio.Task[None]":
        lease = Lease(redis, f"{KEY}:clerk", seconds=0.6)
        return asyncio.create_task(on_duty(lease, {"duty": lambda: duty(name)}))

    first = serving("first")
    await until(lambda: at_work == ["first"])
    second = serving("second")
    async with asyncio.timeout(5):
        for _ in range(3):  # the first renews it
            left = await redis.pttl(f"{KEY}:clerk")
            while await redis.pttl(f"{KEY}:clerk") <= left:  # noqa: ASYNC110  # the store: ask
                await asyncio.sleep(0.01)
    assert at_work == ["first"]
    await redis.set(f"{KEY}:clerk", "somebody else", px=300)  # it was held up for too long
    await until(lambda: at_work == [])
    await until(lambda: len(at_work) == 1)
    for task in (first, second):
        task.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    assert not await redis.exists(f"{KEY}:clerk")


async def test_erased_participant_is_gone_from_the_journal_and_followers_go_on(
    redis: Redis, tmp_path: Path
) -> None:
    async with office(redis, tmp_path) as us, started(redis) as (_, other):
        for number in range(5):
            await us.follower.write(asked(number))
        await us.follower.write(erasure("p_3", "gone_3", at=600.0))
        positions = [position for position, _ in await redis.xrange(us.book.key)]
        await us.clerk.compact()
        after = [position for position, _ in await redis.xrange(us.book.key)]
        assert after[: len(positions)] == positions
        assert len(after) == len(positions) + 1  # written while it was copied
        assert b"p_3" not in await raw(redis)
        assert "Question 3" not in (await raw(redis)).decode(errors="ignore")
        assert b"Question 2" in await raw(redis)
        body = await us.book.snapshots.load()
        assert body is not None
        assert b"p_3" not in body
        assert b"Question 3" not in body
        await other.write(asked(100))
        await until(lambda: other.position == us.follower.position)
        assert known(other)["audience"] == known(us.follower)["audience"]
        await redis.delete(f"{KEY}:snapshot")
        async with started(redis) as (_, anew):  # all of it read again
            assert anew.folded == 5 + 1 + 1 + 1
            shown = [follower.audience.in_talk("direct") for follower in (anew, us.follower)]
            assert shown[0] == shown[1]
            assert anew.erasure == ""
        assert (tmp_path / "erased.jsonl").read_text().count("gone_3") == 1
        assert "p_3" not in (tmp_path / "erased.jsonl").read_text()


async def test_nothing_is_written_anew_without_the_lease(redis: Redis, tmp_path: Path) -> None:
    async with office(redis, tmp_path) as us:
        await us.follower.write(asked(1))
        await us.follower.write(erasure("p_1", "gone_1"))
        await redis.set(f"{KEY}:clerk", "somebody else")
        await us.clerk.compact()
        assert b"p_1" in await raw(redis)
        await redis.set(f"{KEY}:clerk", "us")
        await us.clerk.compact()
        assert b"p_1" not in await raw(redis)


async def test_follower_in_the_middle_of_a_journal_that_is_written_anew_starts_over(
    redis: Redis, tmp_path: Path
) -> None:
    async with office(redis, tmp_path) as us, journal.opened(redis, "test") as book:
        await us.follower.write(asked(1))
        late = Follower(book)
        reading = asyncio.create_task(late.run())
        async with asyncio.timeout(10):
            await late.ready.wait()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await us.follower.write(erasure("p_1", "gone_1"))
        await us.clerk.compact()
        await redis.delete(f"{KEY}:snapshot")
        # It knows the first event as it was before, and began before the journal was written anew.
        now, answers = book.compacted, [""]

        async def compacted() -> str:
            return answers.pop() if answers else await now()

        book.compacted = compacted  # type: ignore[method-assign]
        with pytest.raises(ExceptionGroup) as raised:
            async with asyncio.timeout(10):
                await late.run()
        assert raised.group_contains(journal.JournalReplaced)


async def test_restored_backup_forgets_again(redis: Redis, tmp_path: Path) -> None:
    async with office(redis, tmp_path) as us:
        for number in range(3):
            await us.follower.write(asked(number))
        backup = await redis.dump(us.book.key)
        await us.follower.write(erasure("p_1", "gone_1"))
        await us.clerk.compact()
    await redis.flushall()
    await redis.restore(f"{KEY}:journal", 0, backup)
    assert b"p_1" in await raw(redis)
    async with office(redis, tmp_path) as us, running(us.clerk.erasures()):
        await until(lambda: us.follower.erasure != "")
        async with asyncio.timeout(10):
            while b"p_1" in await raw(redis):  # noqa: ASYNC110  # the store: ask
                await asyncio.sleep(0.01)
        assert us.follower.audience.questions.by_id["q1"].by == "gone_1"
        assert us.follower.audience.questions.by_id["q1"].body == ""
        assert await us.compaction.lost() == []


async def test_who_did_nothing_for_so_long_is_forgotten(redis: Redis, tmp_path: Path) -> None:
    encode = journal.encode
    old, new = asked(1), asked(2)
    for ago, event in ((3.0, old), (0.5, new)):
        position = f"{round((time.time() - ago * 86_400) * 1000)}-0"
        await redis.xadd(f"{KEY}:journal", {"e": encode(event)}, id=position)
    async with office(redis, tmp_path, days=1.0) as us:
        await us.clerk.forget_silent()
        await us.clerk.compact()
        assert us.follower.audience.questions.by_id["q1"].by.startswith("gone_")
        assert us.follower.audience.questions.by_id["q2"].by == "p_2"
        assert b"p_1" not in await raw(redis)
        erased = us.follower.erasure
        await us.clerk.forget_silent()
        assert us.follower.erasure == erased


async def test_snapshot_is_kept_when_there_is_enough_to_read(redis: Redis, tmp_path: Path) -> None:
    async with office(redis, tmp_path) as us, running(us.clerk.snapshots()):
        for number in range(10):
            await us.follower.write(asked(number))
        async with asyncio.timeout(10):
            while await us.book.snapshots.load() is None:  # noqa: ASYNC110  # the store: ask
                await asyncio.sleep(0.01)
        async with started(redis) as (_, after):
            assert after.folded < 10
            assert after.audience.questions.by_id.keys() == {f"q{n}" for n in range(10)}


async def test_poll_whose_time_is_over_is_closed(redis: Redis, tmp_path: Path) -> None:
    async with office(redis, tmp_path) as us, running(us.clerk.timers()):
        options = (Option("o1", "Oui"), Option("o2", "Non"))
        about = {"poll": "p", "by": "c"}
        await us.follower.write(
            PollCreated(
                id="n", at=1.0, **about, talk="direct", kind="single", prompt="?", options=options
            )
        )
        opened = PollOpened(id="o", at=time.time() - 3600.0, **about, duration=60.0)
        await us.follower.write(opened)
        await until(lambda: us.follower.audience.polls.by_id["p"].state == "closed")


def test_broadcast_time_is_that_of_media(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = BroadcastTime(file)
    assert abs(clock.now() - time.time()) < 0.5  # nobody said another
    file.write_text(f"{time.time() + 600 + 1.0:20.6f}\n")  # as ClockFile: a second ahead
    assert abs(BroadcastTime(file).now() - (time.time() + 600)) < 0.5
