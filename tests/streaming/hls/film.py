"""A short film as a channel's feed has it: H.264 and AAC packets on the broadcast clock."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import msgspec
import numpy as np

from streaming import aac, h264
from streaming.hls.packager import Packager
from streaming.hls.window import InitAdded, PartAdded, SegmentClosed, SegmentOpened, WindowEvent
from streaming.packet import Packet


@dataclass(frozen=True)
class Film:
    """Pictures and sounds, in decoding order."""

    video: tuple[Packet, ...]
    sound: tuple[Packet, ...]

    def moved(self, seconds: float) -> "Film":
        return Film(
            tuple(map(functools.partial(moved, seconds=seconds), self.video)),
            tuple(map(functools.partial(moved, seconds=seconds), self.sound)),
        )

    def interleaved(self) -> list[tuple[str, Packet]]:
        """As they arrive: a frame when it is decoded, sound when it has been heard."""
        together = [("video", packet.dts, packet) for packet in self.video]
        together += [("sound", packet.dts + 0.03, packet) for packet in self.sound]
        together.sort(key=lambda item: item[1])
        return [(kind, packet) for kind, _, packet in together]

    def between(self, start: float, end: float) -> "Film":
        return replace(
            self,
            video=tuple(packet for packet in self.video if start <= packet.dts < end),
            sound=tuple(packet for packet in self.sound if start <= packet.dts < end),
        )


def moved(packet: Packet, seconds: float) -> Packet:
    return msgspec.structs.replace(packet, dts=packet.dts + seconds, pts=packet.pts + seconds)


@functools.cache
def film(
    seconds: float,
    *,
    rate: int = 30,
    gop: int = 60,
    width: int = 128,
    height: int = 72,
    b_frames: int = 0,
) -> Film:
    """Encode a moving picture and a tone, from time 0 on."""
    return Film(tuple(_video(seconds, rate, gop, width, height, b_frames)), tuple(_sound(seconds)))


def _video(
    seconds: float, rate: int, gop: int, width: int, height: int, b_frames: int
) -> Iterator[Packet]:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, rate), Fraction(rate)
    encoder.gop_size = gop
    encoder.options = {
        "preset": "ultrafast",
        "bf": str(b_frames),
        "x264-params": f"scenecut=0:keyint={gop}:min-keyint={gop}:b-adapt=0",
    }
    config = b""
    first: int | None = None
    for packet in _encoded_pictures(encoder, round(seconds * rate), rate):
        data, sps, pps = h264.to_avcc(bytes(packet))
        if sps:
            config = h264.make_config(sps, pps)
        assert packet.dts is not None
        assert packet.pts is not None
        first = packet.dts if first is None else first
        yield Packet(
            data,
            (packet.dts - first) / rate,
            (packet.pts - first) / rate,
            h264.is_key(data),
            config,
        )


def _encoded_pictures(encoder: av.VideoCodecContext, count: int, rate: int) -> Iterator[av.Packet]:
    height, width = encoder.height, encoder.width
    across = np.arange(width)
    for number in range(count):
        row = (across + 5 * number).astype(np.uint8)
        picture = np.broadcast_to(row[:, None], (width, 3))[None].repeat(height, axis=0)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, rate)
        yield from encoder.encode(frame)
    yield from encoder.encode(None)


def _sound(seconds: float) -> Iterator[Packet]:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "fltp"
    encoder.open()
    time = np.arange(round(seconds * 48_000)) / 48_000
    tone = (0.2 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    fifo = av.AudioFifo()
    frame = av.AudioFrame.from_ndarray(np.stack([tone, tone]), format="fltp", layout="stereo")
    frame.sample_rate = 48_000
    fifo.write(frame)
    count = 0
    while (piece := fifo.read(aac.FRAME)) is not None:
        piece.pts = None
        for packet in encoder.encode(piece):
            at = count * aac.FRAME / 48_000
            yield Packet(bytes(packet), at, at, True, bytes(encoder.extradata or b""))
            count += 1


class Announced:
    """What a packager announced, put together again."""

    def __init__(self, origin: float = 0.0, **options: float) -> None:
        self.events: list[WindowEvent] = []
        self._msn = 100
        self._discontinuity = 0
        self.packager = Packager(
            origin=origin,
            epoch=7,
            next_msn=self._next_msn,
            next_discontinuity=self._next_discontinuity,
            emit=self.events.append,
            **options,
        )

    def play(self, film: Film) -> "Announced":
        for kind, packet in film.interleaved():
            (self.packager.video if kind == "video" else self.packager.sound)(packet)
        return self

    @property
    def inits(self) -> list[InitAdded]:
        return [event for event in self.events if isinstance(event, InitAdded)]

    @property
    def opened(self) -> list[SegmentOpened]:
        return [event for event in self.events if isinstance(event, SegmentOpened)]

    @property
    def closed(self) -> list[SegmentClosed]:
        return [event for event in self.events if isinstance(event, SegmentClosed)]

    def parts(self, msn: int | None = None) -> list[PartAdded]:
        parts = [event for event in self.events if isinstance(event, PartAdded)]
        return [part for part in parts if msn in (None, part.msn)]

    def media(self, msn: int | None = None) -> bytes:
        """A playable file of one segment, or of all that was announced with the first init."""
        return self.inits[0].data + b"".join(part.data for part in self.parts(msn))

    def _next_msn(self) -> int:
        self._msn += 1
        return self._msn

    def _next_discontinuity(self) -> int:
        self._discontinuity += 1
        return self._discontinuity
