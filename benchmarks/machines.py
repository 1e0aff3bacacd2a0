"""Parts of the service on machines of their own, each killed in turn: who noticed, for how long.

    python -m benchmarks.machines [--only WORDS] [--screens 20] [--people 60] [--json machines.json]

An origin with a studio, two `web` and two `edge`, all on this machine, by TCP on loopback; a store
as we ship it. So many screens watch by WebRTC at each edge; they have no page's wits, and are
switched off and on when their edge is there again. So many people keep a page open at one of the
two web nodes, vote, ask, and do not give up. In the middle of that a process is killed (SIGKILL),
or a whole node, which is started again two seconds later, as systemd has it. Told of each:

- how many screens lost their picture for good, and how many pages their socket;
- the longest time that any screen was without a new picture, the switching on again included;
- of acts that were acknowledged, how many are not there, or twice; whether both web nodes say the
  same in the end;
- how long until all was as before.

It ends with status 1 if anything was lost or doubled, told differently, or did not come back. Some
five minutes.
"""

import argparse
import asyncio
import json
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import _film, _outages
from benchmarks._audience import Audience, audience
from benchmarks._encoders import Run
from benchmarks._studio import staying
from benchmarks._venue import Desk
from tests.nodes import Node, node
from tests.servers import Fabrique, Supervised, fabrique, free_ports, store_server
from tests.waiting import when
from tv.connections import allow_connections
from tv.passes import Passes
from tv.studios.keys import load_secret

NAMES = ("a", "b")
OVER = 16.0  # seconds in which everybody votes and asks; a quarter of it before the kill
SILENCE = 3.0  # seconds after which a screen without a picture has lost it
AWAY = 2.0  # seconds until a node is started again
HEALED_WITHIN = 60.0  # seconds
AGREED_WITHIN = 10.0
LONGEST = 1200.0  # seconds for all of it

Row = dict[str, Any]
Break = Callable[[], AsyncIterator[None]]  # breaks, yields, and ends when it is whole again


@dataclass
class Site:
    origin: Fabrique
    webs: dict[str, Node]
    edges: dict[str, Node]
    crowds: dict[str, Audience]  # at each edge
    desk: Desk
    screens: int
    people: int

    async def crowd(self, name: str, order: str, **words: Any) -> dict[str, Any]:
        return await asyncio.to_thread(self.crowds[name].do, order, **words)

    async def join(self, name: str) -> None:
        """Have all screens of an edge come. Raises RuntimeError when one has no picture."""
        url = f"{self.edges[name].url}/plateau/whep"
        joined = await asyncio.to_thread(self.crowds[name].join, url, self.screens)
        if joined["failed"] or joined["without_picture"]:
            raise RuntimeError(f"edge {name}: {joined['failed']}, {joined['without_picture']} dark")

    async def ready(self) -> None:
        await asyncio.to_thread(self.origin.wait_ready)
        for each in (*self.webs.values(), *self.edges.values()):
            await asyncio.to_thread(each.wait_ready)


@asynccontextmanager
async def opened(film: Path, screens: int, people: int) -> AsyncIterator[Site]:
    """All of it, on air, with everybody there."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fabrique-")))
        store = stack.enter_context(store_server()).url
        (link,) = free_ports(1)
        settings = {"STORE__URL": store, "LINK__HOST": "127.0.0.1", "LINK__PORT": str(link)}
        origin = stack.enter_context(fabrique(**settings))
        (await stack.enter_async_context(staying(Run(origin, film, folder)))).come()
        shared = ("--store", store, "--data", str(origin.folder.path))
        webs, edges, crowds = {}, {}, {}
        for name in NAMES:
            web = node(origin, folder, "web", *shared, name=f"web-{name}")
            webs[name] = stack.enter_context(web)
            edge = node(origin, folder, "edge", "--name", name, name=f"edge-{name}")
            edges[name] = stack.enter_context(edge)
            crowds[name] = stack.enter_context(audience())
        desk = Desk(Passes(load_secret(origin.folder.path)))
        site = Site(origin, webs, edges, crowds, desk, screens, people)
        await site.ready()
        for name in NAMES:
            await site.join(name)
        yield site


async def _process(site: Site, of: Supervised, name: str) -> AsyncIterator[None]:
    before = of.kill(name)
    yield
    await when(lambda: of.children()[name] != before, HEALED_WITHIN)
    await site.ready()


async def _machine(site: Site, fallen: Node) -> AsyncIterator[None]:
    await asyncio.to_thread(fallen.stop, signal.SIGKILL)
    yield
    await asyncio.sleep(AWAY)
    fallen.start()
    await site.ready()


def breaks(site: Site) -> dict[str, tuple[Break, str, str]]:
    """What is broken, at which web node people are then, and which edge's screens are lost."""
    found: dict[str, tuple[Break, str, str]] = {
        "media at the origin": (partial(_process, site, site.origin, "media"), "a", "")
    }
    for name in NAMES:
        web, edge = site.webs[name], site.edges[name]
        found[f"web process of node {name}"] = partial(_process, site, web, "web:0"), name, ""
        found[f"door of edge {name}"] = partial(_process, site, edge, "door"), name, ""
        found[f"edge process of edge {name}"] = partial(_process, site, edge, "edge"), name, name
    found["machine of web node a"] = partial(_machine, site, site.webs["a"]), "a", ""
    found["machine of edge b"] = partial(_machine, site, site.edges["b"]), "b", "b"
    return found


