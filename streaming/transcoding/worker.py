"""One job of the ladder in its thread: frames in from the loop, frames out to it."""

import asyncio
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from streaming.errors import StreamingError, UnsupportedMedia
from streaming.ingest import advice
from streaming.packet import Packet
from streaming.transcoding.encoder import NoEncoder
from streaming.transcoding.transcoder import Transcoder

logger = logging.getLogger(__name__)

T = TypeVar("T")

BEHIND = 2.0  # seconds that a frame may wait
STARTING = 5.0  # and until the first one is made: encoders take a moment to open
MOST = 1200  # frames that may wait: a burst after a stall comes at once
MOST_BYTES = 64 * 1024 * 1024
NICE = 10  # of a yielding job: after captions too


class Failed(StreamingError):
    """A job that is over; the message says why, in French."""

    def __init__(self, sentence: str, slow: bool = False) -> None:
        super().__init__(sentence)
        self.slow = slow


class Worker:
    """Runs a `Transcoder`, made by `make`, until `close`.

    `on_packets` and, once, `on_failed` are called in the loop. A frame that has waited too long
    ends it: whoever asked begins again, with less of a picture. If `yielding`, its threads wait for
    those of all other work: the encoder's own are begun by this one, and are as patient.
    """

    def __init__(
        self,
        make: Callable[[], Transcoder],
        on_packets: Callable[[list[Packet]], None],
        on_failed: Callable[[Failed], None],
        name: str = "",
        *,
        yielding: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._on_packets = on_packets
        self._on_failed = on_failed
        self._yielding = yielding
        self._monotonic = monotonic
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[float, Packet]] = deque()  # with when each came
        self._bytes = 0
        self._some = threading.Condition()
        self._open = True
        self._key_wanted = False
        self._patience = STARTING
        self._thread = threading.Thread(target=self._run, name=f"job {name}", daemon=True)
        self._thread.start()

    def put(self, packet: Packet) -> None:
        """Leave a frame for the thread."""
        now = self._monotonic()
        with self._some:
            if not self._open:
                return
            self._waiting.append((now, packet))
            self._bytes += len(packet.data)
            late = now - self._waiting[0][0] > self._patience
            if late or len(self._waiting) > MOST or self._bytes > MOST_BYTES:
                self._end(Failed(advice.TOO_SLOW, slow=True))
            self._some.notify()

    def want_key(self) -> None:
        """Let the next frame that is made be a keyframe."""
        self._key_wanted = True

    async def close(self) -> None:
        """End it, and wait for the thread."""
        with self._some:
            self._end(None)
            self._some.notify()
        await asyncio.to_thread(self._thread.join)

    def _end(self, failure: Failed | None) -> None:
        """Stop, holding the condition."""
        if self._open:
            self._open = False
            self._waiting.clear()
            if failure is not None:
                self._call(self._on_failed, failure)

    # In the thread.

    def _run(self) -> None:
        failure: Failed | None = None
        if self._yielding and sys.platform == "linux":  # elsewhere it is for whole processes
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        try:
            transcoder = self._make()
            while (packet := self._next()) is not None:
                if self._key_wanted:
                    self._key_wanted = False
                    transcoder.want_key()
                if made := transcoder.put(packet):
                    self._patience = BEHIND
                    self._call(self._on_packets, made)
        except (UnsupportedMedia, NoEncoder) as error:
            logger.warning("%s: %s", self._thread.name, error)
            failure = Failed(advice.UNDECODABLE)
        except Exception:
            logger.exception("%s failed", self._thread.name)  # a library's own errors end here
            failure = Failed(advice.UNDECODABLE)
        with self._some:
            self._end(failure)

    def _next(self) -> Packet | None:
        """Wait for a frame; None when the job is over."""
        with self._some:
            while self._open and not self._waiting:
                self._some.wait()
            if not self._open:
                return None
            _, packet = self._waiting.popleft()
            self._bytes -= len(packet.data)
            return packet

    def _call(self, function: Callable[[T], None], value: T) -> None:
        try:
            self._loop.call_soon_threadsafe(function, value)
        except RuntimeError:
            logger.debug("%s: the loop has ended first", self._thread.name)
