"""WHEP: a viewer's WebRTC offer by HTTP (draft-ietf-wish-whep-04), passed on to media.

Everybody may watch, so nobody needs a token, and who sends one is not asked. Every candidate of
ours is in the answer; the viewer's may come later, and it may restart ICE. An offer that cannot be
answered, where one of ours can, is met with a counter-offer. Sessions are media's: any web process
may be asked about any of them. Nothing is redirected.

The extension for server-sent events is that of the same working group (webrtc-http-egress-events).
Its `layers` tells of the one layer that there is; `reconnect` and `scte35` are not offered, nor is
the extension that chooses layers.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from email.utils import formatdate
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from streaming.link import EVENTS, Answered
from tv import problems
from tv.event_stream import Events, EventStream
from tv.problems import Problem
from tv.webrtc import sdp_http
from tv.webrtc.ice_servers import IceServer, links
from tv.webrtc.sdp_http import EVERY_METHOD, FRAGMENT, FRAGMENT_LIMIT, MEDIA_TYPE

ENDPOINT = "GET, HEAD, POST, OPTIONS"
SESSION = "GET, HEAD, PATCH, DELETE, OPTIONS"
STREAMS = "POST, OPTIONS"
STREAM = "GET, DELETE, OPTIONS"

EVENTS_REL = "urn:ietf:params:whep:ext:core:server-sent-events"
EVENTS_LIMIT = 1024  # bytes of a list of events
FEEDS = ("", "live", "delayed")


class Upstream(Protocol):
    """Who answers offers: media, or an edge."""

    async def offer(self, channel: str, sdp: str, feed: str, who: str) -> Answered: ...

    async def agree(self, channel: str, session: str, sdp: str) -> str: ...

    async def change_viewer(
        self, channel: str, session: str, tag: str, sdp: str
    ) -> tuple[str, str] | None: ...

    async def hangup(self, channel: str, session: str) -> None: ...

    async def make_events(self, channel: str, session: str, events: list[str]) -> str: ...

    async def end_events(self, channel: str, session: str, stream: str) -> None: ...

    def listening(
        self, channel: str, session: str, stream: str
    ) -> AbstractAsyncContextManager[Events]: ...


def routes(
    upstream: Upstream, channels: Collection[str], servers: Iterable[IceServer] = ()
) -> list[BaseRoute]:
    """The endpoint of each channel, and the sessions under it. `servers` help viewers to us."""

    async def endpoint(request: Request) -> Response:
        channel = sdp_http.known_channel(request, channels)
        if request.method == "OPTIONS":
            response = sdp_http.options(ENDPOINT, {"accept-post": MEDIA_TYPE}, 200)
            # For players that must know them before they make an offer (RFC 9725, 4.6).
            wanted = () if sdp_http.is_preflight(request) else links(servers, time.time())
            return sdp_http.add_links(response, wanted)
        if request.method in ("GET", "HEAD"):  # that is how players tell what this is (4.2)
            return Response(headers={"accept-post": MEDIA_TYPE}, media_type=MEDIA_TYPE)
        if request.method != "POST":
            raise sdp_http.not_allowed("Envoyez une offre SDP par POST.")
        feed = _feed(request)
        sdp = await sdp_http.read_offer(request)
        answer = await upstream.offer(channel, sdp, feed, sdp_http.address(request))
        return _answered(channel, answer, links(servers, time.time()))

    async def session(request: Request) -> Response:
        channel, name = _named(request)
        if request.method == "OPTIONS":
            return sdp_http.options(SESSION, {"accept-patch": FRAGMENT}, 200)
        if request.method in ("GET", "HEAD"):
            return Response(status_code=204)
        if request.method == "DELETE":
            await upstream.hangup(channel, name)
            return Response(status_code=200)
        if request.method != "PATCH":
            raise sdp_http.not_allowed("Cette session se modifie par PATCH et se ferme par DELETE.")
        if sdp_http.is_of(request, MEDIA_TYPE):  # the answer to a counter-offer (4.3.2)
            tag = await upstream.agree(channel, name, await sdp_http.read_text(request))
            return Response(status_code=204, headers={"etag": tag})
        sdp_http.must_be(request, FRAGMENT, "not-a-fragment")
        fragment = await sdp_http.read_text(request, FRAGMENT_LIMIT)
        tag = request.headers.get("if-match", "").strip()
        changed = await upstream.change_viewer(channel, name, tag, fragment)
        if changed is None:
            return Response(status_code=204)
        ours, tag = changed
        return Response(ours, 200, headers={"etag": tag}, media_type=FRAGMENT)

    async def streams(request: Request) -> Response:
        channel, name = _named(request)
        if request.method == "OPTIONS":
            return sdp_http.options(STREAMS, {"accept-post": "application/json"}, 200)
        if request.method != "POST":
            raise sdp_http.not_allowed("Ouvrez un flux d’événements par POST.")
        stream = await upstream.make_events(channel, name, await _wanted(request))
        where = f"/{channel}/whep/{name}/events/{stream}"
        return Response(status_code=201, headers={"location": where, "cache-control": "no-store"})

    async def stream(request: Request) -> Response:
        channel, name = _named(request)
        one = request.path_params["stream"]
        if request.method == "OPTIONS":
            return sdp_http.options(STREAM, status=200)
        if request.method == "DELETE":
            await upstream.end_events(channel, name, one)
            return Response(status_code=200)
        if request.method != "GET":
            raise sdp_http.not_allowed("Lisez ce flux par GET, et fermez-le par DELETE.")
        return await _read(upstream.listening(channel, name, one))

    return [
        _route("/{channel}/whep", endpoint, ENDPOINT),
        _route("/{channel}/whep/{session}", session, SESSION),
        _route("/{channel}/whep/{session}/events", streams, STREAMS),
        _route("/{channel}/whep/{session}/events/{stream}", stream, STREAM),
    ]


def _route(path: str, respond: Callable[[Request], Awaitable[Response]], allow: str) -> Route:
    return Route(path, sdp_http.open_to_all(respond, allow), methods=EVERY_METHOD)


def _named(request: Request) -> tuple[str, str]:
    """The channel and the session that the address names."""
    return request.path_params["channel"], request.path_params["session"]


def _feed(request: Request) -> str:
    feed = request.query_params.get("feed", "")
    if feed not in FEEDS:
        raise Problem(
            404,
            "unknown-feed",
            "Flux inconnu",
            f"Flux inconnu\u00a0: «\u00a0{feed[:40]}\u00a0»\u202f; il y a «\u00a0live\u00a0» et "
            "«\u00a0delayed\u00a0».",
        )
    return feed


def _answered(channel: str, answer: Answered, servers: Iterable[str]) -> Response:
    """201 with our answer, or 406 with an offer of ours (4.3.1, 4.3.2)."""
    where = f"/{channel}/whep/{answer.session}"
    headers = {"location": where, "accept-patch": FRAGMENT, "cache-control": "no-store"}
    events = f'<{where}/events>; rel="{EVENTS_REL}"; events="{",".join(EVENTS)}"'
    if answer.valid_until:
        until = formatdate(int(answer.valid_until), usegmt=True)
        headers |= {"accept-patch": f"{MEDIA_TYPE}, {FRAGMENT}"}
        kind = f'{MEDIA_TYPE}; valid-until="{until}"'
        response = Response(answer.sdp, 406, headers=headers, media_type=kind)
    else:
        headers |= {"etag": answer.tag}
        response = Response(answer.sdp, 201, headers=headers, media_type=MEDIA_TYPE)
    return sdp_http.add_links(response, [*servers, events])


async def _wanted(request: Request) -> list[str]:
    """The events that a viewer wants; all that there are when it does not say. Raises Problem."""
    if request.headers.get("content-length", "0") == "0" and (
        "transfer-encoding" not in request.headers
    ):
        return list(EVENTS)
    sdp_http.must_be(request, "application/json", "not-json")
    wanted = await problems.read_json(request, list[str], EVENTS_LIMIT)
    if unknown := sorted(set(wanted) - set(EVENTS)):
        named = ", ".join(event[:40] for event in unknown[:5])
        raise Problem(
            400,
            "unknown-event",
            "Événement inconnu",
            f"Événements inconnus\u00a0: {named}\u202f; il y a {', '.join(EVENTS)}.",
            unknown=unknown[:5],
        )
    return wanted


async def _read(listening: AbstractAsyncContextManager[Events]) -> Response:
    """An event stream, until it ends or its reader goes away."""
    stack = AsyncExitStack()
    return EventStream(await stack.enter_async_context(listening), stack.aclose)