async def measure(site: Site, name: str, how: Break, web: str, edge: str) -> Row:
    """One row; screens of `edge` are switched on again when it is there."""
    server = site.webs[web]
    poll = await asyncio.to_thread(site.desk.open_poll, server)
    tokens = await asyncio.to_thread(site.desk.people, site.people)
    for each in NAMES:
        await site.crowd(each, "begin")
    moments: list[float] = []
    ends: dict[str, dict[str, Any]] = {}

    async def interrupt() -> AsyncIterator[None]:
        moments.append(time.monotonic())
        steps = how()
        await anext(steps)
        yield
        await anext(steps, None)
        if edge:
            await asyncio.sleep(max(0.0, moments[0] + SILENCE - time.monotonic()))
            ends[edge] = await site.crowd(edge, "end", silence=SILENCE)
            await site.crowd(edge, "vanish", count=site.screens)
            await site.join(edge)
        moments.append(time.monotonic())

    acts = await _outages.interrupted(site.desk, server, poll, tokens, OVER, interrupt)
    for each in NAMES:
        ends[each] = ends.get(each) or await site.crowd(each, "end", silence=SILENCE)
    whole = moments[1] - moments[0]
    gap = max(end["longest_gap_s"] for end in ends.values())
    return {
        "killed": name,
        "screens_dropped": sum(end["silent"] for end in ends.values()),
        "pages_dropped": acts["pages_that_had_gone"],
        "longest_gap_s": round(whole, 1) if edge else gap,
        "lost": acts["lost"],
        "double": acts["double"],
        "agree": acts["votes_as_cast"] and await _agree(site, tokens[:3]),
        "healed_after_s": round(max(whole, 0.0 if edge else gap), 1),
        "acts": acts,
    }


async def _agree(site: Site, tokens: Sequence[str]) -> bool:
    """Whether both web nodes say the same to some of the people, within a moment.

    The crew is told besides which questions are near, which is for each process to guess.
    """
    servers = list(site.webs.values())
    topics = ("talk:direct", "me:direct")
    try:
        await when(lambda: _outages.same_views(servers, tokens, topics), AGREED_WITHIN)
    except TimeoutError:
        return False
    return True


async def run(film: Path, only: list[str], screens: int, people: int) -> list[Row]:
    rows: list[Row] = []
    async with asyncio.timeout(LONGEST), opened(film, screens, people) as site:
        for name, (how, web, edge) in breaks(site).items():
            if any(word in name for word in only):
                rows.append(await measure(site, name, how, web, edge))
                print(f"  {json.dumps(rows[-1], ensure_ascii=False)}", flush=True)
    return rows


def table(rows: list[Row], screens: int, people: int) -> str:
    """As Markdown."""
    head = (
        "| Killed | screens dropped | sockets dropped | longest gap | lost | double | both agree "
        "| healed after |"
    )
    lines = [f"Of {2 * screens} screens at two edges, {people} people with a page open:", ""]
    lines += [head, "|---" * 8 + "|"]
    lines += [
        f"| {row['killed']} | {row['screens_dropped']} | {row['pages_dropped']} "
        f"| {row['longest_gap_s']} s | {row['lost']} | {row['double']} "
        f"| {'yes' if row['agree'] else 'no'} | {row['healed_after_s']} s |"
        for row in rows
    ]
    return "\n".join(lines)


def is_whole(row: Row) -> bool:
    return (row["lost"], row["double"], row["agree"]) == (0, 0, True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="words, comma-separated")
    parser.add_argument("--screens", type=int, default=20, help="at each edge")
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--json", type=Path, default=Path("machines.json"))
    options = parser.parse_args()
    allow_connections()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        _film.make(film)
        only = options.only.split(",")
        rows = asyncio.run(run(film, only, options.screens, options.people))
    print(table(rows, options.screens, options.people))
    options.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    raise SystemExit(not all(map(is_whole, rows)))


if __name__ == "__main__":
    main()
