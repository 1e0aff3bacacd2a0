"""Starts the processes, restarts what dies, and takes all of them with it when it goes."""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tv import store
from tv.folder import Folder
from tv.process import tie_to_parent
from tv.settings import Settings

logger = logging.getLogger(__name__)

PATIENCE = 8.0  # seconds a process has to end by itself
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before a restart
STEADY = 20.0  # seconds after which a process counts as well again


class PortTaken(Exception):
    """A port that somebody else listens on; the message says which, in French."""


@dataclass
class Child:
    """One process that must be there while the supervisor is."""

    name: str
    command: list[str]
    inherit: tuple[int, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    restarts: int = 0
    pid: int = 0

    async def run(self) -> None:
        """Start it, and start it again whenever it ends, until cancelled; then end it."""
        pause = FIRST_PAUSE
        while True:
            started = time.monotonic()
            process = await self._start()
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                await _end(self.name, process)
                raise
            pause = FIRST_PAUSE if time.monotonic() - started > STEADY else pause
            self.restarts += 1
            logger.warning("%s ended (%s), again in %.1f s", self.name, _reason(code), pause)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,  # the lifeline: it ends when we do (tv/process.py)
            pass_fds=self.inherit,
            env=os.environ | self.environment,
            preexec_fn=tie_to_parent,  # safe: this process has no threads
            start_new_session=True,  # Ctrl-C reaches us alone: we end the others in order
        )
        self.pid = process.pid
        logger.info("%s started (process %d)", self.name, process.pid)
        return process


async def _end(name: str, process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
    except TimeoutError:
        logger.warning("%s does not end, it is killed", name)
        process.kill()
        await process.wait()


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"


class Supervisor:
    """The processes of one server. `children` are in the order in which they start."""

    def __init__(self, folder: Folder, settings: Settings, http: socket.socket) -> None:
        environment = {
            "FABRIQUE_DATA": str(folder.path.resolve()),
            "FABRIQUE_RESOLVED": msgspec.json.encode(settings).decode(),
        }

        def child(name: str, *arguments: str, inherit: tuple[int, ...] = ()) -> Child:
            command = [sys.executable, "-m", "tv", "child", name.split(":")[0], *arguments]
            return Child(name, command, inherit, environment)

        self.children: list[Child] = []
        if not settings.store.url:
            self.children.append(Child("store", store.server_command(folder)))
        self.children.append(child("media"))
        for number in range(settings.server.web_workers):
            web = child(f"web:{number}", "--socket", str(http.fileno()), inherit=(http.fileno(),))
            self.children.append(web)
        if settings.captions.channels:
            self.children.append(child("captions"))
        for slug, channel in settings.channels.items():
            if channel.source:
                self.children.append(child(f"pull:{slug}", "--channel", slug))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep every process up while the body runs; then end them, the last started first."""
        tasks: list[asyncio.Task[None]] = []
        try:
            tasks += [asyncio.create_task(each.run(), name=each.name) for each in self.children]
            yield
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket that web processes share. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    http = socket.socket(family, socket.SOCK_STREAM)
    http.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        http.bind((host, port))
        http.listen(2048)
    except OSError as error:
        http.close()
        raise PortTaken(_taken(f"{port} ({host})", error)) from error
    http.setblocking(False)
    http.set_inheritable(True)
    return http


def address(settings: Settings) -> str:
    """Where a person on this machine reaches the server."""
    host = settings.server.host
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}"


def probe_udp(port: int) -> None:
    """Raises PortTaken unless the UDP port is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(_taken(f"UDP {port}", error)) from error


def _taken(port: str, error: OSError) -> str:
    return (
        f"Le port {port} n’est pas disponible ({error.strerror}) : arrêtez le programme qui "
        "l’occupe, ou choisissez-en un autre (--port pour HTTP, FABRIQUE_RTMP__PORT pour RTMP, "
        "FABRIQUE_WEBRTC__PORT pour WebRTC)."
    )


async def serve(
    folder: Folder,
    settings: Settings,
    ready: Callable[[Supervisor], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run the server until SIGTERM or SIGINT. Raises FolderError, PortTaken, StoreMissing.

    `ready` is awaited beside it once the processes are started.
    """
    with folder.locked():
        # Media takes these itself; a port that is not free is said here, once, in one line.
        listen(settings.server.host, settings.rtmp.port).close()
        probe_udp(settings.webrtc.port)
        http = listen(settings.server.host, settings.server.port)
        folder.note_address(address(settings))
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, stopped.set)
        with http:
            supervisor = Supervisor(folder, settings, http)
            async with supervisor.running():
                told = asyncio.create_task(ready(supervisor)) if ready else None
                await stopped.wait()
                if told:
                    told.cancel()
                    await asyncio.gather(told, return_exceptions=True)
                logger.info("stopping")
