"""One ring, many readers: each with its own place, none in another's way."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from streaming.ring import Ring


def every_fourth(item: int) -> bool:
    return item % 4 == 0


async def test_reader_begins_at_the_newest_entry() -> None:
    ring = Ring[int](size=10, entry=every_fourth)
    for item in range(7):
        ring.append(item)
    ring.close()
    assert [item async for item in ring.follow()] == [4, 5, 6]


async def test_lapped_reader_goes_on_at_the_newest_entry() -> None:
    ring = Ring[int](size=10, entry=every_fourth)
    ring.append(0)
    reader = ring.follow()
    assert await anext(reader) == 0
    for item in range(1, 31):
        ring.append(item)
    ring.close()
    assert [item async for item in reader] == [28, 29, 30]


async def test_waiting_reader_is_woken_by_each_item() -> None:
    ring = Ring[int](size=10)
    seen: list[int] = []

    async def read() -> None:
        async for item in ring.follow(live=True):
            seen.append(item)  # noqa: PERF401  # the test looks while it grows

    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(read())
        await asyncio.sleep(0)
        for item in range(3):
            ring.append(item)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        ring.close()
    assert seen == [0, 1, 2]


async def test_writer_is_told_when_a_reader_begins_to_wait() -> None:
    """So it may keep what nobody waits for to itself, and lose no reader by it."""
    ring = Ring[int](size=10)
    kept = [0, 1]

    def give() -> None:
        ring.extend(kept)
        kept.clear()

    ring.on_wait = give
    reader = ring.follow()
    assert not ring.awaited
    async with asyncio.timeout(5):
        assert [await anext(reader), await anext(reader)] == [0, 1]
        waiting = asyncio.ensure_future(anext(reader))
        await asyncio.sleep(0)
        assert ring.awaited
        ring.append(2)
        assert await waiting == 2
    assert not ring.awaited


class Timed:
    """A ring of which every fourth item is an entry, in a time that the test moves."""

    def __init__(self, size: int) -> None:
        self.now = 0.0
        self.ring = Ring[int](size, every_fourth, monotonic=lambda: self.now)

    def append(self, count: int, interval: float) -> None:
        for _ in range(count):
            self.ring.append(self.ring._end)
            self.now += interval


async def test_a_trailing_reader_begins_at_the_newest_entry_that_is_old_enough() -> None:
    timed = Timed(size=40)
    timed.append(20, interval=1.0)
    reader = timed.ring.trail(10.0)  # item 10 is due now
    async with asyncio.timeout(5):
        assert [await anext(reader) for _ in range(3)] == [8, 9, 10]
        timed.now += 4.0
        assert [await anext(reader) for _ in range(4)] == [11, 12, 13, 14]


async def test_a_trailing_reader_waits_for_the_oldest_entry_when_none_is_old_enough() -> None:
    timed = Timed(size=40)
    timed.append(8, interval=0.0)
    reader = timed.ring.trail(0.02)
    waiting = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0.05)  # it looks again, and time has not moved
    assert not waiting.done()
    timed.now += 0.02
    async with asyncio.timeout(5):
        assert await waiting == 0
        assert [await anext(reader) for _ in range(7)] == list(range(1, 8))


async def test_a_trailing_reader_that_is_lapped_goes_on_at_an_entry() -> None:
    timed = Timed(size=10)
    timed.append(1, interval=1.0)
    reader = timed.ring.trail(1.0)
    assert await anext(reader) == 0
    timed.append(30, interval=0.0)
    timed.now += 1.0
    timed.ring.close()
    async with asyncio.timeout(5):
        assert [item async for item in reader] == [28, 29, 30]


async def test_a_trailing_reader_is_woken_by_what_comes() -> None:
    timed = Timed(size=10)
    waiting = asyncio.ensure_future(anext(timed.ring.trail(0.0)))
    await asyncio.sleep(0)
    timed.append(1, interval=0.0)
    async with asyncio.timeout(5):
        assert await waiting == 0


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 8))
def test_a_reader_never_sees_an_item_twice_nor_out_of_order(pauses: list[int], size: int) -> None:
    async def check() -> None:
        ring = Ring[int](size=size, entry=every_fourth)
        seen: list[int] = []

        async def read() -> None:
            async for item in ring.follow():
                seen.append(item)
                await asyncio.sleep(0)

        written = 0
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            group.create_task(read())
            for pause in pauses:
                await asyncio.sleep(0)
                for _ in range(pause):
                    ring.append(written)
                    written += 1
            ring.close()
        assert seen == sorted(set(seen))
        if any(map(every_fourth, range(max(0, written - size), written))):
            # Whatever it lost on the way, it ends with the newest.
            assert seen[-1] == written - 1

    asyncio.run(check())
