"""Owning background work: who started it, how it ends, what a failure means."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


@asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` beside the `async with` body; stop it when the body ends.

    If any of it fails, the body is cancelled and the failure is raised.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


async def keep_running(name: str, work: Callable[[], Awaitable[None]], pause: float = 2.0) -> None:
    """Run `work`; when it fails or ends, log why and start it again after `pause` seconds.

    For parts that a broadcast can go on without: captions may stumble, the picture stays on air.
    """
    while True:
        try:
            await work()
            logger.info("%s ended, starting it again in %.1f s", name, pause)
        except Exception:
            logger.exception("%s failed, starting it again in %.1f s", name, pause)
        await asyncio.sleep(pause)


async def in_thread(work: Callable[[], T]) -> T:
    """Wait for `work` in a thread, to its end even when cancelled: a file has one writer."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.gather(thread, return_exceptions=True)
        raise
