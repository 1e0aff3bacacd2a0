"""QR codes of addresses, made in a thread and kept.

A code takes the processor 2 to 10 ms, and without `[server] public_url` anybody chooses the address
by the Host header. So the event loop never makes one, one is made at a time, and few may wait.
"""

import asyncio
from collections import OrderedDict

import segno

from tv.problems import Problem
from tv.tasks import in_thread

KEPT = 512  # codes, the last asked for
WAITING = 64  # requests that wait for a code: a venue has 40 screens; more are to come back


class QrCodes:
    """The codes of a process, as images' addresses (`data:`)."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def of(self, address: str) -> str:
        """The code of an address. Raises Problem (503) when too many wait for one."""
        if address in self._kept:
            self._kept.move_to_end(address)
            return self._kept[address]
        if self._waiting >= WAITING:
            raise Problem(
                503,
                "busy",
                "Trop de demandes",
                "Trop de codes QR sont demandés à la fois. Réessayez dans une seconde.",
                retry_after=1,
            )
        self._waiting += 1
        try:
            async with self._turn:
                if address not in self._kept:  # nobody has made it meanwhile
                    self._kept[address] = await in_thread(lambda: _code(address))
                    if len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
                return self._kept[address]
        finally:
            self._waiting -= 1


def _code(address: str) -> str:
    return str(segno.make(address, error="m").svg_data_uri(dark="#1d1205", border=2))
