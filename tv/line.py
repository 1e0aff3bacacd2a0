"""A connection of the store that one asker keeps, and replies as the store sent them.

A client's way from a call to a connection and back, and what it makes of the replies, takes longer
than the store's answer; whoever asks all the time, the journal, asks by this.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import hiredis
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import ResponseError

Command = tuple[str | bytes | int, ...]

_pack: Any = hiredis.pack_command  # whose type knows commands of one word alone


class Line:
    """Commands that are sent at once. For one asker at a time; use `held`."""

    def __init__(self, store: Redis) -> None:
        self._store: Any = store  # redis-py types the replies of all its clients at once
        self._connection: Any = None

    async def ask(self, *commands: Command) -> list[Any]:
        """The replies. Raises RedisError, OSError.

        What is sent on a connection that was lost meanwhile is sent again on a new one, once: what
        had been done by then is done twice.
        """
        if isinstance(self._store, RedisCluster):  # which has a connection for each of its nodes
            async with self._store.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                return list(await pipeline.execute())
        packed = [_pack(command) for command in commands]
        try:
            return await self._ask(packed)
        except NotConnected:
            return await self._ask(packed)

    async def _ask(self, packed: Sequence[bytes]) -> list[Any]:
        if self._connection is None or not self._connection.is_connected:
            await self.close()
            self._connection = await self._store.connection_pool.get_connection()
        await self._connection.send_packed_command(packed, check_health=False)
        replies: list[Any] = []
        wrong: ResponseError | None = None
        for _ in packed:  # all of them: the next that are asked for are others
            try:
                replies.append(await self._connection.read_response())
            except ResponseError as error:
                wrong = wrong or error
        if wrong is not None:
            raise wrong
        return replies

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await self._store.connection_pool.release(connection)


@asynccontextmanager
async def held(store: Redis) -> AsyncIterator[Line]:
    """A line to `store`."""
    if isinstance(store, RedisCluster):
        store.set_response_callback("XREAD", lambda reply, **_: reply)  # as other stores' lines
    line = Line(store)
    try:
        yield line
    finally:
        await line.close()
