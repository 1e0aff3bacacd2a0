"""The journal written anew, without those who are to be forgotten; all else keeps its place.

Every event keeps its position, so that whoever follows the journal notices nothing. The new stream
grows beside the old one, and takes its name in one step, with what was appended meanwhile.

Who was erased is noted as digests of their ids, in the store and in the data folder: a backup of
the store from before an erasure is told apart by what it lacks, and the erasure is done again.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from engagement.changes import order
from engagement.erasure import Forgetting
from engagement.fold import Event
from engagement.happening import ParticipantErased, digest_of
from tv.journal import encode, read
from tv.store import rewrite_log
from tv.tasks import in_thread

logger = logging.getLogger(__name__)

PAGE = 500  # events that are read, or copied, at a time
PARTICIPANT = "p_"  # how the id of a participant begins (tv/passes.py)
STAND_IN = "gone_"  # and what stands in the place of one who was erased

# What the old stream has behind the last event that was copied goes along, then the new one takes
# its place: for whoever holds the lease alone.
EXCHANGE = """
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
local rest = redis.call('XRANGE', KEYS[1], '(' .. ARGV[2], '+')
for _, entry in ipairs(rest) do redis.call('XADD', KEYS[2], entry[1], unpack(entry[2])) end
redis.call('RENAME', KEYS[2], KEYS[1])
redis.call('SET', KEYS[4], ARGV[3])
return 1
"""


class Gone(msgspec.Struct, frozen=True):
    """A line of the data folder's list: somebody was erased in an event (a slug)."""

    event: str
    digest: str
    stand_in: str


