"""Films of talks: which are wanted, how far each is, and where they lie.

A film's name is a digest of all that goes into it: with other marks or another word in its captions
it is another film, and the old one is not shown any more. Orders are in the store, one list for all
web processes; `archive` takes them one after the other. What is finished is in the data folder,
whatever the store has forgotten.
"""

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec.structs import replace
from redis.asyncio import Redis
from redis.exceptions import RedisError

from engagement.talks import Talk
from tv.follower import Follower
from tv.journal import StoreUnavailable
from tv.recorded.chapters import Chapter, chapters

logger = logging.getLogger(__name__)

MOST = 8  # films that may wait
REMEMBERED = 3600  # seconds that the store knows of a film that failed, or that nobody makes
WAIT = 2.0  # seconds that `take` waits in the store
LEAD = 12.0  # seconds before a clip in which its keyframe is: segments are cut there at the latest

Kind = Literal["film", "clip"]


class Order(msgspec.Struct, frozen=True):
    """A film to be made of what was shown from `start` to `end`, on the broadcast clock.

    `key` is the same for all films of the same moment: captions that come while one is asked for
    are in it.
    """

    name: str
    key: str
    kind: Kind
    talk: str
    start: float
    end: float


class Progress(msgspec.Struct, frozen=True):
    """How far a film is that is not finished. `share` is of 1, `detail` in French."""

    state: Literal["waiting", "making", "failed"]
    share: float = 0.0
    detail: str = ""
    tries: int = 0


class QueueFull(Exception):
    """As many films wait as may."""


_order = msgspec.json.Decoder(Order)
_progress = msgspec.json.Decoder(Progress)
_encode = msgspec.json.Encoder().encode


def whole_film(talk: Talk, follower: Follower) -> Order | None:
    """The film of a talk as it is now; None while it cannot have one."""
    if talk.marks is None:
        return None
    return _ordered("film", talk, *talk.marks, follower)


def clip(talk: Talk, start: float, end: float, follower: Follower) -> Order | None:
    """A clip of a talk as it is now; None unless it lies between the marks."""
    if talk.marks is None or not (talk.marks[0] <= start < end <= talk.marks[1]):
        return None
    return _ordered("clip", talk, start, end, follower)


def span(order: Order, talk: Talk) -> tuple[float, float]:
    """From when to when a film may have pictures: a clip begins with the keyframe before it."""
    if order.kind == "film" or talk.marks is None:
        return order.start, order.end
    return max(talk.marks[0], order.start - LEAD), order.end


def chapters_of(talk: Talk, follower: Follower, start: float, end: float) -> list[Chapter]:
    return chapters(talk, follower.audience.in_talk(talk.id), start, end)


def stands(order: Order, talk: Talk | None, follower: Follower) -> bool:
    """Whether a film that was ordered is still what one would order now."""
    return talk is not None and current(order, talk, follower) == order


def current(order: Order, talk: Talk, follower: Follower) -> Order | None:
    """What one would order now of the same moment; None when that is not between the marks."""
    if talk.marks is None:
        return None
    if order.kind == "clip":
        return clip(talk, order.start, order.end, follower)
    return whole_film(talk, follower) if talk.marks == (order.start, order.end) else None


