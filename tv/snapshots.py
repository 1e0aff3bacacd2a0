"""What was folded, kept in the store: a start reads that, and only the events since.

A snapshot is one list: a header, then its body, written in chunks that do not hold up the store. It
counts only for the code that made it: `engagement/` and `captions/` decide what events mean, so
that another version of them reads the whole journal, once. One that is damaged, or is of another
journal, does not count either, nor does one from before the last erasure: it knows what is to be
forgotten.
"""

import hashlib
import logging
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

import captions
import engagement
from engagement.changes import order

logger = logging.getLogger(__name__)

CHUNK = 512 * 1024  # bytes
LEVEL = 1  # of zlib: a fifth of the size, in little time


class Header(msgspec.Struct, frozen=True):
    """What stands before the body."""

    code: bytes
    position: str  # up to where it was folded
    digest: bytes  # of the body as it is kept


class Snapshots:
    """The newest snapshot of the event whose keys begin with `prefix`."""

    def __init__(self, store: Redis, prefix: str) -> None:
        self._store: Any = store  # redis-py types the replies of all its clients at once
        self._key = f"{prefix}:snapshot"
        self._journal = f"{prefix}:journal"
        self._compacted = f"{prefix}:compacted"  # see tv/compaction.py

    async def load(self) -> bytes | None:
        """The newest one; None when there is none that counts, or the store does not answer."""
        try:
            parts = await self._store.lrange(self._key, 0, -1)
            if not parts:
                return None
            header, packed = msgspec.msgpack.decode(parts[0], type=Header), b"".join(parts[1:])
            if header.code != code():
                logger.info("the snapshot is of another version: the whole journal is read")
                return None
            compacted = (await self._store.get(self._compacted) or b"").decode()
            if order(header.position) < order(compacted):
                return None
            if not await self._store.xrange(self._journal, header.position, header.position):
                logger.warning("the snapshot is of another journal: it does not count")
                return None
            if hashlib.sha256(packed).digest() != header.digest:
                logger.warning("the snapshot is damaged: it does not count")
                return None
            return zlib.decompress(packed)
        except (RedisError, OSError, ValueError, zlib.error) as error:
            logger.warning("no snapshot (%s): the whole journal is read", error)
            return None

    async def keep(self, position: str, body: bytes) -> None:
        """Put another in the place of the one before. Raises RedisError, OSError."""
        packed = zlib.compress(body, LEVEL)
        chunks = [packed[start : start + CHUNK] for start in range(0, len(packed), CHUNK)]
        header = Header(code(), position, hashlib.sha256(packed).digest())
        new = f"{self._key}:new"
        await self._store.delete(new)
        for part in (msgspec.msgpack.encode(header), *chunks):
            await self._store.rpush(new, part)
        await self._store.rename(new, self._key)

    async def forget(self) -> None:
        """Have none. Raises RedisError, OSError."""
        await self._store.delete(self._key)


@cache
def code() -> bytes:
    """What tells apart two versions of the code that folds."""
    digest = hashlib.sha256()
    for package in (engagement, captions):
        for folder in package.__path__:
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(file.read_bytes())
    return digest.digest()
