"""systemd hears when we are ready, that we live, and that we end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread, active_count

import pytest

from tv import notify


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """A socket where we are heard, as systemd makes one."""
    path = tmp_path / "notify.sock"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    listener.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    return listener


async def hear(systemd: socket.socket, word: str) -> None:
    async with asyncio.timeout(20):
        while word not in (await asyncio.get_running_loop().sock_recv(systemd, 4096)).decode():
            pass


class Server(BaseHTTPRequestHandler):
    ready = False

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" and Server.ready else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is for failures."""


@asynccontextmanager
async def server() -> AsyncIterator[tuple[str, int]]:
    with HTTPServer(("127.0.0.1", 0), Server) as http:
        Thread(target=http.serve_forever, daemon=True).start()
        yield "127.0.0.1", http.server_port
        http.shutdown()


async def test_it_is_told_once_we_are_ready_then_that_we_live_and_that_we_end(
    systemd: socket.socket,
) -> None:
    async with server() as address:
        threads = active_count()
        async with notify.telling(address):
            await hear(systemd, "WATCHDOG=1")  # we live, and are not ready
            Server.ready = True
            await hear(systemd, "READY=1")
            await hear(systemd, "WATCHDOG=1")
            await hear(systemd, "WATCHDOG=1")
            assert active_count() == threads  # who forks must have none
        await hear(systemd, "STOPPING=1")
    systemd.close()


async def test_nobody_is_told_where_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    before = asyncio.all_tasks()
    async with notify.telling(("127.0.0.1", 1)):
        assert asyncio.all_tasks() == before
