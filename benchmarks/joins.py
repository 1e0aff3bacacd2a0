"""What 1,000 viewers who join and leave leave behind in the media process, and what each costs it.

    python -m benchmarks.joins [--joins 1000] [--minutes 5] [--json joins.json]

Real WHEP, ICE and DTLS against a real server whose waiting card is on air; each viewer leaves once
it has a whole picture. After each hundred, when all are gone: memory (RSS), descriptors, threads,
and what the process counts itself (connections, addresses and checks of its UDP port, tasks). CPU
is the media process's, less what it spends with nobody there; what it sent the viewers meanwhile is
in it.
"""

import argparse
import json
import re
import statistics
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from benchmarks._audience import Audience, audience
from tests.servers import Fabrique, fabrique

TOGETHER = 20  # viewers who are there at a time
ROUND = 100  # joins between two looks
IDLE = 6.0  # seconds in which nobody is there, to know what that costs
WARM = 0.3  # of the joins: pools and caches fill, and are not counted as growth
GONE = 15.0  # seconds within which all must be gone

Row = dict[str, Any]


def measure(joins: int, minutes: float) -> Row:
    rows: list[Row] = []
    failed: dict[str, int] = {}
    places = str(max(200, joins))  # one address may ask at once as often as there are places
    with fabrique(WEBRTC__VIEWERS=places) as server, audience() as crowd:
        media = psutil.Process(server.children()["media"])
        _visit(server, crowd, TOGETHER, failed)  # who comes first pays for imports
        _wait_until_gone(server)
        idle = _idle(media)
        rows.append({"joins": 0, **_look(server, media)})
        print(_line(rows[0]), flush=True)
        began, done = time.monotonic(), 0
        while done < joins and time.monotonic() - began < 60 * minutes:
            pictures: list[float] = []
            at, used = time.monotonic(), _cpu(media)
            for _ in range(min(ROUND, joins - done) // TOGETHER):
                pictures += _visit(server, crowd, TOGETHER, failed)
                done += TOGETHER
            spent = _cpu(media) - used - idle * (time.monotonic() - at)
            _wait_until_gone(server)
            row = {
                "joins": done,
                "cpu_ms_per_join": round(1000 * spent / ROUND, 2),
                "picture_p50_s": round(statistics.median(pictures), 3),
                "picture_max_s": round(max(pictures), 3),
                **_look(server, media),
            }
            rows.append(row)
            print(_line(row), flush=True)
        same = server.children()["media"] == media.pid
    warm = [row for row in rows if row["joins"] >= WARM * done]
    growth = statistics.linear_regression(
        [row["joins"] for row in warm], [row["rss_mb"] for row in warm]
    )
    return {
        "joins": done,
        "failed": failed,
        "media_restarted": not same,
        "rss_kb_per_join": round(1000 * growth.slope, 2),
        "cpu_ms_per_join": statistics.median(row["cpu_ms_per_join"] for row in rows[1:]),
        "rows": rows,
    }


def _visit(server: Fabrique, crowd: Audience, count: int, failed: dict[str, int]) -> list[float]:
    """Let so many come, see a picture, and leave; return how long each waited for it."""
    joined = crowd.join(f"{server.url}/plateau/whep", count)
    for why, times in joined["failed"].items():
        failed[why] = failed.get(why, 0) + times
    if joined["without_picture"]:
        failed["no picture"] = failed.get("no picture", 0) + joined["without_picture"]
    left = crowd.do("leave", count=joined["joined"])
    for why in left["failed"]:
        failed[why] = failed.get(why, 0) + 1
    waited: list[float] = joined["picture_s"]
    return waited


def _held(server: Fabrique) -> dict[str, int]:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    found = re.findall(r'fabrique_webrtc_held\{what="(\w+)"\} (\S+)', text)
    return {what: int(float(count)) for what, count in found}


def _wait_until_gone(server: Fabrique) -> None:
    began = time.monotonic()
    while (held := _held(server)).get("connections", 1):
        if time.monotonic() - began > GONE:
            raise SystemExit(f"after {GONE:.0f} s there are still {held}")
        time.sleep(0.5)  # media tells once a second
    time.sleep(1.5)


def _look(server: Fabrique, media: psutil.Process) -> Row:
    with media.oneshot():
        return {
            "rss_mb": round(media.memory_info().rss / 1e6, 2),
            "descriptors": media.num_fds(),
            "threads": media.num_threads(),
            **_held(server),
        }


def _idle(media: psutil.Process) -> float:
    """CPU seconds a second when nobody is there."""
    used = _cpu(media)
    time.sleep(IDLE)
    return (_cpu(media) - used) / IDLE


def _cpu(media: psutil.Process) -> float:
    times = media.cpu_times()
    return float(times.user + times.system)


def _line(row: Row) -> str:
    line = (
        f"{row['joins']:5} joins: {row['rss_mb']:7.2f} MB, {row['descriptors']} descriptors, "
        f"{row['threads']} threads, {row['connections']} connections, "
        f"{row['addresses']} addresses, {row['checks']} checks, {row['tasks']} tasks"
    )
    if "cpu_ms_per_join" not in row:
        return line
    return line + (
        f"; {row['cpu_ms_per_join']:.1f} ms CPU each, picture after {row['picture_p50_s']:.2f} s "
        f"(p50), {row['picture_max_s']:.2f} s (max)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--joins", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5.0, help="at most")
    parser.add_argument("--json", type=Path, default=Path("joins.json"))
    options = parser.parse_args()
    found = measure(options.joins, options.minutes)
    print(
        f"{found['joins']} joins: {found['rss_kb_per_join']} kB each stay in memory (slope after "
        f"the first third), {found['cpu_ms_per_join']} ms CPU each; failed: {found['failed']}"
    )
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
