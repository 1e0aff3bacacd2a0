"""Answers made once, as bytes, and sent to any number of viewers by raw ASGI."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from starlette.types import Send

from tv.problems import CONTENT_TYPE, Problem

Headers = list[tuple[bytes, bytes]]

_CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"timing-allow-origin", b"*"),
]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, ready to be sent to any number of viewers."""

    status: int
    headers: Headers
    body: Sequence[bytes]

    @classmethod
    def of(
        cls, kind: bytes, cache: bytes, body: Sequence[bytes], *, zipped: bool | None = None
    ) -> "Reply":
        """`zipped` is None for what is never compressed."""
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % sum(map(len, body))),
            (b"cache-control", cache),
            *_CORS,
        ]
        if zipped is not None:
            headers.append((b"vary", b"accept-encoding"))
        if zipped:
            headers.append((b"content-encoding", b"gzip"))
        return cls(200, headers, body)

    async def send(self, send: Send, *, head: bool) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        last = len(self.body) - 1
        if head or last < 0:
            await send({"type": "http.response.body", "body": b""})
            return
        for index, data in enumerate(self.body):
            await send({"type": "http.response.body", "body": data, "more_body": index < last})


PREFLIGHT = Reply(
    204,
    [
        *_CORS,
        (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-max-age", b"86400"),
        (b"content-length", b"0"),
    ],
    (),
)


def refusal(problem: Problem) -> Reply:
    body = msgspec.json.encode(problem.body())
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        *((key.encode(), value.encode()) for key, value in problem.headers().items()),
        *_CORS,
    ]
    if "allow" in problem.extra:
        headers.append((b"allow", problem.extra["allow"].encode()))
    return Reply(problem.status, headers, (body,))