class Orders:
    """What is wanted, in the store. All raise StoreUnavailable."""

    def __init__(self, store: Redis, event: str, most: int = MOST) -> None:
        self._store: Any = store  # redis-py types the replies of all its clients at once
        self._waiting = f"fabrique:{{{event}}}:films"
        self._making = f"{self._waiting}:making"
        self._most = most

    async def ask(self, order: Order) -> Progress:
        """Have a film made, if it is not about to be already. Raises QueueFull."""
        known = await self.look(order.key)
        if known is not None and known.state != "failed":
            return known
        wanted, body, key = Progress("waiting"), _encode(order), self._key(order.key)
        try:
            async with self._store.pipeline() as both:
                both.set(key, _encode(wanted), ex=REMEMBERED).rpush(self._waiting, body)
                _, waiting = await both.execute()
            if waiting > self._most:
                async with self._store.pipeline() as both:
                    await both.lrem(self._waiting, -1, body).delete(key).execute()
                raise QueueFull
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return wanted

    async def look(self, key: str) -> Progress | None:
        """How far what was ordered is; None when nobody asked for it."""
        try:
            found = await self._store.get(self._key(key))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return None if found is None else _progress.decode(found)

    async def note(self, order: Order, progress: Progress) -> None:
        """Say how far it is."""
        try:
            await self._store.set(self._key(order.key), _encode(progress), ex=REMEMBERED)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def take(self) -> Order | None:
        """The next order, which is ours until `done`; None when there was none for a while."""
        try:
            body = await self._store.blmove(self._waiting, self._making, WAIT, "LEFT", "RIGHT")
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return None if body is None else _read(body)

    async def done(self, order: Order) -> None:
        """It is made, or will not be."""
        try:
            await self._store.lrem(self._making, 0, _encode(order))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def forget(self, order: Order) -> None:
        """Nobody needs to know how far it was."""
        try:
            await self._store.delete(self._key(order.key))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error

    async def interrupted(self) -> list[Order]:
        """What was being made when whoever made it died."""
        try:
            bodies = await self._store.lrange(self._making, 0, -1)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(str(error)) from error
        return [order for order in map(_read, bodies) if order is not None]

    def _key(self, key: str) -> str:
        return f"{self._waiting}:{key}"


class Shelf:
    """Finished films, in a folder: `{name}.mp4`, and `{name}.json` with its order.

    `archive` alone writes. All of it touches the disk: for threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.mp4"

    def size(self, name: str) -> int | None:
        """Bytes of a film that is finished."""
        try:
            return self.path(name).stat().st_size
        except OSError:
            return None

    def note(self, order: Order) -> None:
        """Keep what a film is of, before it is made. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f".{order.name}.json"
        draft.write_bytes(_encode(order))
        os.replace(draft, self.folder / f"{order.name}.json")

    def orders(self) -> list[Order]:
        """What all finished films are of, the oldest first."""
        found = []
        for path in self.folder.glob("*.json"):
            with suppress(OSError, msgspec.DecodeError):
                order = _order.decode(path.read_bytes())
                found.append((self.path(order.name).stat().st_mtime, order))
        return [order for _, order in sorted(found, key=lambda each: each[0])]

    def remove(self, order: Order) -> None:
        for path in (self.path(order.name), self.folder / f"{order.name}.json"):
            with suppress(OSError):
                path.unlink()

    def clean(self) -> None:
        """Remove what films that were never finished have left."""
        alone = (path for path in self.folder.glob("*.json") if self.size(path.stem) is None)
        for path in (*self.folder.glob(".*"), *alone):
            with suppress(OSError):
                path.unlink()


def too_many(sizes: list[int], most: int) -> int:
    """How many of the films, the oldest first, must go so that the others fit into `most` bytes.

    The newest stays all the same: somebody waits for it.
    """
    left, gone = sum(sizes), 0
    while left > most and gone < len(sizes) - 1:
        left -= sizes[gone]
        gone += 1
    return gone


def _read(body: bytes) -> Order | None:
    try:
        return _order.decode(body)
    except ValueError as error:  # msgspec's own, or a text's that is no UTF-8
        logger.warning("films: an order that cannot be read (%s)", error)
        return None


def _ordered(kind: Kind, talk: Talk, start: float, end: float, follower: Follower) -> Order:
    moment = _digest((talk.id, talk.channel, start, end))
    order = Order("", f"{kind}-{moment}", kind, talk.id, start, end)
    first, last = span(order, talk)
    content = (
        (moment, talk.title, talk.speakers),
        [(cue.id, cue.revision) for cue in follower.cues(talk.channel, first, last)],
        [(each.start, each.title) for each in chapters_of(talk, follower, first, last)],
    )
    return replace(order, name=f"{kind}-{_digest(content)}")


def _digest(content: object) -> str:
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:24]
