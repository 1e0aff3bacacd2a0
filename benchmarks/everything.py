"""One machine under all of it at once, and raised until it breaks.

    python -m benchmarks.everything [--screens 40] [--players 1000] [--people 1000] [--seconds 60]
        [--raise] [--json everything.json]

A studio publishes 1080p30 at 4 Mbit/s with French speech; captions are made of it, and it is
recorded; screens watch by WebRTC; players of low-latency HLS come through nginx, as
deploy/nginx.conf has it; people have a page open each, through nginx as well, and vote once in ten
seconds. All of them are on this machine, each crowd in a process of its own: what they use is told
too, and the service has only the rest.

Told: how many cores each process used; how late a timer of media's loop runs; pictures and parts
that did not come, and how late parts were, from when media had made them; how long a vote took;
how far captions were behind the voice. With `--raise` all crowds grow by half, again and again,
until a limit does not hold: which one broke first, and how it looked to those who watched.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks import _film, _load, _phones, _storms, lateness
from benchmarks._audience import Audience, audience
from benchmarks._caption_talk import Heard
from benchmarks._hls_crowd import Crowd, Seen, delivery
from benchmarks._venue import Desk
from benchmarks._witnesses import Air
from tests.edge import edge
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tv.connections import allow_connections
from tv.demo import film as demo_film
from tv.passes import Passes
from tv.studios.keys import load_secret

VOTE_EVERY = 10.0  # seconds
COMING = 20.0  # seconds for a thousand players and people to come, before it counts
LAST = 2.0  # seconds after it, for what is on its way
GROWTH, STEPS = 1.5, 8
# What must hold.
MISSED = 0.01  # share of pictures and parts
PART_LATE = 1500.0  # ms, for p99: nginx alone looks every 500 ms
ANSWER_LATE = 1000.0  # ms, for p99
BEHIND = 8.0  # seconds, for p95: the delayed feed is so far behind
LOOP_LATE = 50.0  # ms, for p99
SETTINGS = {
    "SERVER__WEB_WORKERS": "2",
    "CAPTIONS__CHANNELS": "plateau",
    "WEBRTC__VIEWERS": "10000",
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Load:
    screens: int
    players: int
    people: int

    def grown(self, by: float) -> "Load":
        return Load(*(round(by * each) for each in (self.screens, self.players, self.people)))

    @property
    def coming(self) -> float:
        return max(COMING, COMING * max(self.players, self.people) / 1000)


# Each in a process of its own.


def watch_hls(port: int, players: int, begin: float, seconds: float) -> Seen:
    """What all players saw in so many seconds, from `begin` on by the monotonic clock."""

    async def watch() -> Seen:
        crowd = Crowd(port, Seen(stamped=False))
        await crowd.come(players)
        await asyncio.sleep(begin - time.monotonic())
        crowd.begin()
        await asyncio.sleep(seconds + LAST)
        crowd.leave()
        return crowd.seen

    allow_connections()
    return uvloop.run(watch())


def vote(port: int, poll: str, tokens: list[str], begin: float, seconds: float) -> Row:
    """How everybody was answered, who voted again and again with a page open."""

    async def room() -> Row:
        pages = _storms.Pages()
        await pages.come(port, tokens, _storms.TOPICS)
        await asyncio.sleep(begin - time.monotonic())
        pages.heard = 0
        statuses, answered = Counter[int](), list[float]()
        for turn in range(max(1, round(seconds / VOTE_EVERY))):
            some, times = await _storms.all_vote(port, poll, tokens, VOTE_EVERY, turn)
            statuses += some
            answered += times
        pages.leave()
        return {
            "votes": len(answered),
            "answers": {str(status): count for status, count in statuses.items()},
            "messages": pages.heard,
            "answer_ms": _phones.milliseconds(answered),
        }

    allow_connections()
    return uvloop.run(room())


@dataclass(frozen=True)
class Stand:
    """The service, on air, behind nginx, and those who will load it."""

    server: Fabrique
    port: int  # nginx's
    nginx: psutil.Process
    crowd: Audience
    players: ProcessPoolExecutor
    people: ProcessPoolExecutor
    air: Air
    heard: Heard

    def processes(self) -> dict[str, psutil.Process]:
        """All that use the machine for it; those who are not the service's in parentheses."""
        pids = self.server.children() | {
            "(screens)": self.crowd.pid,
            "(players)": self.players.submit(os.getpid).result(),
            "(people)": self.people.submit(os.getpid).result(),
        }
        return {name: psutil.Process(pid) for name, pid in pids.items()} | {"nginx": self.nginx}


