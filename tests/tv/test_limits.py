"""Buckets in a real store: one count for all processes, and nothing written that they refuse."""

import asyncio

import pytest
from redis.asyncio import Redis

from captions.cues import Cue
from captions.wording.events import CueWritten
from engagement.origin import SETTLED_AFTER_S, Origin
from tests.tv.house import house
from tests.waiting import when
from tv import journal
from tv.limits import Bucket, Kind, Limits, TooFast
from tv.settings import Limits as Rates
from tv.settings import Rate, load

EVENT = CueWritten("plateau", Cue("plateau-1", 1, 1.0, 2.0, ("Bonjour",)))
SLOW = Bucket("fabrique:{test}:limit:by:p_ann", burst=3, every=100.0)
SHARED = Bucket("fabrique:{test}:limit:event", burst=1_000, every=0.001)


async def test_burst_passes_then_one_waits_and_is_not_written(redis: Redis) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        for _ in range(3):
            await book.append(EVENT, (SLOW, SHARED))
        with pytest.raises(TooFast) as refused:
            await book.append(EVENT, (SLOW, SHARED))
    assert 99 < refused.value.wait <= 100
    assert not refused.value.shared
    assert await redis.xlen(book.key) == 3


async def test_two_processes_share_a_count(redis: Redis) -> None:
    async with (
        asyncio.timeout(10),
        journal.opened(redis, "test") as first,
        journal.opened(redis, "test") as second,
    ):
        acts = [book.append(EVENT, (SLOW,)) for book in (first, second) for _ in range(5)]
        outcomes = await asyncio.gather(*acts, return_exceptions=True)
    assert sum(isinstance(each, TooFast) for each in outcomes) == 7
    assert await redis.xlen(first.key) == 3


async def test_act_that_one_bucket_refuses_counts_in_no_other(redis: Redis) -> None:
    own = Bucket("fabrique:{test}:limit:by:p_bob", burst=2, every=100.0)
    full = Bucket("fabrique:{test}:limit:event", burst=1, every=100.0)
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        await book.append(None, (full,))
        for _ in range(5):
            with pytest.raises(TooFast) as refused:
                await book.append(None, (own, full))
            assert refused.value.shared
        await book.append(None, (own,))
        await book.append(None, (own,))


async def is_forgotten(redis: Redis, key: str) -> bool:
    return not await redis.exists(key)


async def test_bucket_fills_again_and_is_forgotten(redis: Redis) -> None:
    quick = Bucket("fabrique:{test}:limit:by:p_cem", burst=1, every=0.05)
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        await book.append(None, (quick,))
        await when(lambda: is_forgotten(redis, quick.key))
        await book.append(None, (quick,))


async def test_a_room_that_acted_before_the_clock_was_put_back_goes_on(redis: Redis) -> None:
    seconds, _ = await redis.time()
    for bucket in (SLOW, SHARED):
        await redis.set(bucket.key, f"{seconds + 3600}000000")  # as the acts before left it
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        for _ in range(3):
            await book.append(EVENT, (SLOW, SHARED))
        with pytest.raises(TooFast) as refused:
            await book.append(EVENT, (SLOW, SHARED))
    assert refused.value.wait <= 100


async def test_two_thousand_at_once_all_pass_the_limits_of_the_room(redis: Redis) -> None:
    limits = Limits("test", Rates())
    async with asyncio.timeout(20), journal.opened(redis, "test") as book:
        acts = (book.append(EVENT, limits.of(f"p_{n}", "direct")) for n in range(2_000))
        assert len(set(await asyncio.gather(*acts))) == 2_000


async def test_talk_has_a_bucket_of_its_own(redis: Redis) -> None:
    rates = Rates(talk=Rate(burst=1, per_second=0.01))
    limits = Limits("test", rates)
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        await book.append(None, limits.of("p_ann", "one"))
        await book.append(None, limits.of("p_ann", "two"))
        with pytest.raises(TooFast) as refused:
            await book.append(None, limits.of("p_bob", "one"))
        assert refused.value.shared


async def test_two_thousand_who_just_came_from_one_venue_all_vote(redis: Redis) -> None:
    limits = Limits("test", Rates())
    origin = Origin(joined=1_000.0, network="abc")
    async with asyncio.timeout(20), journal.opened(redis, "test") as book:
        for _ in range(2):  # a vote, and support for a question
            buckets = [limits.of(f"p_{n}", "direct", origin, 1_001.0) for n in range(2_000)]
            acts = (book.append(EVENT, within) for within in buckets)
            assert len(set(await asyncio.gather(*acts))) == 2_000


async def test_flood_of_fresh_tokens_uses_up_nothing_of_anybody_elses(redis: Redis) -> None:
    few = Rate(burst=20, per_second=0.01)
    limits = Limits("test", Rates(talk=few, event=few, newcomers_network=few))
    new, at = Origin(joined=1_000.0, network="abc"), 1_010.0
    others = {
        "new from elsewhere": Origin(1_000.0, "def"),
        "settled": Origin(1_010.0 - SETTLED_AFTER_S, "abc"),
        "present": Origin(1_000.0, "abc", "labo-1.3"),
    }
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        for number in range(20):
            await book.append(None, limits.of(f"p_{number}", "direct", new, at))
        with pytest.raises(TooFast) as refused:
            await book.append(None, limits.of("p_21", "direct", new, at))
        assert refused.value.newcomers
        for name, origin in others.items():
            await book.append(None, limits.of(f"p_{name}", "direct", origin, at))


@pytest.mark.parametrize("kind", ["text", "picture"])
async def test_newcomers_of_a_network_write_less_than_they_vote(redis: Redis, kind: Kind) -> None:
    few = Rate(burst=20, per_second=0.01)
    limits = Limits("test", Rates(newcomers_texts=few, newcomers_pictures=few))
    new, at = Origin(joined=1_000.0, network="abc"), 1_010.0
    async with asyncio.timeout(10), journal.opened(redis, "test") as book:
        for number in range(20):
            await book.append(None, limits.of(f"p_{number}", "direct", new, at, kind))
        with pytest.raises(TooFast) as refused:
            await book.append(None, limits.of("p_21", "direct", new, at, kind))
        assert refused.value.newcomers
        await book.append(None, limits.of("p_21", "direct", new, at))
        for other in (Origin(1_000.0, "def"), Origin(900.0, "abc")):  # who came before the flood
            await book.append(None, limits.of("p_22", "direct", other, at, kind))


async def test_page_that_is_too_fast_is_told_when_to_come_back(redis: Redis) -> None:
    rate = "FABRIQUE_LIMITS__PARTICIPANT"
    settings = load(None, {f"{rate}__BURST": "1", f"{rate}__PER_SECOND": "0.01"})
    async with asyncio.timeout(30), house(redis, settings) as here, here.someone() as ann:
        first = await ann.post("/api/v1/talks/direct/questions", json={"body": "Une ?"})
        assert first.status_code == 201
        written = await redis.xlen(here.journal.key)
        second = await ann.post("/api/v1/talks/direct/questions", json={"body": "Deux ?"})
        assert second.status_code == 429
        assert second.json()["type"].endswith("too-fast")
        assert 0 < int(second.headers["retry-after"]) <= 100
        assert await redis.xlen(here.journal.key) == written
        async with here.someone() as bob:
            other = await bob.post("/api/v1/talks/direct/questions", json={"body": "Trois ?"})
            assert other.status_code == 201
