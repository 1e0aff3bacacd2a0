"""Answers made once, as bytes, and sent to any number of viewers by raw ASGI."""

import gzip
import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import NamedTuple

import msgspec
from starlette.types import Send

from tv.problems import CONTENT_TYPE, Problem

LARGE = 32_768  # bytes of a body that are worth a file in memory

Headers = list[tuple[bytes, bytes]]

PLAYLIST = b"application/vnd.apple.mpegurl"
# What playlists are told apart by. Our own nginx says that it is there: players then keep further
# away from the live edge.
VARY = b"accept-encoding, x-fabrique-edge"

_STATUS_LINES = {
    int(status): b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus
}

_CORS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"timing-allow-origin", b"*"),
]


def status_line(status: int) -> bytes:
    return _STATUS_LINES[status]


class Asked(NamedTuple):
    """What a request's headers say that answers differ by."""

    zipped: bool
    edge: bool  # it comes through our nginx
    known: bytes  # If-None-Match

    @classmethod
    def of(cls, headers: Headers) -> "Asked":
        zipped, edge, known = False, False, b""
        for key, value in headers:
            if key == b"accept-encoding":
                zipped = zipped or b"gzip" in value
            elif key == b"if-none-match":
                known = value
            elif key == b"x-fabrique-edge":
                edge = value == b"1"
        return cls(zipped, edge, known)


class File:
    """A whole answer in a file that is nowhere but in memory (memfd_create(2)), for sendfile(2)."""

    def __init__(self, reply: "Reply", dated: bytes) -> None:
        self.dated = dated
        self.data = b"".join((reply.head, dated, *reply.body))
        self.number = os.memfd_create("reply")
        os.write(self.number, self.data)

    def __del__(self) -> None:
        os.close(self.number)


@dataclass(frozen=True)
class Reply:
    """An answer, ready to be sent to any number of viewers; `tag` is its entity tag, if any."""

    status: int
    headers: Headers
    body: Sequence[bytes]
    tag: bytes = b""

    @classmethod
    def of(
        cls,
        kind: bytes,
        cache: bytes,
        body: Sequence[bytes],
        *,
        zipped: bool | None = None,
        tag: bytes = b"",
    ) -> "Reply":
        """`zipped` is None for what is never compressed. `tag` is quoted, as it is sent."""
        headers = [
            (b"content-type", kind),
            (b"content-length", b"%d" % sum(map(len, body))),
            *_kept(cache, tag, zipped),
        ]
        if zipped:
            headers.append((b"content-encoding", b"gzip"))
        return cls(200, headers, body, tag)

    def unless(self, known: bytes) -> "Reply":
        """This, or 304 for who has it: `known` is their If-None-Match (RFC 9110, 13.1.2)."""
        if not known or not self.tag or self.status != 200:
            return self
        tags = (each.strip().removeprefix(b"W/") for each in known.split(b","))
        return self._unchanged if self.tag in tags or known.strip() == b"*" else self

    @cached_property
    def _unchanged(self) -> "Reply":
        dropped = (b"content-type", b"content-length", b"content-encoding")
        headers = [header for header in self.headers if header[0] not in dropped]
        return Reply(304, headers, ())

    @cached_property
    def head(self) -> bytes:
        """Status line and headers as they go over the wire, made once; the date is to follow."""
        lines = [b"%b: %b\r\n" % header for header in self.headers]
        return status_line(self.status) + b"".join(lines)

    def file(self, dated: bytes) -> File | None:
        """All of it where the kernel can send it from, when it is so large that this pays.

        `dated` ends the head, and changes once a second.
        """
        if sys.platform != "linux" or sum(map(len, self.body)) < LARGE:
            return None
        if not self._files or self._files[0].dated != dated:
            self._files[:] = [File(self, dated)]
        return self._files[0]

    @cached_property
    def _files(self) -> list[File]:
        return []

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


def text(kind: bytes, content: str, cache: bytes) -> Reply:
    """Any other text; the entity tag is made of it."""
    body = content.encode()
    return Reply.of(kind, cache, (body,), tag=_tag_of(body))


def playlist(text: str, cache: bytes, *, zipped: bool) -> Reply:
    """A playlist, compressed if it is to be; the entity tag is made of its text."""
    body = text.encode()
    tag = _tag_of(body, b"z" * zipped)
    if zipped:
        body = gzip.compress(body, 5, mtime=0)
    return Reply.of(PLAYLIST, cache, (body,), zipped=zipped, tag=tag)


def refusal(problem: Problem, cache: bytes = b"no-store") -> Reply:
    """A problem as viewers receive it, stored by no cache unless `cache` says otherwise."""
    body = msgspec.json.encode(problem.body())
    said = problem.headers() | {"cache-control": cache.decode()}
    headers = [
        (b"content-type", CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        *((key.encode(), value.encode()) for key, value in said.items()),
        *_CORS,
    ]
    if "allow" in problem.extra:
        headers.append((b"allow", problem.extra["allow"].encode()))
    return Reply(problem.status, headers, (body,))


def _tag_of(body: bytes, more: bytes = b"") -> bytes:
    return b'"%b%b"' % (hashlib.blake2b(body, digest_size=8).hexdigest().encode(), more)


def _kept(cache: bytes, tag: bytes, zipped: bool | None) -> Headers:
    headers = [(b"cache-control", cache), *_CORS]
    if cache.startswith(b"private"):
        # nginx keeps replays whatever Cache-Control says, unless it sees a pass. Its configuration
        # may be older than the name of our cookie.
        headers.append((b"x-accel-expires", b"0"))
    if zipped is not None:
        headers.append((b"vary", VARY))
    if tag:
        headers.append((b"etag", tag))
    return headers