class Compaction:
    """Of one event's journal. All raise RedisError or OSError when the store is away."""

    def __init__(self, store: Redis, event: str, lease: tuple[str, str], noted: Path) -> None:
        """`lease` is its key and our token; `noted` is the list in the data folder."""
        self._store: Any = store  # redis-py types the replies of all its clients at once
        self._event = event
        self._key = f"fabrique:{{{event}}}:journal"
        self._erased = f"fabrique:{{{event}}}:erased"  # digest -> stand-in
        self._done = f"fabrique:{{{event}}}:compacted"  # see Journal.compacted
        self._lease = lease
        self._noted = noted

    async def run(self, erasure: str) -> bool:
        """Write the journal anew, after the erasure at that position; False if we may not."""
        erasures = [event async for event in self._erasures()]
        forgetting = Forgetting(erasures)
        if not forgetting:  # it was forgotten with one before it
            await self._store.set(self._done, erasure)
            return True
        await self._note(erasures)
        last = await self._copy(forgetting)
        key, token = self._lease
        keys = (self._key, f"{self._key}:new", key, self._done)
        if not await self._store.eval(EXCHANGE, len(keys), *keys, token, last, erasure):
            return False
        logger.info("the journal was written anew, without %d participants", len(erasures))
        await self._tidy_disk()
        return True

    async def lost(self) -> list[ParticipantErased]:
        """The erasures that a restored backup does not know of, to be done again."""
        noted: dict[str, list[str]] = {}  # who goes on after an erasure may be erased again
        for each in await self._noted_here():
            noted.setdefault(each.digest, []).append(each.stand_in)
        known = {name.decode(): by.decode() for name, by in await self._items()}
        unknown_here = {name: by for name, by in known.items() if by not in noted.get(name, ())}
        await self._note_here(unknown_here)
        missing = {
            name: stand_ins[-1]
            for name, stand_ins in noted.items()
            if name not in unknown_here and known.get(name) != stand_ins[-1]
        }
        if not missing:
            return []
        found: dict[str, str] = {}
        async for _, event in self.events():
            if isinstance(event, Event) and event.by not in found:
                stand_in = missing.get(digest_of(event.by))
                if stand_in is not None:
                    found[event.by] = stand_in
        absent = set(missing) - {digest_of(by) for by in found}
        for name in absent:
            await self._store.hset(self._erased, name, missing[name])
        return [erasure(by, stand_in) for by, stand_in in found.items()]

    async def silent_since(self, position: str) -> list[str]:
        """The participants whose last act was before a position."""
        last: dict[str, str] = {}
        async for at, event in self.events():
            if isinstance(event, Event) and event.by.startswith(PARTICIPANT):
                last[event.by] = at
        limit = order(position)
        return [by for by, at in last.items() if order(at) < limit]

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        """Every event that there is, with its position; None for one that cannot be read."""
        async for entries in self._pages():
            for position, fields in entries:
                yield position, read(position, fields.get(b"e", b""))

    async def _erasures(self) -> AsyncIterator[ParticipantErased]:
        named = ParticipantErased.__name__.encode()
        async for entries in self._pages():
            for position, fields in entries:
                if named in fields.get(b"e", b""):
                    event = read(position, fields.get(b"e", b""))
                    if isinstance(event, ParticipantErased):
                        yield event

    async def _copy(self, forgetting: Forgetting) -> str:
        """Copy all that there is now; return the last position."""
        new, last = f"{self._key}:new", "0-0"
        await self._store.delete(new)
        async for entries in self._pages():
            async with self._store.pipeline(transaction=False) as pipeline:
                for position, fields in entries:
                    event = read(position, fields.get(b"e", b""))
                    if isinstance(event, Event):
                        kept = forgetting.read(event)
                        fields = fields if kept == event else {b"e": encode(kept)}
                    pipeline.xadd(new, fields, id=position)
                    last = position
                await pipeline.execute()
        return last

    async def _pages(self) -> AsyncIterator[list[tuple[str, dict[bytes, bytes]]]]:
        after = "-"
        while entries := await self._store.xrange(self._key, min=after, count=PAGE):
            yield [(position.decode(), fields) for position, fields in entries]
            after = f"({entries[-1][0].decode()}"
            await asyncio.sleep(0)  # others have their turn

    async def _tidy_disk(self) -> None:
        """Have the store's own log written anew too: it still holds what was there before."""
        try:
            await rewrite_log(self._store)
        except (RedisError, OSError) as error:
            logger.warning("the store does not rewrite its log (%s): do it there", error)

    async def _note(self, erasures: Iterable[ParticipantErased]) -> None:
        gone = {
            digest_of(each.participant): each.stand_in
            for each in erasures
            if each.participant != each.stand_in
        }
        await self._note_here(gone)
        for name, stand_in in gone.items():
            await self._store.hset(self._erased, name, stand_in)

    async def _items(self) -> Iterable[tuple[bytes, bytes]]:
        found: dict[bytes, bytes] = await self._store.hgetall(self._erased)
        return found.items()

    async def _noted_here(self) -> list[Gone]:
        def read_lines() -> list[bytes]:
            try:
                return self._noted.read_bytes().splitlines()
            except FileNotFoundError:
                return []

        noted: list[Gone] = []
        for line in filter(None, await in_thread(read_lines)):
            try:
                noted.append(msgspec.json.decode(line, type=Gone))
            except ValueError:  # half of it, of a full disk: all of it was written later
                logger.warning("a line of %s cannot be read", self._noted)
        return [gone for gone in noted if gone.event == self._event]

    async def _note_here(self, gone: dict[str, str]) -> None:
        if not gone:
            return
        lines = [msgspec.json.encode(Gone(self._event, *each)) for each in gone.items()]

        def write() -> None:
            with self._noted.open("ab") as file:
                file.write(b"\n".join((b"", *lines, b"")))  # the one before may be cut off
                file.flush()
                os.fsync(file.fileno())

        await in_thread(write)


def new_stand_in() -> str:
    return STAND_IN + secrets.token_hex(8)


def erasure(participant: str, stand_in: str, at: float = 0.0) -> ParticipantErased:
    """The event by which a participant is forgotten."""
    return ParticipantErased(
        id=f"erased-{stand_in}",
        at=at,
        by="clerk",
        participant=participant,
        stand_in=stand_in,
        digest=digest_of(participant),
    )
