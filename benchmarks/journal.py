"""How fast the journal takes events, gives them back, and starts again after a million of them.

    python -m benchmarks.journal [--events 1000000] [--seconds 5] [--json journal.json]

The store is ours (every write on its disk before it is answered), on this machine.

- `append`: two thousand writers, each with one event under way, as in a vote; without limits, and
  counted in the buckets of a participant, a talk and the event.
- `replay`: a process that folds a journal of so many events, of a day like ours: two thousand
  people, polls one after the other, ballots changed and changed again, questions supported.
- `snapshot`: what it takes to keep the fold, and how large it is.
- `restart`: a new process, from its first line to the last event folded, with that snapshot and
  some thousand events after it; and the memory it then has.

`cpu_s` is what the process itself used: on a machine that does other things besides, `seconds` are
longer.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import uvloop
from redis.asyncio import Redis

from engagement.fold import Event
from engagement.polls import BallotCast, Option, PollClosed, PollCreated, PollOpened
from engagement.questions import QuestionApproved, QuestionAsked, SupportGiven
from engagement.talks import TalkStarted
from tests.servers import store_server
from tv import journal, store
from tv.follower import Follower
from tv.journal import encode
from tv.limits import Limits
from tv.settings import Limits as Rates
from tv.settings import Rate
from tv.tasks import running

PEOPLE = 2_000
WRITERS = 2_000
QUESTIONS = 300
VOTES = 10_000  # ballots of a poll: each of the people votes, then changes
AFTER = 5_000  # events after the snapshot, when a process starts again
PAGE = 2_000  # events written at once when the day is made
FREE = Rate(burst=10**9, per_second=1e9)
OPTIONS = tuple(Option(f"o{number}", f"Réponse {number}") for number in range(4))

Row = dict[str, Any]


def day(count: int) -> Iterator[Event]:
    """So many events of a day."""
    number = 0

    def act(by: str = "pass_crew") -> dict[str, Any]:
        nonlocal number
        number += 1
        return {"id": f"{number:x}-benchmark-event", "at": number * 0.05, "by": by}

    def person(which: int) -> str:
        return f"p_{which * 7919 % PEOPLE:016x}"

    yield TalkStarted(**act(), talk="direct")
    for which in range(QUESTIONS):
        asked = act(person(which)) | {"at": which * 100.0}
        yield QuestionAsked(**asked, question=f"q_{which}", talk="direct", body="Pourquoi ? " * 8)
        yield QuestionApproved(**act(), question=f"q_{which}")
    poll = 0
    while number < count:
        poll += 1
        about = {"poll": f"poll_{poll}"}
        yield PollCreated(
            **act(), **about, talk="direct", kind="single", prompt="Alors ?", options=OPTIONS
        )
        yield PollOpened(**act(), **about)
        for vote in range(VOTES):
            by = person(vote)
            choice = f"o{(vote + vote // PEOPLE) % 4}"
            yield BallotCast(**act(by), **about, round=1, choices=(choice,))
            if vote % 8 == 0:
                yield SupportGiven(**act(by), question=f"q_{vote * 31 % QUESTIONS}")
            if number >= count:
                return
        yield PollClosed(**act(), **about)


async def appends(client: Redis, seconds: float, limited: bool) -> Row:
    await client.flushall()
    limits = Limits("bench", Rates(participant=FREE, talk=FREE, event=FREE))
    took: list[float] = []
    async with journal.opened(client, "bench") as book:
        end = time.perf_counter() + seconds

        async def write(writer: int) -> None:
            by = f"p_{writer:016x}"
            within = limits.of(by, "direct") if limited else ()
            while (began := time.perf_counter()) < end:
                about = {"poll": "poll_1", "round": 1, "choices": ("o1",)}
                await book.append(BallotCast(id=f"{began}", at=began, by=by, **about), within)
                took.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*map(write, range(WRITERS)))
        lasted = time.perf_counter() - began
    quantiles = statistics.quantiles(took, n=100)
    return {
        "what": "append, counted" if limited else "append",
        "events": len(took),
        "per_second": round(len(took) / lasted),
        "p50_ms": round(quantiles[49] * 1000, 1),
        "p99_ms": round(quantiles[98] * 1000, 1),
    }


async def fill(client: Redis, count: int, first: int = 0) -> None:
    """Write the events of a day, from the first-th to the count-th, the quick way."""
    batch: list[bytes] = []

    async def write() -> None:
        async with client.pipeline(transaction=False) as pipeline:
            for body in batch:
                pipeline.xadd("fabrique:{bench}:journal", {"e": body})
            await pipeline.execute()
        batch.clear()

    for number, event in enumerate(day(count)):
        if number >= first:
            batch.append(encode(event))
        if len(batch) == PAGE:
            await write()
    await write()


async def folded(url: str) -> tuple[Follower, Row]:
    """Start as a process does; return what there is once all is folded."""
    began, used = time.perf_counter(), time.process_time()
    async with store.connected(url) as client, journal.opened(client, "bench") as book:
        follower = Follower(book)
        async with running(follower.run()):
            await follower.ready.wait()
        took = time.perf_counter() - began
    return follower, {
        "folded": follower.folded,
        "seconds": round(took, 2),
        "cpu_s": round(time.process_time() - used, 2),
        "per_second": round(follower.folded / took),
        "ballots": sum(poll.ballots for poll in follower.audience.polls.by_id.values()),
        "rss_mb": round(psutil.Process().memory_info().rss / 1e6),
    }


async def snapshot(url: str, follower: Follower) -> Row:
    began, used = time.perf_counter(), time.process_time()
    body = follower.saved()
    saved = time.perf_counter()
    async with store.connected(url) as client, journal.opened(client, "bench") as book:
        await book.snapshots.keep(follower.position, body)
        kept = time.perf_counter()
        size = await client.memory_usage("fabrique:{bench}:snapshot", samples=0)
    return {
        "what": "snapshot",
        "saved_s": round(saved - began, 2),
        "kept_s": round(kept - saved, 2),
        "cpu_s": round(time.process_time() - used, 2),
        "mb": round(len(body) / 1e6, 1),
        "mb_in_store": round((size or 0) / 1e6, 1),
    }


def restarted(url: str) -> Row:
    """Another process, from its start."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.journal", "--restart", url]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told | {"process_s": round(time.perf_counter() - began, 2)}


async def measure(events: int, seconds: float) -> list[Row]:
    rows: list[Row] = []
    with store_server() as server:
        await server.wait()
        async with store.connected(server.url) as client:
            for limited in (False, True):
                rows.append(await appends(client, seconds, limited))
                print(rows[-1], flush=True)
            await client.flushall()
            await fill(client, events)
            follower, replay = await folded(server.url)
            rows.append({"what": f"replay of {events}"} | replay)
            print(rows[-1], flush=True)
            rows.append(await snapshot(server.url, follower))
            print(rows[-1], flush=True)
            await fill(client, events + AFTER, first=events)
            row = {"what": f"restart over {events}"} | await asyncio.to_thread(
                restarted, server.url
            )
            row["by_snapshot"] = row["ballots"] >= replay["ballots"] and row["folded"] <= AFTER + 2
            rows.append(row)
            print(row, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--restart", metavar="URL", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.restart:
        print(json.dumps(uvloop.run(folded(asked.restart))[1]))
        return
    rows = uvloop.run(measure(asked.events, asked.seconds))
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
