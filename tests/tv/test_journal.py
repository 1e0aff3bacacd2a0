"""The journal on a real store: one order for all, nothing acknowledged is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from captions.cues import Cue, CueWritten
from tests.servers import StoreServer
from tv import journal, store
from tv.events import Event


def cue(number: int) -> CueWritten:
    return CueWritten("plateau", Cue(f"plateau-{number}", 1, number, number + 1, ("Bonjour",), ()))


async def take(
    events: AsyncIterator[tuple[str, Event | None]], count: int
) -> list[tuple[str, Event | None]]:
    taken = []
    async for item in events:
        taken.append(item)
        if len(taken) == count:
            break
    return taken


async def test_followers_see_the_order_that_appends_were_told(redis: Redis) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as opened:
        positions = await asyncio.gather(*(opened.append(cue(number)) for number in range(500)))
        seen = await take(opened.follow(), 500)
        assert [position for position, _ in seen] == sorted(positions, key=journal.order)
        assert dict(seen) == {p: cue(n) for n, p in enumerate(positions)}
        assert await opened.end() == seen[-1][0]
        assert await take(opened.follow(seen[9][0]), 490) == seen[10:]


async def test_follower_waits_for_the_next_event(redis: Redis) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as opened:
        follower = asyncio.create_task(take(opened.follow(), 1))
        await asyncio.sleep(0)
        await opened.append(cue(1))
        assert (await follower)[0][1] == cue(1)


async def test_event_of_a_newer_version_is_passed_over(redis: Redis) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as opened:
        await redis.xadd("fabrique:{test}:journal", {"e": b"\xc1"})
        await opened.append(cue(1))
        assert [event for _, event in await take(opened.follow(), 2)] == [None, cue(1)]


async def test_what_was_acknowledged_survives_kill_and_followers_go_on(
    store_server: StoreServer,
) -> None:
    async with (
        asyncio.timeout(30),
        store.connected(store_server.url) as client,
        journal.opened(client, "test") as opened,
    ):
        follower = asyncio.create_task(take(opened.follow(), 400))
        before = [await opened.append(cue(number)) for number in range(200)]
        store_server.kill()
        with pytest.raises(journal.StoreUnavailable):
            await opened.append(cue(999))
        store_server.start()
        await store_server.wait()
        after = [await opened.append(cue(number)) for number in range(200, 400)]
        assert [position for position, _ in await follower] == before + after


async def test_appends_beyond_the_limit_are_refused_at_once(redis: Redis) -> None:
    stopped = journal.Journal(redis, "nobody-writes-this")
    waiting = [asyncio.create_task(stopped.append(cue(1))) for _ in range(journal.PENDING)]
    await asyncio.sleep(0)
    with pytest.raises(journal.StoreUnavailable):
        await stopped.append(cue(2))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
