"""The journal: one ordered, durable list of all that happens besides the media."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from engagement.changes import START
from tv.events import Event
from tv.limits import SCRIPT, Bucket, TooFast, packed, told
from tv.line import Command, Line, held
from tv.snapshots import Snapshots
from tv.tasks import running

logger = logging.getLogger(__name__)

T = TypeVar("T")

PENDING = 20_000  # appends that may wait for the store; more are refused at once
BATCH = 1_000  # appends in one call of the script: the store does nothing else meanwhile
PAGE = 1_000  # events in one read
BLOCK = 1_000  # milliseconds that a read waits for the next event
REPLICATED = 3_000  # milliseconds that replicas have to write to their disks

# redis-py types the replies of streams for all of its options at once.
_Entries = list[tuple[bytes, dict[bytes, bytes]]]
_Reply = list[tuple[bytes, _Entries]]

encode = msgspec.msgpack.Encoder().encode  # an event, as the stream has it
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)

Read = tuple[str, Event | None]  # an event with its position; None where we cannot read it
Became = str | Exception  # an append's position once it is on disk, or what went wrong


class StoreUnavailable(Exception):
    """The store does not answer: nothing was acknowledged. An event may have been written all the
    same, so that a retry must carry the same event id."""


class JournalReplaced(Exception):
    """The store no longer holds what was read from it: it was emptied, or is another one."""


class Append:
    """One that waits for its turn. With `became` taken away before that, it is not written."""

    __slots__ = ("became", "body", "within")

    def __init__(
        self, body: bytes, within: Sequence[Bucket], became: Callable[[Became], object]
    ) -> None:
        self.body = body
        self.within = within
        self.became: Callable[[Became], object] | None = became


def settle(waiting: "asyncio.Future[T]", told: T) -> None:
    """Tell who waits, unless they were cancelled."""
    if not waiting.done():
        waiting.set_result(told)


def heed_cancellation() -> None:
    """Raise the cancellation that redis-py may have lost on its way.

    It waits by `asyncio.wait_for`, which in Python 3.11 forgets one that comes with the reply
    (https://github.com/python/cpython/issues/86296).
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


class Journal:
    """One stream in the store, and its newest snapshot. Use `opened`."""

    def __init__(
        self, store: Redis, key: str, limit: int = PENDING, replicas: int | None = None
    ) -> None:
        self.key = key
        self._compacted = f"{key.removesuffix(':journal')}:compacted"
        self.snapshots = Snapshots(store, key.removesuffix(":journal"))
        self._store: Any = store  # redis-py types the replies of all its clients at once
        self._limit = limit
        self._replicas = replicas
        self._pending: list[Append] = []
        self._wanted = asyncio.Event()

    async def append(self, event: Event | None, within: Sequence[Bucket] = ()) -> str:
        """Write `event`; return its position once it is on disk. None is only counted ("").

        Raises StoreUnavailable, and TooFast when one of the buckets does not let it through: then
        it is not written. What is appended while a write is under way goes into the next one, all
        at once. An append that is cancelled before its turn is not written.
        """
        written: asyncio.Future[Became] = asyncio.get_running_loop().create_future()
        append = self.submit(event, within, lambda told: settle(written, told))
        try:
            became = await written
        finally:
            append.became = None
        if isinstance(became, Exception):
            raise became
        return became

    def submit(
        self, event: Event | None, within: Sequence[Bucket], became: Callable[[Became], object]
    ) -> Append:
        """The same for who does not wait: `became` is called, and must not fail.

        Raises StoreUnavailable.
        """
        if len(self._pending) >= self._limit:
            raise StoreUnavailable("too many writes wait for the store")
        append = Append(encode(event) if event else b"", within, became)
        self._pending.append(append)
        self._wanted.set()
        return append

    async def pages(self, after: str = START) -> AsyncGenerator[list[Read]]:
        """Yield every event after a position, with its own, then each new one: all that came at
        once together.

        A lost store is waited for: the next event follows the last one seen. In place of an event
        that this version cannot read there is None. Raises JournalReplaced.
        """
        pause = 0.1
        async with held(self._store) as line:
            while True:
                heed_cancellation()
                try:
                    reply, seen_last = await line.ask(
                        ("XREAD", "COUNT", PAGE, "BLOCK", BLOCK, "STREAMS", self.key, after),
                        ("XRANGE", self.key, after, after),
                    )
                except (RedisError, OSError) as error:
                    logger.warning("journal: the store does not answer (%s)", error)
                    await asyncio.sleep(pause)
                    pause = min(2.0, pause * 2)
                    continue
                pause = 0.1
                # Asked for after the read: what was read has the same past as what we know.
                if after != START and not seen_last:
                    raise JournalReplaced(f"{after} is not there any more")
                if reply:
                    # By RESP3 the streams are a map, by RESP2 a list of pairs.
                    [(_, entries)] = reply.items() if isinstance(reply, dict) else reply
                    page = [(at := raw.decode(), read(at, field[1])) for raw, field in entries]
                    after = page[-1][0]
                    yield page

    async def end(self) -> str:
        """The position of the newest event. Raises StoreUnavailable."""
        try:
            newest = await self._store.xrevrange(self.key, count=1)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return cast(_Entries, newest)[0][0].decode() if newest else START

    async def compacted(self) -> str:
        """Up to which erasure the stream was written anew ("" for none): see tv/compaction.py.

        Raises StoreUnavailable.
        """
        try:
            return (await self._store.get(self._compacted) or b"").decode()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def _write(self) -> None:
        async with held(self._store) as line:
            while True:
                heed_cancellation()
                await self._wanted.wait()
                batch, self._pending = self._pending[:BATCH], self._pending[BATCH:]
                if not self._pending:
                    self._wanted.clear()
                if batch := [each for each in batch if each.became]:
                    await self._write_some(line, batch)

    async def _write_some(self, line: Line, batch: Sequence[Append]) -> None:
        outcomes: Sequence[Became]
        try:
            outcomes = await self._call(line, [(each.body, each.within) for each in batch])
        except (RedisError, OSError, StoreUnavailable) as error:
            outcomes = [StoreUnavailable(str(error))] * len(batch)
        for each, outcome in zip(batch, outcomes, strict=True):
            if each.became:
                each.became(outcome)

    async def _call(
        self, line: Line, acts: Sequence[tuple[bytes, Sequence[Bucket]]]
    ) -> list[str | TooFast]:
        """Count and write, in one call of the store; wait until replicas have it where asked to."""
        keys, arguments = packed(self.key, acts)
        call: Command = ("EVAL", SCRIPT, len(keys), *keys, *arguments)
        if self._replicas is None:
            [replies] = await line.ask(call)
        else:
            # On the same connection: it waits for what came before on that.
            replies, (here, there) = await line.ask(
                call, ("WAITAOF", 1, self._replicas, REPLICATED)
            )
            if not here or there < self._replicas:
                raise StoreUnavailable(f"on the disks of {here} master and {there} replicas only")
        return [told(reply, within) for reply, (_, within) in zip(replies, acts, strict=True)]


def read(position: str, body: bytes) -> Event | None:
    """The event that an entry of the stream holds; None for what this version cannot read."""
    try:
        return _decoder.decode(body)
    except ValueError as error:  # msgspec's own, or a text's that is no UTF-8
        # A newer version's event: better a hole than a server that stops.
        logger.error("journal: %s cannot be read (%s)", position, error)
        return None


@asynccontextmanager
async def opened(store: Redis, event: str, replicas: int | None = None) -> AsyncIterator[Journal]:
    """The journal of `event` (a slug), writing while the body runs.

    Its key holds the slug as a hash tag, so that all of an event's keys share a Cluster node. With
    `replicas`, a write is acknowledged once it is on the store's disk and on those of so many of
    its replicas (WAITAOF), which has what was acknowledged outlive the store's machine.
    """
    journal = Journal(store, f"fabrique:{{{event}}}:journal", replicas=replicas)
    async with running(journal._write()):
        yield journal
