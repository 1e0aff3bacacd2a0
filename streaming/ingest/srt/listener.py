"""Our SRT port: callers asked for their streamid, and their bytes in a pipe each.

One thread reads all connections. A pipe that nobody empties holds a second or two; then messages
are left out, as the network would: nothing waits for anybody.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import logging
import os
import sys
import termios
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from streaming.errors import StreamingError
from streaming.ingest.srt.libsrt import MESSAGE, Library, SrtError, Statistics

logger = logging.getLogger(__name__)

WAKE = 0.1  # seconds within which the thread heeds what it is told
TURN = 256  # messages of one connection before the others' turn
PIPE = 1024 * 1024  # bytes

Admit = Callable[[str, bytes], int]


@dataclass(frozen=True)
class Options:
    """How the port is to be."""

    host: str
    port: int  # 0: a free one
    passphrase: str = ""
    latency: float = 0.12  # seconds that a packet may take to come again


class Connection:
    """A caller that was let in. `pipe` gives its bytes, until their end; close it."""

    def __init__(self, library: Library, socket: int, address: str, streamid: bytes) -> None:
        self.address = address
        self.streamid = streamid
        self.ended = asyncio.Event()  # the caller is gone
        self.served = asyncio.Event()  # and so is whoever served it
        self.heard_at = time.monotonic()
        self.missed = 0  # messages that the pipe had no room for
        self.pipe, self._into = os.pipe()
        os.set_blocking(self._into, False)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):  # a smaller one works too
                fcntl.fcntl(self._into, fcntl.F_SETPIPE_SZ, PIPE)
        self._library = library
        self._socket = socket
        self._leaving = self._skipping = False

    def skip(self) -> None:
        """Leave out what has come and what comes, until `resume`: nobody can use it now."""
        self._skipping = True
        while waiting := _waiting(self.pipe):
            os.read(self.pipe, waiting)

    def resume(self) -> None:
        self._skipping = False

    def statistics(self) -> Statistics | None:
        """None once the caller has gone."""
        try:
            return self._library.statistics(self._socket)
        except SrtError:
            return None

    def leave(self) -> None:
        """Hang up; `ended` tells when that is done."""
        self._leaving = True

    # In the listener's thread.

    def _pour(self, buffer: "ctypes.Array[ctypes.c_char]") -> bool:
        """Move what has come into the pipe; False at the end."""
        try:
            for _ in range(TURN):
                message = None if self._leaving else self._library.receive(self._socket, buffer)
                if message is None:
                    break
                self.heard_at = time.monotonic()
                if self._skipping:
                    continue
                # A pipe takes as little as this whole, or not at all (PIPE_BUF).
                with contextlib.suppress(BlockingIOError):
                    os.write(self._into, message)
                    continue
                self.missed += 1
        except (SrtError, OSError):
            return False
        return not self._leaving

    def _end(self) -> None:
        self._library.close(self._socket)
        os.close(self._into)


def _waiting(pipe: int) -> int:
    """Bytes that can be read from `pipe` at once."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@asynccontextmanager
async def listening(
    library: Library, options: Options, admit: Admit, serve: Callable[[Connection], Awaitable[None]]
) -> AsyncIterator[int]:
    """Take callers while the body runs; the value is the port. Raises SrtError.

    `admit(address, streamid)` is called in another thread: 0, or the code that a caller is told.
    `serve(connection)` is awaited for each caller that was let in, whose connection ends with it.
    """
    library.start()
    try:
        thread = _Thread(library, options, admit, serve)
        try:
            yield thread.port
        finally:
            await thread.stop()
    finally:
        await asyncio.to_thread(library.stop)


class _Thread:
    def __init__(
        self,
        library: Library,
        options: Options,
        admit: Admit,
        serve: Callable[[Connection], Awaitable[None]],
    ) -> None:
        self._library = library
        self._serve = serve
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop = threading.Event()
        self._listener, self.port = library.listen(
            options.host,
            options.port,
            admit,
            passphrase=options.passphrase,
            latency=options.latency,
        )
        self._thread = threading.Thread(target=self._run, name="srt", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._stop.set()
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        library, connections = self._library, dict[int, Connection]()
        poll, buffer = library.make_poll(), ctypes.create_string_buffer(MESSAGE)
        library.watch(poll, self._listener)
        try:
            while not self._stop.is_set():
                ready = library.poll(poll, WAKE)
                try:
                    if self._listener in ready:
                        self._accept(poll, connections)
                    for socket, connection in tuple(connections.items()):
                        more = socket not in ready or connection._pour(buffer)
                        if connection._leaving or not more:
                            self._end(connections, socket)
                except Exception:
                    # Whatever it is, the other callers must not suffer from it.
                    logger.exception("srt: a caller could not be served")
                    self._stop.wait(WAKE)
        finally:
            for socket in tuple(connections):
                self._end(connections, socket)
            library.close(self._listener)
            library.release(poll)

    def _accept(self, poll: int, connections: dict[int, Connection]) -> None:
        while (accepted := self._library.accept(self._listener)) is not None:
            socket, address, streamid = accepted
            connection = Connection(self._library, socket, address, streamid)
            connections[socket] = connection
            self._library.watch(poll, socket)
            self._loop.call_soon_threadsafe(self._begin, connection)

    def _end(self, connections: dict[int, Connection], socket: int) -> None:
        connection = connections.pop(socket)
        connection._end()
        self._loop.call_soon_threadsafe(connection.ended.set)

    # In the loop.

    def _begin(self, connection: Connection) -> None:
        task = self._loop.create_task(self._take(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, connection: Connection) -> None:
        try:
            await self._serve(connection)
        except StreamingError as error:
            logger.warning("srt: %s: %s", connection.address, error)
        except Exception:
            logger.exception("srt: %s is sent away", connection.address)
        finally:
            connection.leave()
            os.close(connection.pipe)
            connection.served.set()
