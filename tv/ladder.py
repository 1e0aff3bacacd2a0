"""The ladder process: encodes again what viewers cannot be shown as it is."""

import asyncio
import logging

from streaming import link
from streaming.errors import LinkLost
from streaming.transcoding.encoder import choose
from streaming.transcoding.jobs import serve
from tv.process import trimming
from tv.tasks import running

logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds before media is sought again


async def run(media: link.Place, jobs: int, encoder: str) -> None:
    """Be the ladder of the media process at `media`, until cancelled."""
    name = await asyncio.to_thread(choose, encoder)
    logger.info("encodes with %s, %d jobs at most", name, jobs)
    async with running(trimming()):
        await _serve_always(media, jobs, name)


async def _serve_always(media: link.Place, jobs: int, encoder: str) -> None:
    pause = FIRST_PAUSE
    while True:
        try:
            async with link.connected(media) as peer:
                pause = FIRST_PAUSE
                await serve(peer, jobs, encoder)
        except LinkLost as lost:
            logger.debug("media is away: %s", lost)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
