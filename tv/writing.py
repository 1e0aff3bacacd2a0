"""Writes through the API: an event into the journal, and the fold's decision as the answer.

True of every write: the answer comes once the act is on disk and folded, and says what it made or
changed, with its `version` as ETag. `Idempotency-Key` (200 characters at most; of one participant,
method and address) makes a retry the same act: it gets the first answer again, or 422 `key-reused`
for another body. `If-Match` names versions of what is acted on: 412 `changed-meanwhile` when it has
another one by the time the act is folded, with `current`. 409 says what stands in the way, with
`current`. 429 (`too-fast`, `too-many`) and 503 (`store-unavailable`: it may have been written all
the same, so try again with the same key) have Retry-After. 403 `foreign-origin` is for a browser's
write from another site's page, 403 `other-talk` for a pass for one talk where all are concerned.
Refusals are RFC 9457 problems (tv/problems.py).
"""

import hashlib
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engagement.audience import AnyEvent, key
from engagement.fold import Accepted, Item, Reason, Refused
from engagement.polls import DOTS, OPTIONS, RANKED
from engagement.questions import Question, Reading
from engagement.talks import Talk, Talks
from engagement.wall.post import Post
from tv import items
from tv.auth import CREW, Identity
from tv.follower import Follower
from tv.limits import Limits, TooFast
from tv.problems import Problem
from tv.upstream import Upstream

KEY_LIMIT = 200  # characters of an Idempotency-Key
NBSP = "\u202f"

_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    Reason.UNKNOWN_TALK: (404, "Introuvable", "Cette intervention n’existe pas."),
    Reason.UNKNOWN_QUESTION: (404, "Introuvable", "Cette question n’existe pas."),
    Reason.UNKNOWN_POLL: (404, "Introuvable", "Ce sondage n’existe pas."),
    Reason.UNKNOWN_POST: (404, "Introuvable", "Ce message n’existe pas."),
    Reason.UNKNOWN_ENTRY: (404, "Introuvable", "Cet élément n’est pas au conducteur."),
    Reason.UNKNOWN_REFERENCE: (
        422,
        "Introuvable",
        "Ce qu’il faut montrer (question, sondage ou message du mur) n’existe pas.",
    ),
    Reason.UNKNOWN_SCREEN: (404, "Introuvable", "Cet écran n’existe pas, ou plus."),
    Reason.UNKNOWN_MESSAGE: (404, "Introuvable", "Ce message n’existe pas."),
    Reason.WALL_CLOSED: (409, "Mur fermé", "Le mur ne prend plus de messages."),
    Reason.UNKNOWN_OPTION: (422, "Réponse inconnue", "Cette réponse n’est pas proposée."),
    Reason.UNKNOWN_ANSWER: (404, "Introuvable", "Cette réponse n’existe pas."),
    Reason.ONE_CHOICE: (422, "Un seul choix", "Choisissez une réponse, et une seule."),
    Reason.WRONG_CHOICES: (
        422,
        "Choix à revoir",
        "Donnez au moins une réponse, chacune une fois, sans dépasser le nombre permis.",
    ),
    Reason.WRONG_RANKING: (
        422,
        "Classement incomplet",
        "Classez toutes les réponses, chacune une fois.",
    ),
    Reason.WRONG_DOTS: (422, "Points à revoir", f"Répartissez de 1 à {DOTS} points."),
    Reason.BAD_OPTIONS: (
        422,
        "Réponses à revoir",
        f"Proposez de 2 à {OPTIONS} réponses ({RANKED} au plus pour un classement), toutes "
        "différentes.",
    ),
    Reason.NO_OPTIONS: (
        422,
        "Réponses en trop",
        "Dans ce type de sondage chacun écrit sa réponse" + NBSP + ": n’en proposez pas.",
    ),
    Reason.WRONG_MAXIMUM: (
        422,
        "Nombre à revoir",
        "Le nombre de réponses permises ne convient pas à ce sondage.",
    ),
    Reason.WRONG_SCALE: (422, "Échelle à revoir", "Une échelle a 5 ou 10 degrés."),
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
        "Trop d’envois",
        "Vous avez beaucoup envoyé. Patientez un peu avant la suite.",
    ),
    Reason.TOO_MANY_ENTRIES: (
        409,
        "Conducteur plein",
        "Le conducteur a trop d’éléments. Supprimez ceux qui ont servi.",
    ),
    Reason.TOO_MANY_SCREENS: (
        409,
        "Trop d’écrans",
        "Il y a trop d’écrans. Retirez ceux qui ne servent plus.",
    ),
    Reason.TOO_MANY_MESSAGES: (
        409,
        "Messages non lus",
        "Plusieurs messages attendent d’être lus en plateau. Attendez qu’ils le soient.",
    ),
    Reason.NOT_YOURS: (403, "Accès refusé", "Seul son auteur peut retirer ce qu’il a écrit."),
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
    Reason.WRONG_TIMES: (
        422,
        "Horaire refusé",
        "La fin vient après le début, vingt-quatre heures plus tard au plus.",
    ),
    Reason.TALK_EXISTS: (
        409,
        "Déjà au programme",
        "Une intervention a déjà cet identifiant.",
    ),
    Reason.TOO_MANY_TALKS: (
        422,
        "Programme trop long",
        "Le programme aurait trop d’interventions.",
    ),
    Reason.NOT_QUEUED: (
        409,
        "Pas dans la file",
        "La régie choisit les questions\u202f: prenez-en une qu’elle a mise en file.",
    ),
    Reason.QUEUE_FULL: (
        409,
        "File pleine",
        "La file d’attente de l’intervention est pleine. Retirez-en une question d’abord.",
    ),
    Reason.BEING_READ: (409, "Déjà regardée", "Quelqu’un d’autre regarde cette question."),
    Reason.KEY_REUSED: (
        422,
        "Clé déjà utilisée",
        "Cette clé Idempotency-Key a servi à un autre envoi.",
    ),
}


