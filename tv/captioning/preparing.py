"""The captions process until it has its model: it loads, and pages are told why nothing comes."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from captions.errors import ModelUnavailable
from captions.hearing.live import Tuning
from captions.hearing.pace import LEVELS
from captions.hearing.whisper import Whisper
from captions.models import loading
from tv.captioning.partial import PARTIALS, Partial
from tv.follower import Follower
from tv.journal import heed_cancellation
from tv.tasks import running

logger = logging.getLogger(__name__)

HEARTBEAT = 1.0  # seconds
PAUSE = 30.0  # seconds before a model that does not load is tried again


class Preparation:
    """One attempt, told of by the thread that makes it."""

    def __init__(self, trouble: str) -> None:
        self.reason = trouble or "Le modèle de sous-titrage se prépare."
        self.over = False

    def progress(self, done: int, total: int) -> None:
        if self.over:
            raise ModelUnavailable("Nobody waits for it any more.")
        share = 100 * done // max(1, total)
        self.reason = f"Le modèle de sous-titrage se prépare\u00a0: {share} %."


async def prepared(
    model: str,
    cache: Path,
    channels: Sequence[str],
    store: Redis,
    follower: Follower,
    pause: float = PAUSE,
) -> Whisper:
    """The model, once it loads; what keeps it from that is told to pages, and tried again."""
    trouble = ""
    while True:
        attempt = Preparation(trouble)
        load = partial(loaded, model, cache, attempt.progress, len(channels))
        async with running(_explain(store, follower, channels, attempt)):
            try:
                return await asyncio.to_thread(load)
            except ModelUnavailable as error:
                if str(error) != trouble:  # the same trouble is told once
                    trouble = str(error)
                    logger.error("captions: %s", error)
            finally:
                attempt.over = True  # a download need not go on
            attempt.reason = trouble
            await asyncio.sleep(pause)


def loaded(model: str, cache: Path, progress: Callable[[int, int], None], channels: int) -> Whisper:
    """The model, with the memory that it will need. Raises ModelUnavailable."""
    whisper = loading.load(model, cache, progress, channels=channels)
    whisper.warm_up(Tuning().hardest, LEVELS[0].beam)
    return whisper


async def _explain(
    store: Redis, follower: Follower, channels: Sequence[str], attempt: Preparation
) -> None:
    """Tell pages why there are no captions, until cancelled; a person may write them."""
    while True:
        heed_cancellation()
        for channel in channels:
            if channel not in follower.captions.holds:
                told = Partial(channel, [], "interrupted", round(time.time(), 3), attempt.reason)
                try:
                    await store.publish(PARTIALS, msgspec.json.encode(told))
                except (RedisError, OSError) as error:
                    logger.debug("captions: the store does not answer (%s)", error)
        await asyncio.sleep(HEARTBEAT)
