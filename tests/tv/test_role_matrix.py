"""Every operation of the API, asked by every kind of caller: those may who should, nobody else."""

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from tests.tv.asking import Asker, asking
from tests.tv.house import House, house
from tests.tv.role_matrix import BODIES, PAGES, ROLES
from tests.tv.role_world import SETTINGS, world

# May be written out.
FREE = ("verb", "format", "name", "topic", "participant", "clip", "rule", "pass", "device", "slot")
STALE = {"if_match": '"1-1"', "content_type": "application/json"}  # fits nothing
SOCKETS = ("/ws", "/api/v1/channels/{channel}/captions/stream")
UPGRADE = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec_websocket_version": "13",
    "sec_websocket_key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@dataclass(frozen=True)
class Line:
    """A line of the table: what is asked, who may, and the 404 that they may get."""

    operation: str
    may: tuple[str, ...]
    absent: str

    @property
    def method(self) -> str:
        return self.operation.partition(" ")[0]

    @property
    def address(self) -> str:
        return self.operation.partition(" ")[2]

    def is_for(self, method: str, path: str) -> bool:
        """True if the line requests a route of this method and path."""
        names = (
            rf"(?:\{{\w+\}}|{'[^/:]+' if name[1:-1] in FREE else '(?!)'})"
            if name.startswith("{")
            else re.escape(name)
            for name in re.split(r"(\{\w+\})", path)
        )
        return self.method == method and bool(
            re.fullmatch("".join(names), self.address.partition("?")[0])
        )


LINES = [
    Line(" ".join(said[:2]), may, said[2] if said[2:] else "")
    for may, lines in ROLES.items()
    for said in map(str.split, lines.strip().splitlines())
]


def operations(app: Starlette) -> Iterator[tuple[str, str, BaseRoute]]:
    """The method and path of what the application answers, but for pages."""
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            yield "GET", route.path, route
        elif isinstance(route, Route) and route.path.startswith("/api/"):
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, route.path, route


def verbs(route: BaseRoute) -> set[str]:
    """The verbs that an endpoint knows: keys of its module's tables, cases, what it compares."""
    assert isinstance(route, Route)
    function: Any = inspect.unwrap(route.endpoint)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found: list[Any] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(
            table := function.__globals__.get(node.id), dict
        ):
            found += table
        elif isinstance(node, ast.MatchValue):
            found += [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
        elif isinstance(node, ast.Compare) and "verb" in ast.unparse(node.left):
            said = [each for part in node.comparators for each in ast.walk(part)]
            found += [each.value for each in said if isinstance(each, ast.Constant)]
    return {each for each in found if isinstance(each, str)}


async def test_every_route_is_in_the_table_and_every_line_is_a_route(tv: House) -> None:
    app: Any = tv.app._rest
    known: set[Line] = set()
    missing: list[str] = []
    for method, path, route in operations(app):
        # As Starlette does, a line is for the first route that fits.
        lines = {line for line in LINES if line not in known and line.is_for(method, path)}
        known |= lines
        missing += [] if lines else [f"{method} {path}"]
        if path.endswith(":{verb}"):
            listed = {line.address.rpartition(":")[2] for line in lines}
            missing += [
                f"{method} {path.removesuffix('{verb}')}{verb}"
                for verb in sorted(verbs(route) - listed)
            ]
    pages = {
        route.path
        for route in app.routes
        if isinstance(route, Route) and not route.path.startswith("/api/")
    }
    add = "add to tests/tv/role_matrix.py, below who may:"
    assert not missing, "\n".join((add, *missing))
    assert [line.operation for line in LINES if line not in known] == []
    assert pages == set(PAGES.split()), "tests/tv/role_matrix.py has other pages"


async def test_those_may_who_should_and_nobody_else(redis: Redis, tmp_path: Path) -> None:
    wrong: list[str] = []
    async with house(redis, SETTINGS, data=tmp_path) as tv, AsyncExitStack() as stack:
        ids, tokens = await world(tv)
        callers = {
            who: await stack.enter_async_context(asking(tv.address, token))
            for who, token in tokens.items()
        }
        for line in LINES:
            address = line.address.format_map(ids)
            body = _body(line, ids)
            headers = _headers(line)
            answers = await asyncio.gather(
                *(_ask(asker, line.method, address, body, headers) for asker in callers.values())
            )
            for who, (status, code) in zip(callers, answers, strict=True):
                refused = status in (401, 403, 404) and code != (line.absent or None)
                if refused == (who in line.may) or status == 500:
                    said = "may" if who in line.may else "may not"
                    wrong.append(f"{line.operation}: {who} {said}, gets {status} {code}")
    assert not wrong, "\n".join(wrong)


async def _ask(
    asker: Asker, method: str, address: str, body: bytes, headers: dict[str, str]
) -> tuple[int, str]:
    async with asyncio.timeout(30):
        return await asker.ask(method, address, body, **headers)


def _headers(line: Line) -> dict[str, str]:
    if line.address.startswith(SOCKETS):
        return UPGRADE
    return {} if line.method == "GET" else STALE


def _body(line: Line, ids: dict[str, str]) -> bytes:
    if line.method in ("GET", "DELETE") or line.address.endswith("/pictures"):
        return b""
    body = BODIES.get(line.operation, {})
    filled = {
        name: said.format_map(ids) if isinstance(said, str) else said for name, said in body.items()
    }
    return msgspec.json.encode(filled)
