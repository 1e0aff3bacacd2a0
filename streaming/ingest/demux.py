"""What libav finds in a container: its picture and its sound, as frames for the link.

H.264 comes as AVCC with its configuration record, AAC without ADTS headers; every other codec comes
as libav's decoder takes it, with its extradata. Media decides what becomes of it.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import av.error

from streaming import h264
from streaming.errors import SourceLost, UnsupportedMedia
from streaming.ingest import advice
from streaming.ingest.pictures import is_picture
from streaming.ingest.programme import Read, programmes
from streaming.link import SourceFrame

MICROSECONDS = 1_000_000
TAIL = 100_000  # microseconds that sound may outlast its picture without delaying the next pass
UNTIMED = 32  # pictures in a row without a decoding time
BLIND = 10_000_000  # microseconds of sound without a picture: the picture is elsewhere now
NOT_TS = "Ce flux n’est pas du MPEG-TS\u00a0: choisissez ce format (avec ffmpeg\u00a0: -f mpegts)."
TS = "mpegts"
TS_BITS = 33  # of its timestamps
# Whatever libav wants to see before the first frame delays all that follow. The tables tell what
# these are: MPEG-2, ADTS, H.264, HEVC, MPEG sound (ISO 13818-1, table 2-34).
PLAIN = frozenset({0x02, 0x0F, 0x1B, 0x24, 0x03, 0x04})
QUICK = {"probesize": "20000", "analyzeduration": "100000"}
PATIENT = {"probesize": "500000", "analyzeduration": "1000000", "fpsprobesize": "0"}


class Pass:
    """One reading of a source, whose picture begins at `begin` microseconds.

    Without `begin`, times are the source's own. It may come in several containers, one after the
    other: their time goes on. `last_sound` is when the last sound was, in this pass or before.
    """

    def __init__(self, begin: int | None = 0, last_sound: int = -MICROSECONDS) -> None:
        self.last_sound = last_sound
        self._sounds_after = last_sound if begin is not None else -math.inf
        self._start = 0 if begin is None else None
        self._begin = self._picture_end = self._sound_end = begin or 0
        self._seen: int | None = None  # when the last picture was
        self._wraps = _Unwrapper(TS_BITS)
        self._live = self._wrapping = False
        self._streams: list[Any] = []
        self._picture: _Picture | None = None
        self._sound: _Sound | None = None

    @property
    def end(self) -> int:
        """Where the next pass begins: right after the last picture, whose pace goes on."""
        if self._picture is None:
            return self._sound_end
        return max(self._picture_end, self._sound_end - TAIL)

    def frames(self, container: Any) -> Iterator[SourceFrame]:
        """Yield everything, as the container orders it.

        Raises UnsupportedMedia when there is neither picture nor sound, and SourceLost when the
        picture of something live stops while its sound goes on.
        """
        picture, sound = _best(container, "video"), _best(container, "audio")
        if picture is not None and "attached_pic" in str(picture.disposition):
            picture = None  # the cover of a record
        self._streams = [stream for stream in (picture, sound) if stream is not None]
        if not self._streams:
            raise UnsupportedMedia("Cette source n’a ni image ni son.")
        if picture is not None and not is_picture(_codec_of(picture)):
            raise UnsupportedMedia(advice.not_h264(_codec_of(picture)))
        self._picture = _Picture(picture) if picture is not None else None
        self._sound = _Sound(sound) if sound is not None else None
        self._live = container.duration is None
        self._wrapping = container.format.name == TS
        if self._start is None and self._streams[0].start_time is not None:
            self._start = self._microseconds(self._streams[0].start_time, self._streams[0])
        for packet in _timed(container.demux(self._streams), picture, self._sound):
            yield from self._take(packet, packet.stream is picture)

    def _take(self, packet: Any, is_picture: bool) -> Iterator[SourceFrame]:
        dts = self._place(packet, packet.dts)
        pts = dts if packet.pts is None else self._place(packet, packet.pts)
        if not is_picture and dts <= self._sounds_after:
            return  # what encoders put before the beginning is heard once
        duration = int(_duration(packet) * packet.time_base * MICROSECONDS)
        if is_picture:
            self._seen = dts
            self._picture_end = max(self._picture_end, pts + duration)
        else:
            self.last_sound, self._sounds_after = dts, -math.inf
            self._sound_end = max(self._sound_end, pts + duration)
            self._check_sight(dts)
        reader = self._picture if is_picture else self._sound
        # Half a picture does more harm than none: decoders of browsers may give up on it.
        told = reader.read(packet) if reader and not packet.is_corrupt else None
        if told is not None:
            codec, data, config = told
            yield SourceFrame(codec, data, dts, pts, bool(packet.is_keyframe), config)

    def _check_sight(self, dts: int) -> None:
        """Tables tell when the tracks of MPEG-TS change; of what else is live, nothing does."""
        self._seen = dts if self._seen is None else self._seen
        if self._live and self._picture and not self._wrapping and dts - self._seen > BLIND:
            raise SourceLost("Cette source ne donne plus d’image.")

    def _place(self, packet: Any, timestamp: int) -> int:
        placed = self._microseconds(timestamp, packet)
        if self._start is None:
            self._start = placed
        return self._begin + placed - self._start

    def _microseconds(self, timestamp: int, of: Any) -> int:
        base: Fraction = of.time_base
        if self._wrapping:  # libav takes one wrap back, and a channel runs for days
            timestamp = self._wraps.place(timestamp)
        return timestamp * MICROSECONDS * base.numerator // base.denominator


def ts_frames(read: Read, once: Pass, *, live: bool = True) -> Iterator[SourceFrame]:
    """The frames of an MPEG-TS, whose tracks may change at any time. Raises as `Pass.frames`.

    What is `live` shows its first frame soon; a recording is looked at longer, and better known.
    """
    for part in programmes(read):
        options: dict[str, str] = {}
        if live:
            types = part.stream_types()
            if types is None:
                raise UnsupportedMedia(NOT_TS)
            options = QUICK if PLAIN.issuperset(types) else PATIENT
        try:
            with av.open(part, format=TS, options=dict(options)) as container:
                yield from once.frames(container)
        except av.error.FFmpegError as error:
            if not part.over:
                raise UnsupportedMedia(NOT_TS) from error
        except UnsupportedMedia:
            if not part.over:  # else it was too short to be anything
                raise


class _Unwrapper:
    """Timestamps of so many bits, as integers without end: each is the nearest to the last one."""

    def __init__(self, bits: int) -> None:
        self._period = 1 << bits
        self._last: int | None = None

    def place(self, timestamp: int) -> int:
        if self._last is None:
            self._last = timestamp
        half = self._period >> 1
        self._last += (timestamp - self._last + half) % self._period - half
        return self._last


class _Picture:
    """H.264 as the container frames it, to AVCC with its configuration record; others as is."""

    def __init__(self, stream: Any) -> None:
        self._codec = _codec_of(stream)
        self._config = b""
        self._is_annexb = False
        self._adopt(_extradata(stream))

    def read(self, packet: Any) -> tuple[str, bytes, bytes] | None:
        if packet.has_sidedata("new_extradata"):
            self._adopt(bytes(packet.get_sidedata("new_extradata")))
        data = bytes(packet)
        if self._is_annexb:
            data, sps, pps = h264.to_avcc(data)
            self._learn(sps, pps)
        if not data or (self._codec == "h264" and not self._config):
            return None
        return self._codec, data, self._config

    def _adopt(self, extradata: bytes) -> None:
        if self._codec != "h264":
            self._config = extradata
            return
        self._is_annexb = extradata[:1] != b"\1"
        if not self._is_annexb:
            self._config = extradata
        elif extradata:
            self._learn(*h264.to_avcc(extradata)[1:])

    def _learn(self, sps: list[bytes], pps: list[bytes]) -> None:
        if sps and pps:
            self._config = h264.make_config(sps, pps)


class _Sound:
    """AAC without ADTS headers; others as they are, with what their decoder must know."""

    def __init__(self, stream: Any) -> None:
        self._codec = _codec_of(stream)
        self._length = 0.0  # seconds of a packet
        self._config = _extradata(stream)
        if self._codec == "opus":
            self._config = b""  # its packets explain themselves
        elif self._codec.startswith("pcm"):
            context = stream.codec_context
            channels = min(255, context.layout.nb_channels)
            self._config = context.sample_rate.to_bytes(4, "big") + bytes((channels,))

    def read(self, packet: Any) -> tuple[str, bytes, bytes] | None:
        if packet.has_sidedata("new_extradata"):
            self._config = bytes(packet.get_sidedata("new_extradata"))
        data = bytes(packet)
        if self._codec == "aac":
            return self._read_aac(data)
        return self._codec, data, self._config

    def length(self, packet: Any) -> float:
        """How long a packet is heard, in its time base; its decoder tells, when libav does not."""
        if packet.duration:
            return float(packet.duration)
        if not self._length:
            try:
                frames = packet.decode()
            except (av.error.FFmpegError, ValueError):
                frames = []
            self._length = sum(each.samples / each.sample_rate for each in frames)
        return float(self._length / packet.time_base)

    def _read_aac(self, data: bytes) -> tuple[str, bytes, bytes] | None:
        """Take the ADTS header off (ISO 13818-7, 6.2), if it has one: MPEG-TS does."""
        if not self._config and len(data) > 9 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
            object_type, rate, channels = (data[2] >> 6) + 1, data[2] >> 2 & 15, data[3] >> 6
            channels |= (data[2] & 1) << 2
            config = (object_type << 11 | rate << 7 | channels << 3).to_bytes(2, "big")
            return "aac", data[7 if data[1] & 1 else 9 :], config
        return ("aac", data, self._config) if self._config else None


def _best(container: Any, kind: str) -> Any:
    """The track to read; libav overlooks sound of which nothing has come yet."""
    return container.streams.best(kind) or next(iter(getattr(container.streams, kind)), None)


def _codec_of(stream: Any) -> str:
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "format inconnu"


def _extradata(stream: Any) -> bytes:
    context = stream.codec_context
    return bytes(context.extradata or b"") if context is not None else b""


def _timed(packets: Iterator[Any], picture: Any, sound: "_Sound | None") -> Iterator[Any]:
    """The packets that have something in them, each with a decoding time.

    Matroska keeps times of presentation only: libav knows those of decoding once it has seen how
    far pictures are reordered. Count back from the first that it knows. MPEG-TS has one time for
    several packets of sound: count on from it.
    """
    untimed: list[Any] = []
    heard_until: float | None = None
    for packet in packets:
        if packet.size == 0:
            continue
        if packet.stream is not picture:
            if packet.dts is None and heard_until is not None:
                packet.dts = round(heard_until)
            if packet.dts is not None and sound is not None:
                heard_until = packet.dts + sound.length(packet)
                yield packet
            continue
        if packet.dts is None:
            untimed.append(packet)
            if len(untimed) > UNTIMED:
                raise UnsupportedMedia("Les images de cette source n’ont pas d’horodatage.")
            continue
        for back, earlier in zip(range(len(untimed), 0, -1), untimed, strict=True):
            earlier.dts = packet.dts - back * _duration(packet)
            yield earlier
        untimed.clear()
        yield packet


def _duration(packet: Any) -> int:
    """A packet's duration in its own time base, as the container tells or the rate implies."""
    rate = getattr(packet.stream, "average_rate", None)
    if packet.duration or not rate:
        return int(packet.duration or 0)
    return int(1 / rate / packet.time_base)
