"""uvicorn's WebSocket protocol, by which the application can cut a page that does not read."""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Sockets(WebSocketsSansIOProtocol):
    """A closed transport first sends what it holds, for ever if nobody reads: this one aborts.

    It adds `scope["extensions"]["fabrique.cut"]`; without it, a page that does not read is left to
    the kernel's timeouts.
    """

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and self.response.status_code == 101:
            # The application's task is made, but has not run yet.
            extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
            extensions["fabrique.cut"] = {"cut": self.transport.abort}
