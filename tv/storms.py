"""What comes in storms: acts that are understood at once, and answered when they are written.

Such an endpoint is a plan: a function of a request that is there as a whole, which says what is to
be done and how that is answered. Nothing waits in it, so that two thousand votes in a second need
no two thousand tasks: tv/taps.py asks plans directly, `endpoint` makes Starlette's of them.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from engagement.audience import AnyEvent
from engagement.fold import Item
from tv.auth import Identity
from tv.problems import Problem, decoded, read_body
from tv.writing import Writer, json

T = TypeVar("T")

LARGEST = 8192  # bytes of a body


class Found(Headers):
    """Headers that are looked up, where Starlette looks through them."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._list = raw
        self._by_name = dict(reversed(raw))  # the first of a name counts

    def get(self, key: str, default: Any = None) -> Any:
        value = self._by_name.get(key.encode("latin-1"))
        return default if value is None else value.decode("latin-1")


class Asked(Request):
    """A request and its whole body."""

    def __init__(self, scope: Scope, body: bytes) -> None:
        super().__init__(scope)
        self._found = Found(scope["headers"])
        self._whole = body

    @property
    def headers(self) -> Headers:
        return self._found

    def said(self, type: type[T]) -> T:
        """Its body, as a value. Raises Problem."""
        return decoded(self._whole, type)


class Act(NamedTuple):
    """What somebody does: `event` is written; without one it is only counted, in a talk.

    `answer` is given what it made or changed, if it was written, and says a status and a body.
    """

    who: Identity
    event: AnyEvent | None
    answer: Callable[[Item | None], tuple[int, dict[str, Any]]]
    talk: str = ""


Plan = Callable[[Asked], Act]  # raises Problem


def endpoint(plan: Plan, writer: Writer) -> Callable[[Request], Awaitable[Response]]:
    """The same as an endpoint of Starlette, with the `plan` as an attribute."""

    @functools.wraps(plan)
    async def answer(request: Request) -> Response:
        try:
            act = plan(Asked(request.scope, await read_body(request, LARGEST)))
        except Problem as problem:
            await asyncio.sleep(problem.held_for)
            raise
        item = None
        if act.event is None:
            await writer.count(act.who, act.talk)
        else:
            item = await writer.write(act.event, act.who)
        status, body = act.answer(item)
        return json(body, status)

    answer.plan = plan  # type: ignore[attr-defined]
    return answer
