"""Writes through the API: an event into the journal, and the fold's decision as the answer.

True of every write: the answer comes once the act is on disk and folded, and says what it made or
changed, with its `version` as ETag. `Idempotency-Key` (200 characters at most; of one participant,
method and address) makes a retry the same act: it gets the first answer again, or 422 `key-reused`
for another body. `If-Match` (4,000 characters at most) names versions of what is acted on: 412
`changed-meanwhile` when it has another one by the time the act is folded, with `current`. 409 says
what stands in the way, with `current`. 429 is for acts that come too fast (`too-fast`, `too-many`)
and for full queues: `newcomer-quota-exceeded` of devices that joined less than five minutes ago,
`unverified-quota-exceeded` of those that have shown no code, `capacity-reached` of anybody. It has
Retry-After, as has 503 (`store-unavailable`: it may have been written all the same, so try again
with the same key): the same key is judged anew then. 403 `foreign-origin` is for a browser's write
from another site's page, 403 `other-talk` for a pass for one talk where all are concerned. Refusals
are RFC 9457 problems (tv/problems.py).
"""

import asyncio
import hashlib
import math
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engagement.alerts import ALERTS, Alert, AlertRaised
from engagement.audience import AnyEvent, key
from engagement.fold import Accepted, Item, Reason, Refused
from engagement.ideas.events import IdeaCarried, IdeaMade
from engagement.ideas.idea import Idea
from engagement.questions import Question, QuestionAsked, Reading
from engagement.syntheses.events import CommentWritten
from engagement.syntheses.synthesis import Comment, Synthesis
from engagement.talks import Talk, Talks
from engagement.wall.post import Post, PostWritten
from tv import items
from tv.auth import CREW, Identity, identity
from tv.follower import WRITE_WITHIN, Follower
from tv.journal import StoreUnavailable
from tv.labs import ideas
from tv.limits import Bucket, Kind, Limits, TooFast
from tv.problems import Problem
from tv.refusals import NBSP, REFUSALS
from tv.upstream import Upstream
from tv.views import sees_all
from tv.writes import Told

KEY_LIMIT = 200  # characters of an Idempotency-Key
MATCH_LIMIT = 4_000  # characters of an If-Match: the versions of as many laboratories as may be

# Events that fill a bounded queue.
TEXTS = (QuestionAsked, PostWritten, IdeaMade, IdeaCarried, CommentWritten, AlertRaised)


class Writer:
    """Appends what people do, on their behalf."""

    def __init__(self, follower: Follower, upstream: Upstream, limits: Limits) -> None:
        self._follower = follower
        self._upstream = upstream
        self._limits = limits

    def act(self, request: Request, by: str, of: str = "") -> dict[str, Any]:
        """The fields of every event: its id, the time, who acts, from where, on which version.

        The versions are those of If-Match. `of`: whose act it is for a try again, where it is not
        theirs alone (a table's).
        """
        return {
            "id": event_id(request, of or by),
            "at": self._upstream.now(),
            "by": by,
            "expects": expected_versions(request),
            "origin": identity(request).origin,
        }

    async def write(self, event: AnyEvent, who: Identity) -> Item:
        """Append `event`; return what it made or changed. Raises Problem, StoreUnavailable.

        What the audience does is counted before it is written (tv/limits.py).
        """
        try:
            outcome = await self._follower.write(event, self._within_of(event, who))
        except TooFast as error:
            raise too_fast(error) from error
        if isinstance(outcome, Accepted):
            return outcome.item
        raise refusal(outcome, who)

    async def remove(self, item: Item, event: AnyEvent, who: Identity) -> None:
        """Have an item removed by `event`. A second try is no error. Raises as `write`."""
        if not item.gone:
            try:
                await self.write(event, who)
            except Problem as problem:
                if problem.status != 404:  # else another try came first
                    raise

    async def has_acted(self, participant: str) -> bool:
        """True if the journal has any event by the participant. Raises StoreUnavailable."""
        try:
            async with asyncio.timeout(WRITE_WITHIN):
                await self._follower.caught_up()
        except TimeoutError as error:
            raise StoreUnavailable("the journal is not folded yet") from error
        return self._follower.audience.has_acted(participant)

    def submit(
        self,
        event: AnyEvent | None,
        who: Identity,
        talk: str,
        then: Callable[[Item | Exception | None], object],
    ) -> None:
        """The same for who does not wait: `then` is told what it made or changed, or what went
        wrong. Without an event it is only counted, in a talk. Raises StoreUnavailable."""

        def tell(outcome: Told) -> None:
            match outcome:
                case Accepted(item=item):
                    then(item)
                case Refused():
                    then(refusal(outcome, who))
                case TooFast():
                    then(too_fast(outcome))
                case Exception() | None:
                    then(outcome)

        within = self._within(who, talk) if event is None else self._within_of(event, who)
        self._follower.submit(event, within, tell)

    async def count(self, who: Identity, talk: str = "", kind: Kind = "tap") -> None:
        """Count one act that is no event of its own. Raises Problem, StoreUnavailable."""
        try:
            await self._follower.count(self._within(who, talk, kind))
        except TooFast as error:
            raise too_fast(error) from error

    def _within_of(self, event: AnyEvent, who: Identity) -> Sequence[Bucket]:
        return self._within(
            who, self._talk_of(event), "text" if isinstance(event, TEXTS) else "tap"
        )

    def _within(self, who: Identity, talk: str, kind: Kind = "tap") -> Sequence[Bucket]:
        if who.role in CREW:
            return ()
        return self._limits.of(who.by, talk, who.origin, self._upstream.now(), kind)

    def _talk_of(self, event: AnyEvent) -> str:
        if talk := getattr(event, "talk", ""):
            return str(talk)
        audience = self._follower.audience
        about = audience.polls.by_id.get(getattr(event, "poll", ""))
        item = about or audience.questions.by_id.get(getattr(event, "question", ""))
        return item.talk if item else ""


