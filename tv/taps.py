"""What a whole room does at once, taken from the parser: no framework stands between.

A request costs some 80 µs beside what its endpoint does: a scope, middlewares, a router with a
hundred routes, a task, the answer in pieces. When two thousand people vote, that is most of the
work. So plans (tv/storms.py) are asked directly, and answered from where the journal is folded;
they are the same ones, and answer the same (decisions/0041).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.routing import BaseRoute, Route

from engagement.fold import Item
from tv import problems
from tv.auth import Authentication
from tv.connections import Take, Then
from tv.problems import Problem
from tv.proxies import Clients
from tv.replies import Headers, Reply, status_line
from tv.storms import Act, Asked, Plan
from tv.writing import Writer

logger = logging.getLogger(__name__)

KNOWN = 1000  # addresses whose plan is not looked for again
LONGEST = 200  # characters of such an address

_encode = msgspec.json.Encoder().encode


class Taps:
    """The plans of all `routes`; `folded`: the journal is, as far as it goes."""

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        authentication: Authentication,
        writer: Writer,
        folded: asyncio.Event,
        clients: Clients,
    ) -> None:
        self._clients = clients
        self._routes = [
            route for route in routes if isinstance(route, Route) and _plan(route) is not None
        ]
        self._authentication = authentication
        self._writer = writer
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
            plan = _plan(route)
            if found and plan and route.methods and method in route.methods:
                scope = {
                    "type": "http",
                    "method": method,
                    "path": path,
                    "root_path": "",
                    "query_string": b"",
                    "path_params": found.groupdict(),
                }
                return _Tap(plan, scope, self._authentication, self._writer, self._clients)
        return None


class _Tap:
    """One plan at one address."""

    def __init__(
        self,
        plan: Plan,
        scope: dict[str, Any],
        authentication: Authentication,
        writer: Writer,
        clients: Clients,
    ) -> None:
        self._clients = clients
        self._plan = plan
        self._scope = scope
        self._authentication = authentication
        self._writer = writer

    def __call__(self, headers: Headers, body: bytes, peer: str, then: Then) -> None:
        scope = {**self._scope, "headers": headers}
        asked = Asked(scope, body)
        forwarded = asked.headers.get("x-forwarded-for", "")
        scope["client"] = (self._clients.address(peer, forwarded), 0)
        try:
            scope["auth"], refused = self._authentication.look(scope, asked.headers)
            if refused is not None:
                raise refused
            act = self._plan(asked)
            self._writer.submit(
                act.event, act.who, act.talk, lambda told: self._answer(act, told, then)
            )
        except Problem as problem:
            answer = self._refusal(problem)
            if problem.held_for:
                asyncio.get_running_loop().call_later(problem.held_for, then, *answer)
            else:
                then(*answer)
        except Exception as error:
            then(*self._refusal(error))

    def _answer(self, act: Act, told: Item | Exception | None, then: Then) -> None:
        try:
            if isinstance(told, Exception):
                raise told
            answer = _written(*act.answer(told))
        except Exception as error:
            answer = self._refusal(error)
        then(*answer)

    def _refusal(self, error: Exception) -> tuple[bytes, bytes]:
        response = problems.response_to(error)
        if response.status_code == 500:
            logger.error("%(method)s %(path)s", self._scope, exc_info=error)
        return Reply(response.status_code, response.raw_headers, ()).head, bytes(response.body)


def _plan(route: Route) -> Plan | None:
    return getattr(route.endpoint, "plan", None)


def _written(status: int, said: dict[str, Any]) -> tuple[bytes, bytes]:
    """The head and the body of `writing.json`."""
    body = _encode(said)
    tag = b'etag: "%b"\r\n' % said["version"].encode() if "version" in said else b""
    return (
        b"%bcontent-type: application/json\r\ncache-control: no-store\r\n%bcontent-length: %d\r\n"
        % (status_line(status), tag, len(body)),
        body,
    )
