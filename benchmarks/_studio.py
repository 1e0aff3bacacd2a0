"""A studio that is left alone: its encoder starts again whenever it ends, as OBS does by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from benchmarks import _encoders
from benchmarks._encoders import Encoder, Run

RETRY = 1.0  # seconds from an encoder's end to the next try


class Studio:
    """One slot's publisher. `encoder` is what it starts next, unless it has gone."""

    def __init__(self, run: Run) -> None:
        self.encoder: Encoder = _encoders.COPY
        self.run = run
        self._process: asyncio.subprocess.Process | None = None
        self._here = asyncio.Event()

    def come(self, encoder: Encoder = _encoders.COPY) -> None:
        self.encoder = encoder
        self._here.set()

    def go(self) -> None:
        """Pull the plug, and stay away."""
        self._here.clear()
        self.signal(signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send it to all processes of the encoder, if there are any now."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def stay(self) -> None:
        """Publish until cancelled."""
        with (self.run.home / "encoder.log").open("ab") as log:
            while True:
                await self._here.wait()
                self._process = await asyncio.create_subprocess_exec(
                    *self.encoder.command(self.run),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=os.environ | self.encoder.environment(self.run),
                    process_group=0,
                )
                try:
                    await self._process.wait()
                finally:
                    self.signal(signal.SIGKILL)
                    await self._process.wait()
                    self._process = None
                await asyncio.sleep(RETRY)


@asynccontextmanager
async def staying(run: Run) -> AsyncIterator[Studio]:
    studio = Studio(run)
    task = asyncio.create_task(studio.stay())
    try:
        yield studio
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
