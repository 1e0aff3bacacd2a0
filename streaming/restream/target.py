"""One target of a restream: sent to while it takes, tried again while it does not."""

import asyncio
import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from streaming.packet import Packet
from streaming.restream import TargetLost
from streaming.restream.address import Address
from streaming.restream.client import Patience, Publication, publishing
from streaming.restream.outbox import Outbox
from streaming.restream.tags import Tagger

logger = logging.getLogger(__name__)

REPORT = 1.0  # seconds between two words on how it goes
STEADY = 20.0  # seconds on air after which a loss is a first one again
PATIENCE = Patience()
TOO_SLOW = "La liaison est trop lente\u00a0: des images sont perdues."


@dataclass(frozen=True)
class Pauses:
    """Seconds before another try: longer each time, never the same for all targets at once."""

    first: float = 1.0
    longest: float = 60.0


class Progress(NamedTuple):
    """How a target does, for the régie."""

    state: Literal["connecting", "on", "waiting"]
    bitrate: float = 0.0  # bits per second
    dropped: int = 0  # pictures, since it was started
    detail: str = ""  # what went wrong, in French


class Target:
    """A restream to one address. `put` gives it what is on air; `run` sends it.

    `on_progress` is called when something changes, and once a second while it is on.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        trust: ssl.SSLContext,
        on_progress: Callable[[Progress], None],
        *,
        patience: Patience = PATIENCE,
        pauses: Pauses = Pauses(),
    ) -> None:
        self._name = name
        self._address = address
        self._trust = trust
        self._on_progress = on_progress
        self._patience, self._pauses = patience, pauses
        self._outbox: Outbox | None = None  # while the target takes
        self._dropped = 0  # pictures, by connections that are over

    def put(self, codec: str, packet: Packet) -> None:
        """Take a packet of what is on air. Nobody waits for the target."""
        if self._outbox is not None:
            self._outbox.put(codec, packet)

    async def run(self) -> None:
        """Keep sending, again after every loss, until cancelled."""
        pause, said = self._pauses.first, ""
        clock = asyncio.get_running_loop()
        while True:
            started = clock.time()
            self._say("connecting", detail=said)
            try:
                async with publishing(self._address, self._trust, self._patience) as publication:
                    logger.info("restream %s: on", self._name)
                    said = ""  # what ends it is told, though it be as the last time
                    await self._send(publication)
            except TargetLost as lost:
                if str(lost) != said:  # why it cannot begin is told once
                    said = str(lost)
                    logger.warning("restream %s: %s", self._name, said)
            finally:
                self._forget()
            self._say("waiting", detail=said)
            if clock.time() - started > STEADY:
                pause = self._pauses.first
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 -- jitter
            pause = min(self._pauses.longest, pause * 2)

    async def _send(self, publication: Publication) -> None:
        """Send until the target is lost. Raises TargetLost."""
        outbox = self._outbox = Outbox()
        work = (
            _pour(outbox, publication),
            publication.listen(),
            self._report(outbox, publication),
        )
        tasks = [asyncio.create_task(coroutine) for coroutine in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _report(self, outbox: Outbox, publication: Publication) -> None:
        clock = asyncio.get_running_loop()
        then, sent, dropped = clock.time(), publication.sent, outbox.dropped
        self._say("on")
        while True:
            await asyncio.sleep(REPORT)
            now = clock.time()
            bitrate = 8 * (publication.sent - sent) / (now - then)
            detail = TOO_SLOW if outbox.dropped > dropped else ""
            then, sent, dropped = now, publication.sent, outbox.dropped
            self._say("on", bitrate, detail)

    def _forget(self) -> None:
        if self._outbox is not None:
            self._dropped += self._outbox.dropped
            self._outbox = None

    def _say(
        self, state: Literal["connecting", "on", "waiting"], bitrate: float = 0.0, detail: str = ""
    ) -> None:
        dropped = self._dropped + (self._outbox.dropped if self._outbox else 0)
        self._on_progress(Progress(state, bitrate, dropped, detail))


async def _pour(outbox: Outbox, publication: Publication) -> None:
    tagger = Tagger(publication.stream)
    while True:
        await publication.send(tagger.write(*await outbox.next()))
