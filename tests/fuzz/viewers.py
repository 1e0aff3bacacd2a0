"""What viewers send us: HTTP, offers and answers, checks, hellos, passes, queries."""

import asyncio
import functools
import logging
from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import aioice.stun
from starlette.types import Message
from starlette.websockets import WebSocket

from streaming.webrtc import fragment, offer, sdp, stun
from tests.fuzz.engine import Target
from tests.servers import store_server
from tests.streaming.webrtc import offers
from tests.streaming.webrtc.test_fragment import FRAGMENT
from tests.tv.house import house
from tv import store
from tv.auth import Identity
from tv.directives import directives
from tv.open_page import NotUnderstood, Page
from tv.passes import Passes, PassExpired, PassForged, Role
from tv.problems import Problem

KEY = b"a key of this size"


def _read_offer(data: bytes) -> None:
    read = offer.read_offer(data.decode(errors="replace"))
    assert set(read.codecs) <= {"video", "audio"}
    assert read.remote_name


def _offers() -> Iterable[bytes]:
    every = (offers.CHROME, offers.SAFARI, offers.FIREFOX, offers.PION, offers.DATA_ALONE)
    return (each.encode() for each in every)


def _answers() -> list[bytes]:
    picture = offers.Section("video", "0", [offers.h264(96, "42e01f", rtx=97)])
    text = offers.offer(picture, offers.PLAIN_SOUND)
    return [text.replace("a=setup:actpass", "a=setup:active").encode()]


def _look(data: bytes) -> None:
    """As the port does with what comes from anywhere."""
    if stun.is_message(data):
        stun.named(data)
        stun.nominates(data)
        if stun.is_sealed(data):
            stun.is_genuine(data, KEY)
            stun.answer(data, KEY, stun.mapped(("192.0.2.1", 1000)))
            stun.answer(data, KEY, stun.mapped(("2001:db8::1", 1000)))


def _checks() -> Iterator[bytes]:
    check = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    check.attributes["USERNAME"] = "ours:theirs"
    check.attributes["PRIORITY"] = 1
    check.attributes["USE-CANDIDATE"] = None
    check.attributes["ICE-CONTROLLING"] = 2**64 - 1
    yield bytes(check)
    check.add_message_integrity(KEY)
    yield bytes(check)


@functools.cache
def loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


class Complaints(logging.Handler):
    """What a server only logs: somebody's bytes may end their connection, and no more."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.errors.append(error or RuntimeError(record.getMessage()))

    def hear(self, _: object, found: dict[str, Any]) -> None:
        """As a loop's exception handler."""
        self.errors.append(found.get("exception") or RuntimeError(found["message"]))


class Web:
    """A web process with a store of its own, asked whatever one likes."""

    def __enter__(self) -> None:
        self._stack = AsyncExitStack()
        self._complaints = Complaints()
        logging.getLogger().addHandler(self._complaints)
        loop().set_exception_handler(self._complaints.hear)
        loop().run_until_complete(self._start())

    def __exit__(self, *_: object) -> None:
        loop().run_until_complete(self._stack.aclose())
        logging.getLogger().removeHandler(self._complaints)

    async def _start(self) -> None:
        server = self._stack.enter_context(store_server())
        await server.wait()
        client = await self._stack.enter_async_context(store.connected(server.url))
        web = await self._stack.enter_async_context(house(client))
        self._host, _, port = web.address.partition(":")
        self._port = int(port)

    def ask(self, data: bytes) -> None:
        """Say all of it, then read what comes. Raises what the server complains about."""
        loop().run_until_complete(self._ask(data))
        if errors := self._complaints.errors:
            self._complaints.errors = []
            raise errors[0]

    async def _ask(self, data: bytes) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(1):
                writer.write(data)
                writer.write_eof()
                while await reader.read(1 << 16):
                    pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def _requests() -> Iterator[bytes]:
    head = b"HTTP/1.1\r\nHost: tv\r\nAccept-Encoding: gzip, br\r\n"
    for target in (
        "/plateau/media.m3u8?_HLS_msn=4&_HLS_part=1&_HLS_skip=YES",
        "/plateau/480p/1-2.m4s",
        "/plateau/replay/direct/index.m3u8",
        "/?canal=plateau&lang=en&sur-place",
        "/programme?jour=2026-11-26",
        "/oembed?url=http://tv/integrer/plateau&maxwidth=300",
        "/api/v1/contributions?table=a.1&state=shown&limit=9&after=3-0&sort=support",
        "/api/v1/talks/direct/captions.vtt?from=1.5&to=2",
        "/api/v1/views/talk:direct?since=17-0",
        "/wall/pictures/a-1x1.jpg",
        "/static/icon.svg",
    ):
        asked = f"GET {target} ".encode()
        yield asked + head + b'Range: bytes=0-3\r\nIf-None-Match: "17-0"\r\n\r\n'
    body = b"Origin: http://tv\r\nIdempotency-Key: k\r\nContent-Length: 2\r\n\r\n{}"
    yield b"PUT /api/v1/polls/a/ballot " + head + b"Cookie: fabrique_pass=a.b\r\n" + body
    yield b"POST /plateau/whep " + head + b"Content-Type: application/sdp\r\n" + body
    chunked = b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    yield b"POST /x " + head + chunked
    upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    yield b"GET /ws " + head + upgrade + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"


