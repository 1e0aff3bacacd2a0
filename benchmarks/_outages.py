"""What a room goes through: everybody comes, a process dies under them, the store is away, two
processes serve one room. What was acknowledged is there, once, on every page."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from benchmarks import _phones
from benchmarks._phones import Page
from benchmarks._regulars import Log, Regular, insist
from benchmarks._storms import OPTIONS, Pages, Row, ballot, choice
from benchmarks._venue import Desk, Server, Serves, Venue
from tv.auth import Role

QUESTIONS = 200  # of the voters also ask: a ballot replaces itself, a question would be doubled
BACK_WITHIN = 30.0  # seconds
SETTLE = 90.0  # seconds for everything to be as it should


async def join_wave(port: int, people: int, over: float) -> Row:
    """So many come within `over` seconds: the light step, the wait they are told, the heavy one."""
    light: list[float] = []
    told: list[float] = []
    heavy: list[float] = []
    failed: Counter[str] = Counter()
    pages: list[Page] = []

    async def one(number: int) -> None:
        await asyncio.sleep(over * number / people)
        began = time.monotonic()
        status, body = await _phones.ask(port, _phones.request("POST", "/api/v1/join", "", {}))
        if status != 200:
            failed[f"join {status}"] += 1
            return
        light.append(time.monotonic() - began)
        told.append(msgspec.json.decode(body)["delay_ms"] / 1000)
        await asyncio.sleep(told[-1])
        began = time.monotonic()
        asked = _phones.request("POST", "/api/v1/participants", "", {})
        status, body = await _phones.ask(port, asked)
        if status != 201:
            failed[f"participants {status}"] += 1
            return
        here: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        topics = {"event": "", "talks": "", "talk:direct": "", "me:direct": ""}

        def hear(page: Page, message: bytes) -> None:
            if b'"topic":"me:direct"' in message[:80] and not here.done():
                here.set_result(None)

        token = msgspec.json.decode(body)["token"]
        pages.append(await _phones.open_page(port, token, topics, hear))
        await here
        heavy.append(time.monotonic() - began)

    async with asyncio.timeout(over + SETTLE):
        await asyncio.gather(*map(one, range(people)))
    for page in pages:
        page.transport.close()
    return {
        "people": people,
        "over_s": over,
        "joined": len(heavy),
        "failed": dict(failed),
        "light": _phones.milliseconds(light),
        "told": _phones.milliseconds(told),
        "heavy": _phones.milliseconds(heavy),
    }


async def interrupted(
    desk: Desk,
    server: Serves,
    poll: str,
    tokens: Sequence[str],
    over: float,
    interrupt: Callable[[], AsyncIterator[None]],
) -> Row:
    """Everybody has a page open and votes once within `over` seconds, some also ask; meanwhile
    `interrupt` breaks something, yields, and ends when it is whole again."""
    log = Log()
    regulars = [Regular(server.port, token, log) for token in tokens]
    async with _staying(regulars):
        async with asyncio.timeout(SETTLE):
            await asyncio.gather(*(each.there.wait() for each in regulars))
        act = _act(server, poll, over / len(tokens), log)
        voting = asyncio.gather(*itertools.starmap(act, enumerate(tokens)))
        try:
            await asyncio.sleep(over / 4)
            broken = time.monotonic()
            steps = interrupt()
            await anext(steps)
            await anext(steps, None)
            whole = time.monotonic()
            async with asyncio.timeout(over + SETTLE):
                await voting
                # What everybody sees at the end is what there is.
                while any(each.ballots.get(poll) != len(tokens) for each in regulars):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            seen = time.monotonic()
        finally:
            voting.cancel()
    back = [each.since - broken for each in regulars]
    row = {
        "people": len(tokens),
        "away_s": round(whole - broken, 1),
        "pages_that_had_gone": sum(at > 0 for at in back),
        "there_after_30_s": round(sum(at <= BACK_WITHIN for at in back) / len(tokens), 4),
        "last_back_s": round(max(0.0, *back), 1),
        "all_see_the_end_after_s": round(seen - whole, 1),
        "views_begun_anew": log.resets,
        "answers": {str(status): count for status, count in log.statuses.items()},
        "slowest_act_s": round(max(log.acted), 1),
    }
    return row | await asyncio.to_thread(_counted, desk, server, poll, len(tokens))


def _act(
    server: Serves, poll: str, every: float, log: Log
) -> Callable[[int, str], Coroutine[Any, Any, None]]:
    async def act(voter: int, token: str) -> None:
        await asyncio.sleep(every * voter)
        await insist(server.port, ballot(poll, voter, token, f"vote-{voter}"), log)
        if voter < QUESTIONS:
            path = "/api/v1/talks/direct/questions"
            body = {"body": f"Question numéro {voter} ({poll})"}
            asked = _phones.request("POST", path, token, body, f"question-{voter}")
            await insist(server.port, asked, log)

    return act


def _counted(desk: Desk, server: Serves, poll: str, people: int) -> Row:
    """What the server has of what it acknowledged."""
    expected = Counter(choice(voter) for voter in range(people))
    results = desk.results(server, poll)
    counts = {each["option"]: each["votes"] for each in results["counts"]}
    with desk.crew(server) as crew:
        items = crew.get("/api/v1/talks/direct/questions").raise_for_status().json()["items"]
    bodies = Counter(item["body"] for item in items if f"({poll})" in item["body"])
    asked = min(QUESTIONS, people)
    return {
        "ballots": results["ballots"],
        "votes_as_cast": counts == {f"o{n}": expected[f"o{n}"] for n in range(1, OPTIONS + 1)},
        "lost": people - results["ballots"] + asked - len(bodies),
        "double": sum(count - 1 for count in bodies.values()),
    }


@asynccontextmanager
async def _staying(regulars: Sequence[Regular]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.stay()) for each in regulars]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def killed(server: Server, pause: float = 0.1) -> AsyncIterator[None]:
    """The web process dies; after a moment, as the supervisor has it, there is another one."""
    server.kill()
    yield
    await asyncio.sleep(pause)
    server.start()
    await asyncio.to_thread(server.wait_ready)


async def store_away(venue: Venue, seconds: float) -> AsyncIterator[None]:
    venue.kill_store()
    yield
    await asyncio.sleep(seconds)
    venue.start_store()


async def two_processes(venue: Venue, one: Server, other: Server, acts: int) -> Row:
    """Act at one process; how long until a page at the other shows it, and whether both agree."""
    operator = venue.passes.issue(Role.OPERATOR)
    shown: dict[str, float] = {}
    pages = Pages()

    def hear(page: Page, message: bytes) -> None:
        for item in msgspec.json.decode(message).get("items", ()):
            if state := item.get("state"):
                shown.setdefault(f"{item['kind']}:{item['id']}:{state}", time.monotonic())

    pages.open.append(await _phones.open_page(other.port, operator, {"talk:direct": ""}, hear))
    lags: list[float] = []
    for number, token in enumerate(venue.people(acts, age=3_600)):
        asked = _phones.request(
            "POST", "/api/v1/talks/direct/questions", token, {"body": f"Et le {number} ?"}
        )
        status, body = await _phones.ask(one.port, asked)
        assert status == 201, body
        question = msgspec.json.decode(body)["id"]
        await _seen(shown, f"question:{question}:pending", lags)
        approve = f"/api/v1/questions/{question}:approve"
        status, body = await _phones.ask(one.port, _phones.request("POST", approve, operator, {}))
        assert status == 200, body
        await _seen(shown, f"question:{question}:approved", lags)
    pages.leave()
    views = [await _view(each, operator) for each in (one, other)]
    return {"acts": 2 * acts, "same": views[0] == views[1], **_phones.milliseconds(lags)}


async def _seen(shown: dict[str, float], key: str, lags: list[float]) -> None:
    acknowledged = time.monotonic()
    async with asyncio.timeout(10):
        while key not in shown:  # noqa: ASYNC110  # the page tells by a callback
            await asyncio.sleep(0.001)
    lags.append(max(0.0, shown[key] - acknowledged))


async def _view(server: Serves, token: str, topic: str = "talk:direct") -> Any:
    status, body = await _phones.ask(
        server.port, _phones.request("GET", f"/api/v1/views/{topic}", token)
    )
    assert status == 200, body
    return msgspec.json.decode(body)


async def same_views(
    servers: Sequence[Serves], tokens: Sequence[str], topics: Sequence[str]
) -> bool:
    """Whether all processes say the same of these topics to each of these people."""
    for token, topic in itertools.product(tokens, topics):
        views = [await _view(server, token, topic) for server in servers]
        if any(view != views[0] for view in views):
            return False
    return True
