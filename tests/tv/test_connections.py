"""Requests with a head that no ordinary client sends: refused before the application sees them."""

import asyncio
import json
import logging
import time

import pytest

from tests.tv.house import House
from tv.request_head import FIELDS, HEAD_LIMIT, TARGET_LIMIT, names_a_host
from tv.webrtc.whip import WRONG_KEYS

EVENT = b"GET /api/v1/event HTTP/1.1\r\n"


async def answers(tv: House, said: bytes) -> bytes:
    """All bytes that the server sends, until it closes the connection."""
    host, _, port = tv.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(said)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"Host: a\r\nHost: a\r\n",
        b"Host:\r\n",
        b"Host: " + b"x" * 256 + b"\r\n",
        b"Host: a/b\r\n",
        b"Host: a b\r\n",
        b"Host: u@a\r\n",
        b"Host: a:b\r\n",
        b"Host: [::1\r\n",
        b'Host: "><script>\r\n',
    ],
)
async def test_request_that_names_no_host_is_refused(
    tv: House, host: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    head, _, body = (await answers(tv, b"GET /mur HTTP/1.1\r\n" + host + b"\r\n")).partition(
        b"\r\n\r\n"
    )
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert b"connection: close" in head
    assert json.loads(body)["type"] == "urn:fabrique-tv:problem:invalid-host"
    assert not caplog.records


@pytest.mark.parametrize(
    "host", [b"tv", b"tv.example.org:8443", b"[2001:db8::1]:80", b"my_host", b"192.0.2.1"]
)
def test_names_and_addresses_are_hosts(host: bytes) -> None:
    assert names_a_host([host], "1.1")


def test_only_http_1_0_may_leave_the_host_out() -> None:
    assert names_a_host([], "1.0")
    assert not names_a_host([], "1.1")
    assert not names_a_host([b"a", b"a"], "1.0")


@pytest.mark.parametrize(
    "fields", [b"X: " + b"a" * HEAD_LIMIT + b"\r\n", b"a: b\r\n" * 8_000, b"a: b\r\n" * FIELDS]
)
async def test_large_head_is_refused_though_it_comes_at_once(tv: House, fields: bytes) -> None:
    answer = await answers(tv, EVENT + b"Host: x\r\n" + fields + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"head-too-large" in answer


@pytest.mark.parametrize(("more", "status"), [(0, b" 200 "), (1, b" 431 ")])
async def test_head_may_have_32_kb_exactly(tv: House, more: int, status: bytes) -> None:
    fields = b"Host: x\r\nConnection: close\r\n"
    left = HEAD_LIMIT - len(b"/api/v1/event" + fields) - len(b"X: \r\n") + more
    answer = await answers(tv, EVENT + fields + b"X: " + b"a" * left + b"\r\n\r\n")
    assert status in answer.splitlines()[0]


async def test_long_address_is_refused(tv: House) -> None:
    query = b"a" * (TARGET_LIMIT - len(b"/?"))
    end = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert (await answers(tv, b"GET /?" + query + end)).startswith(b"HTTP/1.1 200 ")
    assert (await answers(tv, b"GET /?" + query + b"a" + end)).startswith(b"HTTP/1.1 414 ")


async def test_cookie_full_of_escapes_costs_no_more_than_another(tv: House) -> None:
    """http.cookies undoes escapes in quadratic time (CVE-2024-7592)."""
    cookie = b'Cookie: a="' + b'\\"' * 15_000 + b'"\r\n'
    said = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + cookie + b"\r\n"
    await answers(tv, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    began = time.process_time()
    assert (await answers(tv, said)).startswith(b"HTTP/1.1 200 ")
    assert time.process_time() - began < 0.5


async def test_trailers_are_not_headers(tv: House) -> None:
    """A proxy on this machine is believed about viewers' addresses, but only in the head."""
    statuses = []
    for viewer in range(WRONG_KEYS + 1):
        said = (
            b"POST /plateau/whip HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer no\r\n"
            b"Content-Type: application/sdp\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n"
            b"2\r\nv=\r\n0\r\nX-Forwarded-For: 198.51.100.%d\r\n\r\n" % viewer
        )
        statuses.append(int((await answers(tv, said)).split()[1]))
    assert statuses == [401] * WRONG_KEYS + [429]


@pytest.mark.parametrize("trailers", [b"a: b\r\n" * 8_000, b"X: " + b"a" * HEAD_LIMIT + b"\r\n"])
async def test_trailers_have_the_limits_of_a_head(tv: House, trailers: bytes) -> None:
    said = b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = await answers(tv, said + b"2\r\n{}\r\n0\r\n" + trailers + b"\r\n")
    assert answer == b""  # closed, while the application was reading


@pytest.mark.parametrize(
    "asked",
    [
        EVENT + b"Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"POST /api/v1/join HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: foo\r\n"
        b"Content-Length: 2\r\n\r\n{}",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_upgrade_that_is_refused_ends_the_connection(tv: House, asked: bytes) -> None:
    """Nothing after it in the same bytes is read: the answer must say so."""
    answer = await answers(tv, asked + EVENT + b"Host: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer


UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x", 200),
        (b"HEAD /api/v1/event HTTP/1.1\r\nHost: x", 200),
        (b"GET /api/v1/labs.csv HTTP/1.1\r\nHost: x", 404),
        (b"GET /plateau/media.m3u8 HTTP/1.1\r\nHost: x", 503),
        (b"GET /static/icon.svg HTTP/1.1\r\nHost: x", 404),
        (b"GET /.well-known/security.txt HTTP/1.1\r\nHost: x", 404),
        (b"PUT /api/v1/polls/x/ballot HTTP/1.1\r\nHost: x\r\nContent-Length: 0", 404),
        (b"GET / HTTP/1.1\r\nX: no host", 400),
        (b"GET /ws HTTP/1.1\r\nHost: x\r\n" + UPGRADE.rstrip(), 101),
    ],
)
async def test_every_answer_says_that_its_type_is_meant(
    tv: House, asked: bytes, status: int
) -> None:
    host, _, port = tv.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(asked + b"\r\n\r\n")
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
    writer.close()
    assert int(head.split()[1]) == status
    assert head.count(b"x-content-type-options: nosniff\r\n") == 1
