"""What a whole room does at once, taken from the parser: no framework stands between.

A request costs some 80 µs beside what its endpoint does: a scope, middlewares, a router with a
hundred routes, the answer in pieces. When two thousand people vote, that is most of the work. So
these few requests meet their endpoint directly; it is the same one, asked in the same way, and
answers the same (decisions/0041).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Message

from tv import problems
from tv.auth import Authentication
from tv.connections import Take
from tv.replies import Headers, Reply

logger = logging.getLogger(__name__)

STORMS = frozenset(
    {
        "/api/v1/polls/{poll}/ballot",
        "/api/v1/questions/{question}/support",
        "/api/v1/talks/{talk}/reactions",
    }
)
KNOWN = 1000  # addresses whose endpoint is not looked for again
LONGEST = 200  # characters of such an address


class Taps:
    """The endpoints of STORMS, of all `routes`; `folded`: the journal is, as far as it goes."""

    def __init__(
        self, routes: Sequence[BaseRoute], authentication: Authentication, folded: asyncio.Event
    ) -> None:
        self._routes = [
            route for route in routes if isinstance(route, Route) and route.path in STORMS
        ]
        self._authentication = authentication
        self._folded = folded
        self._known: dict[tuple[bytes, bytes], Take | None] = {}

    def taking(self, method: bytes, target: bytes) -> Take | None:
        """What answers a request, if it is one of these, and there is something true to say."""
        if not self._folded.is_set() or len(target) > LONGEST:
            return None
        asked = (method, target)
        if asked not in self._known:
            if len(self._known) >= KNOWN:  # they are named by whoever asks
                self._known.clear()
            self._known[asked] = self._find(method.decode(), target)
        return self._known[asked]

    def _find(self, method: str, target: bytes) -> Take | None:
        if b"?" in target:
            return None
        path = unquote(target.decode("ascii", "replace"))
        for route in self._routes:
            found = route.path_regex.match(path)
            if found and route.methods and method in route.methods:
                scope = {
                    "type": "http",
                    "method": method,
                    "path": path,
                    "root_path": "",
                    "query_string": b"",
                    "path_params": found.groupdict(),
                }
                return _Tap(route.endpoint, scope, self._authentication)
        return None


class _Tap:
    """One endpoint at one address."""

    def __init__(self, endpoint: Any, scope: dict[str, Any], by: Authentication) -> None:
        self._endpoint = endpoint
        self._scope = scope
        self._authentication = by

    async def __call__(self, headers: Headers, body: bytes) -> Reply:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        scope = {**self._scope, "headers": headers}
        request = Request(scope, receive)
        try:
            scope["auth"], refused = self._authentication.look(scope)
            if refused is not None:
                raise refused
            response = await self._endpoint(request)
        except Exception as error:
            response = await problems.answer(request, error)
            if response.status_code == 500:
                logger.exception("%s %s", scope["method"], scope["path"])
        return Reply(response.status_code, response.raw_headers, (response.body,))