class Writer:
    """Appends what people do, on their behalf."""

    def __init__(self, follower: Follower, upstream: Upstream, limits: Limits) -> None:
        self._follower = follower
        self._upstream = upstream
        self._limits = limits

    def act(self, request: Request, by: str) -> dict[str, Any]:
        """What every event says: its id, the time, who acts, and on which version (If-Match)."""
        return {
            "id": event_id(request, by),
            "at": self._upstream.now(),
            "by": by,
            "expects": expected_versions(request),
        }

    async def write(self, event: AnyEvent, who: Identity) -> Item:
        """Append `event`; return what it made or changed. Raises Problem, StoreUnavailable.

        What the audience does is counted before it is written (tv/limits.py).
        """
        within = () if who.role in CREW else self._limits.of(who.by, self._talk_of(event))
        try:
            outcome = await self._follower.write(event, within)
        except TooFast as error:
            raise too_fast(error) from error
        if isinstance(outcome, Accepted):
            return outcome.item
        raise refusal(outcome, who)

    async def count(self, who: Identity, talk: str = "") -> None:
        """Count one act that is no event of its own. Raises Problem, StoreUnavailable."""
        if who.role not in CREW:
            try:
                await self._follower.count(self._limits.of(who.by, talk))
            except TooFast as error:
                raise too_fast(error) from error

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
    named = request.headers.get("if-match", "*")[:KEY_LIMIT]
    versions = tuple(version.strip().strip('"') for version in named.split(","))
    return () if "*" in versions else versions


def too_fast(error: TooFast) -> Problem:
    """Say when the same would be let through."""
    detail = "Vos envois se suivent de trop près. Réessayez dans un instant."
    if error.shared:
        detail = "Tout le monde écrit en même temps. Réessayez dans un instant."
    return Problem(429, "too-fast", "Trop vite", detail, retry_after=error.wait)


def refusal(outcome: Refused, who: Identity) -> Problem:
    """Say why an act had no effect, with what stands in its way if they may see that."""
    status, title, detail = _REFUSALS[outcome.reason]
    current = outcome.current
    extra: dict[str, Any] = {}
    ended = isinstance(current, Reading) and current.gone  # nobody reads it any more
    if current is not None and not ended:
        crew = who.crew(getattr(current, "talk", current.id))
        mine = isinstance(current, Question | Post) and current.by == who.by
        if not (mine or items.seen(current, crew)):
            return absent(key(current).partition(":")[0])
        extra["current"] = items.item(current, crew or mine)
    if outcome.wait:
        extra["retry_after"] = round(outcome.wait, 1)
    return Problem(status, outcome.reason.value, title, detail, **extra)


def absent(what: str) -> Problem:
    """The answer for a "talk", "question", "post" … that does not exist for who asks."""
    reason = Reason(f"unknown-{what}")
    status, title, detail = _REFUSALS[reason]
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


def attached(body: bytes | str, kind: str, name: str, cache: str = "no-store") -> Response:
    """A file to keep."""
    headers = {
        "cache-control": cache,
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    return Response(body, headers=headers, media_type=kind)
