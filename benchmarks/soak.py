"""Whether the media process stays as it is while everything around it comes and goes.

    python -m benchmarks.soak [--minutes 20] [--viewers 50] [--still studios|viewers] [--json FILE]

Studios change all the time: RTMP killed and back, a backup that takes over, WHIP, nobody; so do
viewers: every few seconds some leave, some vanish without a word, and as many join. Every five
seconds the media process is looked at: memory (RSS), descriptors, threads, and what it counts
itself (tasks; connections, addresses and checks of its UDP port). Slopes are least-squares lines
after the first third, in which windows and pools fill.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil

from benchmarks import _encoders, _film
from benchmarks._audience import Audience, audience
from benchmarks._encoders import Run
from benchmarks.ingest import make_certificate, pump
from tests.servers import Fabrique, fabrique

LOOK = 5.0  # seconds between two samples
WARM = 1 / 3  # of the time, that is not counted
ON_AIR = 12.0, 40.0  # seconds that a studio stays
AWAY = 1.0, 6.0  # seconds until the next comes
STAY = 4.0  # seconds between two changes of viewers
CHANGING = 6  # viewers at most that change at a time
COUNT = 3.0  # seconds of a count of what viewers get
SEED = 20261125

Sample = dict[str, float]


@contextmanager
def rtmp(run: Run) -> Iterator[None]:
    """ffmpeg, killed at the end."""
    with _encoders.publishing(_encoders.COPY, run):
        yield


@contextmanager
def both(run: Run) -> Iterator[None]:
    """A primary with a backup beside it, that is left alone when the primary is killed."""
    backup = Run(run.server, run.film, run.home, slot="backup")
    with _encoders.publishing(_encoders.COPY, backup):
        with _encoders.publishing(_encoders.COPY, run):
            yield
        time.sleep(4.0)


@contextmanager
def whip(run: Run) -> Iterator[None]:
    """libav's WHIP publisher, killed at the end: some losses it waits out for ever."""
    certificate, key = make_certificate(run.home)
    order = [f"{run.server.url}/plateau/whip", run.server.key(), certificate, key, run.film]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.soak", "--whip", *map(str, order)]
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def be_whip_studio(address: str, token: str, certificate: str, key: str, film: str) -> None:
    """Publish until killed, or until the server has enough."""
    options = {"authorization": token, "cert_file": certificate, "key_file": key}
    with suppress(av.FFmpegError), av.open(address, "w", format="whip", options=options) as out:
        pump(Path(film), out, threading.Event())


STUDIOS = {"rtmp": rtmp, "rtmp with a backup": both, "whip": whip}


def publish(run: Run, over: threading.Event, shown: dict[str, int], still: str) -> None:
    """Let one studio follow the other until it is over; `shown` counts them."""
    chance = random.Random(SEED)
    if still == "studios":
        with rtmp(run):
            over.wait()
    while not over.is_set():
        name = chance.choice(list(STUDIOS))
        shown[name] = shown.get(name, 0) + 1
        with STUDIOS[name](run):
            over.wait(chance.uniform(*ON_AIR))
        over.wait(chance.uniform(*AWAY))


async def change_viewers(
    crowd: Audience, server: Fabrique, turns: asyncio.Lock, seen: dict[str, Any]
) -> None:
    """Let some go and others come, for ever."""
    chance, url = random.Random(SEED + 1), f"{server.url}/plateau/whep"
    while True:
        await asyncio.sleep(STAY)
        count = chance.randint(1, CHANGING)
        async with turns:
            how = chance.choice(("leave", "vanish"))
            await asyncio.to_thread(crowd.do, how, count=count)
            joined = await asyncio.to_thread(crowd.join, url, count)
            seen["joined"] += joined["joined"]
            seen["without_picture"] += joined["without_picture"]
            for why, times in joined["failed"].items():
                seen["failed"][why] = seen["failed"].get(why, 0) + times
            if missing := count - joined["joined"]:
                joined = await asyncio.to_thread(crowd.join, url, missing)


async def count(crowd: Audience, turns: asyncio.Lock, seen: dict[str, Any]) -> None:
    """Look now and then at what all viewers get."""
    while True:
        await asyncio.sleep(15.0)
        async with turns:
            found = await asyncio.to_thread(crowd.do, "watch", seconds=COUNT)
        for key in ("frames", "frames_missed", "packets", "packets_lost", "dropped_by_screens"):
            seen[key] += found[key]


