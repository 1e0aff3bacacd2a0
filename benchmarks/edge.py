"""Cost of an attack on nginx's cache by one client, for 300 low-latency HLS viewers.

    python -m benchmarks.edge [--viewers 300] [--seconds 60] [--rate 200] [--json edge.json]

The viewers of `benchmarks.hls` watch through nginx with deploy/nginx.conf: first undisturbed, then,
in the same run and for as long, beside one client that sends `--rate` requests a second, each kind
in turn:

- other spellings of playlists (`media%2em3u8`, `//`, `/./`, `/x/../`), with gzip and without;
- the same of the playlists and parts that viewers ask for next;
- the right names of parts and segments that come next, before they are there;
- directives in other spellings (`_hls_msn=…`, `%5FHLS_skip=YES`) beside those that viewers send.

If nginx keeps a wrong answer to one of them, all viewers get it. The benchmark prints, for both
times, the viewers' requests that were refused, the parts delivered, and the delay of playlists and
parts since each part was made. During the attack `fabrique-tv check-hls` reads the channel through
nginx.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import uvloop

from benchmarks import _load
from benchmarks._hls_crowd import PART_SECONDS, PARTS, Crowd, Seen, Viewer, delivery
from benchmarks.hls import SETTLING, origin
from tests.edge import edge
from tv.connections import allow_connections

CONNECTIONS = 8  # of the attacker: one request that is held does not hold up the others
AHEAD = 2  # segments from now whose names are guessed
LAST = 2.0  # seconds for the last parts to arrive

Row = dict[str, Any]


def spellings(name: str) -> list[str]:
    """Addresses that nginx takes for `/plateau/{name}`."""
    path, _, query = name.partition("?")
    stem, _, suffix = path.rpartition(".")
    query = f"?{query}" if query else ""
    return [
        f"/plateau/{stem}%2e{suffix}{query}",
        f"//plateau/{path}{query}",
        f"/plateau/./{path}{query}",
        f"/x/../plateau/{path}{query}",
    ]


def targets(epoch: int, msn: int, part: int) -> list[str]:
    """Targets of the attack while viewers wait for this part, one of each kind in turn."""
    coming = [(msn, index) for index in range(part, PARTS)]
    coming += [(msn + 1 + later, index) for later in range(AHEAD) for index in range(PARTS)]
    reloads = [f"media.m3u8?_HLS_msn={a}&_HLS_part={b}&_HLS_skip=YES" for a, b in coming]
    parts = [f"{epoch}-{a}.{b}.m4s" for a, b in coming]
    whole = [f"{epoch}-{msn + later}.m4s" for later in range(AHEAD + 1)]
    kinds = [
        spellings("media.m3u8") + spellings("index.m3u8"),
        [spelled for name in (*reloads, *parts) for spelled in spellings(name)],
        [f"/plateau/{name}" for name in (*parts[1:], *whole)],  # the first one is announced
        [
            f"/plateau/media.m3u8?{query}"
            for a, b in coming
            for query in (
                f"_hls_msn={a}&_hls_part={b}&_HLS_skip=YES",
                f"_Hls_Msn={a}&_Hls_Part={b}&_hls_skip=YES",
                "%5FHLS_skip=YES",
                "_HLS_skip&_HLS_skip=YES",
            )
        ],
    ]
    return [kind[turn % len(kind)] for turn in range(max(map(len, kinds))) for kind in kinds]


async def attack(port: int, rate: float, seconds: float) -> Row:
    """Send `rate` requests a second; return how many were answered how, and the rate that was."""
    loop = asyncio.get_running_loop()
    _, viewer = await loop.create_connection(lambda: Viewer(Seen()), "127.0.0.1", port)
    statuses: Counter[int] = Counter()
    orders = _orders(viewer)
    began = time.monotonic()

    async def send(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in count():
            due = began + (turn * CONNECTIONS + number) / rate
            if due > began + seconds:
                break
            await asyncio.sleep(due - time.monotonic())
            encoding = ("identity", "gzip")[turn % 2]
            head = f"GET {next(orders)} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {encoding}\r\n\r\n"
            writer.write(head.encode())
            answer = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = answer.partition(b"\r\ncontent-length: ")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            statuses[int(answer[9:12])] += 1
        writer.close()

    await asyncio.gather(*map(send, range(CONNECTIONS)))
    viewer.transport.abort()
    elapsed = time.monotonic() - began
    return {
        "requests_per_second": round(statuses.total() / elapsed, 1),
        "answers": {str(status): number for status, number in sorted(statuses.items())},
    }


def _orders(viewer: Viewer) -> Iterator[str]:
    """Targets for ever, of the part that viewers wait for now.

    The attacker's own viewer says which. While it is refused too, the clock does.
    """
    known, since = 0, time.monotonic()
    while True:
        yield from spellings("index.m3u8")
        began = time.monotonic()
        if viewer.wanted is not None:
            known, since = viewer.wanted[0] * PARTS + viewer.wanted[1], began
        now = known + int((began - since) / PART_SECONDS)
        for target in targets(1, *divmod(now, PARTS)) if known else ():
            yield target
            if time.monotonic() - began > PART_SECONDS / 2:
                break


async def watch(crowd: Crowd, viewers: int, seconds: float, processes: list[psutil.Process]) -> Row:
    """Delivery to the viewers during this time, and the CPU cores used."""
    seen = crowd.seen
    crowd.begin()
    began = time.monotonic()
    used = [_load.cpu(each, True) for each in processes]
    busy = _load.busy()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    requests, refused = seen.requests, seen.errors
    cores = sum(_load.cpu(each, True) for each in processes) - sum(used)
    others = _load.busy() - busy - cores
    await asyncio.sleep(LAST)
    return {
        "requests": requests,
        "refused": refused,
        "longest_gap_s": round(crowd.longest_gap(), 2),
        **delivery(seen, viewers, began, seconds),
        "servers_cores": round(cores / elapsed, 2),
        "others_cores": round(others / elapsed, 2),
    }


def check(port: int, seconds: float) -> Row:
    """The exit code and last lines of `fabrique-tv check-hls` for the channel."""
    address = f"http://127.0.0.1:{port}/plateau/index.m3u8"
    command = [sys.executable, "-m", "tv", "check-hls", address, "--seconds", str(seconds)]
    ran = subprocess.run(command, capture_output=True, text=True)
    return {"exit": ran.returncode, "said": (ran.stdout + ran.stderr).strip().splitlines()[-5:]}


async def measure(port: int, viewers: int, seconds: float, rate: float, run: list[Any]) -> Row:
    crowd = Crowd(port, Seen())
    await crowd.come(viewers)
    await asyncio.sleep(SETTLING)
    calm = await watch(crowd, viewers, seconds, run)
    command = [sys.executable, "-m", "benchmarks.edge", "--attack", str(port)]
    command += ["--rate", str(rate), "--seconds", str(seconds + SETTLING)]
    attacker = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(SETTLING)
    checking = asyncio.create_task(asyncio.to_thread(check, port, seconds / 2))
    attacked = await watch(crowd, viewers, seconds, run)
    told, _ = await attacker.communicate()
    crowd.leave()
    return {
        "viewers": viewers,
        "seconds": seconds,
        "calm": calm,
        "attacked": attacked,
        "attacker": json.loads(told),
        "check_hls": await checking,
    }


def show(results: Row) -> None:
    print(f"{results['viewers']} viewers, {results['seconds']:.0f} s without the attacker and with")
    for name in ("calm", "attacked"):
        print(f"{name:>9} {results[name]}")
    for name in ("attacker", "check_hls"):
        print(f"{name:>9} {results[name]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests of the attacker")
    parser.add_argument("--json", type=Path, default=Path("edge.json"))
    parser.add_argument("--attack", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.attack:
        print(json.dumps(uvloop.run(attack(options.attack, options.rate, options.seconds))))
        return
    allow_connections()
    with origin() as (port, process), edge(port, workers="1") as nginx:
        run = [process, nginx.process]
        results = uvloop.run(
            measure(nginx.port, options.viewers, options.seconds, options.rate, run)
        )
    show(results)
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
