"""What a WebRTC viewer costs: our relay beside stock aiortc and a small SFU on pion.

    python -m benchmarks.relay [--viewers 10 20 40 100] [--seconds 4] [--rounds 3] [--json FILE]

All send the same 720p30 at 2 Mbit/s with Opus to the same viewers, by turns in one run, over
loopback. Viewers are real (WHEP, ICE, DTLS, reports) and decode nothing. Cost is what the kernel
charged the server's process, user and system:

- stock: aiortc's own senders with ready-made packets;
- ours: the whole media process, nothing taken off: a studio's RTMP, sound decoded and encoded, HLS;
- relay: our relay alone, with stock's ready-made packets in stock's process;
- pion: a small SFU, compiled on the spot, with the same packets.

Beside it is told what each costs without viewers, and what each viewer adds.

Viewers offer Chromium's ciphers in Chromium's order; which one comes of it depends on who is DTLS
client, so that a row with AES-128-GCM for everybody follows. A datagram's way through loopback is
charged to who sends it: the same for all.
"""

import argparse
import json
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil

from benchmarks import _film, _rivals
from benchmarks._audience import Audience, audience
from benchmarks._rivals import Missing, Server

SETTLED = 0.5  # seconds from the last picture to the first count
SAME_CIPHER_AT, SAME_CIPHER = 40, "AES_128_GCM"  # viewers; what ours comes to by itself
MEDIANS = (
    "loop",
    "machine_busy",
    "screens_cpu",
    "packets_per_second",
    "megabits_per_second",
    "rss_mb",
)
FEATURES = re.compile(r"webrtc: .*(?:sendmmsg|GSO|sendmsg|sendto).*")

Cell = dict[str, Any]


def used(process: psutil.Process) -> tuple[float, float]:
    """CPU seconds: of the process, and of its main thread alone."""
    whole = sum(process.cpu_times()[:2])
    main = next(each for each in process.threads() if each.id == process.pid)
    return whole, main.user_time + main.system_time


def busy() -> tuple[float, float]:
    """CPU seconds that the machine has worked, and that it had."""
    times = psutil.cpu_times()
    return sum(times[:8]) - times.idle - times.iowait, sum(times[:8])


def window(server: Server, seconds: float) -> Cell:
    """What the server and the machine use in so many seconds, in shares of a core."""
    began, cpu, machine = time.monotonic(), used(server.process), busy()
    time.sleep(seconds)
    elapsed, cpu_after, machine_after = time.monotonic() - began, used(server.process), busy()
    return {
        "cpu": (cpu_after[0] - cpu[0]) / elapsed,
        "loop": (cpu_after[1] - cpu[1]) / elapsed,
        "machine_busy": (machine_after[0] - machine[0]) / (machine_after[1] - machine[1]),
    }


def measure(
    server: Server, crowd: Audience, viewers: int, seconds: float, ciphers: str = "chromium"
) -> Cell:
    """One server with so many viewers."""
    joined = crowd.join(server.whep, viewers, ciphers)
    if joined["failed"] or joined["without_picture"]:
        raise RuntimeError(f"{server.name}: {joined['failed']}, {joined['without_picture']}")
    time.sleep(SETTLED)
    crowd.ask("watch", seconds=seconds)
    cost = window(server, seconds)
    delivered = crowd.answer()
    crowd.do("leave", count=viewers)
    return {
        "server": server.name,
        "viewers": viewers,
        "ciphers": ciphers,
        "profile": "/".join(joined["profiles"]),
        "rss_mb": server.process.memory_info().rss / 1e6,
        **cost,
        **delivered,
    }


def run(
    servers: Sequence[Server],
    counts: Sequence[int],
    seconds: float,
    rounds: int,
    note: Callable[[Cell], None],
) -> list[Cell]:
    """All cells: by turns for each number of viewers, each round beginning with another server."""
    cells: list[Cell] = []
    with audience() as crowd:
        for turn in range(rounds):
            order = [*servers[turn % len(servers) :], *servers[: turn % len(servers)]]
            for server in order:
                cell = {"server": server.name, "viewers": 0, "ciphers": "", "profile": ""}
                cells.append(cell | window(server, seconds))
            for count in counts:
                others = []
                for server in order:
                    cells.append(measure(server, crowd, count, seconds))
                    note(cells[-1])
                    if cells[-1]["profile"] != SAME_CIPHER:
                        others.append(server)
                for server in others if count == SAME_CIPHER_AT else ():
                    cells.append(measure(server, crowd, count, seconds, "gcm"))
                    note(cells[-1])
    return cells


