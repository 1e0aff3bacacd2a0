"""The pull process: keeps one file or address published in its channel, come what may."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

from streaming.errors import LinkLost, PublishRefused, SourceLost, UnsupportedMedia
from streaming.ingest import foreign, pull
from streaming.link import SourceFrame

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before another try
STEADY = 20.0  # seconds on air after which a loss is a first one again


async def run(link_path: Path, channel: str, slot: str, url: str, *, loop: bool = False) -> None:
    """Publish `url` in a channel's slot, again after every loss, until cancelled.

    A recording that is not to loop is played once: then there is nothing more to do.
    """
    pause, said, name = FIRST_PAUSE, "", pull.name_of(url)
    clock = asyncio.get_running_loop()
    while True:
        started = clock.time()
        try:
            await _publish(link_path, channel, slot, url, loop)
        except (LinkLost, PublishRefused, SourceLost, UnsupportedMedia) as error:
            reason = str(error)
            if reason != said:  # the same trouble is told once
                logger.warning("%s: %s: %s", channel, name, error)
                said = reason
                if isinstance(error, (SourceLost, UnsupportedMedia)):
                    try:
                        await foreign.excuse(link_path, channel, slot, "pull", reason)
                    except LinkLost:
                        said = ""  # media has not heard it
        else:
            logger.info("%s: %s was played to its end", channel, name)
            await asyncio.Event().wait()
        if clock.time() - started > STEADY:
            pause, said = FIRST_PAUSE, ""
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)


async def _publish(link_path: Path, channel: str, slot: str, url: str, loop: bool) -> None:
    async with pull.reading(url, loop=loop) as frames:
        # A dead address must not take the place: publish what has shown a frame.
        first = await anext(frames, None)
        if first is None:
            raise SourceLost(f"«\u00a0{pull.name_of(url)}\u00a0» ne contient rien.")
        logger.info("%s: %s is read", channel, pull.name_of(url))
        await foreign.publish(link_path, channel, slot, "pull", _chain(first, frames))


async def _chain(
    first: SourceFrame, others: AsyncIterator[SourceFrame]
) -> AsyncIterator[SourceFrame]:
    yield first
    async for frame in others:
        yield frame
