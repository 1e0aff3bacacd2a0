"""The pull process: keeps one file or address published in its channel, come what may."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path

from streaming.errors import LinkLost, PublishRefused, SourceLost, UnsupportedMedia
from streaming.ingest import address, foreign, pull
from streaming.link import SourceFrame

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before another try
STEADY = 20.0  # seconds on air after which a loss is a first one again


async def run(link_path: Path, channel: str, slot: str, url: str, *, loop: bool = False) -> None:
    """Publish `url` in a channel's slot, again after every loss, until cancelled.

    A recording that is not to loop is played once: then there is nothing more to do.
    """
    pause, said, name = FIRST_PAUSE, "", address.name_of(url)
    clock = asyncio.get_running_loop()
    while True:
        started = clock.time()
        reading = _Reading(link_path, channel, slot, url, loop)
        try:
            await reading.publish()
        except (LinkLost, PublishRefused, SourceLost, UnsupportedMedia) as error:
            reason = str(error)
            if reason != said:  # the same trouble is told once
                logger.warning("%s: %s: %s", channel, name, error)
                said = reason
                unheard = not reading.published
                if unheard and isinstance(error, (SourceLost, UnsupportedMedia)):
                    try:
                        await foreign.excuse(link_path, channel, slot, "pull", reason)
                    except LinkLost:
                        said = ""  # media has not heard it
        else:
            logger.info("%s: %s was played to its end", channel, name)
            await asyncio.Event().wait()
        if clock.time() - started > STEADY:
            pause, said = FIRST_PAUSE, ""
        await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 -- not all at once
        pause = min(LONGEST_PAUSE, pause * 2)


class _Reading:
    """One reading of the address. What goes wrong once it is `published` is told to media then."""

    def __init__(self, link_path: Path, channel: str, slot: str, url: str, loop: bool) -> None:
        self.published = False
        self._place = link_path, channel, slot
        self._url = url
        self._loop = loop

    async def publish(self) -> None:
        name = address.name_of(self._url)
        async with pull.reading(self._url, loop=self._loop) as frames:
            # A dead address must not take the place: publish what has shown a frame.
            first = await anext(frames, None)
            if first is None:
                raise SourceLost(f"«\u00a0{name}\u00a0» ne contient rien.")
            logger.info("%s: %s is read", self._place[1], name)
            self.published = True
            await foreign.publish(*self._place, "pull", _chain(first, frames))


async def _chain(
    first: SourceFrame, others: AsyncIterator[SourceFrame]
) -> AsyncIterator[SourceFrame]:
    yield first
    async for frame in others:
        yield frame
