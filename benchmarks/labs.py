"""A world café in all laboratories at once, through the API: nothing is lost, and it is soon there.

    python -m benchmarks.labs [--ideas 1500] [--away 60] [--json FILE]

Six laboratories of eight tables, five people and a host at each, three rounds: 1,500 ideas, some
sent twice, some late; everybody goes to another table for each round and takes an idea along; dots,
groups, 48 syntheses, all of them shared, and one put on air. Each of the 288 has a page open. The
web process is the product's own, over a store as we ship it; with `--away` the store is gone for
that many seconds in the first round.

In the end every idea is where its author says, once, with the way that it took; the tables,
laboratories, comparison and exports count the same. What is measured: how long until an idea, or
one that was carried, shows on the other pages of its table, from the moment it was sent; how long
an answer takes; the processor time and memory of the web process.
"""

import argparse
import json
from pathlib import Path

import uvloop

from benchmarks import _cafe_event, _outages
from benchmarks._cafe_event import Row, Size
from benchmarks._venue import venue
from tv.connections import allow_connections


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--labs", type=int, default=Size.labs, choices=range(1, 7))
    parser.add_argument("--tables", type=int, default=Size.tables, help="in each laboratory")
    parser.add_argument("--people", type=int, default=Size.people, help="at each table")
    parser.add_argument("--rounds", type=int, default=Size.rounds)
    parser.add_argument("--ideas", type=int, default=Size.ideas, help="in all")
    parser.add_argument("--seconds", type=float, default=Size.seconds, help="of ideas, each round")
    parser.add_argument("--away", type=float, default=0.0, help="seconds without a store")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    size = Size(asked.labs, asked.tables, asked.rounds, asked.people, asked.ideas, asked.seconds)
    allow_connections()
    told = run(size, asked.away)
    print(json.dumps(told, indent=2, ensure_ascii=False))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=2) + "\n")


def run(size: Size, away: float) -> Row:
    with venue(CAPTIONS__CHANNELS="", **size.settings()) as ours:
        server = ours.web()
        gone = (lambda: _outages.store_away(ours, away)) if away else None
        told: Row = uvloop.run(_cafe_event.held(ours, server, size, gone))
    return told


if __name__ == "__main__":
    main()
