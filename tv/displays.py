"""What the store knows of displays: those that wait to be paired, and what each screen last said.

None of it is in the journal: a code is good for ten minutes, and what forty screens say every ten
seconds is of interest once.
"""

import secrets
import time
from collections.abc import Callable
from typing import cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tv.journal import StoreUnavailable

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # 31 signs that nobody takes for one another
LENGTH = 6
LASTS = 600.0  # seconds for which a code may be claimed
WAITING = 200  # displays that may wait at a time
SHARE = 100  # of them of one network, in a web process: a venue's 40 screens have one address
SILENT = 8.0  # seconds without a word after which one makes room for another; each asks every 2 s
NOTED = 1.5  # seconds for which it need not be noted again that a display asked


class Waiting(msgspec.Struct, frozen=True):
    """A display that shows a code; `secret` is known to it alone, `screen` what it has become.

    `until` is seconds by wall time.
    """

    secret: str
    until: float
    screen: str = ""


class Seen(msgspec.Struct, frozen=True):
    """What a screen last said, `at` by wall time: how it gets its picture, its size in pixels.

    `health`: "well", "mending" (its picture stands still), "card" (it shows the waiting card in its
    place), "asleep" (it is night). `heard`: "off", "on", or "refused" by its browser.
    """

    at: float
    showing: str = ""
    width: int = 0
    height: int = 0
    health: str = ""
    heard: str = ""


class TooManyWait(Exception):
    """Too many displays show a code, in all or in one network."""


_waiting = msgspec.json.Decoder(Waiting)
_seen = msgspec.json.Decoder(Seen)
_encode = msgspec.json.Encoder().encode


class Displays:
    """All of an event's, in the store. Each call raises StoreUnavailable. `now` is wall time."""

    def __init__(self, store: Redis, event: str, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._now = now
        self._codes = f"fabrique:{{{event}}}:displays"
        # When each last asked, beside the codes: noting it must not undo what claims one meanwhile.
        self._asked = f"fabrique:{{{event}}}:displays:asked"
        self._screens = f"fabrique:{{{event}}}:screens"
        self._networks: dict[str, str] = {}  # by code: in memory alone, as long as a code waits

    async def wait(self, network: str) -> tuple[str, Waiting]:
        """A code for a display that has none, and its secret. Raises TooManyWait.

        Codes that nobody asks for any more make room: a client that asks 7 times a second keeps 56
        at most, and leaves 44 to the displays of its own network.
        """
        waiting = await self._all()
        if self._full(waiting, network):
            waiting = await self._heard(waiting)
        if self._full(waiting, network):
            raise TooManyWait
        while (code := "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))) in waiting:
            pass
        made = Waiting(secrets.token_hex(16), self._now() + LASTS)
        await self.hear(code)
        await self._put(code, made)
        self._networks[code] = network
        return code, made

    def _full(self, waiting: dict[str, Waiting], network: str) -> bool:
        """True if there is no room for another display of the network."""
        self._networks = {code: of for code, of in self._networks.items() if code in waiting}
        theirs = [code for code, of in self._networks.items() if of == network]
        share = sum(not waiting[code].screen for code in theirs)
        return share >= SHARE or len(waiting) >= WAITING

    async def hear(self, code: str) -> None:
        """Note that the display with a code is still there."""
        code, now = _sign(code), self._now()
        try:
            last = await self._store.zscore(self._asked, code)
            if last is None or now - last > NOTED:
                await self._store.zadd(self._asked, {code: now})
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def find(self, code: str) -> Waiting | None:
        return (await self._all()).get(_sign(code))

    async def claim(self, code: str, waiting: Waiting, screen: str) -> None:
        """Tell the display that shows `code` what it is now."""
        await self._put(_sign(code), msgspec.structs.replace(waiting, screen=screen))

    async def see(self, screen: str, seen: Seen) -> None:
        try:
            await self._store.hset(self._screens, screen, _encode(seen))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def seen(self) -> dict[str, Seen]:
        """What every screen last said, also those that are none any more."""
        try:
            found = cast(dict[bytes, bytes], await self._store.hgetall(self._screens))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return {screen.decode(): _seen.decode(said) for screen, said in found.items()}

    async def lose(self, screen: str) -> None:
        """A screen is none any more."""
        try:
            await self._store.hdel(self._screens, screen)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def _all(self) -> dict[str, Waiting]:
        """Displays that wait, by code; those whose time is over are swept away."""
        try:
            found = cast(dict[bytes, bytes], await self._store.hgetall(self._codes))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        waiting = {code.decode(): _waiting.decode(said) for code, said in found.items()}
        over = [code for code, each in waiting.items() if each.until < self._now()]
        return await self._without(waiting, over)

    async def _heard(self, waiting: dict[str, Waiting]) -> dict[str, Waiting]:
        """Those that asked of late, or were claimed; the others are swept away."""
        try:
            found = await self._store.zrangebyscore(self._asked, self._now() - SILENT, "+inf")
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        heard = {code.decode() for code in cast(list[bytes], found)}
        silent = [code for code, each in waiting.items() if not each.screen and code not in heard]
        return await self._without(waiting, silent)

    async def _without(self, waiting: dict[str, Waiting], over: list[str]) -> dict[str, Waiting]:
        """Those that are left when some are swept away."""
        if over:
            try:
                await self._store.hdel(self._codes, *over)
                # What asked so long ago has no code any more.
                await self._store.zremrangebyscore(self._asked, "-inf", self._now() - LASTS)
            except (RedisError, OSError) as error:
                raise StoreUnavailable(str(error)) from error
        return {code: each for code, each in waiting.items() if code not in over}

    async def _put(self, code: str, waiting: Waiting) -> None:
        try:
            await self._store.hset(self._codes, code, _encode(waiting))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error


def _sign(code: str) -> str:
    """A code as we write it, however it was typed."""
    return code.strip().upper()
