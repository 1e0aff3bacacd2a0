"""The journal on a real store: one order for all, nothing acknowledged is lost."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from captions.cues import Cue
from captions.wording.events import CueWritten
from engagement.changes import order
from tests.servers import StoreServer
from tests.tv.events import events_of
from tv import journal, store
from tv.events import Event
from tv.line import held
from tv.tasks import running


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
        seen = await take(events_of(opened), 500)
        assert [position for position, _ in seen] == sorted(positions, key=order)
        assert dict(seen) == {p: cue(n) for n, p in enumerate(positions)}
        assert await opened.end() == seen[-1][0]
        assert await take(events_of(opened, seen[9][0]), 490) == seen[10:]


async def test_follower_waits_for_the_next_event(redis: Redis) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as opened:
        follower = asyncio.create_task(take(events_of(opened), 1))
        await asyncio.sleep(0)
        await opened.append(cue(1))
        assert (await follower)[0][1] == cue(1)


async def test_event_of_a_newer_version_is_passed_over(redis: Redis) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as opened:
        await redis.xadd("fabrique:{test}:journal", {"e": b"\xc1"})
        await opened.append(cue(1))
        assert [event for _, event in await take(events_of(opened), 2)] == [None, cue(1)]


async def test_what_was_acknowledged_survives_kill_and_followers_go_on(
    store_server: StoreServer,
) -> None:
    async with (
        asyncio.timeout(30),
        store.connected(store_server.url) as client,
        journal.opened(client, "test") as opened,
    ):
        follower = asyncio.create_task(take(events_of(opened), 400))
        before = [await opened.append(cue(number)) for number in range(200)]
        store_server.kill()
        with pytest.raises(journal.StoreUnavailable):
            await opened.append(cue(999))
        store_server.start()
        await store_server.wait()
        after = [await opened.append(cue(number)) for number in range(200, 400)]
        assert [position for position, _ in await follower] == before + after


async def test_appends_beyond_the_limit_are_refused_at_once(redis: Redis) -> None:
    stopped = journal.Journal(redis, "nobody-writes-this", limit=5)
    waiting = [asyncio.create_task(stopped.append(cue(1))) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(journal.StoreUnavailable):
        await stopped.append(cue(2))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_append_that_nobody_waits_for_any_more_is_not_written(redis: Redis) -> None:
    stopped = journal.Journal(redis, "fabrique:{test}:journal")
    given_up = asyncio.create_task(stopped.append(cue(1)))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    async with asyncio.timeout(10), running(stopped._write()):
        await stopped.append(cue(2))
        assert [event for _, event in await take(events_of(stopped), 1)] == [cue(2)]
    assert await redis.xlen("fabrique:{test}:journal") == 1


async def test_line_that_was_cut_or_refused_something_answers_the_next(redis: Redis) -> None:
    async with asyncio.timeout(10), held(redis) as line:
        [number] = await line.ask(("CLIENT", "ID"))
        await redis.client_kill_filter(_id=number)
        assert await line.ask(("PING",)) == [b"PONG"]
        with pytest.raises(ResponseError):
            await line.ask(("ECHO", "a"), ("NO SUCH COMMAND",), ("ECHO", "b"))
        assert await line.ask(("ECHO", "c"), ("ECHO", "d")) == [b"c", b"d"]


@pytest.mark.parametrize("written_since", [0, 2])
async def test_follower_is_told_that_the_journal_is_another(
    redis: Redis, written_since: int
) -> None:
    async with asyncio.timeout(10), journal.opened(redis, "test") as opened:
        await redis.xadd("fabrique:{test}:journal", {"e": b"read before"}, id="1000-0")
        events = events_of(opened)
        await anext(events)
        await redis.flushall()
        for number in range(written_since):
            await opened.append(cue(number))
        with pytest.raises(journal.JournalReplaced):
            await anext(events)


async def test_follower_ends_whenever_it_is_cancelled(redis: Redis) -> None:
    async def cancelled_after(steps: int) -> None:
        following = asyncio.create_task(take(events_of(opened), 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        following.cancel()
        await asyncio.wait([following])

    async with asyncio.timeout(8), journal.opened(redis, "test") as opened:
        await asyncio.gather(*(cancelled_after(steps) for steps in range(7)))
