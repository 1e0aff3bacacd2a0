"""Tells targets how talks go. A duty of the clerk's.

What a target was told of each talk is in the store: it is told what differs from that, and the
newest state wins. So nothing is lost over a kill or an outage, here or there, and there is no queue
to grow. A target may hear the same twice, by the same `webhook-id`; it hears nothing of what was
before it was first named in the settings.
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
from typing import IO, Any, cast

import msgspec
from redis.asyncio import Redis

from engagement.talks.events import TalkState
from engagement.talks.talk import Talk
from tv.follower import Follower
from tv.journal import heed_cancellation
from tv.settings import Settings
from tv.webhooks.target import Target, signature

logger = logging.getLogger(__name__)

LOOK = 1.0  # seconds between two looks at the talks
PATIENCE = 10.0  # seconds for a target to answer
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds before it is tried again
KNOWN = "."  # the field that says that a target is known; no talk is called that

# What a state is called when it is told; what is planned is nobody else's business.
NAMES: Mapping[TalkState, str] = {
    "live": "talk.started",
    "ended": "talk.ended",
    "replay": "talk.published",
    "cancelled": "talk.cancelled",
}


class Refused(Exception):
    """A target that does not take what it is told."""


class Telling:
    """One target, and what it was told."""

    def __init__(
        self, store: Redis, event: str, name: str, target: Target, base: str, follower: Follower
    ) -> None:
        self._store = store
        self._key = f"fabrique:{{{event}}}:webhooks:{name}"
        self._name = name
        self._target = target
        self._base = base
        self._talks = follower.audience.talks

    async def run(self) -> None:
        """Tell what there is to tell, until cancelled. Raises RedisError when the store is away."""
        told = await self._known()
        pause = FIRST_PAUSE
        while True:
            heed_cancellation()
            for talk in tuple(self._talks.by_id.values()):
                mark = _mark(talk)
                if told.get(talk.id, "") == mark or (talk.id not in told and not _counts(talk)):
                    continue
                if _counts(talk):
                    try:
                        await asyncio.to_thread(self._send, talk, mark)
                    except Refused as error:
                        logger.warning(
                            "webhooks: %s: %s, again in %.0f s", self._name, error, pause
                        )
                        await asyncio.sleep(pause)
                        pause = min(LONGEST_PAUSE, pause * 2)
                        break  # it may be another story by then
                    pause = FIRST_PAUSE
                await self._store.hset(self._key, talk.id, mark)
                told[talk.id] = mark
            await asyncio.sleep(LOOK)

    async def _known(self) -> dict[str, str]:
        """What it was told before; of a new one, that is all there is now."""
        kept: Mapping[Any, Any] = await self._store.hgetall(self._key)
        if kept:
            return {talk.decode(): mark.decode() for talk, mark in kept.items()}
        told = {talk.id: _mark(talk) for talk in self._talks.by_id.values()} | {KNOWN: "1"}
        await self._store.hset(self._key, mapping=cast(Mapping[Any, Any], told))
        return told

    def _send(self, talk: Talk, mark: str) -> None:
        """In a thread. Raises Refused."""
        body = msgspec.json.encode(_told(talk, self._base))
        message = "msg_" + hashlib.sha256(f"{talk.id} {mark}".encode()).hexdigest()[:24]
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
            raise Refused(str(error) or type(error).__name__) from error
        logger.info("webhooks: %s was told %s", self._name, NAMES.get(talk.state, talk.state))


def _counts(talk: Talk) -> bool:
    return talk.state in NAMES and not talk.removed


def _mark(talk: Talk) -> str:
    """What tells one state of a talk from the one before: it may be live twice."""
    return f"{talk.state}:{talk.resumed}:{talk.started_at or 0:.3f}"


def _told(talk: Talk, base: str) -> dict[str, object]:
    def date(at: float | None) -> str | None:
        return None if at is None else datetime.fromtimestamp(at, UTC).isoformat()

    return {
        "type": NAMES[talk.state],
        "timestamp": datetime.now(UTC).isoformat(),
        "data": {
            "talk": talk.id,
            "title": talk.title,
            "speakers": talk.speakers,
            "state": talk.state,
            "channel": talk.channel,
            "started_at": date(talk.started_at),
            "ended_at": date(talk.ended_at),
            "watch": f"{base}/?canal={talk.channel}" if talk.state == "live" else None,
            "replay": f"{base}/revoir/{talk.id}" if talk.state == "replay" else None,
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
