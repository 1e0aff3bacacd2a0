"""What captions are held against: when the built-in talk says what, and cues as they come."""

import asyncio
import io
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import httpx
import msgspec
import websockets

from benchmarks._hls_crowd import milliseconds
from captions.written import search
from tests.servers import Fabrique
from tv.demo import film
from tv.demo.scene import FRAME_RATE, frame_number

KNOWN = 3  # words of a sentence by which it is recognised
RETRY = 0.5  # seconds before another socket

Cue = dict[str, Any]


@dataclass(frozen=True)
class Sentence:
    """Seconds of the film in which it is said, to a hundredth: it was synthesised."""

    start: float
    end: float
    words: tuple[str, ...]


class _Written(msgspec.Struct, frozen=True):
    start: float
    end: float
    text: str


@contextmanager
def filmed() -> Iterator[Path]:
    """The whole talk as a film, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        film.make(path, lambda share: None)
        yield path


def sentences() -> list[Sentence]:
    """Those of the talk that their first and their last words tell from all others."""
    written = msgspec.json.decode(
        (film.ASSETS / "talk_fr.segments.json").read_bytes(), type=list[_Written]
    )
    said = [Sentence(each.start, each.end, words(each.text)) for each in written]
    everything = [word for each in said for word in each.words]
    return [
        each
        for each in said
        if len(each.words) >= KNOWN
        and _times(each.words[:KNOWN], everything) == _times(each.words[-KNOWN:], everything) == 1
    ]


def words(text: str) -> tuple[str, ...]:
    """However they are written."""
    return tuple(re.findall(r"[^\W_]+", search.folded(text)))


def position(run: Sequence[str], among: Sequence[str]) -> int:
    """Where these words follow each other first; -1: nowhere."""
    places = range(len(among) - len(run) + 1)
    return next((at for at in places if among[at : at + len(run)] == run), -1)


def after(later: float, earlier: float) -> float:
    """Seconds from one moment of the film, which is shown in a loop, to another."""
    return (later - earlier + film.SECONDS / 2) % film.SECONDS - film.SECONDS / 2


async def film_start(client: httpx.AsyncClient, folder: str = "/plateau") -> float:
    """When the film began, on the broadcast clock: by the date and number of the newest picture
    of the HLS stream in `folder`."""
    date = init = ""
    newest = ("", "", "")  # date, init and address of a segment
    for line in (await client.get(f"{folder}/media.m3u8")).text.splitlines():
        if line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = line.partition(":")[2]
        elif line.startswith("#EXT-X-MAP:"):
            init = line.split('"')[1]
        elif line and line[0] != "#":
            newest = (date, init, line) if date else newest
            date = ""
    names = newest[1:]
    data = b"".join([(await client.get(f"{folder}/{name}")).content for name in names])
    with av.open(io.BytesIO(data), "r") as file:
        picture = next(file.decode(video=0))
        number = frame_number(picture.to_ndarray(format="gray"))
    return datetime.fromisoformat(newest[0]).timestamp() - number / FRAME_RATE


@dataclass
class Heard:
    """What a page's socket brought, by seconds since `began`: delays of new words, and states."""

    began: float = field(default_factory=time.monotonic)
    delays: list[tuple[float, float]] = field(default_factory=list)
    states: list[tuple[float, str]] = field(default_factory=list)
    lost: int = 0  # times that the socket was

    async def listen(self, server: Fabrique) -> None:
        """Follow it for ever; when it is lost, open another."""
        newest = 0.0
        while True:
            with suppress(OSError, websockets.WebSocketException):
                async for message in heard(server):
                    newest = self._take(message, newest)
            self.lost += 1
            await asyncio.sleep(RETRY)

    def _take(self, message: dict[str, Any], newest: float) -> float:
        at = time.monotonic() - self.began
        ends = [cue["end"] for cue in cues(message) if cue["end"] > newest]
        if ends and not message.get("reset"):  # else they were there before us
            self.delays.append((at, time.time() - max(ends)))
        for item in message.get("items", ()):
            if item.get("kind") == "channel":
                state = item["captions"]
                if not self.states or self.states[-1][1] != state:
                    self.states.append((round(at, 1), state))
        return float(max([newest, *ends]))

    def between(self, start: float, end: float) -> dict[str, float]:
        """Delays in these minutes, in seconds."""
        found = [delay for at, delay in self.delays if start <= at / 60 <= end]
        if not found:
            return {"count": 0}
        shares = milliseconds(found, {"p50": 0.5, "p95": 0.95, "max": 1.0})
        return {"count": len(found)} | {name: round(ms / 1000, 2) for name, ms in shares.items()}

    def longest_wait(self, start: float, end: float) -> float:
        """Seconds without new words between two moments of the monotonic clock."""
        times = (self.began + at for at, _ in self.delays)
        waits = pairwise([start, *(at for at in times if start <= at <= end), end])
        return max(later - earlier for earlier, later in waits)


async def heard(server: Fabrique, channel: str = "plateau") -> AsyncIterator[dict[str, Any]]:
    """All messages about a channel's captions and state, as a page gets them."""
    topics = {f"captions:{channel}": "", f"channel:{channel}": ""}
    address = server.url.replace("http", "ws") + "/ws"
    async with websockets.connect(address) as socket:
        await socket.send(json.dumps({"type": "hello", "version": 1, "topics": topics}))
        async for message in socket:
            yield json.loads(message)


def cues(message: dict[str, Any]) -> list[Cue]:
    return [item for item in message.get("items", ()) if item.get("kind") == "cue"]


def _times(run: Sequence[str], among: Sequence[str]) -> int:
    return sum(tuple(among[at : at + len(run)]) == tuple(run) for at in range(len(among)))
