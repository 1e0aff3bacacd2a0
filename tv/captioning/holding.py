"""Gives a channel's captions back to the machine when the person who took them is gone."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from captions.wording.captioned import Hold
from captions.wording.events import CaptionsReleased
from tv.captioning.partial import PARTIALS, Partial
from tv.follower import Follower
from tv.journal import StoreUnavailable, heed_cancellation

logger = logging.getLogger(__name__)

PATIENCE = 15.0  # seconds without a word of whoever holds a channel: their page or line is gone
LOOK = 1.0  # seconds between two looks

_heard = msgspec.json.Decoder(Partial)


class Presence:
    """Who is gone of those who hold channels. `now` is of one monotonic clock."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._heard: dict[str, float] = {}  # channel -> when its captioner was heard of
        self._known: dict[str, str] = {}  # channel -> the hold that we know of

    def hear(self, channel: str, now: float) -> None:
        if channel in self._known:
            self._heard[channel] = now

    def excuse(self, now: float) -> None:
        """Nobody could be heard until `now`: all have all their time before them."""
        self._heard = dict.fromkeys(self._heard, now)

    def gone(self, holds: Iterable[Hold], now: float) -> list[Hold]:
        """Those of all `holds` that nobody keeps; a new one has all its time before it."""
        holds = list(holds)
        for hold in holds:
            if self._known.get(hold.channel) != hold.id:
                self._heard[hold.channel] = now
        self._known = {hold.channel: hold.id for hold in holds}
        return [hold for hold in holds if now - self._heard[hold.channel] > self._patience]


async def give_back(
    follower: Follower,
    store: Redis,
    channels: Collection[str],
    now: Callable[[], float],
    patience: float = PATIENCE,
) -> None:
    """Release `channels` whose captioner is gone, until cancelled; `now` is the broadcast clock."""
    presence = Presence(patience)

    async def look() -> None:
        while True:
            await asyncio.sleep(min(LOOK, patience / 4))
            try:
                await store.ping()
            except (RedisError, OSError):
                presence.excuse(time.monotonic())
                continue
            holds = [hold for hold in follower.captions.holds.values() if hold.channel in channels]
            for hold in presence.gone(holds, time.monotonic()):
                logger.info("captions of %s go back to the machine", hold.channel)
                act = CaptionsReleased(
                    id=f"gone-{hold.id}", at=now(), by="", channel=hold.channel, taken=hold.id
                )
                try:
                    await follower.write(act)
                except StoreUnavailable as error:
                    logger.warning("captions: the store takes no release (%s)", error)

    async def listen() -> None:
        while True:
            try:
                async with store.pubsub(ignore_subscribe_messages=True) as published:
                    await published.subscribe(PARTIALS)
                    while True:
                        heed_cancellation()
                        if message := await published.get_message(timeout=1.0):
                            said = _heard.decode(message["data"])
                            if said.source != "machine":
                                presence.hear(said.channel, time.monotonic())
            except (RedisError, OSError, ValueError) as error:
                logger.warning("captions: captioners are not heard (%s)", error)
                await asyncio.sleep(LOOK)

    async with asyncio.TaskGroup() as group:
        group.create_task(look())
        group.create_task(listen())