def event_id(request: Request, by: str) -> str:
    """A new event's id; the same for all tries of a request that has an Idempotency-Key."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not key:
        return secrets.token_hex(10)
    if len(key) > KEY_LIMIT:
        raise Problem(
            422,
            "key-too-long",
            "Clé trop longue",
            f"Idempotency-Key{NBSP}: {KEY_LIMIT} caractères au plus.",
        )
    named = f"{by}\n{request.method}\n{request.scope['path']}\n{key}"
    return hashlib.sha256(named.encode()).hexdigest()[:20]


def expected_versions(request: Request) -> tuple[str, ...]:
    """The versions that `If-Match` names; none when any will do."""
    named = request.headers.get("if-match")
    if named is None:
        return ()
    if len(named) > MATCH_LIMIT:  # what is cut off would leave the last laboratories behind
        raise Problem(
            422,
            "too-many-versions",
            "Trop de versions",
            f"If-Match{NBSP}: {MATCH_LIMIT} caractères au plus.",
        )
    versions = tuple(version.strip().strip('"') for version in named.split(","))
    return () if "*" in versions else versions


def too_fast(error: TooFast) -> Problem:
    """Say when the same would be let through."""
    if error.newcomers:
        status, title, detail = REFUSALS[Reason.NEWCOMER_QUOTA]
        return Problem(status, Reason.NEWCOMER_QUOTA.value, title, detail, retry_after=error.wait)
    detail = "Vos envois se suivent de trop près. Réessayez dans un instant."
    if error.shared:
        detail = "Tout le monde écrit en même temps. Réessayez dans un instant."
    return Problem(429, "too-fast", "Trop vite", detail, retry_after=error.wait)


def refusal(outcome: Refused, who: Identity) -> Problem:
    """Say why an act had no effect, with what stands in its way if they may see that."""
    status, title, detail = REFUSALS[outcome.reason]
    current = outcome.current
    extra: dict[str, Any] = {}
    ended = isinstance(current, Reading) and current.gone  # nobody reads it any more
    others = isinstance(current, Alert) and not sees_all(who, ALERTS)  # what all told, not they
    if current is not None and not (ended or others):
        crew = who.crew(getattr(current, "talk", current.id))
        mine = _theirs(current, who)
        if not (mine or items.seen(current, crew)):
            return absent(key(current).partition(":")[0])
        extra["current"] = items.item(current, crew or mine)
    if outcome.wait:
        extra["retry_after"] = round(outcome.wait, 1)
    if outcome.reason is Reason.SLOW_MODE:
        wait = math.ceil(outcome.wait)
        detail = f"Mode lent{NBSP}: votre prochaine question pourra partir dans {wait}{NBSP}s."
    return Problem(status, outcome.reason.value, title, detail, **extra)


def _theirs(current: Item, who: Identity) -> bool:
    """Whether they see all of it because they wrote it, or lead its table."""
    match current:
        case Question(by=by) | Post(by=by) | Comment(by=by):
            return by == who.by
        case Idea():
            return ideas.sees_all(current, who)
        case Synthesis(table=table):
            return who.hosts(table)
    return False


def absent(what: str) -> Problem:
    """The answer for a "talk", "question", "post" … that does not exist for who asks."""
    reason = Reason(f"unknown-{what}")
    status, title, detail = REFUSALS[reason]
    return Problem(status, reason.value, title, detail)


def unknown_act() -> Problem:
    """The answer for a verb that nothing answers to."""
    return Problem(404, "unknown-act", "Introuvable", "Cette action n’existe pas.")


def talk_of(request: Request, talks: Talks) -> Talk:
    """The talk that an address names. Raises Problem."""
    talk = talks.find(request.path_params["talk"])
    if talk is None:
        raise absent("talk")
    return talk


def json(body: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; one with a version has it as its ETag."""
    sent = {"cache-control": "no-store"} | headers
    if isinstance(body, dict) and isinstance(body.get("version"), str):
        sent["etag"] = f'"{body["version"]}"'
    return Response(msgspec.json.encode(body), status, headers=sent, media_type="application/json")


def nothing() -> Response:
    """The answer when something is gone."""
    return Response(status_code=204, headers={"cache-control": "no-store"})


def attached(body: bytes | str, kind: str, name: str, cache: str = "no-store") -> Response:
    """A file to keep."""
    headers = {
        "cache-control": cache,
        "content-disposition": f'attachment; filename="{name}"',
    }
    return Response(body, headers=headers, media_type=kind)