async def measure(stand: Stand, load: Load, seconds: float) -> Row:
    loop, server = asyncio.get_running_loop(), stand.server
    desk = Desk(Passes(load_secret(server.folder.path)))
    poll = await asyncio.to_thread(desk.open_poll, server)
    processes = await asyncio.to_thread(stand.processes)
    url = f"{server.url}/plateau/whep"
    joined = await asyncio.to_thread(stand.crowd.join, url, load.screens)
    begin = time.monotonic() + load.coming
    hls = loop.run_in_executor(stand.players, watch_hls, stand.port, load.players, begin, seconds)
    votes = loop.run_in_executor(
        stand.people, vote, stand.port, poll, desk.people(load.people), begin, seconds
    )
    await asyncio.sleep(begin - time.monotonic())
    used = {name: _load.cpu(each, name == "nginx") for name, each in processes.items()}
    busy = _load.busy()
    watching = asyncio.create_task(asyncio.to_thread(stand.crowd.do, "watch", seconds=seconds))
    late = await lateness.both(server, seconds)
    elapsed = time.monotonic() - begin
    cores = {
        name: round((_load.cpu(each, name == "nginx") - used[name]) / elapsed, 3)
        for name, each in processes.items()
    }
    cores["others"] = round((_load.busy() - busy) / elapsed - sum(cores.values()), 3)
    screens, seen = await watching, await hls
    seen.made = {part: at for part, at in stand.air.made.items() if at > begin - LAST}
    await asyncio.to_thread(stand.crowd.do, "leave", count=load.screens)
    minutes = [(at - stand.heard.began) / 60 for at in (begin, begin + seconds)]
    row = {
        "screens": load.screens,
        "players": load.players,
        "people": load.people,
        "cores": cores,
        "late": late,
        "webrtc": {
            "joined": joined["joined"],
            "missed": round(screens["frames_missed"] / max(1, screens["frames"] * load.screens), 4),
            "worst": round(1 - screens["frames_of_the_worst"], 4),
            "packets_lost": screens["packets_lost"],
            "dropped_by_screens": screens["dropped_by_screens"],
        },
        "hls": {
            "requests_per_second": round(seen.requests / (seconds + LAST)),
            "errors": seen.errors,
            "connections_lost": seen.lost,
            "longest_gap_s": round(seen.longest_gap, 2),
            **delivery(seen, load.players, begin, seconds),
        },
        "votes": await votes,
        "captions_s": stand.heard.between(*minutes),
    }
    return row | {"broken": broken(row)}


def broken(row: Row) -> list[str]:
    """Which limits do not hold, and what those who watched had of it."""
    webrtc, hls, votes, captions = row["webrtc"], row["hls"], row["votes"], row["captions_s"]
    late, part = row["late"]["media_ms"]["p99"], hls["part_ms"].get("p99", 0.0)
    answer, taken = votes["answer_ms"]["p99"], votes["answers"].get("200", 0)
    behind = captions.get("p95")
    told = []
    if webrtc["joined"] < row["screens"]:
        told.append(f"WebRTC: {row['screens'] - webrtc['joined']} could not join")
    if webrtc["missed"] > MISSED:
        told.append(
            f"WebRTC: {webrtc['missed']:.1%} of pictures did not come whole, "
            f"{webrtc['worst']:.1%} to whom it was worst"
        )
    if hls["delivered"] < 1 - MISSED:
        told.append(f"LL-HLS: {1 - hls['delivered']:.1%} of parts did not come")
    if part > PART_LATE:
        told.append(f"LL-HLS: one part in a hundred came {part:.0f} ms after it was made")
    if taken < votes["votes"]:
        told.append(f"votes: {votes['votes'] - taken} were not taken")
    if answer > ANSWER_LATE:
        told.append(f"votes: one in a hundred waited {answer:.0f} ms for its answer")
    if behind is None or behind > BEHIND:
        told.append(f"captions: {behind} s behind the voice")
    if late > LOOP_LATE:
        told.append(f"media's loop was {late} ms late")
    return told


def show(row: Row) -> None:
    print(f"{row['screens']} screens, {row['players']} players, {row['people']} people")
    for what in ("cores", "late", "webrtc", "hls", "votes", "captions_s"):
        print(f"{what:>12}  {row[what]}")
    for each in row["broken"]:
        print(f"{'BROKEN':>12}  {each}", flush=True)


async def run(film: Path, load: Load, seconds: float, *, grow: bool) -> list[Row]:
    rows: list[Row] = []
    with standing(film) as stand:
        tasks = [
            asyncio.create_task(work)
            for work in (stand.air.listen(stand.server), stand.heard.listen(stand.server))
        ]
        try:
            for step in range(STEPS if grow else 1):
                rows.append(await measure(stand, load.grown(GROWTH**step), seconds))
                show(rows[-1])
                if rows[-1]["broken"]:
                    break
        finally:
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks)
    return rows


@contextmanager
def standing(film: Path) -> Iterator[Stand]:
    with ExitStack() as stack:
        server = stack.enter_context(fabrique(**SETTINGS))
        stack.enter_context(publishing(film, server))
        port, _, nginx = stack.enter_context(edge(server.port))
        players, people = (
            stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
            for _ in range(2)
        )
        crowd = stack.enter_context(audience())
        yield Stand(server, port, nginx, crowd, players, people, Air(), Heard())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--screens", type=int, default=40)
    parser.add_argument("--players", type=int, default=1000)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--raise", action="store_true", dest="grow", help="until it breaks")
    parser.add_argument("--json", type=Path, default=Path("everything.json"))
    options = parser.parse_args()
    allow_connections()
    load = Load(options.screens, options.players, options.people)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        speech = demo_film.ASSETS / "talk_fr.opus"
        _film.make(film, seconds=64, size="1920x1080", rate="4M", sound=speech)
        rows = asyncio.run(run(film, load, options.seconds, grow=options.grow))
    first = rows[-1]["broken"]
    print(f"broke first: {'; '.join(first)}" if first else "nothing broke")
    options.json.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
