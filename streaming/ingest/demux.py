"""One reading of a container: its H.264, with AAC or Opus, as frames for the link."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from streaming import h264
from streaming.errors import UnsupportedMedia
from streaming.ingest import advice
from streaming.link import SourceFrame

MICROSECONDS = 1_000_000
TAIL = 100_000  # microseconds that sound may outlast its picture without delaying the next pass
UNTIMED = 32  # pictures in a row without a decoding time


class Pass:
    """One reading of a container, whose picture begins at `begin` microseconds."""

    def __init__(self, container: Any, begin: int, last_sound: int) -> None:
        self._container = container
        self._begin = self._picture_end = self._sound_end = begin
        self.last_sound = last_sound  # when the last sound was, in this pass or before
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

    def frames(self) -> Iterator[SourceFrame]:
        """Yield everything, as the container orders it."""
        untimed: list[Any] = []
        for packet in self._container.demux(self._streams):
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
                    yield from self._take(earlier)
                untimed.clear()
            yield from self._take(packet)

    def _take(self, packet: Any) -> Iterator[SourceFrame]:
        is_picture = packet.stream is self._streams[0]
        dts = self._place(packet, packet.dts)
        pts = dts if packet.pts is None else self._place(packet, packet.pts)
        reader = self._picture if is_picture else self._sound
        if reader is None or (not is_picture and dts <= self.last_sound):
            return  # what encoders put before the beginning is heard once
        told = reader.read(bytes(packet))
        if told is None:
            return
        codec, data, config = told
        duration = _microseconds(_duration(packet), packet.time_base)
        if is_picture:
            self._picture_end = max(self._picture_end, pts + duration)
        else:
            self.last_sound = dts
            self._sound_end = max(self._sound_end, pts + duration)
        yield SourceFrame(codec, data, dts, pts, bool(packet.is_keyframe), config)

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


def _microseconds(timestamp: int, base: Fraction) -> int:
    return timestamp * MICROSECONDS * base.numerator // base.denominator


def _duration(packet: Any) -> int:
    """A packet's duration in its own time base, as the container tells or the rate implies."""
    rate = getattr(packet.stream, "average_rate", None)
    if packet.duration or not rate:
        return int(packet.duration or 0)
    return int(1 / rate / packet.time_base)


def _codec_of(stream: Any) -> str:
    context = stream.codec_context
    return str(context.codec.canonical_name) if context is not None else "format inconnu"