def _say_hello(data: bytes) -> None:
    """As a socket brings it: text, or bytes after a first one that says so."""
    text = data[:1] != b"\0"
    try:
        said = {"text": data.decode()} if text else {"bytes": data[1:]}
    except UnicodeDecodeError:
        return  # the socket's own layer closes

    comes = iter(({"type": "websocket.connect"}, {"type": "websocket.receive", **said}))

    async def receive() -> Message:
        return next(comes)

    async def send(message: Message) -> None: ...

    async def hello() -> None:
        socket = WebSocket({"type": "websocket"}, receive, send)
        await socket.accept()
        page = Page(socket, Identity(), 20.0)
        page.show(await page.hello())

    loop().run_until_complete(hello())


def _hellos() -> list[bytes]:
    topics = [
        "talk:direct",
        "captions:plateau",
        "me:cafe",
        "channel:plateau",
        "wall",
        "lab:chercher",
    ]
    said = ", ".join(f'"{topic}": "17-0"' for topic in topics)
    return [
        b'{"type": "hello", "version": 1, "topics": {%b}}' % said.encode(),
        b'\0{"type": "hello", "version": 1, "topics": {"talks": ""}}',
    ]


_passes = Passes(bytes(32), now=lambda: 1_795_600_000.0)


def _show_pass(data: bytes) -> None:
    token = data.decode("latin-1")
    try:
        assert _passes.participant(token).id.startswith("p_")
    except (PassForged, PassExpired):
        held = _passes.read(token)
        assert held.id.startswith("pass_")


def _shown() -> list[bytes]:
    return [
        _passes.issue(Role.HOST, "Zoé", table="labo-1.3").encode(),
        _passes.welcome("Ann", lab="labo-1")[1].encode(),
        _passes.issue(Role.ADMIN, lifetime=-1.0).encode(),
    ]


web = Web()

TARGETS = (
    Target("whep-offer", _read_offer, _offers, (sdp.Refusal,)),
    Target(
        "whep-answer",
        lambda data: offer.read_answer(data.decode(errors="replace")),
        _answers,
        (sdp.Refusal,),
    ),
    Target(
        "trickle",
        lambda data: fragment.read(data.decode(errors="replace")),
        lambda: [FRAGMENT.encode()],
        (fragment.NotAFragment,),
    ),
    Target("stun", _look, _checks),
    Target("http", web.ask, _requests, around=web),
    Target("hello", _say_hello, _hellos, (NotUnderstood,)),
    Target("passes", _show_pass, _shown, (PassForged, PassExpired)),
    Target(
        "ll-hls-query",
        directives.__wrapped__,
        lambda: [b"_HLS_msn=12&_HLS_part=3&_HLS_skip=YES"],
        (Problem,),
    ),
)
