"""Real servers for tests: a store of our own, and the whole service as one starts it."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.waiting import until, when
from tv import store
from tv.folder import Folder
from tv.passes import Passes, Role
from tv.studios.keys import load_secret
from tv.studios.stream_keys import StreamKeys

KEPT = 2.0  # seconds for which a client's connection may idle: the server closes it after 5
LAST_BREATH = 3.0  # seconds in which the kernel may still be clearing up after a process


class StoreServer:
    """A real store server, which a test may kill and start again."""

    def __init__(self, folder: Folder) -> None:
        folder.make()
        self.url = store.address(folder, "")
        self._command = store.server_command(folder)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def wait(self) -> None:
        async with store.connected(self.url) as client:
            await when(lambda: store.answers(client))


@contextmanager
def store_server() -> Iterator[StoreServer]:
    with tempfile.TemporaryDirectory(prefix="fabrique-") as folder:
        server = StoreServer(Folder(Path(folder)))
        server.start()
        try:
            yield server
        finally:
            server.kill()


class Supervised:
    """A supervisor of ours, which tells its log what it starts."""

    log: Path

    def children(self) -> dict[str, int]:
        """The process ids of its processes, by name ("media", "web:0", "store" …)."""
        log = self.log.read_text()
        return {name: int(pid) for name, pid in re.findall(r"(\S+) started \(process (\d+)\)", log)}

    def kill(self, name: str) -> int:
        """SIGKILL one of its processes, which it will start again; return the old process id."""
        pid = self.children()[name]
        os.kill(pid, signal.SIGKILL)
        return pid


class Fabrique(Supervised):
    """`fabrique-tv serve` in a folder of its own, on ports of its own."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.folder = Folder(data)
        self.port, self.rtmp_port, self.srt_port, webrtc_port = free_ports(4)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}.log"
        self.environment = os.environ | {
            "FABRIQUE_SERVER__HOST": "127.0.0.1",
            "FABRIQUE_SERVER__PORT": str(self.port),
            "FABRIQUE_RTMP__HOST": "127.0.0.1",
            "FABRIQUE_SRT__HOST": "127.0.0.1",
            "FABRIQUE_RTMP__PORT": str(self.rtmp_port),
            "FABRIQUE_SRT__PORT": str(self.srt_port),
            "FABRIQUE_WEBRTC__PORT": str(webrtc_port),
            # Most tests look at the source alone, and need nobody who hears what is said:
            "FABRIQUE_LADDER__RENDITIONS": "off",
            "FABRIQUE_CAPTIONS__CHANNELS": "",
            "FABRIQUE_CAPTIONS__SECOND_PASS": "off",  # it is not its turn before they are over
            **{f"FABRIQUE_{name}": value for name, value in settings.items()},
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tv", "serve", "--data", str(self.folder.path)],
                env=self.environment,
                stderr=log,
                stdout=log,
            )

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Wait until /readyz says so."""
        with self.client() as client:
            until(lambda: self._is_ready(client), seconds, self.log.read_text)

    def _is_ready(self, client: httpx.Client) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log.read_text()
        try:
            return client.get("/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """End it as a person would; return its exit status."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def key(self, channel: str = "plateau", slot: str = "primary") -> str:
        return self._keys().key(channel, slot)

    def srt_key(self, channel: str = "plateau", slot: str = "primary") -> str:
        return self._keys().key(channel, slot, "srt")

    def rtmp(self, channel: str = "plateau", slot: str = "primary") -> str:
        return f"rtmp://127.0.0.1:{self.rtmp_port}/live/{self.key(channel, slot)}"

    def make_pass(self, role: Role, name: str = "", lab: str = "", table: str = "") -> str:
        return self._passes().issue(role, name=name, lab=lab, table=table)

    def client(self, token: str = "") -> httpx.Client:
        """Who has a pass, or none."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        limits = httpx.Limits(keepalive_expiry=KEPT)
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, limits=limits)

    def crew(self, role: Role = Role.OPERATOR, name: str = "") -> httpx.Client:
        return self.client(self.make_pass(role, name))

    def someone(self, name: str = "", place: str = "") -> httpx.Client:
        """A participant of their own, whose device has shown the code of `place`, if any."""
        return self.client(self._passes().welcome(name, place=place)[1])

    def _keys(self) -> StreamKeys:
        apart = bool(self.environment.get("FABRIQUE_SRT__PASSPHRASE"))
        secret = load_secret(self.folder.path)
        return StreamKeys(secret, self.folder.renewed, srt_apart=apart)

    def _passes(self) -> Passes:
        return Passes(load_secret(self.folder.path))


@contextmanager
def fabrique(data: Path | None = None, /, **settings: str) -> Iterator[Fabrique]:
    """The whole service, ready; ended with everything it started. `data`: a folder to keep."""
    with tempfile.TemporaryDirectory(prefix="fabrique-") as folder:
        server = Fabrique(data or Path(folder) / "data", **settings)
        server.log = Path(folder) / "log"
        with running(server):
            yield server


@contextmanager
def running(server: Fabrique) -> Iterator[None]:
    """Start it, and wait until it is ready; end it with everything it started."""
    server.start()
    try:
        server.wait_ready()
        yield
    finally:
        assert server.process
        if server.process.poll() is None:
            server.stop()
        pids = [
            int(pid) for pid in re.findall(r"started \(process (\d+)\)", server.log.read_text())
        ]
        until(
            lambda: not any(is_alive(pid) for pid in pids),
            LAST_BREATH,
            lambda: ([pid for pid in pids if is_alive(pid)], server.log.read_text()),
        )


def is_alive(pid: int) -> bool:
    """Whether a process runs (one that only waits to be reaped does not)."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, by TCP or UDP, and that the system gives to nobody."""
    found: set[int] = set()
    while len(found) < count:
        # Tests draw from `random` by seeds that they share: its numbers are everybody's.
        port = 10_000 + secrets.randbelow(20_000)
        if _is_free(port):
            found.add(port)
    return list(found)


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as each:
            try:
                each.bind(("", port))
            except OSError:
                return False
    return True
