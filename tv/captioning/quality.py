"""How captions are written, as the processes that write them tell it: counts, kept in the store.

Each process says every few seconds how it does on each of its channels; what was not said again for
a while counts as unknown. Web processes read it when somebody asks.
"""

import logging
from typing import TypeVar

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

TELL = 5.0  # seconds between two words of a process
KNOWN = 30  # seconds after which what was said is forgotten


class First(msgspec.Struct, frozen=True):
    """What the live loop did on a channel `since` its process started, a time in UTC seconds."""

    since: float
    refused: dict[str, int] = {}  # transcripts not believed, by the reason
    dropped: int = 0  # cues that the store did not take in time
    paused: float = 0.0  # seconds of sound that went by unheard


class Second(msgspec.Struct, frozen=True):
    """What the second hearing did on a channel `since` its process started."""

    since: float
    heard: float = 0.0  # seconds
    waiting: float = 0.0  # seconds
    left: float = 0.0  # seconds that nobody had the time for
    cues: int = 0  # changed, or added
    words: int = 0  # exchanged, added or left out


Told = First | Second
T = TypeVar("T", First, Second)


class Board:
    """Where it is said and read: keys of the event's in the store."""

    def __init__(self, store: Redis, event: str) -> None:
        self._store = store
        self._prefix = f"fabrique:{{{event}}}:captions"

    async def tell(self, channel: str, told: Told) -> None:
        """Say it; a store that is away hears the next one."""
        key = self._key(channel, type(told))
        try:
            await self._store.set(key, msgspec.json.encode(told), ex=KNOWN)
        except (RedisError, OSError) as error:
            logger.debug("figures: the store does not answer (%s)", error)

    async def told(self, channel: str) -> tuple[First | None, Second | None]:
        """What was said of a channel last; None for what nobody said for a while."""
        keys = [self._key(channel, kind) for kind in (First, Second)]
        try:
            first, second = await self._store.mget(keys)
        except (RedisError, OSError) as error:
            logger.debug("figures: the store does not answer (%s)", error)
            return None, None
        return _read(first, First), _read(second, Second)

    def _key(self, channel: str, kind: type[First] | type[Second]) -> str:
        return f"{self._prefix}:{channel}:{kind.__name__.lower()}"


def _read(data: bytes | str | None, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(data, type=kind) if data else None
    except ValueError:  # msgspec's own, or a text's that is no UTF-8
        return None  # of another version
