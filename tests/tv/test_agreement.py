"""Any number of processes on one journal say the same, whoever writes, and whatever breaks."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from engagement.audience import key
from engagement.fold import Event
from engagement.questions import SupportGiven
from tests.engagement.histories import history
from tests.servers import StoreServer
from tv import journal, store
from tv.follower import Follower
from tv.journal import StoreUnavailable
from tv.tasks import running

EVENTS = 300
WRITERS = 20  # that write at the same time


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Follower]:
    """What a web process has: its own connections, its own fold."""
    async with store.connected(url) as client, journal.opened(client, "test") as book:
        follower = Follower(book, write_within=20.0)
        async with running(follower.run()):
            await follower.ready.wait()
            yield follower


def shown(follower: Follower) -> dict[Any, Any]:
    """All that its pages can be told."""
    audience = follower.audience
    views = {
        view: (changes.version, {key(item): item for item in changes})
        for view, changes in audience._views.items()
        if len(changes)
    }
    return views | {"theirs": audience._theirs}


async def persistently(server: StoreServer, follower: Follower, event: Event) -> None:
    """Write until it is acknowledged, as a page does."""
    while True:
        try:
            await follower.write(event)  # type: ignore[call-overload]
            return
        except StoreUnavailable:
            await server.wait()


@pytest.mark.parametrize("seed", [7, 8])
async def test_processes_agree_while_the_store_is_lost_and_comes_back(
    store_server: StoreServer, seed: int
) -> None:
    chance = random.Random(seed)
    events = [event for _, event in history(seed, EVENTS)]
    async with asyncio.timeout(120), AsyncExitStack() as stack:
        followers = [await stack.enter_async_context(process(store_server.url)) for _ in range(3)]
        turns = asyncio.Semaphore(WRITERS)

        async def write(number: int, event: Event) -> None:
            async with turns:
                await persistently(store_server, chance.choice(followers), event)
            if number == EVENTS // 2:
                await keep(followers[0])
                store_server.kill()
                store_server.start()

        async def keep(follower: Follower) -> None:
            await follower._journal.snapshots.keep(follower.position, follower.saved())

        await asyncio.gather(*(write(*each) for each in enumerate(events)))
        for number, follower in enumerate(followers):
            # It has no effect; who is answered has folded all that is before it.
            await follower.write(
                SupportGiven(id=f"end-{number}", at=1.0, by="p_0", question="nobody's")
            )
        from_snapshot = await stack.enter_async_context(process(store_server.url))
        assert 0 < from_snapshot.folded < EVENTS
        await followers[0]._journal.snapshots.forget()
        from_start = await stack.enter_async_context(process(store_server.url))
        assert from_start.folded >= len({event.id for event in events})
        for follower in (*followers[1:], from_snapshot, from_start):
            assert shown(follower) == shown(followers[0])
