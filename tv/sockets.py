"""uvicorn's WebSocket protocol, made to send one message to many pages, and to cut one off."""

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "fabrique.socket"  # the key, in a scope's extensions, of the protocol itself
RESTART = 1012  # the code that closes sockets when the server stops
RETURNS = 250  # pages that come back in a second, at most
LONGEST = 20.0  # seconds that one of them waits, at most


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


class Sockets(WebSocketsSansIOProtocol):
    """It is its application's `scope["extensions"]["fabrique.socket"]`.

    Without compression a message is the same bytes for every page: `write` sends them as they are.
    A transport that is closed first sends what it holds, for ever if nobody reads: where uvicorn
    closes one that does not answer, this one aborts.
    """

    _full = False  # the transport holds as much as it may: `writable`, without a call for each page

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
