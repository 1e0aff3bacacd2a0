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
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import av
import av.error

from streaming import h264
from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest import advice
from streaming.link import SourceFrame

logger = logging.getLogger(__name__)

MICROSECONDS = 1_000_000
OPEN_WITHIN, READ_WITHIN = 8.0, 5.0  # seconds that libav may wait for the network
AHEAD = 64  # frames between the thread and the loop
JUMP = 5.0  # seconds: a larger step of time is a new beginning
LATE = 2.0  # seconds behind: do not hurry to catch up
TAIL = 100_000  # microseconds that sound may outlast its picture without delaying the next pass
UNTIMED = 32  # pictures in a row without a decoding time
OPTIONS = {
    "rtmp": {"fflags": "nobuffer", "probesize": "65536", "analyzeduration": "500000"},
    "rtsp": {"rtsp_transport": "tcp"},  # no reordering and no loss to repair
}

Emit = Callable[[SourceFrame], None]


@asynccontextmanager
async def reading(url: str, *, loop: bool = False) -> AsyncIterator[AsyncIterator[SourceFrame]]:
    """The frames of `url` while the body runs, read by a thread of its own.

    They end when a recording does; they raise SourceLost when an address stops, UnsupportedMedia
    for what we do not carry. Nobody has to hurry: the thread waits for its reader.
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
            read(url, hand_over, stop, loop=loop)
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


def read(url: str, emit: Emit, stop: threading.Event, *, loop: bool = False) -> None:
    """Call `emit` with each frame when its time has come, until the end or until `stop` is set.

    Raises SourceLost and UnsupportedMedia, in French.
    """
    pace = _Pace(stop)
    begin, last_sound = 0, -MICROSECONDS
    while not stop.is_set():
        with _opened(url) as container:
            live = container.duration is None
            reading = _Pass(container, begin, last_sound, emit, pace)
            reading.run()
        if stop.is_set():
            return
        if live:
            raise SourceLost(f"«\u00a0{name_of(url)}\u00a0» s’est arrêté.")
        if not loop:
            return
        if reading.end <= begin:
            raise UnsupportedMedia(f"«\u00a0{name_of(url)}\u00a0» ne contient rien.")
        begin, last_sound = reading.end, reading.last_sound


def name_of(url: str) -> str:
    """What may be shown of an address: without its credentials, keys and folders."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}/…" if parts.netloc else Path(url).name


