"""What Python frees only when it looks for it: objects that hold each other."""

import asyncio
import gc
import time
from collections.abc import Callable

from tv.process import trim_heap

# Objects made before Python looks by itself among the newest, the middle-aged, all. To look through
# all that is folded as often as it does takes a fifth of the time in a storm of votes, and stands
# still for 40 ms each time.
THRESHOLDS = (20_000, 20, 100)
EVERY = 60.0  # seconds at least from one look through all to the next
SHARE = 0.001  # of the time, that those looks may take


def pause(took: float) -> float:
    """Seconds from the end of a look that `took` so many to the next."""
    return max(EVERY, took / SHARE)


async def collecting(folded: asyncio.Event, pause: Callable[[float], float] = pause) -> None:
    """Look through all that came after what was `folded` first, again and again.

    A page's socket that ends leaves a hundred objects that hold each other: its protocol, its
    parser, its tasks and their errors. They are old by then: by its thresholds alone Python would
    come to them after hours. What is free of the heap then goes back to the system.
    """
    gc.set_threshold(*THRESHOLDS)
    await folded.wait()
    gc.freeze()
    try:
        while True:
            began = time.perf_counter()
            gc.collect()
            trim_heap()
            await asyncio.sleep(pause(time.perf_counter() - began))
    finally:
        gc.unfreeze()
