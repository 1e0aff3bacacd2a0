"""What every process of ours does first: its name, its log, and how it ends with its supervisor."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from tv.stalls import stalls

PR_SET_PDEATHSIG = 1  # prctl(2)
M_ARENA_MAX = -8  # mallopt(3)


def tie_to_parent() -> None:
    """Have the kernel kill us when our parent dies (Linux); call between fork and exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def give_way(steps: int) -> None:
    """Be served after whoever has given way less: `steps` as of nice(2).

    Linux may share out the processor by sessions first (sched(7), autogroup), and each process of
    ours has its own: then nice alone tells nobody apart.
    """
    os.nice(steps)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(steps))


def go_first(score: int = 500) -> None:
    """Have the kernel end us before whoever has a lower score when memory runs out (proc(5))."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(score))


def share_one_heap() -> None:
    """Have all threads take their memory from one heap (glibc); call before there are others.

    Of many, each keeps what was freed in it: where now this thread decodes a picture and now that
    one, a process takes tens of megabytes more, in steps, for an hour. Nor is one heap slower.
    """
    with suppress(AttributeError):  # another C library has its own way
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def trim_heap() -> None:
    """Give back to the system what is free of the heap (glibc), wherever in it that lies.

    Of itself glibc gives back what is free at its end alone. Takes 10 ms where 60 MB are free, in
    which no other thread gets memory.
    """
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


async def trimming(every: float = 60.0) -> None:
    """Give it back again and again, where large pieces of many sizes come and go.

    What lies between them keeps more and more of their room from being given back, or used by
    others of another size.
    """
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(trim_heap)


def plain_environment() -> dict[str, str]:
    """For a process that meets strangers' bytes: no settings, and none of their secrets."""
    return {name: said for name, said in os.environ.items() if not name.startswith("FABRIQUE_")}


def start_logging(name: str, level: str = "INFO") -> None:
    logging.basicConfig(
        level=level,
        stream=sys.stderr,
        format=f"%(asctime)s {name:<8} %(levelname)-7s %(message)s",
        datefmt="%H:%M:%S",
    )
    # uvicorn tells the address of everyone who connects: that is nobody's business.
    for noisy in ("aioice", "aiortc", "libav", "httpx", "faster_whisper", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def run(
    name: str,
    work: Coroutine[Any, Any, None],
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Run a child process of the supervisor until SIGTERM, or until the supervisor is gone."""
    setproctitle(f"fabrique-tv {name}")
    share_one_heap()
    threading.Thread(target=_die_with_supervisor, name="lifeline", daemon=True).start()

    async def until_told() -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        with stalls.watching(loop):
            await work

    with suppress(asyncio.CancelledError), asyncio.Runner(loop_factory=loop) as runner:
        runner.run(until_told())


def _die_with_supervisor() -> None:
    """Standard input is a pipe that only the supervisor holds: its end is ours.

    What we keep is safe against a kill at any moment, so there is nothing to wait for.
    """
    while os.read(0, 1024):
        pass
    os._exit(1)
