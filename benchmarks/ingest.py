"""What it costs to take a studio in and package it, in share of a core.

    python -m benchmarks.ingest [--seconds 20] [--runs 3] [--json ingest.json]

A film of 1080p30 at 4 Mbit/s with AAC is published untouched by RTMP, by SRT and by WHIP (libav's
own publisher), without a viewer; captions and other qualities have processes and figures of their
own, and are off. Counted is what the kernel charged: to media's loop (its main thread: ingest,
continuity, packager, link), to its other threads (sound: decoding, AAC, Opus), and to SRT's own
processes. The same without a studio, and ffmpeg's RTMP-to-HLS beside it, in the same run.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks import _encoders
from benchmarks._encoders import Run
from tests.servers import Fabrique, fabrique, free_ports

WARM = 5.0  # seconds on air before it counts

Cost = dict[str, float]


def make_film(path: Path) -> None:
    """1080p30 at 4 Mbit/s, a keyframe every 2 s, no B-frames; AAC at 128 kbit/s."""
    sources = (
        *("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30,noise=alls=12:allf=t"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"),
    )
    picture = (
        *("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "60", "-pix_fmt", "yuv420p"),
        *("-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "1M"),
    )
    sound = ("-c:a", "aac", "-b:a", "128k", "-ac", "2")
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *sources, "-t", "16", *picture, *sound,
         str(path)],
        check=True,
    )  # fmt: skip


def threads(process: psutil.Process) -> tuple[float, float]:
    """Seconds that the main thread and the others have used."""
    used = {each.id: each.user_time + each.system_time for each in process.threads()}
    main = used.pop(process.pid)
    return main, sum(used.values())


def whole(pids: list[int]) -> float:
    """Seconds that processes and their children have used."""
    found = [psutil.Process(pid) for pid in pids]
    for process in tuple(found):
        found += process.children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in found)


def watch(server: Fabrique, seconds: float) -> Cost:
    """Shares of a core, over `seconds`."""
    children = server.children()
    media = psutil.Process(children["media"])
    beside = [children[name] for name in ("srt",) if name in children]
    time.sleep(WARM)
    began, first, other = time.monotonic(), threads(media), whole(beside)
    time.sleep(seconds)
    elapsed, last, others = time.monotonic() - began, threads(media), whole(beside)
    return {
        "loop": (last[0] - first[0]) / elapsed,
        "sound": (last[1] - first[1]) / elapsed,
        "beside": (others - other) / elapsed,
    }


def idle(server: Fabrique, run: Run, seconds: float) -> Cost:
    return watch(server, seconds)


def rtmp(server: Fabrique, run: Run, seconds: float) -> Cost:
    with _encoders.publishing(_encoders.COPY, run):
        return watch(server, seconds)


def srt(server: Fabrique, run: Run, seconds: float) -> Cost:
    with _encoders.publishing(_encoders.COPY_SRT, run):
        return watch(server, seconds)


def whip(server: Fabrique, run: Run, seconds: float) -> Cost:
    """libav's WHIP publisher: nothing is encoded but the sound, as Opus."""
    with _encoders.publishing(_encoders.WHIP, run) as studio:
        cost = watch(server, seconds)
        if studio.poll() is not None:
            raise RuntimeError((run.home / "encoder.log").read_text())
    return cost


@contextmanager
def peer(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """ffmpeg as a server: RTMP in, HLS in fMP4 out, nothing encoded."""
    (port,) = free_ports(1)
    address = f"rtmp://127.0.0.1:{port}/live/x"
    process = subprocess.Popen(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-listen", "1", "-i", address, "-c", "copy",
         "-f", "hls", "-hls_time", "2", "-hls_segment_type", "fmp4",
         "-hls_flags", "delete_segments",
         str(home / "peer.m3u8")],
    )  # fmt: skip
    try:
        yield process, address
    finally:
        process.kill()
        process.wait()


def ffmpeg(run: Run, seconds: float) -> Cost:
    with ExitStack() as stack:
        process, address = stack.enter_context(peer(run.home))
        time.sleep(1.0)  # it has no way to say that it listens
        publisher = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1",
             "-i", str(run.film), "-c", "copy", "-f", "flv", address],
        )  # fmt: skip
        stack.callback(publisher.wait)
        stack.callback(publisher.kill)
        time.sleep(WARM)
        began, used = time.monotonic(), whole([process.pid])
        time.sleep(seconds)
        return {"loop": (whole([process.pid]) - used) / (time.monotonic() - began)}


def measure(home: Path, seconds: float, runs: int) -> dict[str, Any]:
    film = home / "film.mp4"
    make_film(film)
    ours: dict[str, Callable[[Fabrique, Run, float], Cost]] = {
        "no studio": idle,
        "RTMP": rtmp,
        "SRT": srt,
        "WHIP": whip,
    }
    found: dict[str, list[Cost]] = {name: [] for name in (*ours, "ffmpeg, RTMP to HLS")}
    for _ in range(runs):
        for name, work in ours.items():
            with fabrique() as server:
                found[name].append(work(server, Run(server, film, home), seconds))
        with fabrique() as server:
            found["ffmpeg, RTMP to HLS"].append(ffmpeg(Run(server, film, home), seconds))
    medians = {
        name: {
            part: round(100 * statistics.median(cost[part] for cost in costs), 2)
            for part in costs[0]
        }
        for name, costs in found.items()
    }
    base, peers = medians["no studio"]["loop"], medians["ffmpeg, RTMP to HLS"]["loop"]
    return {
        "percent_of_a_core": medians,
        "rtmp_ingest_and_package": round(medians["RTMP"]["loop"] - base, 2),
        "rtmp_loop_to_ffmpeg": round(medians["RTMP"]["loop"] / peers, 2) if peers else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("ingest.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), options.seconds, options.runs)
    for name, cost in results["percent_of_a_core"].items():
        parts = ", ".join(f"{part} {value:.2f} %" for part, value in cost.items())
        print(f"{name:>22}: {parts}")
    print(f"RTMP, ingest and package: {results['rtmp_ingest_and_package']} % (limit 1 %)")
    print(f"media's loop with RTMP ÷ ffmpeg: {results['rtmp_loop_to_ffmpeg']}")
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
