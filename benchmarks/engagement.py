"""The whole room at once: votes, pages, arrivals and mishaps, with Node beside us.

    python -m benchmarks.engagement [--people 2000] [--only storm,saturation] [--json FILE]

Each web process is the product's own, over a store as we ship it (every write on its disk before it
is answered); the people are in this process, which has phones and pages by the thousand. What this
process cannot read in time counts against whoever sent it, us and the peer alike.

- `storm`: everybody votes once, over five seconds and all at once, each with a page open.
- `saturation`: votes as fast as they are answered, beside open pages; and the same from a peer on
  Node's `http` and `ws` (benchmarks/peers/room.mjs), by turns in this run: as ours does, on a
  journal that other processes may write to (`follows`); on its own journal (`durable`); in its
  memory alone (`memory`). The ratio is to `follows`, per CPU second of the server: the only one
  that could lose a process without losing a vote, and be two of them.
- `fan_out`: a change of 300 bytes to thousands of pages, and memory per page; the same from the
  peer (`ws`, without compression, each message made once). Some three minutes, most of them pauses
  between two changes; a run that takes longer than half a minute and a second a change fails.
- `join`: a wave of arrivals by the two steps.
- `killed`, `store_away`: a web process dies, the store is gone for a while, under open pages and
  during a vote; nobody gives up. None lost, none double, and every page shows the end.
- `two`: acts at one process, seen at another; then the same random acts in both, and in a third one
  that comes late: the same views, for the crew, the audience and each participant.
"""

import argparse
import asyncio
import base64
import hmac
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from benchmarks import _fan_out, _outages, _random_acts, _storms
from benchmarks._storms import Row
from benchmarks._venue import Server, Venue, fetch_peer, venue
from tv.connections import allow_connections

ROUNDS = 3  # of what is compared, by turns; the median counts
UNLIMITED = {
    f"LIMITS__{whom}__{what}": "1000000000"
    for whom in ("PARTICIPANT", "TALK", "EVENT", "NEWCOMERS", "NEWCOMERS_NETWORK")
    for what in ("BURST", "PER_SECOND")
}
PEERS: dict[str, dict[str, bool]] = {
    "follows": {"follows": True},
    "durable": {"durable": True},
    "memory": {},
}


def storm(asked: argparse.Namespace) -> Any:
    rows = []
    for over in (5.0, 0.0):
        with venue(CAPTIONS__CHANNELS="") as ours:
            server = ours.web()
            poll, people = ours.open_poll(server), ours.people(asked.people)
            row = uvloop.run(_storms.storm(server.port, poll, people, over))
            results = ours.results(server, poll)
        votes = sum(each["votes"] for each in results["counts"])
        row["counted_once"] = (results["ballots"], votes) == (asked.people, asked.people)
        rows.append(row)
    return rows


def saturation(asked: argparse.Namespace) -> Any:
    folder = fetch_peer()
    rows: dict[str, list[Row]] = {}
    for _ in range(asked.rounds):
        with venue(CAPTIONS__CHANNELS="", **UNLIMITED) as ours:
            server = ours.web()
            poll, people = ours.open_poll(server), ours.people(asked.people)
            votes = [_storms.ballot(poll, voter, each) for voter, each in enumerate(people)]
            _keep(rows, "ours", _saturated(server, votes, people, asked.seconds))
            server.kill()
            tokens = [_peer_token(ours.secret, number) for number in range(asked.people)]
            votes = [_storms.ballot("p", voter, each) for voter, each in enumerate(tokens)]
            for name, kind in PEERS.items() if folder else ():
                assert folder
                peer = ours.peer(folder, **kind)
                _keep(rows, name, _saturated(peer, votes, tokens, asked.seconds))
                peer.kill()
    medians = {name: _median(of, "votes_per_cpu_second") for name, of in rows.items()}
    mine = medians["ours"]["votes_per_cpu_second"]
    ratios = {
        name: round(mine / row["votes_per_cpu_second"], 2)
        for name, row in medians.items()
        if name != "ours"
    }
    return {"rows": medians, "ours_over": ratios}


def _saturated(server: Server, votes: list[bytes], people: list[str], seconds: float) -> Row:
    return uvloop.run(_storms.saturate_beside_pages(server, votes, people, seconds))


