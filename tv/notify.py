"""systemd hears when we are ready, that we live, and that we end (sd_notify(3)), where it asks."""

import asyncio
import os
import socket
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
async def telling(server: tuple[str, int] | None = None) -> AsyncIterator[None]:
    """Say what there is to say while the body runs: READY=1, then that we live, then STOPPING=1.

    We are ready when the server that listens on this address and port says so; without one, at
    once. It is the supervisor that lives: each process under it has a watch of its own
    (`tv/stalls.py`), and a picture on air is not ended because a page is slow.
    """
    if not os.environ.get("NOTIFY_SOCKET"):
        yield
        return
    task = asyncio.create_task(_tell(server))
    try:
        yield
    finally:
        tell("STOPPING=1")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tell(server: tuple[str, int] | None) -> None:
    every = int(os.environ.get("WATCHDOG_USEC", "0")) / 2e6 or LIVING
    while server and not await _is_ready(*server[:2]):
        tell("WATCHDOG=1")
        await asyncio.sleep(LOOK)
    tell("READY=1\nSTATUS=Prêt")
    while True:
        tell("WATCHDOG=1")
        await asyncio.sleep(every)


async def _is_ready(host: str, port: int) -> bool:
    """Asked without a thread (an address needs no looking up): the supervisor has none, so that it
    may prepare its processes between fork and exec."""
    try:
        async with asyncio.timeout(LOOK):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, ValueError):  # a ValueError: a line that does not end
        return False
