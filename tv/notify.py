"""systemd hears when we are ready, that we live, and that we end (sd_notify(3)), where it asks."""

import asyncio
import os
import socket
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

LOOK = 0.5  # seconds between two looks at whether we are ready
LIVING = 10.0  # seconds between two words where no watchdog asks for more


def tell(state: str) -> None:
    """Send one word of sd_notify(3), such as "READY=1"; nothing where nobody listens."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.connect(f"\0{path[1:]}" if path.startswith("@") else path)
        listener.send(state.encode())


@asynccontextmanager
async def telling(address: str = "") -> AsyncIterator[None]:
    """Say what there is to say while the body runs: READY=1, then that we live.

    We are ready when the server at `address` says so; without one, at once. It is the supervisor
    that lives: each process under it has a watch of its own (`tv/stalls.py`), and a picture on air
    is not ended because a page is slow.
    """
    if not os.environ.get("NOTIFY_SOCKET"):
        yield
        return
    task = asyncio.create_task(_tell(address))
    try:
        yield
    finally:
        tell("STOPPING=1")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tell(address: str) -> None:
    every = int(os.environ.get("WATCHDOG_USEC", "0")) / 2e6 or LIVING
    while address and not await asyncio.to_thread(_answers, f"{address}/readyz"):
        tell("WATCHDOG=1")
        await asyncio.sleep(LOOK)
    tell("READY=1\nSTATUS=Prêt")
    while True:
        tell("WATCHDOG=1")
        await asyncio.sleep(every)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=LOOK):
            return True
    except (urllib.error.URLError, OSError):
        return False
