"""A studio that we fetch: a file, or an address that libav reads (HTTP, HLS, RTSP, RTMP).

Frames pass untouched: H.264, with AAC or Opus. A file is read at the pace of its own time; read in
a loop, its time goes on from one pass to the next.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from heapq import merge
from typing import TypeAlias
from urllib.parse import urlsplit

from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest.address import AS_BYTES, Bytes, name_of, opened
from streaming.ingest.demux import MICROSECONDS, Pass, ts_frames
from streaming.ingest.pictures import is_picture
from streaming.ingest.programme import PACKET, looks_like_ts
from streaming.link import SourceFrame

logger = logging.getLogger(__name__)

READ_WITHIN = 5.0  # seconds that libav may wait for the network
PLAYLIST_WITHIN = 15.0  # seconds: the next segment of HLS may be that far
APART = 4.0  # seconds between picture and sound of the same time, in a playlist
AHEAD = 64  # frames between the thread and the loop
JUMP = 5.0  # seconds: a larger step of time is a new beginning
LATE = 2.0  # seconds behind: do not hurry to catch up
# What is live gives more to be looked at only as time passes.
BRIEFLY = {"analyzeduration": "1000000", "fpsprobesize": "0"}
OPTIONS = {
    "rtmp": {"probesize": "65536", "analyzeduration": "500000"},  # its first word is a keyframe
    "rtsp": BRIEFLY | {"rtsp_transport": "tcp"},  # no reordering and no loss to repair
}
BARE = frozenset({"http", "https", "tcp", "udp"})  # what comes may be an MPEG-TS

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
    for frame in frames_of(url, loop=loop, patience=patience, stop=stop):
        pace.wait(frame.dts)
        if stop.is_set():
            return
        emit(frame)


def frames_of(
    url: str,
    *,
    loop: bool = False,
    patience: float = READ_WITHIN,
    stop: threading.Event | None = None,
) -> Iterator[SourceFrame]:
    """Yield the frames as fast as they can be read; see `read`."""
    begin, last_sound = 0, -MICROSECONDS
    while True:
        once = Pass(begin, last_sound)
        live = yield from _frames_once(url, once, patience, stop or threading.Event())
        if live:
            raise SourceLost(f"«\u00a0{name_of(url)}\u00a0» s’est arrêté.")
        if not loop:
            return
        if once.end <= begin:
            raise UnsupportedMedia(f"«\u00a0{name_of(url)}\u00a0» ne contient rien.")
        begin, last_sound = once.end, once.last_sound


def _frames_once(
    url: str, once: Pass, patience: float, stop: threading.Event
) -> Generator[SourceFrame, None, bool]:
    """Yield the frames of one reading; the value is whether it was something live."""
    parts = urlsplit(url)
    is_playlist = parts.path.endswith((".m3u8", ".m3u"))
    if not parts.netloc or (parts.scheme in BARE and not is_playlist):
        # An MPEG-TS goes through our hands: its tracks may change (streaming.ingest.programme).
        with opened(url, patience, format="data", options=AS_BYTES) as container:
            recording = container.size > 0
            source = Bytes(container, url, stop, 2 * patience)
            if looks_like_ts(source.peek(3 * PACKET)):
                for frame in ts_frames(source.read, once, live=not recording):
                    yield frame
                    source.asked()
                return not recording
    options = BRIEFLY if is_playlist else OPTIONS.get(parts.scheme.removesuffix("s"), {})
    with opened(url, PLAYLIST_WITHIN if is_playlist else patience, options=options) as container:
        frames = once.frames(container)
        yield from in_order(frames) if is_playlist else frames
        return container.duration is None


def in_order(frames: Iterator[SourceFrame]) -> Iterator[SourceFrame]:
    """The same frames by their decoding time: a fragment of MP4 has all pictures, then all sound.

    What is more than `APART` seconds ahead of the other track does not wait for it.
    """
    held: tuple[deque[SourceFrame], ...] = (deque(), deque())
    for frame in frames:
        track = held[is_picture(frame.codec)]
        if track and abs(frame.dts - track[-1].dts) > APART * MICROSECONDS:
            yield from merge(*held, key=_decoding_time)  # another time begins
            for each in held:
                each.clear()
        track.append(frame)
        while all(held) or (track and track[-1].dts - track[0].dts > APART * MICROSECONDS):
            yield min((each for each in held if each), key=lambda each: each[0].dts).popleft()
    yield from merge(*held, key=_decoding_time)


def _decoding_time(frame: SourceFrame) -> int:
    return frame.dts


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
