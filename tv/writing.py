"""Writes through the API: an event into the journal, and the fold's decision as the answer.

True of every write: the answer comes once the act is on disk and folded, and says what it made or
changed, with its `version` as ETag. `Idempotency-Key` (200 characters at most; of one participant,
method and address) makes a retry the same act: it gets the first answer again, or 422 `key-reused`
for another body. `If-Match` names versions of what is acted on: 412 `changed-meanwhile` when it has
another one by the time the act is folded, with `current`. 409 says what stands in the way, with
`current`. 429 (`too-fast`, `too-many`) and 503 (`store-unavailable`: it may have been written all
the same, so try again with the same key) have Retry-After. 403 `foreign-origin` is for a browser's
write from another site's page. Refusals are RFC 9457 problems (tv/problems.py).
"""

import hashlib
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engagement.audience import AnyEvent
from engagement.fold import Accepted, Item, Reason, Refused
from engagement.limits import Limit
from engagement.questions import Question
from tv import items
from tv.auth import Identity
from tv.follower import Follower
from tv.problems import Problem
from tv.upstream import Upstream

KEY_LIMIT = 200  # characters of an Idempotency-Key
NBSP = "\u202f"

_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    Reason.UNKNOWN_TALK: (404, "Introuvable", "Cette intervention n’existe pas."),
    Reason.UNKNOWN_QUESTION: (404, "Introuvable", "Cette question n’existe pas."),
    Reason.UNKNOWN_POLL: (404, "Introuvable", "Ce sondage n’existe pas."),
    Reason.UNKNOWN_OPTION: (422, "Réponse inconnue", "Cette réponse n’est pas proposée."),
    Reason.ONE_CHOICE: (422, "Un seul choix", "Choisissez une réponse, et une seule."),
    Reason.WRONG_STATE: (409, "Trop tard", "L’état a changé entre-temps. Regardez-le à nouveau."),
    Reason.CHANGED: (
        412,
        "Modifié entre-temps",
        "Quelqu’un l’a modifié entre-temps. Regardez-le à nouveau.",
    ),
    Reason.WRONG_ROUND: (409, "Nouveau tour", "Un nouveau tour a commencé. Votez à nouveau."),
    Reason.WRONG_MERGE: (
        422,
        "Regroupement impossible",
        "Choisissez une autre question de la même intervention.",
    ),
    Reason.POLL_NOT_OPEN: (
        409,
        "Sondage fermé",
        "Vote arrivé trop tard" + NBSP + ": le sondage n’est pas ouvert.",
    ),
    Reason.TALK_CLOSED: (
        409,
        "Questions closes",
        "Cette intervention ne prend plus de questions.",
    ),
    Reason.CHANNEL_BUSY: (
        409,
        "Plateau occupé",
        "Une autre intervention est en direct sur ce canal. Terminez-la d’abord.",
    ),
    Reason.TOO_LATE: (
        409,
        "Trop tard",
        "On ne reprend une intervention que dans les deux minutes qui suivent sa fin.",
    ),
    Reason.TOO_MANY: (
        429,
        "Trop de questions",
        "Vous avez envoyé beaucoup de questions. Patientez un peu avant la suivante.",
    ),
    Reason.NOT_YOURS: (403, "Accès refusé", "Seul son auteur peut retirer une question."),
    Reason.NO_CONSENT: (
        422,
        "Accord manquant",
        "Confirmez l’accord des intervenants (« consent ») pour mettre en ligne.",
    ),
    Reason.WRONG_MARKS: (
        422,
        "Bornes refusées",
        "La fin vient après le début, douze heures plus tard au plus, à dix minutes près dans "
        "l’intervention, et hors des autres.",
    ),
    Reason.KEY_REUSED: (
        422,
        "Clé déjà utilisée",
        "Cette clé Idempotency-Key a servi à un autre envoi.",
    ),
}


class Writer:
    """Appends what people do, on their behalf."""

    def __init__(self, follower: Follower, upstream: Upstream) -> None:
        self._follower = follower
        self._upstream = upstream
        self._limit = Limit(burst=30, every=0.2)  # taps of one participant, in this process

    def act(self, request: Request, by: str) -> dict[str, Any]:
        """What every event says: its id, the time, who acts, and on which version (If-Match)."""
        return {
            "id": event_id(request, by),
            "at": self._upstream.now(),
            "by": by,
            "expects": expected_versions(request),
        }

    async def write(self, event: AnyEvent, who: Identity) -> Item:
        """Append `event`; return what it made or changed. Raises Problem, StoreUnavailable."""
        outcome = await self._follower.write(event)
        if isinstance(outcome, Accepted):
            return outcome.item
        raise refusal(outcome, who)

    def tap(self, who: Identity) -> str:
        """Count one act of the audience; return who it is by. Raises Problem."""
        by = who.must_take_part()
        if wait := self._limit.take(by, self._upstream.now()):
            raise Problem(
                429,
                "too-fast",
                "Trop vite",
                "Vos envois se suivent de trop près. Réessayez dans un instant.",
                retry_after=wait,
            )
        return by


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
    named = f"{by}\n{request.method}\n{request.url.path}\n{key}"
    return hashlib.sha256(named.encode()).hexdigest()[:20]


def expected_versions(request: Request) -> tuple[str, ...]:
    """The versions that `If-Match` names; none when any will do."""
    named = request.headers.get("if-match", "*")[:KEY_LIMIT]
    versions = tuple(version.strip().strip('"') for version in named.split(","))
    return () if "*" in versions else versions


def refusal(outcome: Refused, who: Identity) -> Problem:
    """Say why an act had no effect, with what stands in its way if they may see that."""
    status, title, detail = _REFUSALS[outcome.reason]
    current = outcome.current
    extra: dict[str, Any] = {}
    if current is not None:
        crew = who.crew(getattr(current, "talk", current.id))
        mine = isinstance(current, Question) and current.by == who.by
        if not (mine or items.seen(current, crew)):
            return absent("question" if isinstance(current, Question) else "poll")
        extra["current"] = items.item(current, crew or mine)
    if outcome.wait:
        extra["retry_after"] = round(outcome.wait, 1)
    return Problem(status, outcome.reason.value, title, detail, **extra)


def absent(what: str) -> Problem:
    """The answer for a "talk", "question" or "poll" that does not exist for who asks."""
    reason = Reason(f"unknown-{what}")
    status, title, detail = _REFUSALS[reason]
    return Problem(status, reason.value, title, detail)


def json(body: Any, status: int = 200, **headers: str) -> Response:
    """A JSON answer; one with a version has it as its ETag."""
    sent = {"cache-control": "no-store"} | headers
    if isinstance(body, dict) and isinstance(body.get("version"), str):
        sent["etag"] = f'"{body["version"]}"'
    return Response(msgspec.json.encode(body), status, headers=sent, media_type="application/json")
