"""What WHIP and WHEP have in common: SDP by HTTP, for players and encoders of any site."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from streaming.peers import network_of
from tv.problems import Problem

MEDIA_TYPE = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
OFFER_LIMIT = 64 * 1024  # bytes; a browser's offer has about 6,000
FRAGMENT_LIMIT = 16 * 1024  # bytes
PATIENCE = 10.0  # seconds that a body may take

# Starlette would answer other methods by itself, without a problem's body.
EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

CORS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": (
        "Location, Link, ETag, Accept-Post, Accept-Patch, Retry-After"
    ),
}
PREFLIGHT = CORS | {
    "access-control-allow-headers": "Authorization, Content-Type, If-Match",
    "access-control-max-age": "86400",
}

Endpoint = Callable[[Request], Awaitable[Response]]


def open_to_all(endpoint: Endpoint, allow: str) -> Endpoint:
    """Let pages of other sites read answers and refusals; `allow` are the resource's methods."""

    async def respond(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except Problem as problem:
            response = problem.response()
            if problem.status == 405:
                response.headers["allow"] = allow
        response.headers.update(CORS)
        return response

    return respond


def options(allow: str, extra: Mapping[str, str] | None = None, status: int = 204) -> Response:
    """The answer to OPTIONS, a browser's question beforehand included."""
    headers = PREFLIGHT | dict(extra or {})
    headers |= {"allow": allow, "access-control-allow-methods": allow}
    return Response(status_code=status, headers=headers)


def add_links(response: Response, links: Iterable[str]) -> Response:
    """The same with a Link header for each."""
    for link in links:
        response.headers.append("link", link)
    return response


def is_preflight(request: Request) -> bool:
    """Whether a browser only asks whether it may ask."""
    return "access-control-request-method" in request.headers


def address(request: Request) -> str:
    """Whom requests are counted for: an address, or the network of an IPv6 address."""
    return network_of(request.client.host) if request.client else ""


def not_allowed(detail: str) -> Problem:
    return Problem(405, "method-not-allowed", "Méthode refusée", detail)


def known_channel(request: Request, channels: Iterable[str]) -> str:
    """The channel that the address names. Raises Problem."""
    channel: str = request.path_params["channel"]
    if channel not in channels:
        raise Problem(
            404,
            "unknown-channel",
            "Canal inconnu",
            f"Canal inconnu\u00a0: «\u00a0{channel}\u00a0».",
        )
    return channel


async def read_offer(request: Request) -> str:
    """The SDP offer in the body, whose answer is SDP too. Raises Problem."""
    must_be(request, MEDIA_TYPE, "not-sdp")
    if not _accepts(request.headers.get("accept", "*/*")):
        raise Problem(
            406,
            "sdp-not-accepted",
            "Réponse refusée d’avance",
            f"La réponse est en {MEDIA_TYPE}\u00a0: l’en-tête « Accept » doit le permettre.",
        )
    return await read_text(request)


def is_of(request: Request, media_type: str) -> bool:
    """Whether the body says that it is of this type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == media_type


def must_be(request: Request, media_type: str, code: str) -> None:
    """Raises Problem unless the body says that it is of this type."""
    if not is_of(request, media_type):
        raise Problem(
            415,
            code,
            "Type de contenu refusé",
            f"Envoyez le corps avec l’en-tête « Content-Type: {media_type} ».",
        )


async def read_text(request: Request, limit: int = OFFER_LIMIT, patience: float = PATIENCE) -> str:
    """The body, of at most `limit` bytes and in time. Raises Problem."""
    body = b""
    try:
        async with asyncio.timeout(patience):
            announced = request.headers.get("content-length", "")
            if announced.isdecimal() and int(announced) > limit:
                raise _too_large(limit)
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError as error:
        raise Problem(
            408, "offer-too-slow", "Offre trop lente", "Le SDP n’est pas arrivé à temps."
        ) from error
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Problem(
            400, "not-an-offer", "Offre illisible", "Le corps de la requête n’est pas du SDP."
        ) from error


def _too_large(limit: int) -> Problem:
    return Problem(
        413, "offer-too-large", "Offre trop longue", f"Le SDP dépasse {limit // 1024}\u202fko."
    )


def _accepts(accept: str) -> bool:
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return not kinds.isdisjoint({"", "*/*", "application/*", MEDIA_TYPE})