def summarise(cells: Sequence[Cell]) -> list[Cell]:
    """Medians by server, number of viewers and cipher; deliveries summed; ratios to ours."""
    groups: dict[tuple[int, str, str], list[Cell]] = {}
    for cell in cells:
        key = cell["viewers"], cell["profile"], cell["server"]
        groups.setdefault(key, []).append(cell)
    idle = {name: _median(found, "cpu") for (n, _, name), found in groups.items() if n == 0}
    costs = {key: _median(found, "cpu") for key, found in groups.items() if key[0]}
    own = {(n, name): cost for (n, _, name), cost in costs.items() if name in ("ours", "relay")}
    rows = []
    for key, cost in sorted(costs.items(), key=lambda each: each[0][0]):
        viewers, profile, name = key
        found, ours, relay = groups[key], own[viewers, "ours"], own[viewers, "relay"]
        rows.append(
            {
                "viewers": viewers,
                "server": name,
                "profile": profile,
                "ms_per_viewer_second": 1000 * cost / viewers,
                "ms_added_by_a_viewer": 1000 * (cost - idle[name]) / viewers,
                "ratio_to_ours": cost / ours,
                "ratio_added_to_ours": (cost - idle[name]) / (ours - idle["ours"]),
                "ratio_to_relay": cost / relay,
                "cpu": cost,
                "cpu_of_each_round": [round(cell["cpu"], 4) for cell in found],
                "cpu_without_viewers": idle[name],
                "frames": sum(cell["frames"] * viewers for cell in found),
                "frames_missed": sum(cell["frames_missed"] for cell in found),
                "packets_lost": sum(cell["packets_lost"] for cell in found),
                "dropped_by_screens": sum(cell["dropped_by_screens"] for cell in found),
                **{each: _median(found, each) for each in MEDIANS},
            }
        )
    return rows


def _median(cells: Sequence[Cell], key: str) -> float:
    return float(statistics.median(cell[key] for cell in cells))


def features(server: Server) -> list[str]:
    """What our server's log says of how it sends."""
    assert server.serves
    return sorted(set(FEATURES.findall(server.serves.log.read_text())))


def show(rows: Sequence[Cell]) -> None:
    print(
        f"{'viewers':>7} {'server':>6} {'cipher':>17} {'ms/viewer·s':>11} {'added':>6} "
        f"{'÷ ours':>6} {'added':>6} {'÷ relay':>7} {'core':>6} {'idle':>6} {'frames':>7} "
        f"{'missed':>6} {'lost':>5} {'machine':>7} {'screens':>7}"
    )
    for row in rows:
        print(
            f"{row['viewers']:>7} {row['server']:>6} {row['profile']:>17} "
            f"{row['ms_per_viewer_second']:>11.2f} {row['ms_added_by_a_viewer']:>6.2f} "
            f"{row['ratio_to_ours']:>6.2f} {row['ratio_added_to_ours']:>6.2f} "
            f"{row['ratio_to_relay']:>7.2f} {row['cpu']:>6.3f} "
            f"{row['cpu_without_viewers']:>6.3f} {row['frames']:>7} {row['frames_missed']:>6} "
            f"{row['packets_lost']:>5} {row['machine_busy']:>7.0%} {row['screens_cpu']:>7.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, nargs="+", default=[10, 20, 40, 100])
    parser.add_argument("--seconds", type=float, default=4.0, help="whole GOPs of 2 s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("relay.json"))
    options = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        film, packets = home / "film.mp4", home / "packets"
        _film.make(film)
        _film.make_packets(film, packets)
        try:
            program = _rivals.build_pion(home)
        except Missing as error:
            print(error)
            program = None
        servers = [
            stack.enter_context(_rivals.stock(packets)),
            stack.enter_context(_rivals.ours(film)),
            stack.enter_context(_rivals.relay(packets)),
        ]
        if program:
            servers.append(stack.enter_context(_rivals.pion(program, packets)))

        def note(cell: Cell) -> None:
            each = 1000 * cell["cpu"] / cell["viewers"]
            print(f"  {cell['viewers']} {cell['server']}: {each:.2f} ms", flush=True)

        cells = run(servers, options.viewers, options.seconds, options.rounds, note)
        said = features(servers[1])
    rows = summarise(cells)
    show(rows)
    print("how we send:", *(said or ["not said"]), sep="\n  ")
    found = {
        "machine": {"kernel": platform.release(), "cores": os.cpu_count()},
        "how_we_send": said,
        "rows": rows,
        "cells": cells,
    }
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
