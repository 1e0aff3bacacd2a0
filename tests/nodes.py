"""Parts of a service on machines of their own, as one starts them: `fabrique-tv edge`, `web` …"""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers import Fabrique, Supervised, free_ports
from tests.waiting import until
from tv.auth import Role

PATIENCE = 60.0  # seconds


class Node(Supervised):
    """One of `fabrique-tv edge`, `web`, `captions` and `ladder`, on ports of its own."""

    def __init__(
        self, origin: Fabrique, folder: Path, command: str, *options: str, name: str = ""
    ) -> None:
        name = name or command
        self.port, webrtc = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{name}.log"
        token = folder / "node.pass"
        token.write_text(origin.make_pass(Role.NODE))
        self._environment = origin.environment | {
            "FABRIQUE_SERVER__PORT": str(self.port),
            "FABRIQUE_WEBRTC__PORT": str(webrtc),
            "FABRIQUE_PASS_FILE": str(token),
        }
        there = f"127.0.0.1:{origin.environment['FABRIQUE_LINK__PORT']}"
        self._command = [sys.executable, "-m", "tv", command, "--origin", there, *options]
        if "--data" not in options:
            self._command += ["--data", str(folder / name)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stderr=log, stdout=log
            )

    def wait_ready(self) -> None:
        until(lambda: answers(f"{self.url}/readyz") == 200, PATIENCE, self.log.read_text)

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it as a person would; or by SIGKILL, as when its machine falls."""
        assert self._process
        self._process.send_signal(how)
        self._process.wait(timeout=60)


@contextmanager
def node(
    origin: Fabrique, folder: Path, command: str, *options: str, name: str = ""
) -> Iterator[Node]:
    made = Node(origin, folder, command, *options, name=name)
    made.start()
    try:
        yield made
    finally:
        made.stop()


def answers(address: str) -> int:
    """The status of what an address answers; 0 for nothing."""
    try:
        return httpx.get(address, timeout=5).status_code
    except httpx.TransportError:
        return 0
