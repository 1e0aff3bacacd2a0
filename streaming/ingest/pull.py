"""A studio that we fetch: a file, or an address that libav reads (HTTP, HLS, RTSP, RTMP).

Frames pass untouched: H.264, with AAC or Opus. A file is read at the pace of its own time; read in
a loop, its time goes on from one pass to the next.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import av
import av.error

from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest.demux import MICROSECONDS, Pass
from streaming.link import SourceFrame

logger = logging.getLogger(__name__)

OPEN_WITHIN, READ_WITHIN = 8.0, 5.0  # seconds that libav may wait for the network
AHEAD = 64  # frames between the thread and the loop
JUMP = 5.0  # seconds: a larger step of time is a new beginning
LATE = 2.0  # seconds behind: do not hurry to catch up
OPTIONS = {
    "rtmp": {"fflags": "nobuffer", "probesize": "65536", "analyzeduration": "500000"},
    "rtsp": {"rtsp_transport": "tcp"},  # no reordering and no loss to repair
}

Emit: TypeAlias = Callable[[SourceFrame], None]


@asynccontextmanager
async def reading(
    url: str, *, loop: bool = False, patience: float = READ_WITHIN
) -> AsyncIterator[AsyncIterator[SourceFrame]]:
    """The frames of `url` while the body runs, read by a thread of its own.

    They end when a recording does; they raise SourceLost when an address stops, or is silent for
    `patience` seconds, and UnsupportedMedia for what we do not carry. Nobody has to hurry: the
    thread waits for its reader.
    """
    events = asyncio.get_running_loop()
    queue: asyncio.Queue[SourceFrame | Exception | None] = asyncio.Queue()
    room, stop = threading.Semaphore(AHEAD), threading.Event()

    def hand_over(item: SourceFrame | Exception | None) -> None:
        while not stop.is_set():
            if room.acquire(timeout=0.1):
                events.call_soon_threadsafe(queue.put_nowait, item)
                return

    def work() -> None:
        try:
            read(url, hand_over, stop, loop=loop, patience=patience)
        except Exception as error:
            hand_over(error)
        else:
            hand_over(None)

    async def frames() -> AsyncIterator[SourceFrame]:
        while (item := await queue.get()) is not None:
            room.release()
            if isinstance(item, Exception):
                raise item
            yield item

    thread = threading.Thread(target=work, name="pull", daemon=True)
    thread.start()
    try:
        yield frames()
    finally:
        stop.set()
        await asyncio.to_thread(thread.join)


def read(
    url: str,
    emit: Emit,
    stop: threading.Event,
    *,
    loop: bool = False,
    patience: float = READ_WITHIN,
) -> None:
    """Call `emit` with each frame when its time has come, until the end or until `stop` is set.

    Raises SourceLost and UnsupportedMedia, in French.
    """
    pace = _Pace(stop)
    for frame in frames_of(url, loop=loop, patience=patience):
        pace.wait(frame.dts)
        if stop.is_set():
            return
        emit(frame)


def frames_of(
    url: str, *, loop: bool = False, patience: float = READ_WITHIN
) -> Iterator[SourceFrame]:
    """Yield the frames as fast as they can be read; see `read`."""
    begin, last_sound = 0, -MICROSECONDS
    while True:
        with _opened(url, patience) as container:
            live = container.duration is None
            once = Pass(container, begin, last_sound)
            yield from once.frames()
        if live:
            raise SourceLost(f"«\u00a0{name_of(url)}\u00a0» s’est arrêté.")
        if not loop:
            return
        if once.end <= begin:
            raise UnsupportedMedia(f"«\u00a0{name_of(url)}\u00a0» ne contient rien.")
        begin, last_sound = once.end, once.last_sound


def name_of(url: str) -> str:
    """What may be shown of an address: without its credentials, keys and folders."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/…" if parts.netloc else Path(url).name


@contextmanager
def _opened(url: str, patience: float) -> Iterator[Any]:
    scheme = urlsplit(url).scheme.removesuffix("s")
    try:
        with av.open(
            url, timeout=(OPEN_WITHIN, patience), options=dict(OPTIONS.get(scheme, {}))
        ) as container:
            yield container
    except av.error.InvalidDataError as error:
        raise UnsupportedMedia(
            f"«\u00a0{name_of(url)}\u00a0» n’est pas un média lisible."
        ) from error
    except (av.error.FFmpegError, OSError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SourceLost(f"«\u00a0{name_of(url)}\u00a0» ne répond pas ({why}).") from error


class _Pace:
    """Holds frames back until their time; `stop` ends every wait."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._offset: float | None = None  # from the frames' time to the monotonic clock
        self._last = 0.0

    def wait(self, dts: int) -> None:
        at, now = dts / MICROSECONDS, time.monotonic()
        if self._offset is None or abs(at - self._last) > JUMP or now - self._offset - at > LATE:
            self._offset = now - at
        self._last = at
        early = at + self._offset - now
        if early > 0:
            self._stop.wait(early)
