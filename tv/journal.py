"""The journal: one ordered, durable list of all that happens besides the media."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from engagement.changes import START
from tv.events import Event
from tv.tasks import running

logger = logging.getLogger(__name__)

PENDING = 20_000  # appends that may wait for the store; more are refused at once
BATCH = 2_000  # appends in one pipeline
BLOCK = 1_000  # milliseconds that a read waits for the next event

# redis-py types the replies of streams for all of its options at once.
_Entries = list[tuple[bytes, dict[bytes, bytes]]]
_Reply = list[tuple[bytes, _Entries]]

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


class StoreUnavailable(Exception):
    """The store does not answer: nothing was acknowledged. An event may have been written all the
    same, so that a retry must carry the same event id."""


class JournalReplaced(Exception):
    """The store no longer holds what was read from it: it was emptied, or is another one."""


def heed_cancellation() -> None:
    """Raise the cancellation that redis-py may have lost on its way.

    It waits by `asyncio.wait_for`, which in Python 3.11 forgets one that comes with the reply
    (https://github.com/python/cpython/issues/86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Journal:
    """One stream in the store. Use `opened`."""

    def __init__(self, store: Redis, key: str, limit: int = PENDING) -> None:
        self._store = store
        self._key = key
        self._limit = limit
        self._pending: list[tuple[bytes, asyncio.Future[str]]] = []
        self._wanted = asyncio.Event()

    async def append(self, event: Event) -> str:
        """Write `event`; return its position once it is on disk. Raises StoreUnavailable.

        What is appended while a write is under way goes into the next one, all at once. An append
        that is cancelled before its turn is not written.
        """
        if len(self._pending) >= self._limit:
            raise StoreUnavailable("too many writes wait for the store")
        written: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pending.append((_encoder.encode(event), written))
        self._wanted.set()
        return await written

    async def follow(self, after: str = START) -> AsyncIterator[tuple[str, Event | None]]:
        """Yield every event after a position, with its own, then each new one.

        A lost store is waited for: the next event follows the last one seen. In place of an event
        that this version cannot read there is None. Raises JournalReplaced.
        """
        pause = 0.1
        while True:
            heed_cancellation()
            try:
                async with self._store.pipeline(transaction=False) as pipeline:
                    pipeline.xread({self._key: after}, block=BLOCK, count=1000)
                    pipeline.xrange(self._key, after, after)
                    reply, seen_last = await pipeline.execute()
            except (RedisError, OSError) as error:
                logger.warning("journal: the store does not answer (%s)", error)
                await asyncio.sleep(pause)
                pause = min(2.0, pause * 2)
                continue
            pause = 0.1
            # Asked for after the read: what was read has the same past as what we know.
            if after != START and not seen_last:
                raise JournalReplaced(f"{after} is not there any more")
            for _, entries in cast(_Reply, reply):
                for raw, fields in entries:
                    after = raw.decode()
                    yield after, _read(after, fields)

    async def end(self) -> str:
        """The position of the newest event. Raises StoreUnavailable."""
        try:
            newest = await self._store.xrevrange(self._key, count=1)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return cast(_Entries, newest)[0][0].decode() if newest else START

    async def _write(self) -> None:
        while True:
            heed_cancellation()
            await self._wanted.wait()
            batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
            if not self._pending:
                self._wanted.clear()
            batch = [(body, written) for body, written in batch if not written.done()]
            if not batch:
                continue
            try:
                async with self._store.pipeline(transaction=False) as pipeline:
                    for body, _ in batch:
                        pipeline.xadd(self._key, {"e": body})
                    positions = await pipeline.execute(raise_on_error=False)
            except (RedisError, OSError) as error:
                positions = [error] * len(batch)
            for (_, written), position in zip(batch, positions, strict=True):
                if written.done():
                    continue
                if isinstance(position, bytes):
                    written.set_result(position.decode())
                else:
                    written.set_exception(StoreUnavailable(str(position)))


def _read(position: str, fields: dict[bytes, bytes]) -> Event | None:
    try:
        return _decoder.decode(fields[b"e"])
    except (msgspec.DecodeError, KeyError) as error:
        # A newer version's event: better a hole than a server that stops.
        logger.error("journal: %s cannot be read (%s)", position, error)
        return None


@asynccontextmanager
async def opened(store: Redis, event: str) -> AsyncIterator[Journal]:
    """The journal of `event` (a slug), writing while the body runs.

    Its key holds the slug as a hash tag, so that all of an event's keys share a Cluster node.
    """
    journal = Journal(store, f"fabrique:{{{event}}}:journal")
    async with running(journal._write()):
        yield journal
