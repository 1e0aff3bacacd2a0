"""How many low-latency HLS viewers one web process serves, alone and behind nginx.

    python -m benchmarks.hls [--viewers 2000] [--seconds 60] [--most 8000] [--json hls.json]

First how fast: one part (125 kB) and one playlist, fetched over and over, from one web process on
one core and from nginx that serves the same as files, by turns in one run; the client has another
core. Per second of CPU that the server used the ratio does not depend on the client, nor on what
else the machine does. Nginx is as Debian has it, and once more with files kept open
(`open_file_cache`), which does not suit playlists that change.

Then how many: each viewer holds a blocking reload for the next part, fetches it as soon as its
playlist names it, and asks again, over loopback and from another process; directly, then through
nginx with deploy/nginx.conf. Times count from the moment the part was made. Then twice as many, and
so on, until it breaks: less than 99 % of all parts delivered, or a p99 beyond one second more than
the way has by itself (nginx looks every 500 ms whether a playlist is there). Server and viewers
need whole cores for a moment each half second: where something else has them, both ways break at
half as many, so each row tells what the rest of the machine used (`others`), and a row that broke
beside others is no limit of ours (`disturbed`).

Last what packaging costs: 1080p30 at 4 Mbit/s cut into parts, and its playlist made for each.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import av
import psutil
import uvloop

from benchmarks import _load, ingest
from benchmarks._hls_crowd import PART_SECONDS, PARTS, STAMP, Crowd, Seen, delivery
from streaming.hls import playlist
from streaming.hls.packager import Packager
from streaming.hls.window import (
    InitAdded,
    PartAdded,
    SegmentClosed,
    SegmentOpened,
    Window,
    WindowEvent,
)
from streaming.packet import Packet
from tests.edge import NGINX, edge
from tests.servers import free_ports
from tv.connections import allow_connections
from tv.hls import Hls
from tv.serving import Server, configure

PART_BYTES = 125_000  # half a second of 2 Mbit/s
BEFORE = 30  # segments in the window from the start
DELIVERED = 0.99  # share of parts, or it is broken
LATE = {"direct": 1.0, "nginx": 1.5}  # seconds, for p99, or it is broken
SETTLING = 2.0  # seconds that a crowd watches before it counts
QUIET = 0.3  # cores that others may use, or they disturb

Row = dict[str, Any]


# The origin: the very application, fed with parts of noise.


async def serve(still: bool) -> None:
    window = Window()
    app = Hls({"plateau": window}, lambda *_: (), time.time)
    server = Server(configure(app, app))
    server.config.port = 0
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve())
        group.create_task(feed(window, still))
        while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)


async def feed(window: Window, still: bool) -> None:
    """Parts from now on, at their pace; with `still` only those that are there at the start."""
    noise = os.urandom(PART_BYTES - STAMP.size)
    window.apply(InitAdded("a", b"init", "avc1.64001f,mp4a.40.2", 1280, 720, time.time(), 0.53))
    loop = asyncio.get_running_loop()
    due, began = loop.time(), time.time() - 2.0 * BEFORE
    for number in count():
        msn, index = 1 + number // PARTS, number % PARTS
        if still and msn > BEFORE:
            return
        if index == 0:
            window.apply(SegmentOpened(msn, f"1-{msn}", began + 2 * msn, "a", 1))
        data = STAMP.pack(time.monotonic()) + noise
        window.apply(PartAdded(msn, index, PART_SECONDS, index == 0, data))
        if index == PARTS - 1:
            window.apply(SegmentClosed(msn, 2.0))
        if msn > BEFORE:
            due += PART_SECONDS
            await asyncio.sleep(due - loop.time())


@contextmanager
def origin(*, still: bool = False) -> Iterator[tuple[int, psutil.Process]]:
    command = [sys.executable, "-m", "benchmarks.hls", "--serve", *(["--still"] if still else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        yield int(process.stdout.readline()), psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


# How fast.


@contextmanager
def static(folder: Path, *, kept_open: bool = False) -> Iterator[tuple[int, psutil.Process]]:
    """nginx with one worker that serves a folder."""
    kept = "open_file_cache max=100;" if kept_open else ""
    settings, pid = folder / f"nginx{kept_open}.conf", folder / f"nginx{kept_open}.pid"
    (port,) = free_ports(1)
    temporary = "".join(
        f"{name}_temp_path {folder}/tmp;"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    settings.write_text(
        f"daemon off; worker_processes 1; pid {pid}; error_log stderr error;"
        "events { worker_connections 512; }"
        f"http {{ access_log off; {temporary} sendfile on; keepalive_requests 10000000;"
        "types { video/mp4 m4s; application/vnd.apple.mpegurl m3u8; }"
        f" server {{ listen 127.0.0.1:{port}; root {folder}; {kept} }} }}"
    )
    os.chmod(folder, 0o755)  # the worker may run as another user
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(settings)])
    try:
        time.sleep(0.5)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def fast(seconds: float, rounds: int) -> dict[str, Row]:
    """Requests a second on one core, and for each second of CPU."""
    addresses = {"part": f"/plateau/1-{BEFORE}.3.m4s", "playlist": "/plateau/media.m3u8"}
    found: dict[str, dict[str, list[dict[str, float]]]] = {
        what: {"ours": [], "nginx": [], "nginx, files kept open": []} for what in addresses
    }
    whole = psutil.Process().cpu_affinity()
    with tempfile.TemporaryDirectory() as name, origin(still=True) as (port, process):
        folder = Path(name)
        for address in addresses.values():
            body = _load.body(port, address)
            (folder / address[1:]).parent.mkdir(exist_ok=True)
            (folder / address[1:]).write_bytes(body)
        with static(folder) as peer, static(folder, kept_open=True) as other:
            servers = {"ours": (port, process), "nginx": peer, "nginx, files kept open": other}
            for _, each in servers.values():
                _load.pin(each, 0)
            _load.pin(psutil.Process(), 1)
            for _ in range(rounds):
                for what, address in addresses.items():
                    for who, (where, what_runs) in servers.items():
                        found[what][who].append(_load.saturate(where, address, seconds, what_runs))
    psutil.Process().cpu_affinity(whole)
    return {what: _compared(rows) for what, rows in found.items()}


def _compared(rows: dict[str, list[dict[str, float]]]) -> Row:
    medians = {
        who: {key: statistics.median(row[key] for row in measured) for key in measured[0]}
        for who, measured in rows.items()
    }
    keys = ("requests_per_second", "requests_per_cpu_second")
    ratios = {
        f"ours ÷ {who}": {key: round(medians["ours"][key] / row[key], 2) for key in keys}
        for who, row in medians.items()
        if who != "ours"
    }
    return medians | ratios


# How many.


async def watch(
    port: int, viewers: int, seconds: float, processes: dict[str, psutil.Process]
) -> Row:
    crowd = Crowd(port, seen := Seen())
    await crowd.come(viewers)
    await asyncio.sleep(SETTLING)
    seen.requests = seen.errors = 0
    processes = processes | {"viewers": psutil.Process()}
    began = time.monotonic()
    used = {name: _load.cpu(each, name != "viewers") for name, each in processes.items()}
    busy = _load.busy()
    await asyncio.sleep(seconds)
    elapsed = time.monotonic() - began
    cores = {
        name: (_load.cpu(each, name != "viewers") - used[name]) / elapsed
        for name, each in processes.items()
    }
    cores["others"] = max(0.0, (_load.busy() - busy) / elapsed - sum(cores.values()))
    requests, errors = seen.requests, seen.errors
    await asyncio.sleep(2.0)  # for the last parts to arrive
    crowd.leave()
    return {
        "viewers": viewers,
        "requests_per_second": round(requests / elapsed),
        "megabits_per_second": round(requests / elapsed / 2 * PART_BYTES * 8e-6),
        "errors": errors,
        **delivery(seen, viewers, began, seconds),
        "cores": {name: round(share, 3) for name, share in cores.items()},
    }


def many(viewers: int, seconds: float, way: str) -> Row:
    with origin() as (port, process):
        if way == "direct":
            row = uvloop.run(watch(port, viewers, seconds, {"origin": process}))
        else:
            with edge(port, workers="1") as (own, _, nginx):
                processes = {"origin": process, "nginx": nginx}
                row = uvloop.run(watch(own, viewers, seconds, processes))
    late = row["part_ms"].get("p99", float("inf")) / 1000 > LATE[way]
    broken = late or row["delivered"] < DELIVERED
    return {
        "way": way,
        **row,
        "broken": broken,
        "disturbed": broken and row["cores"]["others"] > QUIET,
    }


# What packaging costs.


def package(home: Path) -> Row:
    film = home / "film.mp4"
    ingest.make_film(film)
    packets = list(_read(film))
    window, numbers, bytes_made = Window(), count(1), 0

    def emit(event: WindowEvent) -> None:
        nonlocal bytes_made
        window.apply(event)
        if isinstance(event, PartAdded):
            bytes_made += len(event.data)
            playlist.media(window)

    packager = Packager(
        origin=0.0,
        epoch=1,
        next_msn=numbers.__next__,
        next_discontinuity=count(1).__next__,
        emit=emit,
    )
    began = time.process_time()
    for kind, packet in packets:
        (packager.video if kind == "video" else packager.sound)(packet)
    used = time.process_time() - began
    seconds = packets[-1][1].dts - packets[0][1].dts
    return {
        "percent_of_a_core": round(100 * used / seconds, 3),
        "megabits_per_second": round(bytes_made * 8e-6 / seconds, 1),
        "seconds": round(seconds, 1),
    }


def _read(film: Path) -> Iterator[tuple[str, Packet]]:
    with av.open(str(film)) as source:
        streams = {"video": source.streams.video[0], "sound": source.streams.audio[0]}
        configs = {kind: bytes(it.codec_context.extradata or b"") for kind, it in streams.items()}
        found = []
        for packet in source.demux(*streams.values()):
            if packet.dts is not None and packet.pts is not None and packet.time_base:
                kind = "video" if packet.stream is streams["video"] else "sound"
                pts, dts = (float(at * packet.time_base) for at in (packet.pts, packet.dts))
                data = bytes(packet)
                found.append((kind, Packet(data, pts, dts, packet.is_keyframe, configs[kind])))
    yield from sorted(found, key=lambda each: each[1].dts)


def show(row: Row) -> None:
    cores = ", ".join(f"{name} {share:.2f}" for name, share in row["cores"].items())
    print(
        f"{row['way']:>7} {row['viewers']:>6} viewers {row['requests_per_second']:>6} req/s "
        f"{row['megabits_per_second']:>5} Mbit/s  delivered {row['delivered']:.2%}  "
        f"errors {row['errors']}  cores: {cores}\n"
        f"{'':>15} playlist ms {row['playlist_ms']}  part ms {row['part_ms']}"
        f"{'  BROKEN' if row['broken'] else ''}{', DISTURBED' if row['disturbed'] else ''}",
        flush=True,
    )


def measure(viewers: int, seconds: float, most: int, rounds: int) -> Row:
    results: Row = {"fast": fast(min(seconds, 5.0), rounds), "many": [], "breaks_at": {}}
    for what, row in results["fast"].items():
        for who, measured in row.items():
            print(f"{what:>9} {who:>29}  {measured}", flush=True)
    for way in ("direct", "nginx"):
        number = viewers
        while True:
            # Beyond what was asked for, only whether it breaks is of interest.
            row = many(number, seconds if number == viewers else min(seconds, 10.0), way)
            results["many"].append(row)
            show(row)
            if row["broken"] or number >= most:
                break
            number = min(most, 2 * number)
        results["breaks_at"][way] = number if row["broken"] and not row["disturbed"] else None
        limit = f"{number} viewers" if row["broken"] else f"more than {number} viewers"
        if row["disturbed"]:
            limit = "unknown, others used the machine"
        print(f"{way:>7} breaks at: {limit}")
    with tempfile.TemporaryDirectory() as folder:
        results["package"] = package(Path(folder))
    print(f"package, 1080p30 at 4 Mbit/s: {results['package']}")
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--most", type=int, default=8000, help="viewers, in search of the limit")
    parser.add_argument("--rounds", type=int, default=3, help="of parts and playlists beside nginx")
    parser.add_argument("--json", type=Path, default=Path("hls.json"))
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--still", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve(options.still))
        return
    allow_connections()
    results = measure(options.viewers, options.seconds, options.most, options.rounds)
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
