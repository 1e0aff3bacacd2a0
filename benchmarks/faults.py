"""What becomes of everybody when something breaks: one accident after the other, in one table.

    python -m benchmarks.faults [--only WORDS] [--film-seconds 64] [--json faults.json]

The whole service runs with captions, recording and two web processes, on a disk of its own (as
root). A studio publishes; 20 screens by WebRTC, 30 players of LL-HLS and two pages in Chromium
watch, one by each way, which decode and are left alone; 40 people keep a page open, and in each
round vote and ask once, and do not give up. In the middle of that the accident: processes killed or
stopped, the store, the disk, descriptors, the studio and its network, the viewers', the clock (with
`libfaketime`, in a second service). Told of each:

- the longest time without a new picture (the waiting card counts as one) at each of the pages, and
  at worst of the screens and players; and without the studio's film, at the pages;
- how many lost their picture (screens have no page's wits: they do not come back) or connection;
- the longest time without new captions (in the talk there are pauses, of 5 s at most);
- of acts that were acknowledged, how many are not there, or twice;
- how long after it was mended (a kill: after it) both pages show the film without a break.

It ends with status 1 if anything was lost or doubled, or did not come back within a minute. Some
twenty minutes; `--only "store,disk"` has the rows with one of these words in their names.
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _accidents, _rounds
from benchmarks._accidents import Accident, LeftOut
from benchmarks._house import Size, opened
from tv.connections import allow_connections
from tv.demo import film as demo_film

Row = dict[str, Any]


async def run(film: Path, accidents: Sequence[Accident], size: Size, clock: bool) -> list[Row]:
    """One row for each, in one house; with `clock`, its clock may be changed."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            environment = _accidents.clock(Path(folder)) if clock else {}
        except LeftOut as why:
            return [{"accident": each.name, "left_out": str(why)} for each in accidents]
        async with opened(film, size, environment) as house:
            for accident in accidents:
                rows.append(await _rounds.measure(house, accident))
                print(f"  {json.dumps(rows[-1], ensure_ascii=False)}", flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="words, comma-separated")
    parser.add_argument("--film-seconds", type=int, default=64)
    parser.add_argument("--json", type=Path, default=Path("faults.json"))
    options = parser.parse_args()
    allow_connections()
    size, rows = Size(), list[Row]()
    usual = (*_accidents.USUAL, *_accidents.DEADLY)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=options.film_seconds)
        for every, clock in ((usual, False), (_accidents.CLOCKS, True)):
            if chosen := _accidents.named(every, options.only):
                rows += asyncio.run(run(film, chosen, size, clock))
    print(_rounds.table(rows, size))
    options.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    raise SystemExit(not all(map(_rounds.is_whole, rows)))


if __name__ == "__main__":
    main()
