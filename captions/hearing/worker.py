"""The thread that captions one channel: packets in, what was heard out, never a growing queue."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from captions.errors import SoundUnreadable
from captions.hearing.live import Captioner, Heard
from captions.hearing.pace import HOPELESS, Pace
from captions.hearing.sound import PacketDecoder

logger = logging.getLogger(__name__)

State = Literal["on", "late", "interrupted"]
PACKETS = 1000  # that may wait: a belt, HOPELESS comes first
SORRY = 5.0  # seconds for which a skip is shown
QUIET = 3.0  # seconds without packets after which captions count as interrupted


class Worker:
    """Decodes and captions in a thread of its own while the `with` body runs.

    `hear` is called in that thread. Whatever happens in it, the thread goes on with new sound.
    """

    def __init__(
        self,
        captioner: Captioner,
        hear: Callable[[Heard], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._captioner = captioner
        self._hear = hear
        self._monotonic = monotonic
        self._pace = Pace()
        self._decoder = PacketDecoder()
        self._inbox: deque[tuple[bytes, float]] = deque(maxlen=PACKETS)
        self._changed = threading.Condition()
        self._stopped = False
        self._arrived_at = self._skipped_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="captions", daemon=True)
        self.skipped = 0.0  # seconds of sound let go

    def __enter__(self) -> "Worker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def put(self, packet: bytes, time: float) -> None:
        """Hand over one Opus packet heard at `time`. Never waits."""
        with self._changed:
            self._inbox.append((packet, time))
            self._arrived_at = self._monotonic()
            self._changed.notify()

    @property
    def state(self) -> State:
        now = self._monotonic()
        if now - self._arrived_at > QUIET or now - self._skipped_at < SORRY:
            return "interrupted"
        return "late" if self._pace.late else "on"

    def _run(self) -> None:
        while not self._stopped:
            due = self._captioner.due(self._pace.effort)
            packets = self._take(timeout=0.0 if due else QUIET)
            try:
                self._caption(packets, due)
            except Exception:
                logger.exception("captions: a step failed, going on with new sound")
                self._skip(packets)

    def _take(self, timeout: float) -> list[tuple[bytes, float]]:
        with self._changed:
            self._changed.wait_for(lambda: self._inbox or self._stopped, timeout)
            packets = list(self._inbox)
            self._inbox.clear()
        return packets

    def _caption(self, packets: list[tuple[bytes, float]], due: bool) -> None:
        if not packets and not due:
            self._captioner.finish()  # the sound broke off: what is open settles
        if packets and packets[-1][1] - packets[0][1] > HOPELESS:
            self._skip(packets)
            packets = packets[-1:]
        for packet, at in packets:
            try:
                for sound in self._decoder.decode(packet, at):
                    self._captioner.feed(sound)
            except SoundUnreadable as error:
                logger.warning("captions: %s", error)
        effort = self._pace.effort
        if self._captioner.due(effort):
            began = self._monotonic()
            heard = self._captioner.step(effort)
            self._pace.observe(self._monotonic() - began)
            self._hear(heard)

    def _skip(self, packets: list[tuple[bytes, float]]) -> None:
        seconds = packets[-1][1] - packets[0][1] if packets else 0.0
        self.skipped += seconds
        self._skipped_at = self._monotonic()
        logger.warning("captions: %.1f s of sound skipped to be live again", seconds)
        self._captioner.drop()
        self._hear(Heard(ended=True))
