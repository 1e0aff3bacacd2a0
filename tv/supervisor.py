"""Starts the processes, restarts what dies, and takes all of them with it when it goes."""

import asyncio
import errno
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from redis.exceptions import AuthenticationError, RedisError

from streaming.ingest.srt import libsrt
from tv import machines, notify, reasons, store, store_url
from tv.folder import Folder
from tv.machines import Origin
from tv.process import tie_to_parent
from tv.settings import Settings
from tv.studios.keys import load_secret
from tv.tasks import keep_running

logger = logging.getLogger(__name__)

FOUNDATIONS = ("edge", "media", "store")  # the others speak to them to their end
PATIENCE = 8.0  # seconds a process has to end by itself
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before a restart
STEADY = 20.0  # seconds after which a process counts as well again
STORE_PATIENCE = 3.0  # seconds that a store of somebody else's has to answer
# For processes that hold media: what comes and goes are frames and parts of 50 to 500 kB, some kept
# a second and some a minute. In glibc's heaps of each thread their holes add up over the hours; a
# mapping of their own is given back when they go. Elsewhere the names mean nothing.
GIVE_BACK = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}


class PortTaken(Exception):
    """An address or a port that we cannot listen on; the message says which, in French."""


class StoreSilent(Exception):
    """The configured store cannot be used; the message says why and what to do, in French."""


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
            fate = await self._run_once()
            pause = FIRST_PAUSE if time.monotonic() - started > STEADY else pause
            self.restarts += 1
            logger.warning("%s %s, again in %.1f s", self.name, fate, pause)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)

    async def _run_once(self) -> str:
        """Run it to its end; return what became of it."""
        try:
            process = await self._start()
        except (OSError, subprocess.SubprocessError) as error:  # no memory, say: for now
            return f"cannot be started ({error})"
        try:
            return f"ended ({_reason(await process.wait())})"
        except asyncio.CancelledError:
            await _end(self.name, process)
            raise

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
    if code == -signal.SIGKILL:
        return "SIGKILL, as the kernel sends it when memory runs out"
    return signal.Signals(-code).name if code < 0 else f"status {code}"


class Children:
    """Makes the processes of one server; `origin` is where media is, when it is elsewhere."""

    def __init__(self, folder: Folder, settings: Settings, origin: Origin | None = None) -> None:
        self._folder = folder
        self._settings = settings
        self._environment = {
            "FABRIQUE_DATA": str(folder.path.resolve()),
            "FABRIQUE_RESOLVED": msgspec.json.encode(settings).decode(),
        }
        if origin is not None:
            self._environment[machines.ORIGIN] = msgspec.json.encode(origin).decode()

    def make(self, name: str, *arguments: str, http: socket.socket | None = None) -> Child:
        """One of them; it may serve on `http`."""
        kind = name.split(":")[0]
        command = [sys.executable, "-m", "tv.children", kind, *arguments]
        inherit: tuple[int, ...] = ()
        if http is not None:
            command += ["--socket", str(http.fileno())]
            inherit = (http.fileno(),)
        own = GIVE_BACK if kind in ("media", "edge", "web") else {}
        return Child(name, command, inherit, own | self._environment)

    def web(self, http: socket.socket) -> list[Child]:
        workers = range(self._settings.server.web_workers)
        return [self.make(f"web:{number}", http=http) for number in workers]

    def captions(self) -> list[Child]:
        captions = self._settings.captions
        if not captions.channels:
            return []
        again = [] if captions.second_pass == "off" else [self.make("reread")]
        return [self.make("captions"), *again]

    def ladder(self) -> list[Child]:
        return [self.make("ladder")] if self._settings.ladder.room > 0 else []

    def all(self, http: socket.socket) -> list[Child]:
        """Every process of one machine that has it all, in the order in which they start."""
        settings, elsewhere = self._settings, self._settings.server.elsewhere
        made: list[Child] = []
        if not settings.store.url:
            made.append(Child("store", store.server_command(self._folder)))
        made.append(self.make("media"))
        made += self.web(http)
        if settings.srt.enabled:
            try:
                libsrt.Library()
            except libsrt.LibraryMissing as error:
                logger.warning("SRT is off: %s", error)
            else:
                made.append(self.make("srt"))
        made += [] if "ladder" in elsewhere else self.ladder()
        made.append(self.make("watch"))
        made += [] if "captions" in elsewhere else self.captions()
        if any(each.primary.keep or each.backup.keep for each in settings.channels.values()):
            made.append(self.make("keep"))
        if settings.recording.channels:
            made.append(self.make("record"))
        made += [self.make("archive"), self.make("clerk")]
        if settings.restreams:
            made.append(self.make("restream"))
        for slug, channel in settings.channels.items():
            if channel.source:
                made.append(self.make(f"pull:{slug}", "--channel", slug))
        return made


