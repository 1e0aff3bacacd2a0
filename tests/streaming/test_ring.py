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
    assert list(ring.since_entry()) == [4, 5, 6]


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
        if list(ring.since_entry()):
            # Whatever it lost on the way, it ends with the newest.
            assert seen[-1] == written - 1

    asyncio.run(check())
