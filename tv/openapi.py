"""The API's description by OpenAPI 3.1, made from the routes themselves.

- `GET /api/v1/openapi.json` → the description.

What an endpoint reads is told by `takes` and `asks`; what its words mean is told by its module's
docstring, which becomes the description of its tag.
"""

import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tv.problems import CONTENT_TYPE

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

PREFIX = "/api/v1"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `type` is a stable code, `title` and `detail` are in French.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "current": {"type": "object", "description": "what stands in the way"},
        "retry_after": {"type": "number", "description": "seconds"},
    },
}
HEADERS = {
    "Idempotency-Key": "The same for all tries of one act that the journal keeps (200 characters).",
    "If-Match": "Versions of what is acted on, where it has any; 412 when it has another.",
}


def takes(*bodies: type) -> Callable[[Endpoint], Endpoint]:
    """Say that an endpoint reads a JSON body of one of some types."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.takes = bodies  # type: ignore[attr-defined]
        return endpoint

    return mark


def asks(**queries: str | Collection[str]) -> Callable[[Endpoint], Endpoint]:
    """Say which queries an endpoint reads: the values that one may have, or what it means."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.asks = queries  # type: ignore[attr-defined]
        return endpoint

    return mark


def some(values: Collection[str]) -> str:
    """Of a query that may have several values at once."""
    return f"some of {', '.join(sorted(values))}; separated by commas"


def routes(others: Iterable[BaseRoute]) -> list[BaseRoute]:
    """The route of the description of all `others` that are of the API."""
    written = msgspec.json.encode(described(others))

    async def answer(request: Request) -> Response:
        headers = {"cache-control": "public, max-age=60"}
        return Response(written, headers=headers, media_type="application/json")

    return [Route(f"{PREFIX}/openapi.json", answer, methods=["GET"])]


def described(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The description of the routes that are of the API."""
    every = [
        (method, route)
        for route in routes
        if isinstance(route, Route) and route.path.startswith(f"{PREFIX}/")
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]
    bodies = list(dict.fromkeys(body for _, route in every for body in bodies_of(route)))
    named, schemas = msgspec.json.schema_components(
        bodies, ref_template="#/components/schemas/{name}"
    )
    schema_of = dict(zip(bodies, named, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    tags: dict[str, str] = {}
    for method, route in every:
        module = sys.modules[_function(route).__module__]
        tag = module.__name__.rpartition(".")[2].removeprefix("api_").removesuffix("_api")
        tags[tag] = inspect.getdoc(module) or ""
        operation = _operation(method, route, tag, schema_of)
        paths.setdefault(_plain(route.path), {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Fabrique TV",
            "version": "1",
            "description": "Times are RFC 3339, media times seconds on the broadcast clock.",
        },
        "tags": [{"name": name, "description": text} for name, text in sorted(tags.items())],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "a pass, or a participant's token",
                }
            },
        },
        "security": [{}, {"bearer": []}],
    }


def bodies_of(route: Route) -> tuple[type, ...]:
    """The types that the JSON body of a route may have; none when it reads none."""
    found: tuple[type, ...] = getattr(_function(route), "takes", ())
    return found


def _operation(
    method: str, route: Route, tag: str, schema_of: Mapping[type, Any]
) -> dict[str, Any]:
    function = _function(route)
    operation: dict[str, Any] = {
        "tags": [tag],
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{route.path.removeprefix(PREFIX)}"),
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in route.param_convertors
        ]
        + [_query(name, said) for name, said in getattr(function, "asks", {}).items()],
        "responses": {
            "2XX": {"description": "as the tag's description says"},
            "4XX": _problem("refused: `detail` says why, and what to do"),
            "503": _problem("not now: try again, a write with the same Idempotency-Key"),
        },
    }
    if text := inspect.getdoc(function):
        operation["summary"] = text
    if method == "GET":
        unchanged = "as `If-None-Match` says that it was (views and films alone)"
        operation["responses"]["304"] = {"description": unchanged}
    if method in WRITES:
        operation["parameters"] += [
            {"name": name, "in": "header", "schema": {"type": "string"}, "description": text}
            for name, text in HEADERS.items()
        ]
    if method in ("POST", "PUT", "PATCH") and (bodies := bodies_of(route)):
        every = [schema_of[body] for body in bodies]
        schema = every[0] if len(every) == 1 else {"anyOf": every}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _query(name: str, said: str | Collection[str]) -> dict[str, Any]:
    query: dict[str, Any] = {"name": name, "in": "query", "schema": {"type": "string"}}
    if isinstance(said, str):
        return query | {"description": said}
    return query | {"schema": {"type": "string", "enum": list(said)}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {CONTENT_TYPE: {"schema": schema}}}


def _function(route: Route) -> Any:
    return inspect.unwrap(getattr(route.endpoint, "__func__", route.endpoint))


def _plain(path: str) -> str:
    """A path without its converters: `{file:path}` is `{file}`."""
    return re.sub(r"{(\w+):\w+}", r"{\1}", path)
