"""Tells targets how talks go. A duty of the clerk's.

What a target was told of each talk is in the store: it is told what differs from that, and the
newest state wins. So nothing is lost over a kill or an outage, here or there, and there is no queue
to grow. A target may hear the same twice, by the same `webhook-id`; it hears nothing of what was
before it was first named in the settings, and nothing of a rehearsal.
"""

import asyncio
import hashlib
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, NamedTuple

import msgspec
from redis.asyncio import Redis

from engagement.talks.events import TalkState
from engagement.talks.talk import Talk
from tv.follower import Follower
from tv.journal import heed_cancellation
from tv.schedule.shown import replay_of, seen_at
from tv.settings import Settings
from tv.webhooks.target import Target, signature

logger = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at the talks
PATIENCE = 10.0  # seconds for a target to answer
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds before one is tried again
KNOWN = "."  # the field that says that a target is known; no talk is called that

# What a state is called when it is told; what is planned is nobody else's business.
NAMES: Mapping[TalkState, str] = {
    "live": "talk.started",
    "ended": "talk.ended",
    "replay": "talk.published",
    "cancelled": "talk.cancelled",
}


class Refused(Exception):
    """A target that does not take what it is told: it may take what there is to say of others."""


class Away(Exception):
    """A target that does not answer."""


class Told(NamedTuple):
    """What a target was last told of a talk, and how often it was told of it."""

    mark: str = ""
    times: int = 0

    @classmethod
    def read(cls, kept: str) -> "Told":
        times, _, mark = kept.rpartition(" ")
        return cls(mark, int(times or 0))

    def __str__(self) -> str:
        return f"{self.times} {self.mark}"


class Telling:
    """One target, and what it was told. `look` and `pause`: as LOOK and FIRST_PAUSE."""

    def __init__(
        self,
        store: Redis,
        event: str,
        name: str,
        target: Target,
        base: str,
        follower: Follower,
        look: float = LOOK,
        pause: float = FIRST_PAUSE,
    ) -> None:
        self._store = store
        self._key = f"fabrique:{{{event}}}:webhooks:{name}"
        self._name = name
        self._target = target
        self._base = base
        self._audience = follower.audience
        self._pace = look
        self._first_pause = pause
        self._waits: dict[str, tuple[float, float]] = {}  # talk, or KNOWN -> until when, how long

    async def run(self) -> None:
        """Tell what there is to tell, until cancelled. Raises RedisError when the store is away."""
        told: dict[str, Told] = {}
        while True:
            heed_cancellation()
            if self._audience.happening.now.phase != "rehearsal":
                told = told or await self._known()
                await self._look(told)
            await asyncio.sleep(self._pace)

    async def _look(self, told: dict[str, Told]) -> None:
        for talk in tuple(self._audience.talks.by_id.values()):
            before = told.get(talk.id, Told())
            mark, counts = _mark(talk), _counts(talk)
            if before.mark == mark or (talk.id not in told and not counts):
                continue
            if counts and not await self._tell(talk, Told(mark, before.times + 1)):
                continue  # it may be another story by then
            told[talk.id] = Told(mark, before.times + counts)
            await self._store.hset(self._key, talk.id, str(told[talk.id]))

    async def _tell(self, talk: Talk, news: Told) -> bool:
        """Whether it took it; if not, it is left alone for a while, about this talk or at all."""
        if self._waiting(KNOWN) or self._waiting(talk.id):
            return False
        try:
            await asyncio.to_thread(self._send, talk, news)
        except (Refused, Away) as error:
            pause = self._put_off(KNOWN if isinstance(error, Away) else talk.id)
            logger.warning("webhooks: %s: %s, again in %.0f s", self._name, error, pause)
            return False
        self._waits.pop(KNOWN, None)
        self._waits.pop(talk.id, None)
        return True

    def _waiting(self, what: str) -> bool:
        return time.monotonic() < self._waits.get(what, (0.0, 0.0))[0]

    def _put_off(self, what: str) -> float:
        """For how many seconds: twice as many each time."""
        _, last = self._waits.get(what, (0.0, self._first_pause / 2))
        pause = min(LONGEST_PAUSE, last * 2)
        self._waits[what] = time.monotonic() + pause, pause
        return pause

    async def _known(self) -> dict[str, Told]:
        """What it was told before; of a new one, that is all there is now."""
        kept: Mapping[Any, Any] = await self._store.hgetall(self._key)
        if kept:
            return {talk.decode(): Told.read(told.decode()) for talk, told in kept.items()}
        talks = self._audience.talks.by_id.values()
        known = {talk.id: Told(_mark(talk)) for talk in talks} | {KNOWN: Told()}
        await self._store.hset(self._key, mapping={name: str(told) for name, told in known.items()})
        return known

    def _send(self, talk: Talk, news: Told) -> None:
        """In a thread. Raises Refused and Away."""
        body = msgspec.json.encode(_told(talk, self._base))
        message = "msg_" + hashlib.sha256(f"{talk.id} {news}".encode()).hexdigest()[:24]
        now = int(time.time())
        headers = {
            "content-type": "application/json",
            "user-agent": "fabrique-tv",
            "webhook-id": message,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._target.secret, message, now, body),
        }
        request = urllib.request.Request(self._target.url, body, headers)
        try:
            with _opener.open(request, timeout=PATIENCE) as answer:
                answer.read(1)
        except urllib.error.HTTPError as error:
            error.close()
            raise Refused(f"it answers {error.code}") from error
        except (OSError, ValueError, HTTPException) as error:
            raise Away(str(error) or type(error).__name__) from error
        logger.info("webhooks: %s was told %s", self._name, NAMES.get(_state(talk)))


def _counts(talk: Talk) -> bool:
    return talk.state in NAMES and not talk.removed


def _state(talk: Talk) -> TalkState:
    """What is told of it: a replay that must not be any more is none."""
    return "ended" if talk.state == "replay" and not talk.marks else talk.state


def _mark(talk: Talk) -> str:
    """What tells one state of a talk from the one before: it may be live twice."""
    return f"{_state(talk)}:{talk.resumed}:{talk.started_at or 0:.3f}"


def _told(talk: Talk, base: str) -> dict[str, object]:
    def date(at: float | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()

    def address(way: str) -> str | None:
        return f"{base}{way}" if way else None

    return {
        "type": NAMES[_state(talk)],
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {
            "talk": talk.id,
            "title": talk.title,
            "speakers": talk.speakers,
            "state": _state(talk),
            "channel": talk.channel,
            "started_at": date(talk.started_at),
            "ended_at": date(talk.ended_at),
            "watch": address(seen_at(talk) if talk.state == "live" else ""),
            "replay": address(replay_of(talk)),
        },
    }


class _Here(urllib.request.HTTPRedirectHandler):
    """A target is where the settings say, and nowhere else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


_opener = urllib.request.build_opener(_Here)


def webhook_duties(
    store: Redis, settings: Settings, follower: Follower, base: str
) -> dict[str, Callable[[], Awaitable[None]]]:
    """By name; the follower has folded all there is. `base` is where people reach us."""

    async def tell(name: str, target: Target) -> None:
        await Telling(store, settings.event.slug, name, target, base, follower).run()

    return {
        f"webhook {name}": partial(tell, name, target) for name, target in settings.webhooks.items()
    }
