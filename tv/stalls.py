"""Who holds a loop up: a thread looks at it, and says where it stands when it does not turn.

A loop that is late is late for everybody it serves, and nothing in it can tell: the culprit is on
the stack only while it holds the loop. One that stands still for good is ended, so that whoever
started the process starts it again.
"""

import asyncio
import logging
import math
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger(__name__)

LATE = 0.5  # seconds
GIVEN_UP = 60.0  # seconds after which a process is ended
QUIET = 1.0  # seconds between two words on it
DEPTH = 4  # calls that are named, the innermost last


class Stalls:
    """How often the loop of this process was `late`, for how long at worst, and its watch."""

    def __init__(
        self,
        late: float = LATE,
        given_up: float = GIVEN_UP,
        end: Callable[[], None] = lambda: os._exit(1),
    ) -> None:
        self.count = 0
        self.worst = 0.0  # seconds
        self._late = late
        self._given_up = given_up
        self._end = end
        self._turned = 0  # times
        self._over = threading.Event()

    @contextmanager
    def watching(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Watch `loop`, which this thread runs in the body."""
        thread = threading.get_ident()
        watch = threading.Thread(target=self._watch, args=(thread,), name="stalls", daemon=True)
        turning = asyncio.run_coroutine_threadsafe(self._turn(), loop)
        watch.start()
        try:
            yield
        finally:
            self._over.set()
            turning.cancel()
            watch.join()

    async def _turn(self) -> None:
        while True:
            self._turned += 1
            await asyncio.sleep(self._late / 4)

    def _watch(self, thread: int) -> None:
        """It counts its own looks: a machine that slept, or a process that stopped, is not."""
        every = self._late / 4
        turned, looks = self._turned, 0
        told_at, left_out = -QUIET, 0
        while not self._over.wait(every):
            if turned != self._turned:
                turned, looks = self._turned, 0
                continue
            looks += 1
            still = looks * every
            if still < self._late:
                continue
            self.worst = max(self.worst, still)
            if still > self._given_up:
                logger.critical("the loop stands still for %.0f s: %s", still, _where(thread))
                self._end()
                return
            if looks > math.ceil(self._late / every):
                continue  # the same one, that was told of
            self.count += 1
            if (now := time.monotonic()) - told_at < QUIET:
                left_out += 1
                continue
            more = f" ({left_out} more before)" if left_out else ""
            logger.warning("the loop is late by %.1f s%s: %s", still, more, _where(thread))
            told_at, left_out = now, 0


def _where(thread: int) -> str:
    """Where a thread is, as file:line function, the innermost call last."""
    frame: FrameType | None = sys._current_frames().get(thread)
    calls = traceback.extract_stack(frame)[-DEPTH:] if frame else []
    return " > ".join(
        f"{'/'.join(call.filename.split('/')[-2:])}:{call.lineno} {call.name}" for call in calls
    )


stalls = Stalls()  # of this process
