"""WHIP: a studio's WebRTC offer by HTTP (RFC 9725), passed on to media.

The stream key is the bearer token, in each request; it names the channel and the slot. Every
candidate of ours is in the answer; the studio's may come later, and it may restart ICE. Link
headers name the STUN and TURN servers of the settings; there is no extension to name. Nothing is
redirected.
"""

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from engagement.limits import Limit
from tv.problems import Problem
from tv.studios.stream_keys import StreamKeys
from tv.webrtc import sdp_http
from tv.webrtc.ice_servers import IceServer, links
from tv.webrtc.sdp_http import EVERY_METHOD, FRAGMENT, FRAGMENT_LIMIT, MEDIA_TYPE

ENDPOINT = "POST, OPTIONS"
SESSION = "PATCH, DELETE, OPTIONS"

WRONG_KEYS = 10  # from one address; then one every so many seconds, in each web process
WRONG_KEY_EVERY = 10.0  # seconds


class Upstream(Protocol):
    """Who answers offers: media."""

    async def publish(self, channel: str, slot: str, sdp: str) -> tuple[str, str, str]: ...

    async def change(
        self, channel: str, slot: str, session: str, tag: str, sdp: str
    ) -> tuple[str, str] | None: ...

    async def unpublish(self, channel: str, slot: str, session: str) -> None: ...


def routes(
    upstream: Upstream,
    channels: Collection[str],
    keys: StreamKeys,
    now: Callable[[], float] = time.monotonic,
    servers: Iterable[IceServer] = (),
) -> list[BaseRoute]:
    """The endpoint of each channel, and the sessions under it. `servers` help studios to us."""
    door = _Door(keys, now)

    async def endpoint(request: Request) -> Response:
        channel = sdp_http.known_channel(request, channels)
        if request.method == "OPTIONS":
            return sdp_http.options(ENDPOINT, {"accept-post": MEDIA_TYPE}, 200)
        if request.method != "POST":
            raise sdp_http.not_allowed("Envoyez une offre SDP par POST.")
        slot = door.slot(request, channel)
        offer = await sdp_http.read_offer(request)
        session, answer, tag = await upstream.publish(channel, slot, offer)
        try:
            door.slot(request, channel)
        except Problem:  # the key was renewed meanwhile; media may have ended the session already
            with suppress(Problem):
                await upstream.unpublish(channel, slot, session)
            raise
        headers = {
            "location": f"/{channel}/whip/{session}",
            "etag": tag,
            "cache-control": "no-store",
        }
        response = Response(answer, 201, headers=headers, media_type=MEDIA_TYPE)
        return sdp_http.add_links(response, links(servers, time.time()))

    async def session(request: Request) -> Response:
        channel = sdp_http.known_channel(request, channels)
        name = request.path_params["session"]
        if request.method == "OPTIONS":
            return sdp_http.options(SESSION, {"accept-patch": FRAGMENT}, 200)
        if request.method not in ("PATCH", "DELETE"):
            raise sdp_http.not_allowed("Cette session se modifie par PATCH et se ferme par DELETE.")
        slot = door.slot(request, channel)
        if request.method == "DELETE":
            await upstream.unpublish(channel, slot, name)
            return Response(status_code=200)
        sdp_http.must_be(request, FRAGMENT, "not-a-fragment")
        fragment = await sdp_http.read_text(request, FRAGMENT_LIMIT)
        tag = request.headers.get("if-match", "").strip()
        changed = await upstream.change(channel, slot, name, tag, fragment)
        if changed is None:
            return Response(status_code=204)
        ours, tag = changed
        return Response(ours, 200, headers={"etag": tag}, media_type=FRAGMENT)

    return [
        Route(path, sdp_http.open_to_all(respond, allow), methods=EVERY_METHOD)
        for path, respond, allow in (
            ("/{channel}/whip", endpoint, ENDPOINT),
            ("/{channel}/whip/{session}", session, SESSION),
        )
    ]


class _Door:
    """Lets studios in by their keys.

    Wrong ones from one address have to wait, after a few; a right one never does: a venue has one
    address, and a guest who guesses must not keep the stage off air.
    """

    def __init__(self, keys: StreamKeys, now: Callable[[], float]) -> None:
        self._keys = keys
        self._now = now
        self._wrong = Limit(WRONG_KEYS, WRONG_KEY_EVERY)

    def slot(self, request: Request, channel: str) -> str:
        """The slot of `channel` that the request's key opens. Raises Problem."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        key = key.strip() if scheme.lower() == "bearer" else ""
        named = self._keys.place(key, "whip") if key else None
        if named is None:
            wait = self._wrong.take(sdp_http.address(request), self._now()) if key else 0.0
            raise _too_often(wait) if wait else _no_key()
        if named[0] != channel:
            raise Problem(
                403,
                "other-channel",
                "Clé d’un autre canal",
                f"Cette clé ouvre le canal «\u00a0{named[0]}\u00a0»\u00a0: changez la clé ou "
                "l’adresse.",
            )
        return named[1]


def _no_key() -> Problem:
    return Problem(
        401,
        "unknown-key",
        "Clé de diffusion inconnue",
        "Envoyez la clé qu’affiche « fabrique-tv key CANAL » dans l’en-tête "
        "« Authorization: Bearer … ».",
    )


def _too_often(wait: float) -> Problem:
    return Problem(
        429,
        "too-many-wrong-keys",
        "Trop d’essais",
        "Trop de clés fausses depuis cette adresse. Attendez un peu, ou copiez la bonne.",
        retry_after=wait,
    )
