"""Wait for what tells nobody that it happened, as another process or a disk: look again and again.

Between two looks the machine is left to whoever is waited for.
"""

import asyncio
import time
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, TypeVar

EVERY = 0.02  # seconds between two looks
PATIENCE = 30.0  # seconds: other tests share the machine

T = TypeVar("T")


def until(
    look: Callable[[], T], seconds: float = PATIENCE, told: Callable[[], object] = lambda: ""
) -> T:
    """Look until there is something to see, and return it; `told` is for the error if it is not."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {seconds} s: {told()}"
        time.sleep(EVERY)
    return seen


async def when(look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The same in a loop, which goes on before each look; `look` may have to be awaited."""
    async with asyncio.timeout(seconds):
        while True:
            await asyncio.sleep(EVERY)
            seen = look()
            if isawaitable(seen):
                seen = await seen
            if seen:
                return seen
