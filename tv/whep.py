"""WHEP: a viewer's WebRTC offer by HTTP (draft-ietf-wish-whep-03), passed on to media.

Every candidate of ours is in the answer, and viewers are found by the checks they send: there is
nothing to trickle and no ICE restart, so there is no entity tag, and PATCH is refused (4.3). A
viewer whose network changes asks again.
"""

from collections.abc import Collection
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv import sdp_http
from tv.sdp_http import EVERY_METHOD, MEDIA_TYPE

ENDPOINT = "POST, OPTIONS"
SESSION = "DELETE, OPTIONS"


class Upstream(Protocol):
    """Who answers offers: media, or an edge."""

    async def offer(self, channel: str, sdp: str) -> tuple[str, str]: ...

    async def hangup(self, session: str) -> None: ...


def routes(upstream: Upstream, channels: Collection[str]) -> list[BaseRoute]:
    """The endpoint of each channel, and the sessions under it."""

    async def endpoint(request: Request) -> Response:
        channel = sdp_http.known_channel(request, channels)
        if request.method == "OPTIONS":
            return sdp_http.options(ENDPOINT, {"accept-post": MEDIA_TYPE})
        if request.method != "POST":
            raise sdp_http.not_allowed("Envoyez une offre SDP par POST.")
        session, answer = await upstream.offer(channel, await sdp_http.read_offer(request))
        headers = {"location": f"/{channel}/whep/{session}", "cache-control": "no-store"}
        return Response(answer, 201, headers=headers, media_type=MEDIA_TYPE)

    async def session(request: Request) -> Response:
        if request.method == "OPTIONS":
            return sdp_http.options(SESSION)
        if request.method != "DELETE":
            raise sdp_http.not_allowed(
                "Cette session ne se modifie pas\u202f: fermez-la et envoyez une nouvelle offre."
            )
        await upstream.hangup(request.path_params["session"])
        return Response(status_code=200)

    return [
        Route(path, sdp_http.open_to_all(respond, allow), methods=EVERY_METHOD)
        for path, respond, allow in (
            ("/{channel}/whep", endpoint, ENDPOINT),
            ("/{channel}/whep/{session}", session, SESSION),
        )
    ]