@contextmanager
def _opened(url: str) -> Iterator[Any]:
    scheme = urlsplit(url).scheme.removesuffix("s")
    try:
        with av.open(
            url, timeout=(OPEN_WITHIN, READ_WITHIN), options=dict(OPTIONS.get(scheme, {}))
        ) as container:
            yield container
    except av.error.InvalidDataError as error:
        raise UnsupportedMedia(
            f"«\u00a0{name_of(url)}\u00a0» n’est pas un média lisible."
        ) from error
    except (av.error.FFmpegError, OSError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise SourceLost(f"«\u00a0{name_of(url)}\u00a0» ne répond pas ({why}).") from error


class _Pass:
    """One reading of a container, whose picture begins at `begin` microseconds."""

    def __init__(
        self, container: Any, begin: int, last_sound: int, emit: Emit, pace: "_Pace"
    ) -> None:
        self._container = container
        self._emit = emit
        self._pace = pace
        self._begin = self._picture_end = self._sound_end = begin
        self.last_sound = last_sound  # when the last sound was emitted, in this pass or before
        picture = container.streams.best("video")
        if picture is None or "attached_pic" in str(picture.disposition):
            raise UnsupportedMedia("Cette source n’a pas d’image.")
        if (codec := _codec_of(picture)) != "h264":
            raise UnsupportedMedia(
                f"L’image est en {advice.name_of(codec)}\u202f; il faut du H.264."
            )
        sound = container.streams.best("audio")
        self._picture = _Picture(picture)
        self._sound = _Sound(sound) if sound is not None else None
        self._streams = [stream for stream in (picture, sound) if stream is not None]
        self._start: int | None = None
        if picture.start_time is not None:
            self._start = _microseconds(picture.start_time, picture.time_base)

    @property
    def end(self) -> int:
        """Where the next pass begins: right after the last picture, whose pace goes on."""
        return max(self._picture_end, self._sound_end - TAIL)

    def run(self) -> None:
        """Emit everything."""
        untimed: list[Any] = []
        for packet in self._container.demux(self._streams):
            if self._pace.stopped:
                return
            if packet.size == 0 or (packet.stream is not self._streams[0] and packet.dts is None):
                continue
            if packet.dts is None:
                # Matroska keeps times of presentation only: libav knows those of decoding once it
                # has seen how far pictures are reordered. Count back from the first that it knows.
                untimed.append(packet)
                if len(untimed) > UNTIMED:
                    raise UnsupportedMedia("Les images de cette source n’ont pas d’horodatage.")
                continue
            if packet.stream is self._streams[0]:
                for back, earlier in zip(range(len(untimed), 0, -1), untimed, strict=True):
                    earlier.dts = packet.dts - back * _duration(packet)
                    self._take(earlier)
                untimed.clear()
            self._take(packet)

    def _take(self, packet: Any) -> None:
        is_picture = packet.stream is self._streams[0]
        dts = self._place(packet, packet.dts)
        pts = dts if packet.pts is None else self._place(packet, packet.pts)
        reader = self._picture if is_picture else self._sound
        if reader is None or (not is_picture and dts <= self.last_sound):
            return  # what encoders put before the beginning is heard once
        told = reader.read(bytes(packet))
        if told is None:
            return
        self._pace.wait(dts)
        codec, data, config = told
        duration = _microseconds(_duration(packet), packet.time_base)
        self._emit(SourceFrame(codec, data, dts, pts, bool(packet.is_keyframe), config))
        if is_picture:
            self._picture_end = max(self._picture_end, pts + duration)
        else:
            self.last_sound = dts
            self._sound_end = max(self._sound_end, pts + duration)

    def _place(self, packet: Any, timestamp: int) -> int:
        placed = _microseconds(timestamp, packet.time_base)
        if self._start is None:
            self._start = placed
        return self._begin + placed - self._start


class _Picture:
    """H.264 as the container frames it, to AVCC with its configuration record."""

    def __init__(self, stream: Any) -> None:
        extradata = bytes(stream.codec_context.extradata or b"")
        self._config = b""
        self._is_annexb = extradata[:1] != b"\1"
        if not self._is_annexb:
            self._config = extradata
        elif extradata:
            self._learn(*h264.to_avcc(extradata)[1:])

    def read(self, data: bytes) -> tuple[str, bytes, bytes] | None:
        if self._is_annexb:
            data, sps, pps = h264.to_avcc(data)
            self._learn(sps, pps)
        return ("h264", data, self._config) if data and self._config else None

    def _learn(self, sps: list[bytes], pps: list[bytes]) -> None:
        if sps and pps:
            self._config = h264.make_config(sps, pps)


class _Sound:
    """AAC without ADTS headers, or Opus. Another codec is named once, so that media can tell."""

    def __init__(self, stream: Any) -> None:
        self._codec = _codec_of(stream)
        context = stream.codec_context
        self._config = bytes(context.extradata or b"") if context is not None else b""
        self._named = False

    def read(self, data: bytes) -> tuple[str, bytes, bytes] | None:
        if self._codec == "opus":
            return "opus", data, b""
        if self._codec == "aac":
            return self._read_aac(data)
        if self._named:
            return None
        self._named = True
        return self._codec, b"", b""

    def _read_aac(self, data: bytes) -> tuple[str, bytes, bytes] | None:
        """Take the ADTS header off (ISO 13818-7, 6.2), if it has one: MPEG-TS does."""
        if not self._config and len(data) > 9 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
            object_type, rate, channels = (data[2] >> 6) + 1, data[2] >> 2 & 15, data[3] >> 6
            channels |= (data[2] & 1) << 2
            config = (object_type << 11 | rate << 7 | channels << 3).to_bytes(2, "big")
            return "aac", data[7 if data[1] & 1 else 9 :], config
        return ("aac", data, self._config) if self._config else None


class _Pace:
    """Holds frames back until their time; `stop` ends every wait."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._offset: float | None = None  # from the frames' time to the monotonic clock
        self._last = 0.0

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def wait(self, dts: int) -> None:
        at, now = dts / MICROSECONDS, time.monotonic()
        if self._offset is None or abs(at - self._last) > JUMP or now - self._offset - at > LATE:
            self._offset = now - at
        self._last = at
        early = at + self._offset - now
        if early > 0:
            self._stop.wait(early)


def _microseconds(timestamp: int, base: Fraction) -> int:
    return timestamp * MICROSECONDS * base.numerator // base.denominator


def _duration(packet: Any) -> int:
    """A packet's duration in its own time base, as the container tells or the rate implies."""
    rate = getattr(packet.stream, "average_rate", None)
    if packet.duration or not rate:
        return int(packet.duration or 0)
    return round(1 / rate / packet.time_base)


def _codec_of(stream: Any) -> str:
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "format inconnu"
