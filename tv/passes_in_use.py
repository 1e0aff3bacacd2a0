"""The passes that people and devices use, kept in the store for those who run the show.

A pass is listed when it is made while the server runs, and else from its first use. One that has
ended goes from the list. At most `LIMIT` are kept: more, and those go that were not seen for
longest. The list decides nothing: what a pass may do, it says itself (`tv/passes.py`), and which
are taken back is in the data folder (`tv/revoking.py`).
"""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tv.journal import StoreUnavailable
from tv.passes import Pass

LIMIT = 2_000
NOTED = 60.0  # seconds for which it need not be noted again that a pass was used
FLUSH = 2.0  # seconds between two writes
REMEMBERED = 4_000  # passes of which this process knows when it noted them last

_pass = msgspec.json.Decoder(Pass)
_encode = msgspec.json.Encoder().encode


class Listed(msgspec.Struct, frozen=True):
    """A pass, and when it was last seen by wall time; 0.0: never."""

    held: Pass
    seen: float


class PassesInUse:
    """The passes in use of an event, in the store. `now` is wall time."""

    def __init__(self, store: Redis, event: str, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._passes = f"fabrique:{{{event}}}:passes"
        self._seen = f"fabrique:{{{event}}}:passes:seen"
        self._noted: dict[str, tuple[Pass | None, float]] = {}  # what was noted last, and when
        self._used: dict[str, tuple[Pass | None, float]] = {}  # what is not written yet

    def use(self, held: Pass) -> None:
        """Note that a pass was used; it is written soon."""
        self._note(held.id, held)

    def use_encoded(self, said: bytes) -> None:
        """The same of a machine's pass, as media tells it."""
        self.use(_pass.decode(said))

    def see(self, id: str) -> None:
        """Note that a page with this pass is still open."""
        self._note(id, None)

    async def run(self) -> None:
        """Write what was noted, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH)
            await self.flush()

    async def flush(self) -> None:
        """Write what was noted by now; what cannot be written waits. Raises StoreUnavailable."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            await self._write(used)
        except StoreUnavailable:
            self._used = used | self._used
            raise

    async def issue(self, held: Pass) -> None:
        """List a pass that nobody has used yet. Raises StoreUnavailable."""
        await self._write({held.id: (held, 0.0)})

    async def every(self) -> list[Listed]:
        """The passes that have not ended, the last seen first. Raises StoreUnavailable."""
        try:
            found = cast(dict[bytes, bytes], await self._store.hgetall(self._passes))
            scores: Any = await self._store.zrange(self._seen, 0, -1, withscores=True)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        seen: dict[bytes, float] = dict(scores)
        listed = [Listed(_pass.decode(said), seen.get(id, 0.0)) for id, said in found.items()]
        listed.sort(key=lambda each: (each.seen, each.held.issued), reverse=True)
        now = self._now()
        kept = [each for each in listed if each.held.expires > now][:LIMIT]
        ids = {each.held.id.encode() for each in kept}
        await self._remove((found.keys() | seen.keys()) - ids)
        return kept

    def _note(self, id: str, held: Pass | None) -> None:
        now = self._now()
        before, at = self._noted.get(id, (None, float("-inf")))
        if now - at < NOTED and held in (None, before):
            return
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[id] = held or before, now
        if len(self._used) < LIMIT:
            self._used[id] = held or before or self._used.get(id, (None, 0.0))[0], now

    async def _write(self, used: dict[str, tuple[Pass | None, float]]) -> None:
        passes: dict[Any, Any] = {id: _encode(held) for id, (held, _) in used.items() if held}
        seen = {id: at for id, (_, at) in used.items() if at}
        try:
            async with self._store.pipeline(transaction=True) as pipeline:
                if passes:
                    pipeline.hset(self._passes, mapping=passes)
                if seen:
                    pipeline.zadd(self._seen, seen)
                pipeline.hlen(self._passes)
                *_, count = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        if count > LIMIT:
            await self.every()

    async def _remove(self, ids: Collection[bytes]) -> None:
        if ids:
            try:
                await self._store.hdel(self._passes, *cast(Any, ids))
                await self._store.zrem(self._seen, *ids)
            except (RedisError, OSError) as error:
                raise StoreUnavailable(str(error)) from error