@dataclass
class Supervisor:
    """The processes of one server. `children` are in the order in which they start."""

    children: list[Child]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep every process up while the body runs; then end them, what others stand on last."""
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            for child in self.children:
                work = keep_running(child.name, child.run)  # it tells what we did not foresee
                tasks[child.name] = asyncio.create_task(work, name=child.name)
            yield
        finally:
            await _cancel([tasks[name] for name in tasks if name not in FOUNDATIONS])
            for name in FOUNDATIONS:
                await _cancel([tasks[name]] if name in tasks else [])


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def listen(host: str, port: int, section: str = "") -> socket.socket:
    """A listening TCP socket that web processes share, or one of another section's.

    Raises PortTaken, which names what to change.
    """
    http = socket.socket(_family(host), socket.SOCK_STREAM)
    http.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        http.bind((host, port))
        http.listen(2048)
    except OSError as error:
        http.close()
        raise PortTaken(_unusable(host, f"{port} ({host})", section, error)) from error
    http.setblocking(False)
    http.set_inheritable(True)
    return http


def address(settings: Settings) -> str:
    """Where a person on this machine reaches the server."""
    host = settings.server.host
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}"


def probe_ports(settings: Settings) -> None:
    """Raises PortTaken unless all our ports are free now."""
    listen(settings.server.host, settings.server.port).close()
    listen(settings.rtmp.host, settings.rtmp.port, "RTMP").close()
    probe_udp(settings.webrtc.port, "WEBRTC")
    if settings.link.host:
        listen(settings.link.host, settings.link.port, "LINK").close()
    if settings.srt.enabled:
        probe_udp(settings.srt.port, "SRT", settings.srt.host)


def probe_udp(port: int, section: str, host: str = "127.0.0.1") -> None:
    """Raises PortTaken unless the UDP port is free now."""
    try:
        with socket.socket(_family(host), socket.SOCK_DGRAM) as probe:
            probe.bind((host, port))
    except OSError as error:
        raise PortTaken(_unusable(host, f"UDP {port}", section, error)) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _unusable(host: str, port: str, section: str, error: OSError) -> str:
    """Why, and which option to change: of the command for HTTP, else of the settings' section."""
    option = f"FABRIQUE_{section}__" if section else "--"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return (
            f"L’adresse d’écoute « {host} » n’est pas à cette machine : corrigez "
            f"{option}{'HOST' if section else 'host'}, ou laissez 0.0.0.0 pour toutes ses adresses."
        )
    return (
        f"Le port {port} n’est pas disponible ({reasons.of_system(error)}) : arrêtez le programme "
        f"qui l’occupe, ou choisissez-en un autre ({option}{'PORT' if section else 'port'})."
    )


async def find_store(url: str, patience: float = STORE_PATIENCE) -> None:
    """Wait until the store at `url` answers. Raises StoreSilent."""
    failure: BaseException | None = None
    try:
        async with asyncio.timeout(patience), store.connected(url) as client:
            while True:
                try:
                    await client.ping()
                    return
                except (RedisError, OSError) as error:
                    failure = error.__cause__ or error  # what it met while connecting
                    if isinstance(failure, AuthenticationError):
                        why = "il refuse le nom ou le mot de passe"
                        raise StoreSilent(_silent(url, why)) from error
                await asyncio.sleep(FIRST_PAUSE)
    except TimeoutError:
        raise StoreSilent(_silent(url, "pas de réponse")) from failure


def _silent(url: str, why: str) -> str:
    place = store_url.parse(url).shown
    return (
        f"Le serveur Valkey ou Redis « {place} » n’est pas utilisable ({why}) : démarrez-le, ou "
        "corrigez son adresse (--store) ; sans --store, le serveur intégré sert."
    )


def told_to_stop() -> asyncio.Event:
    """Set when a person, systemd or a terminal that closes ends us."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    return stopped


async def serve(
    folder: Folder,
    settings: Settings,
    ready: Callable[[Supervisor], Coroutine[Any, Any, None]] | None = None,
) -> None:
    """Run the server until SIGTERM or SIGINT.

    Raises FolderError, PortTaken, StoreMissing, StoreSilent: what no process could work with is
    said here, once.

    `ready` is awaited beside it once the processes are started.
    """
    with folder.locked():
        load_secret(folder.path)
        machines.check(settings.link)
        probe_ports(settings)  # those that media takes itself are checked here alone
        http = listen(settings.server.host, settings.server.port)
        folder.note_address(address(settings))
        stopped = told_to_stop()
        with http:
            if settings.store.url:
                await find_store(settings.store.url)
            supervisor = Supervisor(Children(folder, settings).all(http))
            async with supervisor.running(), notify.telling(http.getsockname()):
                told = asyncio.create_task(ready(supervisor)) if ready else None
                await stopped.wait()
                if told:
                    told.cancel()
                    await asyncio.gather(told, return_exceptions=True)
                logger.info("stopping")
