"""People who do not give up: their pages come back, and what they sent is sent until it is in.

As our own pages do (tv/web/live.ts, outbox.ts): a page comes back when the server told it to, then
after random waits that double; an act is sent again with its key, after such a wait.
"""

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from benchmarks import _phones
from benchmarks._phones import Page

OPENING = 8.0  # seconds that a page waits for its welcome
TOLD = re.compile(r"retry_after_ms=(\d{1,6})")
TOPIC = "talk:direct"


def jitter(attempt: int, base: float = 1.0, longest: float = 20.0) -> float:
    """Seconds before try number `attempt`, as tv/web/waiting.ts has it."""
    return random.random() * min(longest, base * 2.0**attempt)


@dataclass
class Log:
    """What happened to all of them."""

    statuses: Counter[int] = field(default_factory=Counter)
    acted: list[float] = field(default_factory=list)  # seconds until an act was in
    resets: int = 0  # views that began anew for a page that had one


class Regular:
    """A page that stays open, whatever happens; `ballots` is what it shows of each poll."""

    def __init__(self, port: int, token: str, log: Log) -> None:
        self.ballots: dict[str, int] = {}
        self.since = 0.0  # when it was welcomed last
        self.there = asyncio.Event()
        self._port = port
        self._token = token
        self._log = log
        self._version = ""
        self._wait: float | None = None
        self._lost = False
        self._stirred = asyncio.Event()  # one of the two has changed

    async def stay(self) -> None:
        """Be there until cancelled."""
        failures = 0
        while True:
            self._lost = False
            page: Page | None = None
            try:
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(OPENING):
                        page = await _phones.open_page(
                            self._port, self._token, {TOPIC: self._version}, self._hear, self._lose
                        )
                        await self._until(lambda: self._lost or self.there.is_set())
                if self.there.is_set():
                    failures = 0
                    await self._until(lambda: self._lost)
            finally:
                if page is not None:
                    page.transport.abort()
            self.there.clear()
            wait, self._wait = self._wait, None
            await asyncio.sleep(jitter(failures) if wait is None else wait)
            failures += 1

    async def _until(self, so: Callable[[], bool]) -> None:
        while not so():
            self._stirred.clear()
            await self._stirred.wait()

    def _hear(self, page: Page, message: bytes) -> None:
        said = msgspec.json.decode(message)
        if said["type"] == "welcome":
            self._wait = said["retry_after_ms"] / 1000
            self.there.set()
            self._stirred.set()
            self.since = time.monotonic()
        elif said["type"] == "view":
            self._log.resets += bool(said["reset"] and self._version)
            self._version = said["version"]
            for item in said["items"]:
                if item["kind"] == "poll":
                    self.ballots[item["id"]] = item["ballots"]

    def _lose(self, page: Page, reason: str) -> None:
        if told := TOLD.search(reason):
            self._wait = int(told[1]) / 1000
        self._lost = True
        self._stirred.set()


async def insist(port: int, asked: bytes, log: Log) -> bytes:
    """Send a request until it is accepted, or refused for good; return the answer's body."""
    began = time.monotonic()
    attempt = 0
    while True:
        status, body = 0, b""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(OPENING + 2):
                status, body = await _phones.ask(port, asked)
        log.statuses[status] += 1
        if status not in (0, 429, 502, 503, 504):
            log.acted.append(time.monotonic() - began)
            return body
        await asyncio.sleep(jitter(attempt))
        attempt += 1
