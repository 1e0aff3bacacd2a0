"""Votes by the thousand: how long an answer takes, and how many there are in a second."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks import _phones
from benchmarks._phones import Page
from benchmarks._venue import Server

TOPICS = {"talk:direct": "", "me:direct": ""}
OPTIONS = 3
WAVE = 50  # pages that open at a time
CONNECTIONS = 64  # of those that vote as fast as they are answered
WARM = 1.0  # seconds before it counts

Row = dict[str, Any]


def choice(voter: int) -> str:
    return f"o{voter % OPTIONS + 1}"


def ballot(poll: str, voter: int, token: str, key: str = "") -> bytes:
    body = {"round": 1, "choices": [choice(voter)]}
    return _phones.request("PUT", f"/api/v1/polls/{poll}/ballot", token, body, key)


class Pages:
    """Open pages that count what they hear."""

    def __init__(self) -> None:
        self.heard = 0
        self.open: list[Page] = []

    async def come(self, port: int, tokens: Iterable[str], topics: dict[str, str]) -> None:
        """Open a page for each token; wait until each has its first view."""
        waiting = asyncio.Semaphore(WAVE)

        async def one(token: str) -> None:
            first: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def hear(page: Page, message: bytes) -> None:
                self.heard += 1
                if not first.done() and b'"type":"view"' in message[:40]:
                    first.set_result(None)

            async with waiting, asyncio.timeout(30):
                self.open.append(await _phones.open_page(port, token, topics, hear))
                await first

        await asyncio.gather(*map(one, tokens))

    def leave(self) -> None:
        for page in self.open:
            page.transport.close()


async def all_vote(
    port: int, poll: str, tokens: Sequence[str], over: float, turn: int = 0
) -> tuple[Counter[int], list[float]]:
    """Everybody votes within `over` seconds, by the next choice at each turn: the answers, and how
    long each took."""
    statuses: Counter[int] = Counter()
    answered: list[float] = []

    async def one(voter: int, token: str) -> None:
        await asyncio.sleep(over * voter / len(tokens))
        began = time.monotonic()
        try:
            asked = ballot(poll, voter + turn, token, f"vote-{voter}-{turn}")
            status, _ = await _phones.ask(port, asked)
        except OSError:
            status = 0
        statuses[status] += 1
        answered.append(time.monotonic() - began)

    await asyncio.gather(*itertools.starmap(one, enumerate(tokens)))
    return statuses, answered


async def storm(port: int, poll: str, tokens: Sequence[str], over: float) -> Row:
    """Everybody votes once within `over` seconds, each with a page open; how they are answered."""
    pages = Pages()
    await pages.come(port, tokens, TOPICS)
    began = time.monotonic()
    statuses, answered = await all_vote(port, poll, tokens, over)
    took = time.monotonic() - began
    pages.leave()
    return {
        "over_s": over,
        "took_s": round(took, 2),
        "answers": {str(status): count for status, count in statuses.items()},
        "pages": len(pages.open),
        "messages": pages.heard,
        **{f"{share}_ms": time for share, time in _phones.milliseconds(answered).items()},
    }


async def saturate(server: Server, asked: Sequence[bytes], seconds: float) -> Row:
    """Vote as fast as answers come, over a few connections, by turns for everybody."""
    loop = asyncio.get_running_loop()
    phones = [await _phones.dial(server.port) for _ in range(CONNECTIONS)]
    requests, statuses = itertools.cycle(asked), Counter[int]()
    times: list[float] = []
    finished = [loop.create_future() for _ in phones]
    end = time.monotonic() + WARM + seconds

    def go(number: int) -> None:
        began = time.monotonic()

        def then(status: int, _: bytes) -> None:
            now = time.monotonic()
            statuses[status] += 1
            times.append(now - began)
            if now < end and status:
                go(number)
            elif not finished[number].done():
                finished[number].set_result(None)

        phones[number].ask(next(requests), then)

    for number in range(len(phones)):
        go(number)
    await asyncio.sleep(WARM)
    statuses.clear()
    times.clear()
    began, used = time.monotonic(), server.cpu()
    async with asyncio.timeout(seconds + _phones.PATIENCE):
        await asyncio.gather(*finished)
    took, used = time.monotonic() - began, server.cpu() - used
    for phone in phones:
        phone.transport.close()
    return {
        "votes_per_second": round(statuses[200] / took),
        "votes_per_cpu_second": round(statuses[200] / max(used, 1e-6)),
        "cores": round(used / took, 2),
        "refused": sum(count for status, count in statuses.items() if status != 200),
        **{f"{share}_ms": time for share, time in _phones.milliseconds(times).items()},
    }


async def saturate_beside_pages(
    server: Server, asked: Sequence[bytes], pages: Sequence[str], seconds: float
) -> Row:
    """The same while so many pages are told of the votes."""
    watching = Pages()
    await watching.come(server.port, pages, {"talk:direct": ""})
    row = await saturate(server, asked, seconds)
    watching.leave()
    return row | {"pages": len(pages), "messages": watching.heard}
