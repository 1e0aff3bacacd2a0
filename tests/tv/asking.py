"""A plain HTTP client with one connection, for tests that ask thousands of times."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec


class Asker:
    """Somebody with a token, or without ("")."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address.split(":")
        self._common = "host: test\r\n" + (f"authorization: Bearer {token}\r\n" if token else "")
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[int, str]:
        """The status of the answer, and the code of the problem that it tells, or ""."""
        more = "".join(f"{name.replace('_', '-')}: {said}\r\n" for name, said in headers.items())
        length = f"content-length: {len(body)}\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\n{self._common}{more}{length}\r\n"
        reader, writer = await self._open()
        writer.write(head.encode() + body)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        told = {name.lower(): said for name, _, said in (line.partition(": ") for line in lines)}
        answer = await reader.readexactly(int(told.get("content-length", 0)))
        if told.get("connection", "").lower() in ("close", "upgrade"):
            await self.close()
        status, code = int(first.split()[1]), ""
        if told.get("content-type") == "application/problem+json":
            problem = msgspec.json.decode(answer, type=dict[str, object])
            code = str(problem["type"]).rpartition(":")[2]
        return status, code

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection; a new one where the server has closed it, as it does after a while."""
        if self._connection and self._connection[0].at_eof():
            await self.close()
        if self._connection is None:
            self._connection = await asyncio.open_connection(*self._address)
        return self._connection

    async def close(self) -> None:
        if self._connection:
            self._connection[1].close()
            await self._connection[1].wait_closed()
            self._connection = None


@asynccontextmanager
async def asking(address: str, token: str = "") -> AsyncIterator[Asker]:
    asker = Asker(address, token)
    try:
        yield asker
    finally:
        await asker.close()
