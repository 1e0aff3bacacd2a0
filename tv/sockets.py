"""uvicorn's WebSocket protocol, made to send one message to many pages, and to cut one off."""

import logging
import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

logger = logging.getLogger(__name__)

EXTENSION = "fabrique.socket"  # the key, in a scope's extensions, of the protocol itself
RESTART = 1012  # the code that closes sockets when the server stops
RETURNS = 250  # pages that come back in a second, at most
LONGEST = 20.0  # seconds that one of them waits, at most

# Limits on the data that a socket sends us in WINDOW seconds. The most that we ask for is a
# captioner's 200 texts of a kilobyte. A page's hellos and pongs are some ten frames and 1 kB.
WINDOW = 10.0
FRAMES = 400  # pings, pongs and pieces of messages too: each costs the loop some 20 µs
SIZE = 262_144  # bytes
PIECES = 64  # of one message: empty ones add nothing to its size
LOOKED_AT = 2_048  # bytes that are read before the counts are looked at again
FLOODS = 1008  # the code that closes a socket above that ("policy violation")
LINGERS = 1.0  # seconds that it has to read so
COMPLAIN_EVERY = 1.0  # seconds


def return_after(pages: int) -> int:
    """Milliseconds after which one of so many pages comes back, if all have to.

    They come evenly: all at once they would hold up each other, and who votes meanwhile.
    """
    return round(1000 * random.random() * min(LONGEST, pages / RETURNS))  # noqa: S311 -- jitter


@dataclass(frozen=True)
class Message:
    """`text` brings a page to `version`; it is empty when the page has nothing new to show."""

    text: str
    version: str

    @cached_property
    def frame(self) -> bytes:
        """The bytes of the text on a socket, made once (RFC 6455, 5.2: one frame, unmasked)."""
        payload = self.text.encode()
        size = len(payload)
        if size < 126:
            return bytes((0x81, size)) + payload
        if size < 1 << 16:
            return b"\x81\x7e" + size.to_bytes(2) + payload
        return b"\x81\x7f" + size.to_bytes(8) + payload


class Budget:
    """Bytes and frames received from a socket in a window of at most `WINDOW` seconds."""

    def __init__(self) -> None:
        self._since = float("-inf")
        self._size = self._frames = 0

    def spend(self, now: float, size: int, frames: int) -> bool:
        """Count; return whether it is still within bounds. `now` is any clock in seconds."""
        if now - self._since > WINDOW:
            self._since, self._size, self._frames = now, 0, 0
        self._size += size
        self._frames += frames
        return self._size <= SIZE and self._frames <= FRAMES


class Complaints:
    """Log lines about sockets that were closed for a flood: at most one a second."""

    def __init__(self) -> None:
        self._count = 0
        self._quiet_until = float("-inf")

    def note(self, now: float) -> None:
        self._count += 1
        if now >= self._quiet_until:
            logger.warning("closed %d sockets that brought too much", self._count)
            self._count, self._quiet_until = 0, now + COMPLAIN_EVERY


_complaints = Complaints()


class Sockets(WebSocketsSansIOProtocol):
    """It is its application's `scope["extensions"]["fabrique.socket"]`.

    Without compression a message is the same bytes for every page: `write` sends them as they are.
    A transport that is closed first sends what it holds, for ever if nobody reads: where uvicorn
    closes one that does not answer, this one aborts. One that brings more than `Budget` allows is
    closed with 1008.
    """

    _full = False  # the transport holds as much as it may: `writable`, without a call for each page

    def __init__(self, *args: Any, **by_uvicorn: Any) -> None:
        super().__init__(*args, **by_uvicorn)
        self._budget = Budget()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), LOOKED_AT):
            piece = data[start : start + LOOKED_AT]
            if not self._spend(len(piece), 0):
                return
            super().data_received(piece)

    def handle_events(self) -> None:
        if self._spend(0, len(self.conn.events)):
            super().handle_events()
            self._spend(0, 0)

    def _spend(self, size: int, frames: int) -> bool:
        """Count what came in; False, and the socket closes, when it is too much."""
        if self.transport.is_closing():
            return False
        within = self._budget.spend(self.loop.time(), size, frames)
        if within and len(self.frames) <= PIECES:
            return True
        _complaints.note(self.loop.time())
        self.stop_keepalive()
        self.conn.fail(FLOODS, "too much at once")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()  # once it has read: for ever, if need be
        self.close_timer = self.loop.call_later(LINGERS, self.cut)
        return False

    def pause_writing(self) -> None:
        super().pause_writing()
        self._full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._full = False

    def write(self, frames: bytes) -> bool:
        """Send whole messages; False when they must go by `send`, which waits until it may."""
        if self._full or self.close_sent or self.transport.is_closing():
            return False
        self.transport.write(frames)
        return True

    def cut(self) -> None:
        """End the connection without the page's help."""
        self.transport.abort()

    def shutdown(self) -> None:
        """The server stops: say when to come back (close code 1012, "service restart")."""
        if self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": RESTART})
            self.conn.send_close(RESTART, f"retry_after_ms={return_after(len(self.connections))}")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()
        else:
            super().shutdown()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and self.response.status_code == 101:
            # The application's task is made, but has not run yet.
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
            extensions[EXTENSION] = self

    def keepalive_timeout(self) -> None:
        self.pong_timer = None
        self.cut()

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_timer is not None and not self.close_timer.cancelled():
            self.close_timer.cancel()  # it would close, and wait for the page to read
            self.close_timer = self.loop.call_later(self.close_timeout, self.cut)