def look(server: Fabrique, began: float) -> Sample:
    media = psutil.Process(server.children()["media"])
    with media.oneshot():
        sample = {
            "at": time.monotonic() - began,
            "rss_mb": media.memory_info().rss / 1e6,
            "descriptors": float(media.num_fds()),
            "threads": float(media.num_threads()),
            "cpu": sum(media.cpu_times()[:2]),
        }
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    for what, number in re.findall(r'fabrique_webrtc_held\{what="(\w+)"\} (\S+)', text):
        sample[what] = float(number)
    return sample


def slope(samples: Sequence[Sample], key: str) -> tuple[float, float]:
    """Growth an hour by least squares, and its standard error."""
    at = np.array([each["at"] / 3600 for each in samples])
    values = np.array([each[key] for each in samples])
    spread = ((at - at.mean()) ** 2).sum()
    growth = ((at - at.mean()) * (values - values.mean())).sum() / spread
    rest = values - values.mean() - growth * (at - at.mean())
    error = (rest**2).sum() / max(1, len(at) - 2) / spread
    return float(growth), float(error**0.5)


def summarise(samples: Sequence[Sample]) -> dict[str, Any]:
    warm = [each for each in samples if each["at"] >= WARM * samples[-1]["at"]]
    found: dict[str, Any] = {}
    for key in sorted(set(warm[-1]) - {"at", "cpu"}):
        values = [each[key] for each in warm]
        growth, error = slope(warm, key)
        found[key] = {
            "first": round(values[0], 1),
            "last": round(values[-1], 1),
            "least": round(min(values), 1),
            "most": round(max(values), 1),
            "slope_per_hour": round(growth, 2),
            "standard_error": round(error, 2),
        }
    seconds = warm[-1]["at"] - warm[0]["at"]
    found["media_cpu"] = round((warm[-1]["cpu"] - warm[0]["cpu"]) / seconds, 3)
    return found


async def measure(
    home: Path, film: Path, minutes: float, viewers: int, still: str
) -> dict[str, Any]:
    seen: dict[str, Any] = {"joined": 0, "without_picture": 0, "failed": {}}
    seen |= dict.fromkeys(("frames", "frames_missed", "packets", "packets_lost"), 0)
    seen["dropped_by_screens"] = 0
    samples: list[Sample] = []
    shown: dict[str, int] = {}
    turns, over = asyncio.Lock(), threading.Event()
    with ExitStack() as stack:
        server = stack.enter_context(fabrique())
        crowd = stack.enter_context(audience())
        run = Run(server, film, home)
        studios = threading.Thread(target=publish, args=(run, over, shown, still))
        studios.start()
        tasks: list[asyncio.Task[None]] = []
        try:
            url = f"{server.url}/plateau/whep"
            joined = await asyncio.to_thread(crowd.join, url, viewers)
            if joined["failed"]:
                raise RuntimeError(joined["failed"])
            tasks.append(asyncio.create_task(count(crowd, turns, seen)))
            if still != "viewers":
                changes = change_viewers(crowd, server, turns, seen)
                tasks.append(asyncio.create_task(changes))
            began = time.monotonic()
            media = server.children()["media"]
            while time.monotonic() - began < 60 * minutes and not any(t.done() for t in tasks):
                await asyncio.sleep(LOOK)
                samples.append(await asyncio.to_thread(look, server, began))
                if len(samples) % 12 == 0:
                    print("  " + _line(samples[-1]), flush=True)
        finally:
            over.set()
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(studios.join)
        errors = [repr(each) for each in ends if isinstance(each, Exception)]
        same = server.children()["media"] == media
    found = {"viewers": viewers, "minutes": minutes, **summarise(samples), "seen": seen}
    return found | {
        "studios": shown,
        "media_restarted": not same,
        "errors": errors,
        "samples": samples,
    }


def _line(sample: Sample) -> str:
    return (
        f"{sample['at'] / 60:5.1f} min: {sample['rss_mb']:.1f} MB, "
        f"{sample['descriptors']:.0f} descriptors, {sample['threads']:.0f} threads, "
        f"{sample['connections']:.0f} WebRTC connections, {sample['tasks']:.0f} tasks"
    )


def main() -> None:
    if sys.argv[1:2] == ["--whip"]:
        be_whip_studio(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--json", type=Path, default=Path("soak.json"))
    parser.add_argument("--still", choices=("studios", "viewers"), default="", help="what stays")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        _film.make(film)
        found = asyncio.run(
            measure(Path(folder), film, options.minutes, options.viewers, options.still)
        )
    for name, value in found.items():
        if name != "samples":
            print(f"{name:>16}  {value}")
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
