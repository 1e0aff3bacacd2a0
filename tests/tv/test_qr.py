"""QR codes: made in a thread, one at a time, and no more than so many wanted at once."""

import asyncio

import pytest

from tests.tv.house import House
from tv.pages.qr import KEPT, WAITING, QrCodes
from tv.problems import Problem


async def test_code_is_made_once() -> None:
    codes = QrCodes()
    first, again = await asyncio.gather(codes.of("http://tv/"), codes.of("http://tv/"))
    assert first is again
    assert first.startswith("data:image/svg+xml")
    assert await codes.of("http://tv/") is first


async def test_loop_runs_while_a_code_is_made() -> None:
    turns = 0
    making = asyncio.create_task(QrCodes().of("http://tv/" + "x" * 240))
    while not making.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100


async def test_only_so_many_wait_and_what_is_kept_does_not() -> None:
    codes = QrCodes()
    kept = await codes.of("http://tv/")
    crowd = [asyncio.create_task(codes.of(f"http://tv/{n}")) for n in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await codes.of("http://tv/one-more")
    assert refused.value.status == 503
    assert await codes.of("http://tv/") is kept
    await asyncio.gather(*crowd)
    assert await codes.of("http://tv/one-more")


async def test_codes_last_asked_for_are_kept() -> None:
    codes = QrCodes()
    kept = await codes.of("/")
    for number in range(KEPT - 1):
        await codes.of(f"/{number}")
    assert await codes.of("/") is kept
    await codes.of("/one-more")
    assert await codes.of("/") is kept


async def test_crowd_of_hosts_is_told_to_come_back(tv: House) -> None:
    async with tv.client() as anybody:

        async def ask(number: int) -> int:
            host = f"h{number}.{'x' * 200}"
            return (await anybody.get("/mur", headers={"host": host})).status_code

        statuses = await asyncio.gather(*map(ask, range(3 * WAITING)))
    assert set(statuses) == {200, 503}
