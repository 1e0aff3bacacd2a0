"""WHEP: a viewer's WebRTC offer by HTTP (draft-ietf-wish-whep-03), passed on to media.

Every candidate of ours is in the answer, and viewers are found by the checks they send: there is
nothing to trickle and no ICE restart, so there is no entity tag, and PATCH is refused (4.3). A
viewer whose network changes asks again.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.problems import Problem

OFFER_LIMIT = 64 * 1024  # bytes; a browser's offer has about 6,000
MEDIA_TYPE = "application/sdp"

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "Location, Link, Retry-After",
}
PREFLIGHT = CORS | {
    "access-control-allow-headers": "Authorization, Content-Type, If-Match",
    "access-control-max-age": "86400",
}

Endpoint = Callable[[Request], Awaitable[Response]]


class Upstream(Protocol):
    """Who answers offers: media, or an edge."""

    async def offer(self, channel: str, sdp: str) -> tuple[str, str]: ...

    async def hangup(self, session: str) -> None: ...


def routes(upstream: Upstream, channels: Collection[str]) -> list[BaseRoute]:
    """The endpoint of each channel, and the sessions under it."""

    async def endpoint(request: Request) -> Response:
        channel = request.path_params["channel"]
        if channel not in channels:
            raise Problem(
                404,
                "unknown-channel",
                "Canal inconnu",
                f"Canal inconnu\u202f: «\u00a0{channel}\u00a0».",
            )
        if request.method == "OPTIONS":
            return _options("POST, OPTIONS", {"accept-post": MEDIA_TYPE})
        if request.method != "POST":
            raise _not_allowed("Envoyez une offre SDP par POST.")
        session, answer = await upstream.offer(channel, await _read_offer(request))
        return Response(
            answer,
            201,
            headers=CORS | {"location": f"/{channel}/whep/{session}", "cache-control": "no-store"},
            media_type=MEDIA_TYPE,
        )

    async def session(request: Request) -> Response:
        if request.method == "OPTIONS":
            return _options("DELETE, OPTIONS", {})
        if request.method != "DELETE":
            raise _not_allowed(
                "Cette session ne se modifie pas\u202f: fermez-la et envoyez une nouvelle offre."
            )
        await upstream.hangup(request.path_params["session"])
        return Response(status_code=200, headers=CORS)

    # Starlette would answer other methods by itself, without a problem's body.
    every = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    return [
        Route("/{channel}/whep", _open_to_all(endpoint, "POST, OPTIONS"), methods=every),
        Route("/{channel}/whep/{session}", _open_to_all(session, "DELETE, OPTIONS"), methods=every),
    ]


def _open_to_all(endpoint: Endpoint, allow: str) -> Endpoint:
    """Let players of other sites read refusals too."""

    async def respond(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as problem:
            response = problem.response()
            response.headers.update(CORS)
            if problem.status == 405:
                response.headers["allow"] = allow
            return response

    return respond


async def _read_offer(request: Request) -> str:
    """The offer in the body. Raises Problem."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise Problem(
            415,
            "not-sdp",
            "Type de contenu refusé",
            f"Envoyez l’offre avec l’en-tête « Content-Type: {MEDIA_TYPE} ».",
        )
    if not _accepts(request.headers.get("accept", "*/*")):
        raise Problem(
            406,
            "sdp-not-accepted",
            "Réponse refusée d’avance",
            f"La réponse est en {MEDIA_TYPE}\u202f: l’en-tête « Accept » doit le permettre.",
        )
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > OFFER_LIMIT:
            raise Problem(
                413,
                "offer-too-large",
                "Offre trop longue",
                f"L’offre SDP dépasse {OFFER_LIMIT // 1024}\u202fko.",
            )
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Problem(
            400,
            "not-an-offer",
            "Offre illisible",
            "Le corps de la requête n’est pas une offre SDP.",
        ) from error


def _accepts(accept: str) -> bool:
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return not kinds.isdisjoint({"", "*/*", "application/*", MEDIA_TYPE})


def _options(allow: str, extra: dict[str, str]) -> Response:
    headers = PREFLIGHT | extra | {"allow": allow, "access-control-allow-methods": allow}
    return Response(status_code=204, headers=headers)


def _not_allowed(detail: str) -> Problem:
    return Problem(405, "method-not-allowed", "Méthode refusée", detail)
