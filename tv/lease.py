"""A lease in the store: one process at a time does what must be done once."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tv.journal import heed_cancellation
from tv.tasks import running

logger = logging.getLogger(__name__)

SECONDS = 10.0  # after which the lease of a process that is gone is free

# Only who holds it renews it, or gives it back.
RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
RETURN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Lease:
    """What the holder does may still reach the store when the lease is another's already, if it
    was held up on its way: let it be harmless when done twice, or checked against `token` there."""

    def __init__(self, store: Redis, key: str, seconds: float = SECONDS) -> None:
        self.key = key
        self.token = secrets.token_hex(8)
        self._store: Any = store  # redis-py types the replies of all its clients at once
        self._seconds = seconds

    async def hold(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` whenever the lease is ours, until cancelled; it ends when the lease is lost."""
        while True:
            heed_cancellation()
            until = time.monotonic() + self._seconds
            if not await self._take():
                await asyncio.sleep(self._seconds / 3)
                continue
            logger.info("the lease is ours")
            try:
                async with running(_endless(work)):
                    await self._keep(until)
                logger.warning("the lease is lost")
            finally:
                with suppress(RedisError, OSError):
                    await self._store.eval(RETURN, 1, self.key, self.token)

    async def once(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` to its end as soon as the lease is ours."""
        done = asyncio.Event()

        async def finish() -> None:
            await work()
            done.set()

        async with running(self.hold(finish)):
            await done.wait()

    async def _take(self) -> bool:
        try:
            milliseconds = round(self._seconds * 1000)
            return bool(await self._store.set(self.key, self.token, nx=True, px=milliseconds))
        except (RedisError, OSError):
            return False

    async def _keep(self, until: float) -> None:
        """Renew it; return once it is not ours any more."""
        while True:
            await asyncio.sleep(self._seconds / 3)
            heed_cancellation()
            asked = time.monotonic()
            if asked >= until:
                return
            try:
                async with asyncio.timeout(until - asked):
                    arguments = (self.token, round(self._seconds * 1000))
                    if not await self._store.eval(RENEW, 1, self.key, *arguments):
                        return
                until = asked + self._seconds
            except (RedisError, OSError, TimeoutError):
                continue


async def _endless(work: Callable[[], Awaitable[None]]) -> None:
    await work()
    await asyncio.Event().wait()
