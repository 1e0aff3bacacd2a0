"""A start reads a snapshot and what came after it, and knows all that it knew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from redis.asyncio import Redis

from captions.cues import Cue, Word
from captions.wording.captioned import Accepted
from captions.wording.events import CaptionsTaken, CueEdited, CueWritten, GlossarySet, RuleAdded
from engagement.questions import QuestionApproved, QuestionAsked
from tv import journal
from tv.follower import Follower
from tv.journal import Journal
from tv.tasks import running


def asked(number: int) -> QuestionAsked:
    return QuestionAsked(
        id=f"e{number}", at=number * 100.0, by=f"p_{number}", question=f"q{number}",
        talk="direct", body=f"Question {number} ?",
    )  # fmt: skip


@asynccontextmanager
async def started(redis: Redis) -> AsyncIterator[tuple[Journal, Follower]]:
    """A process that follows the journal, caught up."""
    async with journal.opened(redis, "test") as book:
        follower = Follower(book)
        async with asyncio.timeout(10), running(follower.run()):
            await follower.ready.wait()
            yield book, follower


async def until(follower: Follower, true: Callable[[], bool]) -> None:
    """Wait until what a process folded says so."""
    changed = asyncio.Event()
    follower.changed.append(lambda views: changed.set())
    async with asyncio.timeout(10):
        while not true():
            await changed.wait()
            changed.clear()


async def keep(book: Journal, follower: Follower) -> None:
    await book.snapshots.keep(follower.position, follower.saved())


def known(follower: Follower) -> dict[str, Any]:
    saved: dict[str, Any] = msgspec.msgpack.decode(follower.saved())
    return saved


async def test_start_reads_only_what_came_after_the_snapshot(redis: Redis) -> None:
    async with started(redis) as (book, before):
        for number in range(20):
            await before.write(asked(number))
        await keep(book, before)
        await before.write(QuestionApproved(id="a", at=1.0, by="c", question="q3"))
        async with started(redis) as (_, after):
            assert after.folded == 1
            assert known(after) == known(before)
            assert after.audience.questions.by_id["q3"].state == "approved"
            again = await after.write(asked(7))  # a retry over the restart makes no copy
            assert again == await before.write(asked(7))
            assert len(after.audience.questions.by_id) == 20


async def test_captions_go_on_as_they_were(redis: Redis) -> None:
    words = (Word("Bonjour", 1.0, 1.4, 0.9), Word("Jean,", 1.4, 1.9, 0.4))
    acts = (
        RuleAdded(id="r", at=3.0, by="c", heard="bonjour", written="Bonsoir"),
        CueEdited(
            id="e", at=4.0, by="c", channel="plateau", cue="plateau-1", expects=2, text="Jeanne"
        ),
        GlossarySet(id="g", at=5.0, by="c", talk="", terms=("bailleur",)),
        CaptionsTaken(id="t", at=6.0, by="c", channel="plateau", source="keyboard"),
    )
    async with started(redis) as (book, before):
        await before.append(CueWritten("plateau", Cue("plateau-1", 1, 1, 2, ("Bonjour",), words)))
        outcomes = [await before.write(act) for act in acts]
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        await keep(book, before)
        async with started(redis) as (_, after):
            assert after.folded == 0
            assert known(after) == known(before)
            assert after.cues("plateau", 0.0, 9.0) == before.cues("plateau", 0.0, 9.0)
            assert after.recent_cues["plateau"].version == before.recent_cues["plateau"].version
            assert [await after.write(act) for act in acts] == outcomes
            more = Cue(
                "plateau-1", 2, 1, 3, ("Bonjour Jean, ça va",), (*words, Word("ça", 2, 3, 1))
            )
            await after.append(CueWritten("plateau", more))
            last = GlossarySet(id="h", at=9.0, by="c", talk="", terms=())
            await after.write(last)
            await until(before, lambda: before.position == after.position)
            assert known(after) == known(before)


async def test_snapshot_of_another_version_or_damaged_does_not_count(redis: Redis) -> None:
    async with started(redis) as (book, before):
        await before.write(asked(1))
        await keep(book, before)
        key = "fabrique:{test}:snapshot"
        assert await book.snapshots.load() == before.saved()
        chunk = await redis.lindex(key, 1)
        assert chunk is not None
        await redis.lset(key, 1, chunk[:-1])
        assert await book.snapshots.load() is None
        async with started(redis) as (_, after):
            assert known(after) == known(before)
            assert after.folded == 1
        await keep(book, before)
        header = msgspec.msgpack.decode(await redis.lindex(key, 0) or b"")
        await redis.lset(key, 0, msgspec.msgpack.encode(header | {"code": b"another"}))
        assert await book.snapshots.load() is None


async def test_snapshot_of_another_journal_does_not_count(redis: Redis) -> None:
    async with started(redis) as (book, before):
        await before.write(asked(1))
        await keep(book, before)
        assert await book.snapshots.load() is not None
    await redis.delete("fabrique:{test}:journal")
    async with started(redis) as (book, after):
        await after.write(asked(2))
        assert after.audience.questions.by_id.keys() == {"q2"}


async def test_snapshot_from_before_an_erasure_does_not_count(redis: Redis) -> None:
    async with started(redis) as (book, before):
        await before.write(asked(1))
        await keep(book, before)
        await redis.set("fabrique:{test}:compacted", f"{int(before.position.split('-')[0]) + 1}-0")
        assert await book.snapshots.load() is None