def fan_out(asked: argparse.Namespace) -> Any:
    folder = fetch_peer()
    table = []
    for pages in (asked.people, asked.people * 5 // 2):
        rows: dict[str, list[Row]] = {}
        for _ in range(asked.rounds):
            with venue(CAPTIONS__CHANNELS="") as ours:
                telling = _fan_out.ours(ours, ours.web(), pages, asked.messages)
                _keep(rows, "ours", uvloop.run(telling))
                if folder:
                    telling = _fan_out.peer(ours.peer(folder), pages, asked.messages)
                    _keep(rows, "ws", uvloop.run(telling))
        medians = {name: _median(of, "cpu_us_per_message") for name, of in rows.items()}
        ratios = {
            what: round(medians["ours"][what] / medians["ws"][what], 2)
            for what in ("cpu_us_per_message", "p99_ms", "kb_per_page")
            if "ws" in medians
        }
        table.append({"rows": medians, "ours_over_ws": ratios})
    return table


def join(asked: argparse.Namespace) -> Any:
    rows = []
    for over in (asked.wave, 0.0):
        with venue(CAPTIONS__CHANNELS="") as ours:
            wave = _outages.join_wave(ours.web().port, asked.people, over)
            rows.append(uvloop.run(wave))
    return rows


def killed(asked: argparse.Namespace) -> Any:
    return _interrupted(asked, lambda ours, server: _outages.killed(server))


def store_away(asked: argparse.Namespace) -> Any:
    return _interrupted(asked, lambda ours, server: _outages.store_away(ours, asked.away))


def _interrupted(asked: argparse.Namespace, how: Callable[[Venue, Server], Any]) -> Row:
    with venue(CAPTIONS__CHANNELS="") as ours:
        server = ours.web()
        poll, people = ours.open_poll(server), ours.people(asked.people)
        return uvloop.run(
            _outages.interrupted(
                ours, server, poll, people, asked.voting, lambda: how(ours, server)
            )
        )


def two(asked: argparse.Namespace) -> Any:
    with venue(CAPTIONS__CHANNELS="", **UNLIMITED) as ours:
        one, other = ours.web(), ours.web()
        acts = uvloop.run(_outages.two_processes(ours, one, other, asked.acts))
    with venue(CAPTIONS__CHANNELS="") as ours:
        both = [ours.web(), ours.web()]
        began = time.monotonic()
        uvloop.run(_written_and_folded(ours, both, asked.events))
        took = time.monotonic() - began
        servers = [*both, ours.web()]  # the third folds what is there
        same = uvloop.run(_random_acts.agree(ours, servers))
    return {
        "acts": acts,
        "random": {
            "events": asked.events,
            "processes": len(servers),
            "same_views": same,
            "written_and_folded_by_both_per_second": round(asked.events / took),
        },
    }


async def _written_and_folded(ours: Venue, servers: list[Server], events: int) -> None:
    async with asyncio.timeout(600):
        await _random_acts.write(ours, events, seed=7)
        await _random_acts.folded(ours, servers)


def _peer_token(secret: bytes, number: int) -> str:
    """As the peer checks them; as long as ours, about."""
    said = msgspec.json.encode({"id": f"p_{number:016x}", "expires": time.time() + 86_400})
    payload = base64.urlsafe_b64encode(said).rstrip(b"=")
    signature = base64.urlsafe_b64encode(hmac.digest(secret, payload, "sha256")).rstrip(b"=")
    return (payload + b"." + signature).decode()


def _keep(rows: dict[str, list[Row]], name: str, row: Row) -> None:
    """Keep a run, and show it: all of them take minutes."""
    rows.setdefault(name, []).append(row)
    print(f"{name}: {json.dumps(row)}", flush=True)


def _median(rows: list[Row], by: str) -> Row:
    """The row in the middle, and how far all of them lie apart."""
    ordered = sorted(rows, key=lambda row: row[by])
    middle = statistics.median_low([row[by] for row in ordered])
    row = next(row for row in ordered if row[by] == middle)
    return row | {f"{by}_of_all": [each[by] for each in ordered]}


PARTS = {
    part.__name__: part for part in (storm, saturation, fan_out, join, killed, store_away, two)
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="of saturation, each time")
    parser.add_argument("--messages", type=int, default=40, help="of fan_out, in each run")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--wave", type=float, default=60.0, help="seconds in which all join")
    parser.add_argument("--voting", type=float, default=30.0, help="seconds, of killed, store_away")
    parser.add_argument("--away", type=float, default=60.0, help="seconds without a store")
    parser.add_argument("--acts", type=int, default=200, help="of two, seen elsewhere")
    parser.add_argument("--events", type=int, default=100_000, help="of two, at random")
    parser.add_argument("--only", default=",".join(PARTS), help="comma-separated")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    asked.people = min(asked.people, 5_000)
    allow_connections()
    told: dict[str, Any] = {}
    for name in asked.only.split(","):
        told[name] = PARTS[name](asked)
        print(f"{name}: {json.dumps(told[name], indent=2, ensure_ascii=False)}", flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
