"""An hour of bad luck: whether the service stays as it is while everything around it breaks.

    python -m benchmarks.soak [--minutes 60] [--every 75] [--seed N] [--only WORDS]
        [--json soak.json] [--report soak.html]

The house of `benchmarks.faults`: the built-in talk in a loop, captions, recording, screens,
players, two pages in Chromium, people who vote and ask, and a moderator who reads what they asked.
Every `--every` seconds some screens leave or vanish and others come, and an accident happens, as
the seed has it: in the first third any of those of `benchmarks.faults`; then only those that leave
media, web and captions alive, so that they can be watched for long. Every five seconds each process
is looked at.

It fails, with status 1, when

- an act that was acknowledged is lost or doubled, or an accident is not over within a minute;
- a page has no new picture for more than 2 s, or a process began anew, and no accident explains it;
- a process grows by more than 10 MB beyond what the journal says, 20 MB with it, 5 descriptors (web
  processes together: connections go from one to another), 2 threads or 5 tasks an hour (least
  squares without the first third of its last life, less two standard errors; lives of a quarter of
  an hour or more);
- captions come later: their median delay in the last quarter is 1.5 s above that in the first.

What the journal says is kept for good, by whoever folds it. How much that is in an hour is asked at
the end of processes begun anew: it is what they hold beyond their last beginning, for web processes
the least that one of them does. Beside a growth stands also the least of it in all and in each half
(a step is in one of them).

The report is one HTML page; the same seed has the same accidents.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from benchmarks import _accidents, _rounds, _soak_report
from benchmarks._accidents import Accident
from benchmarks._house import House, Size, opened
from benchmarks._rounds import Row
from benchmarks._slopes import LOOK, WARM, Watch
from tv.connections import allow_connections
from tv.demo import film as demo_film

SEED = 20261125
CHANGING = 6  # screens at most that change at a time
GAP = 2.0  # seconds without a picture that must be explained
GROWTH = {"MB": 10.0, "descriptors": 5.0, "threads": 2.0, "tasks": 5.0}  # an hour
WITH_KEPT = 20.0  # MB an hour: 400 in two days of ten hours
FOLDING = ("web:0", "web:1", "archive", "clerk")  # what the journal says, for as long as they live
SETTLED = 150.0  # seconds after its start in which a process comes to hold what it will
OLD = 15.0  # minutes that a life lasts before its growth counts
LATER = 1.5  # seconds by which captions may come later in the end


async def run(
    house: House, accidents: Sequence[Accident], minutes: float, every: float, seed: int
) -> dict[str, Any]:
    chance, watch, rows = random.Random(seed), Watch(house.server), list[Row]()
    began = house.heard.began = time.monotonic()
    house.heard.delays.clear()
    looking = asyncio.create_task(_look(watch))
    try:
        while (passed := time.monotonic() - began) < 60 * minutes - every:
            early = passed < 60 * minutes * WARM
            possible = [each for each in accidents if early or each not in _accidents.DEADLY]
            await _change(house, chance)
            rows.append(await _rounds.measure(house, chance.choice(possible)))
            row = {key: value for key, value in rows[-1].items() if key != "acts"}
            print(f"  {passed / 60:5.1f} min  {json.dumps(row, ensure_ascii=False)}", flush=True)
            try:
                await asyncio.to_thread(house.desk.moderate, house.server)
            except httpx.HTTPError as error:  # those that wait are read with the next ones
                print(f"  the moderator: {error}", flush=True)
            await asyncio.sleep(max(0.0, began + passed + every - time.monotonic()))
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    ended = time.monotonic()
    processes = watch.figures()
    for name, an_hour in (await _kept(house, watch)).items():
        if "MB" in processes[name]:  # it lived for long enough
            processes[name]["MB"]["kept"] = an_hour
    found = {
        "minutes": round((ended - began) / 60, 1),
        "seed": seed,
        "rounds": rows,
        "processes": processes,
        "unexplained_gaps": _unexplained_gaps(house, rows, began, ended),
        "unexplained_restarts": _unexplained_restarts(watch, rows, began),
        "captions": {
            "first_quarter": house.heard.between(0.0, minutes / 4),
            "last_quarter": house.heard.between(minutes * 3 / 4, minutes),
        },
        "began": began,
        "samples": watch.lives,
    }
    young = [name for name, each in found["processes"].items() if each["minutes"] < OLD]
    return found | {"failures": failures(found), "too_young": young}


async def _look(watch: Watch) -> None:
    while True:
        await asyncio.to_thread(watch.look)
        await asyncio.sleep(LOOK)


async def _kept(house: House, watch: Watch) -> dict[str, float]:
    """By how much in an hour what processes fold grew in their last lives, in MB.

    Of web processes it is the least of theirs: they fold the same.
    """
    anew = Watch(house.server)
    for name in FOLDING:
        house.server.kill(name)
    await asyncio.to_thread(house.server.wait_ready)
    await asyncio.sleep(SETTLED)
    await asyncio.to_thread(anew.look)
    found = {}
    for name in FOLDING:
        life = watch.lives[name]
        began = [each for each in life if each["at"] >= life[0]["at"] + SETTLED]
        if len(began) > 1 and name in anew.lives:
            hours = (began[-1]["at"] - began[0]["at"]) / 3600
            grown = anew.lives[name][-1]["MB"] - began[0]["MB"]
            found[name] = round(max(0.0, grown / hours), 2)
    webs = [name for name in found if name.startswith("web:")]
    return found | dict.fromkeys(webs, min((found[name] for name in webs), default=0.0))


async def _change(house: House, chance: random.Random) -> None:
    """Some screens go, with or without a word, and as many come."""
    count = chance.randint(1, CHANGING)
    await house.screens(chance.choice(("leave", "vanish")), count=count)
    await house.join(count)


def _unexplained_gaps(
    house: House, rows: Sequence[Row], began: float, ended: float
) -> list[dict[str, Any]]:
    """Times without a picture at a page that no accident was the reason of."""
    spells = [row["at_s"] for row in rows if "at_s" in row and row["accident"] != "nothing"]
    return [
        {
            "page": each.way,
            "minute": _minute(start, began),
            "seconds": round(end - start, 1),
            "stood": [had for at, had in each.stood if start < at < end + 1],
        }
        for each in house.onlookers
        for start, end in each.shown.gaps(began, ended)
        if end - start > GAP and not any(a - 1 < end and start < b + 1 for a, b in spells)
    ]


def _unexplained_restarts(watch: Watch, rows: Sequence[Row], began: float) -> list[dict[str, Any]]:
    """Processes that began anew though no accident ended them."""
    ended = [(*row["at_s"], row["ends"]) for row in rows if "at_s" in row and row["ends"]]
    return [
        {"process": name, "minute": _minute(at, began)}
        for at, name in watch.restarts
        if not any(
            start < at < end + 2 * LOOK and (name in names or names == _accidents.EVERYTHING)
            for start, end, names in ended
        )
    ]


def _minute(at: float, began: float) -> float:
    return round((at - began) / 60, 1)


def failures(found: dict[str, Any]) -> list[str]:
    """Which of the limits were not held, and by how much."""
    told = [
        f"{row['accident']}: {row.get('lost')} lost, {row.get('double')} double, "
        f"healed after {row.get('healed_after_s')} s"
        for row in found["rounds"]
        if not _rounds.is_whole(row)
    ]
    told += [
        f"{gap['seconds']} s without a picture by {gap['page']} in minute {gap['minute']}"
        for gap in found["unexplained_gaps"]
    ]
    told += [
        f"{each['process']} began anew in minute {each['minute']}"
        for each in found["unexplained_restarts"]
    ]
    for name, figures in found["processes"].items():
        for key, most in GROWTH.items():
            if figures["minutes"] >= OLD and key in figures:
                growth = figures[key]["an_hour"] - 2 * figures[key]["standard_error"]
                kept = figures[key].get("kept", 0.0)
                if growth - kept > most or (kept and growth > WITH_KEPT):
                    why = f", {kept:.1f} of it the journal's" if kept else ""
                    told.append(f"{name} grows by {growth:.1f} {key} an hour{why}")
    first, last = (found["captions"][when].get("p50") for when in ("first_quarter", "last_quarter"))
    if first is None or last is None:
        told.append("captions did not come")
    elif last > first + LATER:
        told.append(f"captions come later: {first} s, then {last} s")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=75.0, help="seconds between two accidents")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="words of accidents, comma-separated")
    parser.add_argument("--json", type=Path, default=Path("soak.json"))
    parser.add_argument("--report", type=Path, default=Path("soak.html"))
    options = parser.parse_args()
    allow_connections()
    chosen = _accidents.named((*_accidents.USUAL, *_accidents.DEADLY), options.only)

    async def soak(film: Path) -> dict[str, Any]:
        async with opened(film, Size()) as house:
            return await run(house, chosen, options.minutes, options.every, options.seed)

    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None)
        found = asyncio.run(soak(film))
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    options.report.write_text(_soak_report.page(found), encoding="utf-8")
    print(_rounds.table(found["rounds"], Size()))
    for name, figures in found["processes"].items():
        print(f"{name:>10}  {figures}")
    print(f"captions  {found['captions']}")
    if found["too_young"]:
        print(f"Too young for their growth to count: {', '.join(found['too_young'])}.")
    print("\n".join(f"FAILED: {each}" for each in found["failures"]) or "What was judged held.")
    raise SystemExit(bool(found["failures"]))


if __name__ == "__main__":
    main()
