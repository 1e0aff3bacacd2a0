"""A network cable that can be pulled: what a page asks of the server by TCP goes through it.

While it is pulled nothing passes and nobody is told: connections stay, and what is new waits, as
where a switch fails between a screen and the server.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

CHUNK = 65_536  # bytes


class Cable:
    """A TCP proxy on 127.0.0.1 towards a port of this machine."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = asyncio.Event()
        self._whole.set()
        self._ends: set[asyncio.StreamWriter] = set()  # of what is connected, and of its other end
        self.port = 0

    def pull(self) -> None:
        self._whole.clear()

    def plug(self) -> None:
        self._whole.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection, both ways."""
        await self._whole.wait()
        try:
            there, onward = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:  # the server is away: as without us, the connection is refused
            writer.close()
            return
        ends = {writer, onward}
        self._ends.update(ends)
        try:
            await asyncio.gather(self._carry(reader, onward), self._carry(there, writer))
        finally:
            self._ends.difference_update(ends)

    async def end(self) -> None:
        """End all connections."""
        self.plug()
        while self._ends:
            for end in self._ends:
                end.close()
            await asyncio.sleep(0.05)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def cable(port: int) -> AsyncIterator[Cable]:
    """A cable to `port` until the end of the body; `cable.port` is its near end."""
    made = Cable(port)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.end()
