"""The built-in talk over and over: whether captions come later, and memory grows, as hours pass.

    python -m benchmarks.caption_hour [--minutes 60] [--json caption_hour.json]

The whole service runs, and a talk that is recorded. A page's socket tells when each caption gets
words: its delay counts from the end of the last of them, by the broadcast clock. Delays around
minute 5 stand beside those of the last two minutes; memory of each process is looked at every five
seconds, and its slope is a least-squares line after the first third.
"""

import argparse
import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import _caption_talk as talk
from benchmarks._hls_crowd import milliseconds
from benchmarks.soak import LOOK, WARM, Sample, slope
from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tv.auth import Role

EARLY, AROUND = 5.0, 1.0  # minutes


@dataclass
class Heard:
    """What the socket brought, by seconds since the start: delays of new words, and states."""

    began: float = field(default_factory=time.monotonic)
    delays: list[tuple[float, float]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)

    async def listen(self, server: Fabrique) -> None:
        newest = 0.0
        async for message in talk.heard(server):
            at = time.monotonic() - self.began
            ends = [cue["end"] for cue in talk.cues(message) if cue["end"] > newest]
            if ends and not message.get("reset"):  # else they were there before us
                self.delays.append((at, time.time() - max(ends)))
            newest = max([newest, *ends])
            for item in message.get("items", ()):
                if item.get("kind") == "channel":
                    state = item["captions"]
                    if not self.states or self.states[-1][1] != state:
                        self.states.append((round(at, 1), state))

    def between(self, start: float, end: float) -> dict[str, float]:
        """Delays in these minutes, in seconds."""
        found = [delay for at, delay in self.delays if start <= at / 60 <= end]
        if not found:
            return {"count": 0}
        shares = milliseconds(found, {"p50": 0.5, "p95": 0.95, "max": 1.0})
        return {"count": len(found)} | {name: round(ms / 1000, 2) for name, ms in shares.items()}


def look(server: Fabrique, began: float) -> Sample:
    """Memory of each process, in MB, and what captions have used of the processor."""
    sample = {"at": time.monotonic() - began}
    for name, pid in server.children().items():
        with suppress(psutil.NoSuchProcess):  # it is being started again
            process = psutil.Process(pid)
            sample[f"{name} MB"] = process.memory_info().rss / 1e6
            if name == "captions":
                sample["cpu"] = sum(process.cpu_times()[:2])
    return sample


def summarise(samples: list[Sample]) -> dict[str, Any]:
    """First, last, most, and the slope in MB an hour with its standard error."""
    warm = [each for each in samples if each["at"] >= WARM * samples[-1]["at"]]
    found: dict[str, Any] = {}
    for key in sorted(set.intersection(*map(set, warm)) - {"at", "cpu"}):
        growth, error = slope(warm, key)
        values = [each[key] for each in warm]
        found[key] = {
            "first": round(values[0], 1),
            "last": round(values[-1], 1),
            "most": round(max(values), 1),
            "an hour": round(growth, 1),
            "± (standard error)": round(error, 1),
        }
    seconds = warm[-1]["at"] - warm[0]["at"]
    found["cores of captions"] = round((warm[-1]["cpu"] - warm[0]["cpu"]) / seconds, 3)
    return found


async def measure(film: Path, minutes: float) -> dict[str, Any]:
    with fabrique(CAPTIONS__CHANNELS="plateau") as server, publishing(film, server):
        bearer = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
        async with httpx.AsyncClient(base_url=server.url, headers=bearer, timeout=30) as crew:
            (await crew.post("/api/v1/talks/direct:start")).raise_for_status()
            heard, samples = Heard(), list[Sample]()
            started = server.children()
            listening = asyncio.create_task(heard.listen(server))
            try:
                while time.monotonic() - heard.began < 60 * minutes and not listening.done():
                    await asyncio.sleep(LOOK)
                    samples.append(await asyncio.to_thread(look, server, heard.began))
                    if len(samples) % 12 == 0:
                        print(f"  {samples[-1]['at'] / 60:5.1f} min", samples[-1], flush=True)
                told = await crew.get("/api/v1/channels/plateau/captions/quality")
            finally:
                listening.cancel()
                (end,) = await asyncio.gather(listening, return_exceptions=True)
        early = min(EARLY, minutes / 2)
        return {
            "minutes": minutes,
            f"delay at minute {early:g}": heard.between(early - AROUND, early + AROUND),
            "delay in the last two minutes": heard.between(minutes - 2 * AROUND, minutes),
            "states": heard.states,
            **summarise(samples),
            "quality": told.json() if told.status_code == 200 else told.status_code,
            "started again": [
                name for name, process in server.children().items() if started[name] != process
            ],
            "socket": "" if isinstance(end, asyncio.CancelledError) else repr(end),
            "samples": samples,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=Path("caption_hour.json"))
    options = parser.parse_args()
    with talk.filmed() as film:
        found = asyncio.run(measure(film, options.minutes))
    for name, value in found.items():
        if name != "samples":
            print(f"  {name:>30}  {value}", flush=True)
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
