"""What is done once, whatever number of processes there are: timers, snapshots, erasures."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from redis.asyncio import Redis
from redis.exceptions import RedisError

from engagement.changes import order
from engagement.polls import Option, PollCreated, PollOpened
from tests.tv.test_snapshots import asked, known, started, until
from tv import journal
from tv.broadcast_time import BroadcastTime
from tv.clerk import Clerk, on_duty
from tv.compaction import EXCHANGE, Compaction, erasure
from tv.follower import Follower
from tv.journal import Journal
from tv.lease import RENEW, Lease
from tv.tasks import running

KEY = "fabrique:{test}"


@dataclass
class Office:
    """A clerk that holds the lease, and does nothing unless told to."""

    clerk: Clerk
    book: Journal
    follower: Follower
    compaction: Compaction
    store: "Told"


class Told:
    """The store, which says what its scripts did, and lets somebody write before an exchange."""

    def __init__(self, redis: Redis, follower: Follower | None = None) -> None:
        self._redis = redis
        self._follower = follower
        self.did: asyncio.Queue[str] = asyncio.Queue()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._redis, name)

    async def eval(self, script: str, *arguments: Any) -> Any:
        if script == EXCHANGE and self._follower is not None:
            await self._follower.write(asked(60))
        answer = await self._redis.eval(script, *arguments)  # type: ignore[misc]
        self.did.put_nowait(script)
        return answer


@asynccontextmanager
async def office(redis: Redis, folder: Path, days: float = 0.0) -> AsyncIterator[Office]:
    async with started(redis) as (book, follower):
        await redis.set(f"{KEY}:clerk", "us")
        store: Any = Told(redis, follower)
        noted = folder / "erased.jsonl"
        compaction = Compaction(store, "test", (f"{KEY}:clerk", "us"), noted)
        clerk = Clerk(follower, book, compaction, time.time, days, snapshot_after=10)
        yield Office(clerk, book, follower, compaction, store)


async def raw(redis: Redis) -> bytes:
    """All that the store holds of the journal and its snapshot."""
    entries = await redis.xrange(f"{KEY}:journal")
    return b"".join(fields[b"e"] for _, fields in entries)


async def snapshot_kept(redis: Redis) -> bytes | None:
    """Wait for a snapshot, which is a list, and leave it as it is."""
    return await redis.blmove(f"{KEY}:snapshot", f"{KEY}:snapshot", 4, "RIGHT", "RIGHT")


async def test_one_clerk_is_on_duty_and_another_takes_over(redis: Redis) -> None:
    at_work: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    store: Any = Told(redis)

    async def duty(name: str) -> None:
        at_work.put_nowait((name, "comes"))
        try:
            await asyncio.Event().wait()
        finally:
            at_work.put_nowait((name, "goes"))

    def serving(name: str) -> "asyncio.Task[None]":
        lease = Lease(store, f"{KEY}:clerk", seconds=0.6)
        return asyncio.create_task(on_duty(lease, {"duty": lambda: duty(name)}))

    async with asyncio.timeout(10):
        first = serving("first")
        assert await at_work.get() == ("first", "comes")
        second = serving("second")
        for _ in range(4):  # it would be free after three
            assert await store.did.get() == RENEW
        assert at_work.empty()
        await redis.set(f"{KEY}:clerk", "somebody else", px=300)  # it was held up for too long
        assert await at_work.get() == ("first", "goes")
        assert (await at_work.get())[1] == "comes"
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
        await until(us.follower, lambda: us.follower.position == other.position)
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


async def test_who_is_erased_while_it_is_written_anew_is_done_with(
    redis: Redis, tmp_path: Path
) -> None:
    async with office(redis, tmp_path) as us:
        for number in (1, 2):
            await us.follower.write(asked(number))
        await us.follower.write(erasure("p_1", "gone_1"))
        first = us.follower.erasure
        await us.follower.write(erasure("p_2", "gone_2"))
        assert await us.compaction.run(first)  # it forgets both
        assert b"p_2" not in await raw(redis)
        await us.clerk.compact()
        assert order(await us.book.compacted()) == order(us.follower.erasure)
        assert us.store.did.qsize() == 1


async def test_retry_of_an_erasure_leaves_no_trace_either(redis: Redis, tmp_path: Path) -> None:
    async with office(redis, tmp_path) as us:
        await us.follower.write(asked(1))
        for _ in range(2):
            await us.follower.write(erasure("p_1", "gone_1"))
            await us.clerk.compact()
            assert b"p_1" not in await raw(redis)
            assert order(await us.book.compacted()) == order(us.follower.erasure)


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
    with (tmp_path / "erased.jsonl").open("ab") as noted:
        noted.write(b'{"event":"te')  # the disk was full
    await redis.flushall()
    await redis.restore(f"{KEY}:journal", 0, backup)
    assert b"p_1" in await raw(redis)
    async with office(redis, tmp_path) as us, running(us.clerk.erasures()):
        async with asyncio.timeout(10):
            assert await us.store.did.get() == EXCHANGE
        assert b"p_1" not in await raw(redis)
        assert us.follower.audience.questions.by_id["q1"].by == "gone_1"
        assert us.follower.audience.questions.by_id["q1"].body == ""
        assert await us.compaction.lost() == []
    assert b'"te\n{"event"' in (tmp_path / "erased.jsonl").read_bytes()


async def test_restored_backup_forgets_again_who_was_erased_twice(
    redis: Redis, tmp_path: Path
) -> None:
    """In journals of older versions a device goes on after an erasure under the id that it had."""
    async with office(redis, tmp_path) as us:
        await us.follower.write(asked(1))
        await us.follower.write(replace(erasure("p_1", "gone_1"), digest=""))
        await us.clerk.compact()
        await us.follower.write(replace(asked(2), by="p_1"))
        backup = {key: await redis.dump(key) for key in (us.book.key, f"{KEY}:erased")}
        await us.follower.write(erasure("p_1", "gone_2"))
        await us.clerk.compact()
    await redis.flushall()
    for key, kept in backup.items():
        await redis.restore(key, 0, kept)
    assert b"p_1" in await raw(redis)
    async with office(redis, tmp_path) as us, running(us.clerk.erasures()):
        async with asyncio.timeout(10):
            assert await us.store.did.get() == EXCHANGE
        assert b"p_1" not in await raw(redis)
        questions = us.follower.audience.questions.by_id
        assert [questions[each].by for each in ("q1", "q2")] == ["gone_1", "gone_2"]
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
        assert await snapshot_kept(redis)
        async with started(redis) as (_, after):
            assert after.folded < 10
            assert after.audience.questions.by_id.keys() == {f"q{n}" for n in range(10)}


async def test_snapshot_that_failed_is_kept_later(redis: Redis, tmp_path: Path) -> None:
    async with office(redis, tmp_path) as us:
        for number in range(10):
            await us.follower.write(asked(number))
        await redis.config_set("maxmemory", 1)
        try:
            with pytest.raises(RedisError):
                await us.clerk.snapshots()
        finally:
            await redis.config_set("maxmemory", 0)
        async with asyncio.timeout(10), running(us.clerk.snapshots()):
            assert await snapshot_kept(redis)


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
        polls = us.follower.audience.polls.by_id
        await until(us.follower, lambda: polls["p"].state == "closed")


def test_broadcast_time_is_that_of_media(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = BroadcastTime(file)
    assert abs(clock.now() - time.time()) < 0.5  # nobody said another
    file.write_text(f"{time.time() + 600 + 1.0:20.6f}\n")  # as ClockFile: a second ahead
    assert abs(BroadcastTime(file).now() - (time.time() + 600)) < 0.5
