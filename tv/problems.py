"""What goes wrong with a request, said once for machines and people (RFC 9457)."""

import math
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tv import reasons
from tv.journal import StoreUnavailable

T = TypeVar("T")

BODY_LIMIT = 64 * 1024  # bytes of a JSON body
CONTENT_TYPE = "application/problem+json"

# Invisible characters that turn or split what others wrote: bidirectional controls, zero-width
# characters, the byte order mark. Joiners stay: scripts and emoji need them.
_STRIPPED = dict.fromkeys(
    map(
        ord,
        "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff"
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    )
)
_MARKS_IN_A_ROW = 3  # combining marks on one letter; more is decoration that covers other lines
# As many as normalisation may meet (UAX #15, 13: "stream-safe"): it sorts them, in quadratic time.
_MARKS_AT_MOST = 30


class Problem(Exception):
    """An answer that refuses: a status, a stable code, a title and what to do, both in French.

    What else is given goes into the body beside them; `retry_after` seconds also into the header.
    """

    held_for = 0.0  # seconds until the answer of a plan leaves (tv/storms.py), against guessing

    def __init__(self, status: int, code: str, title: str, detail: str, **extra: Any) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.extra = extra

    def body(self) -> dict[str, Any]:
        return {
            "type": f"urn:fabrique-tv:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }

    def headers(self) -> dict[str, str]:
        headers = {"cache-control": "no-store"}
        if self.status == 401:
            headers["www-authenticate"] = "Bearer"
        if (wait := self.extra.get("retry_after")) is not None:
            headers["retry-after"] = str(max(1, math.ceil(wait)))
        return headers

    def response(self) -> Response:
        return Response(
            msgspec.json.encode(self.body()),
            self.status,
            headers=self.headers(),
            media_type=CONTENT_TYPE,
        )


def announced(request: Request, limit: int) -> int:
    """How many bytes the request's body has, or `limit` where that is not said. Raises Problem when
    it is more."""
    size = int(request.headers.get("content-length", limit))  # digits: the server has seen to it
    if size > limit:
        raise _too_large(limit)
    return size


async def read_body(request: Request, limit: int) -> bytes:
    """All of the request's body. Raises Problem when it has more than `limit` bytes, before any of
    them is read where it says so.

    Whoever sends one too slowly is cut off: tv/connections.py.
    """
    announced(request, limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except ClientDisconnect as error:
        raise Problem(
            400, "body-cut-off", "Envoi interrompu", "La requête n’est pas arrivée en entier."
        ) from error
    return bytes(body)


async def read_json(request: Request, type: type[T], limit: int = BODY_LIMIT) -> T:
    """The request's body as a value of `type`. Raises Problem."""
    return decoded(await read_body(request, limit), type)


def decoded(body: bytes, type: type[T]) -> T:
    """A JSON body as a value. Raises Problem."""
    try:
        return msgspec.json.decode(body or b"{}", type=type)
    except msgspec.ValidationError as error:
        where, why = reasons.of_mistake(error)
        field = f"«\u00a0{where}\u00a0», " if where else ""
        raise Problem(
            422, "invalid-body", "Requête invalide", f"Champ à corriger\u00a0: {field}{why}."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(
            400, "invalid-json", "Requête illisible", "Le corps de la requête n’est pas du JSON."
        ) from error


def _too_large(limit: int) -> Problem:
    size = f"{limit // 1024}\u202fko" if limit < 2**20 else f"{limit / 2**20:.0f}\u202fMo"
    return Problem(
        413,
        "body-too-large",
        "Envoi trop lourd",
        f"Ce qui est envoyé dépasse {size}. Réduisez-le et réessayez.",
    )


def clean(text: str, field: str, most: int, least: int = 1) -> str:
    """`text` as it may be shown: normalised (NFC), one line, nothing invisible. Raises Problem.

    Lengths count characters after cleaning.
    """
    text = unicodedata.normalize("NFC", _few_marks(text, _MARKS_AT_MOST))
    text = " ".join(text.translate(_STRIPPED).split())
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in text):
        raise Problem(
            422,
            "control-characters",
            "Texte refusé",
            f"{field}\u00a0: le texte contient des caractères qui ne s’affichent pas. "
            "Retirez-les et réessayez.",
        )
    text = _few_marks(text, _MARKS_IN_A_ROW)
    if len(text) < least:
        raise Problem(422, "text-empty", "Texte vide", f"{field}\u00a0: écrivez quelques mots.")
    if len(text) > most:
        raise Problem(
            422,
            "text-too-long",
            "Texte trop long",
            f"{field}\u00a0: {len(text)} caractères, pour {most} au plus. Raccourcissez le texte.",
            limit=most,
        )
    return text


def rfc3339(time: float | None) -> str | None:
    """Broadcast time as the API writes it, to the millisecond."""
    if time is None:
        return None
    written = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
    return written.replace("+00:00", "Z")


def _few_marks(text: str, most: int) -> str:
    kept: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= most:
            kept.append(character)
    return "".join(kept)


_TITLES = {
    400: ("Requête illisible", "La requête n’a pas été comprise."),
    404: (
        "Introuvable",
        "Rien ne se trouve à cette adresse. Vérifiez le lien et le nom du canal.",
    ),
    405: ("Méthode refusée", "Cette adresse n’accepte pas cette méthode."),
}


def told(error: Exception) -> Problem:
    """What is said of an error."""
    match error:
        case Problem():
            return error
        case HTTPException(status_code=status):
            title, detail = _TITLES.get(status, ("Refusé", error.detail))
            return Problem(status, f"http-{status}", title, detail)
        case StoreUnavailable():
            return Problem(
                503,
                "store-unavailable",
                "Enregistrement indisponible",
                "Le serveur n’a pas pu confirmer l’enregistrement. Réessayez dans quelques "
                "secondes.",
                retry_after=2,
            )
    return Problem(
        500,
        "internal",
        "Erreur du serveur",
        "Le serveur a rencontré une erreur\u202f; elle est notée.",
    )


def asked_for(error: Exception) -> Mapping[str, str]:
    """The headers that an error brings by itself."""
    return (error.headers if isinstance(error, HTTPException) else None) or {}


def response_to(error: Exception) -> Response:
    """An error, as programs read it; for people it is a page: tv/pages/errors.py."""
    response = told(error).response()
    response.headers.update(asked_for(error))
    return response


async def answer(request: Request, error: Exception) -> Response:
    return response_to(error)


handlers: Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]] = dict.fromkeys(
    (Problem, HTTPException, StoreUnavailable, Exception), answer
)
