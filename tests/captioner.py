"""A person who writes captions, for tests that need words and not a machine that hears them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.servers import Fabrique
from tv.auth import Role


class Captioner:
    """Writes on a channel."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def line(self, text: str) -> None:
        """Say a line; return once it is written down."""
        self._socket.send(json.dumps({"type": "line", "text": text}))
        while json.loads(self._socket.recv(timeout=20))["type"] != "cues":
            pass


@contextmanager
def captioner(server: Fabrique, channel: str = "plateau") -> Iterator[Captioner]:
    address = server.url.replace("http", "ws")
    path = f"/api/v1/channels/{channel}/captions/stream?source=stream&delay=0"
    headers = {"authorization": f"Bearer {server.make_pass(Role.MODERATOR, 'Vélotypie')}"}
    with connect(address + path, additional_headers=headers) as socket:
        yield Captioner(socket)
    release = f"{server.url}/api/v1/channels/{channel}/captions:release"
    httpx.post(release, headers=headers).raise_for_status()
