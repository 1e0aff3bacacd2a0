"""What kills and a full disk cost the recording, and the live.

    python -m benchmarks.recording [--kills 5] [--json recording.json]

- kill -9 of the record process, of media, and of everything, at any instant while a studio is on
  air: the hole in the recording, and how much of it viewers had seen.
- A disk of 64 MB as data folder, filled up and given room again (as root): how long viewers waited
  for the next part before, meanwhile and after, and what is missing from the recording.
"""

import argparse
import io
import json
import random
import re
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx

from streaming.recording.index import Index, Recorded
from tests.disks import NoDisk, fill, small_disk
from tests.recordings import edge, kill_everything, recorded
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tv.auth import Role
from tv.demo import film as demo_film

ALONE = {"LADDER__JOBS": "0"}
BACK_WITHIN = 60.0  # seconds
FULL_FOR = 20.0
PHASE = 10.0


def _kills(film: Path, kills: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    chance = random.Random(5)
    with fabrique(**ALONE, RECORDING__FREE_GB="0") as server:
        folder = server.folder.recording / "plateau"
        for victim in ("record", "media", "everything"):
            runs = []
            for _ in range(kills):
                with publishing(film, server):
                    _wait_for(folder, len(recorded(folder)) + 3)
                    time.sleep(chance.uniform(0.0, 2.0))
                    runs.append(_kill(server, folder, victim))
                print(f"  {victim}: {runs[-1]}", flush=True)
            found[f"kill -9 of {victim}"] = _summary(runs)
        found["lines twice or out of order"] = _disorder(recorded(folder))
    return found


def _kill(server: Fabrique, folder: Path, victim: str) -> dict[str, float]:
    seen = edge(server.url)
    if victim == "everything":
        kill_everything(server)
        server.start()
        server.wait_ready()
    else:
        server.kill(victim)
    end = time.monotonic() + BACK_WITHIN
    while True:
        segments = recorded(folder)
        later = [each for each in segments if each.start > seen]
        if len(later) >= 2:
            break
        assert time.monotonic() < end, "nothing is recorded any more"
        time.sleep(0.1)
    last = max((each for each in segments if each.start < seen), key=lambda each: each.start)
    there = last.start + _pictures(folder, last)
    return {
        "hole_s": round(max(0.0, later[0].start - there), 3),
        "seen_but_missing_s": round(max(0.0, min(seen, later[0].start) - there), 3),
    }


def _pictures(folder: Path, segment: Recorded) -> float:
    """Seconds of picture in it: one that media left open is told to be as long as the hole."""
    path = Index(folder).path_of(segment)
    init = path.with_name(f"{segment.init}.mp4").read_bytes()
    with av.open(io.BytesIO(init + path.read_bytes()), "r") as container:
        packets = container.demux(video=0)
        return float(sum((each.duration or 0) * each.time_base for each in packets))


def _summary(runs: list[dict[str, float]]) -> dict[str, float]:
    return {
        "times": len(runs),
        **{f"{name}_median": round(statistics.median(_of(runs, name)), 3) for name in runs[0]},
        **{f"{name}_worst": max(_of(runs, name)) for name in runs[0]},
    }


def _of(runs: list[dict[str, float]], name: str) -> list[float]:
    return [run[name] for run in runs]


def _wait_for(folder: Path, count: int) -> None:
    end = time.monotonic() + BACK_WITHIN
    while len(recorded(folder)) < count:
        assert time.monotonic() < end, "nothing is recorded"
        time.sleep(0.1)


def _disorder(segments: list[Recorded]) -> int:
    names = [each.name for each in segments]
    back = sum(later.start < earlier.end - 0.001 for earlier, later in pairwise(segments))
    return back + len(names) - len(set(names))


class Viewer(threading.Thread):
    """Follows the low-latency playlist by blocking reloads, and notes when it grew."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.grew: list[float] = []
        self.failures: list[tuple[float, str]] = []
        self.over = threading.Event()
        self._client = httpx.Client(base_url=url, timeout=10)

    def run(self) -> None:
        asked = ""
        while not self.over.is_set():
            try:
                reply = self._client.get(f"/plateau/media.m3u8{asked}")
                reply.raise_for_status()
            except httpx.HTTPError as error:
                self.failures.append((time.monotonic(), str(error)))
                asked = ""
                continue
            self.grew.append(time.monotonic())
            hint = re.search(r'PRELOAD-HINT:TYPE=PART,URI="\d+-(\d+)\.(\d+)\.m4s"', reply.text)
            asked = f"?_HLS_msn={hint[1]}&_HLS_part={hint[2]}" if hint else ""

    def waits(self, start: float, end: float) -> dict[str, float]:
        """How long it waited for a next part between two times."""
        at = [when for when in self.grew if start <= when <= end]
        waits = sorted(later - earlier for earlier, later in pairwise(at))
        return {
            "parts": len(at),
            "wait_median_s": round(statistics.median(waits), 3),
            "wait_worst_s": round(waits[-1], 3),
            "failures": sum(start <= when <= end for when, _ in self.failures),
        }


def _full_disk(film: Path) -> dict[str, Any]:
    try:
        with (
            tempfile.TemporaryDirectory(prefix="fabrique-") as folder,
            small_disk(Path(folder) / "disk", "64m") as disk,
        ):
            return _fill(film, disk)
    except NoDisk as why:
        return {"left out": str(why)}


def _fill(film: Path, disk: Path) -> dict[str, Any]:
    with fabrique(disk / "data", **ALONE, RECORDING__FREE_GB="0.01") as server:
        folder = server.folder.recording / "plateau"
        with publishing(film, server):
            _wait_for(folder, 3)
            viewer = Viewer(server.url)
            viewer.start()
            began = time.monotonic()
            time.sleep(PHASE)
            filler = fill(disk)
            full = time.monotonic()
            told = _told(server, "paused") - full
            time.sleep(max(0.0, FULL_FOR - told))
            freed = time.monotonic()
            filler.unlink()
            resumed = _told(server, "on") - freed
            time.sleep(PHASE)
            end = time.monotonic()
            viewer.over.set()
            viewer.join()
        segments = recorded(folder)
        holes = (later.start - earlier.end for earlier, later in pairwise(segments))
        return {
            "before": viewer.waits(began, full),
            f"full for {FULL_FOR:.0f} s": viewer.waits(full, freed),
            "after": viewer.waits(freed, end),
            "told_after_s": round(told, 2),
            "recorded_again_after_s": round(resumed, 2),
            "missing_s": round(sum(max(0.0, hole) for hole in holes), 3),
        }


def _told(server: Fabrique, state: str) -> float:
    """When the API first told that the recording is in that state."""
    headers = {"authorization": f"Bearer {server.make_pass(Role.ADMIN)}"}
    end = time.monotonic() + BACK_WITHIN
    with httpx.Client(base_url=server.url, headers=headers) as client:
        while True:
            (channel,) = client.get("/api/v1/channels").json()["items"]
            if (channel["recording"] or {}).get("state") == state:
                return time.monotonic()
            assert time.monotonic() < end, f"never {state}"
            time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--json", type=Path, default=Path("recording.json"))
    options = parser.parse_args()
    measures: dict[str, Callable[[Path], dict[str, Any]]] = {
        "kills": lambda film: _kills(film, options.kills),
        "64 MB disk": _full_disk,
    }
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=32)
        for name, measure in measures.items():
            print(f"{name}:", flush=True)
            found[name] = measure(film)
            for key, value in found[name].items():
                print(f"  {key:>28}  {value}", flush=True)
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
