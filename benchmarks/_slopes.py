"""How what a server's processes hold grows with time: memory, descriptors, threads, tasks.

A slope is a least-squares line through the samples of a process's last life, without its first
third, in which windows and pools fill. What is held more and more grows in each half of the rest: a
step, as for the first studio with larger pictures, in one of them.
"""

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import httpx
import numpy as np
import psutil

from tests.servers import Fabrique

LOOK = 5.0  # seconds between two samples
WARM = 1 / 3  # of a life, that is not counted
ENOUGH = 6  # samples, for a slope

Sample = dict[str, float]
Figures = dict[str, dict[str, float]]


class Watch:
    """Samples of each process, and when one began anew, by the monotonic clock."""

    def __init__(self, server: Fabrique) -> None:
        self.lives: dict[str, list[Sample]] = {}
        self.restarts: list[tuple[float, str]] = []
        self._server = server
        self._began = time.monotonic()

    def look(self) -> None:
        """Take a sample of each; those that are just being started have none."""
        held, at = self._held(), time.monotonic() - self._began
        for name, pid in self._server.children().items():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process = psutil.Process(pid)
                with process.oneshot():
                    sample = {
                        "at": at,
                        "process": float(pid),
                        "MB": process.memory_info().rss / 1e6,
                        "descriptors": float(process.num_fds()),
                        "threads": float(process.num_threads()),
                        "cpu": sum(process.cpu_times()[:2]),
                    }
                self._add(name, sample | (held if name == "media" else {}))

    def _held(self) -> Sample:
        """What media counts itself: tasks; connections, addresses and checks of its UDP port."""
        try:
            text = httpx.get(f"{self._server.url}/metrics", timeout=5).text
        except httpx.TransportError:
            return {}
        found = re.findall(r'fabrique_webrtc_held\{what="(\w+)"\} (\S+)', text)
        return {what: float(number) for what, number in found}

    def _add(self, name: str, sample: Sample) -> None:
        life = self.lives.setdefault(name, [])
        if life and life[-1]["process"] != sample["process"]:
            self.restarts.append((time.monotonic(), name))
            life.clear()
        life.append(sample)

    def figures(self) -> dict[str, Figures]:
        """Of each process, what each of its figures was, and grows by in an hour; its cores.

        Connections go from one web process to another: "web" is what all of them hold together.
        """
        found = {name: _of_life(life) for name, life in self.lives.items()}
        webs = [name for name in self.lives if name.startswith("web:")]
        for name in webs:
            found[name].pop("descriptors", None)
        return found | {"web": _of_life(together([self.lives[name] for name in webs]))}


def together(lives: Sequence[Sequence[Sample]]) -> list[Sample]:
    """What several processes held, and had used, whenever all of them were there."""
    by_time = [{each["at"]: each for each in life} for life in lives]
    return [
        {"at": at} | {key: sum(life[at][key] for life in by_time) for key in ("cpu", "descriptors")}
        for at in sorted(set.intersection(*map(set, by_time)))
    ]


def _of_life(life: Sequence[Sample]) -> dict[str, Any]:
    if not life:
        return {"minutes": 0.0}
    length = life[-1]["at"] - life[0]["at"]
    warm = [each for each in life if each["at"] - life[0]["at"] >= WARM * length]
    found: dict[str, Any] = {"minutes": round(length / 60, 1)}
    if len(warm) < ENOUGH:
        return found
    seconds = warm[-1]["at"] - warm[0]["at"]
    found["cores"] = round((warm[-1]["cpu"] - warm[0]["cpu"]) / seconds, 3)
    for key in sorted(set.intersection(*map(set, warm)) - {"at", "process", "cpu"}):
        growth, error = slope(warm, key)
        values = [each[key] for each in warm]
        found[key] = {
            "first": round(values[0], 1),
            "last": round(values[-1], 1),
            "most": round(max(values), 1),
            "an_hour": round(growth, 2),
            "standard_error": round(error, 2),
            "going_on": round(_going_on(warm, key), 2),
        }
    return found


def _going_on(samples: Sequence[Sample], key: str) -> float:
    """The least that it grows by in an hour in all, in the first half and in the second."""
    half = len(samples) // 2
    spans = [samples, samples[:half], samples[half:]]
    found = [slope(span, key) for span in spans if len(span) >= ENOUGH // 2]
    return min(growth - 2 * error for growth, error in found)


def slope(samples: Sequence[Sample], key: str) -> tuple[float, float]:
    """Growth an hour by least squares, and its standard error."""
    at = np.array([each["at"] / 3600 for each in samples])
    values = np.array([each[key] for each in samples])
    spread = ((at - at.mean()) ** 2).sum()
    growth = ((at - at.mean()) * (values - values.mean())).sum() / spread
    rest = values - values.mean() - growth * (at - at.mean())
    error = (rest**2).sum() / max(1, len(at) - 2) / spread
    return float(growth), float(error**0.5)
