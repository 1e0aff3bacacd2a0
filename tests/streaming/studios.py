"""What studios send, made by real encoders: moving pictures and sound with marks in them."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from av.codec.context import Flags

from streaming.h264 import make_config, to_avcc
from streaming.packet import Packet
from streaming.sound import Decoder, Samples

RATE = 48_000


@cache
def film(
    frames: int = 60,
    size: tuple[int, int] = (320, 180),
    rate: int = 25,
    gop: int = 25,
    b_frames: int = 0,
) -> tuple[Packet, ...]:
    """A bar that moves: packets whose times begin at 0."""
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.framerate = Fraction(rate)
    context.time_base = Fraction(1, rate)
    context.flags |= Flags.global_header
    context.options = {
        "preset": "ultrafast",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:threads=1"
        ":b-adapt=0",
    }
    coded = []
    for index in range(frames):
        picture = np.full((size[1], size[0], 3), 40, np.uint8)
        picture[:, (index * 8) % (size[0] - 8) :][:, :8] = 220
        frame = av.VideoFrame.from_ndarray(picture, "rgb24")
        frame.pts = index
        frame.time_base = context.time_base
        coded += context.encode(frame)
    coded += context.encode(None)
    _, sps, pps = to_avcc(bytes(context.extradata))
    config = make_config(sps, pps)
    early = -min(packet.dts for packet in coded)
    return tuple(
        Packet(
            to_avcc(bytes(packet))[0],
            (packet.dts + early) / rate,
            (packet.pts + early) / rate,
            packet.is_keyframe,
            config,
        )
        for packet in coded
    )


def shift(packet: Packet, by: float) -> Packet:
    return Packet(packet.data, packet.dts + by, packet.pts + by, packet.key, packet.config)


def decode_pictures(packets: list[Packet]) -> list[float]:
    """When the pictures that a decoder makes of `packets` are shown; it fails on the first error.

    They come in the order of the encoder's pictures.
    """
    pictures: list[Any] = []
    config, context = b"", None
    for packet in packets:
        if packet.config != config or context is None:
            if context is not None:
                pictures += context.decode(None)
            config = packet.config
            made: Any = av.CodecContext.create("h264", "r")
            made.extradata = config
            made.options = {"err_detect": "explode"}
            made.thread_count = 1
            context = made
        coded = av.Packet(packet.data)
        coded.pts = round(packet.pts * 90_000)
        pictures += context.decode(coded)
    pictures += context.decode(None) if context else []
    return [picture.pts / 90_000 for picture in pictures]


def tone(seconds: float, frequency: float = 440.0, rate: int = RATE) -> Samples:
    """A sine on both sides."""
    at = np.arange(round(seconds * rate)) / rate
    wave = (0.4 * np.sin(2 * np.pi * frequency * at)).astype(np.float32)
    return np.stack((wave, wave))


def ticks(seconds: float, rate: int = RATE) -> Samples:
    """Silence with a short click at each half second."""
    samples = np.zeros((2, round(seconds * rate)), np.float32)
    for at in range(rate // 4, samples.shape[1], rate // 2):
        samples[:, at : at + rate // 1000] = 0.8
    return samples


def sound(
    samples: Samples, codec: str = "aac", rate: int = RATE, mono: bool = False, start: float = 0.0
) -> Iterator[Packet]:
    """Encode `samples`; each packet's time is when its samples are to be heard."""
    context: Any = av.CodecContext.create("libopus" if codec == "opus" else codec, "w")
    context.sample_rate = rate
    context.layout = "mono" if mono else "stereo"
    context.format = "flt" if codec == "opus" else "fltp"
    context.bit_rate = 128_000
    context.time_base = Fraction(1, rate)
    context.flags |= Flags.global_header
    context.open()
    config = b"" if codec == "opus" else bytes(context.extradata)
    size = context.frame_size
    for at in range(0, samples.shape[1] - size + 1, size):
        block = np.ascontiguousarray(samples[: 1 if mono else 2, at : at + size])
        if codec == "opus":
            block = np.ascontiguousarray(block.T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(block, context.format.name, context.layout.name)
        frame.sample_rate = rate
        frame.time_base = context.time_base
        frame.pts = at
        for packet in context.encode(frame):
            time = start + packet.pts / rate
            yield Packet(bytes(packet), time, time, True, config)


def decode_sound(packets: list[Packet], codec: str) -> tuple[float, Samples]:
    """All samples of gap-free packets, and when the first one is heard."""
    decoder = Decoder("opus" if codec == "opus" else "aac", packets[0].config)
    blocks = [block for packet in packets for _, block in decoder.decode(packet)]
    return packets[0].pts, np.concatenate(blocks, axis=1)


def clicks(start: float, samples: Samples) -> list[float]:
    """When the clicks of `ticks` are heard."""
    loud = np.flatnonzero(np.abs(samples[0]) > 0.3)
    firsts = loud[np.insert(np.diff(loud) > RATE // 10, 0, True)] if loud.size else loud
    return [start + at / RATE for at in firsts]
