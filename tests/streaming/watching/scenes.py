"""Still and moving pictures and steady sounds, coded by real encoders."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.codec.context import Flags

from streaming.h264 import make_config, to_avcc
from streaming.packet import Packet
from streaming.sound import RATE, Samples

Luma = npt.NDArray[np.float64]
SIZE = (640, 360)


def bars(size: tuple[int, int] = SIZE) -> Luma:
    """Eight bars of grey with some structure in them."""
    across = np.arange(size[0])
    picture = np.tile(30 + 25.0 * (8 * across // size[0]), (size[1], 1))
    picture += 12 * np.sin(across / 3) * np.sin(np.arange(size[1]) / 5)[:, None]
    return picture


def grain(picture: Luma, count: int, deviation: float) -> list[Luma]:
    """The same picture through a camera, whose sensor has noise."""
    random = np.random.default_rng(7)
    return [picture + random.normal(0, deviation, picture.shape) for _ in range(count)]


def encode(
    pictures: Iterable[Luma], codec: str = "libx264", kilobits: int = 2500, gop: int = 25
) -> list[tuple[str, Packet]]:
    """The keyframes of a film of `pictures`, 25 a second, and libav's name of their codec."""
    context: Any = None
    coded: list[Any] = []
    for index, luma in enumerate(pictures):
        height, width = luma.shape
        if context is None:
            context = av.CodecContext.create(codec, "w")
            context.width, context.height = width, height
            context.pix_fmt = "yuv420p"
            context.framerate, context.time_base = Fraction(25), Fraction(1, 25)
            context.gop_size = gop
            context.bit_rate = kilobits * 1000
            context.flags |= Flags.global_header
            if codec == "libx264":
                context.options = {"preset": "veryfast", "sc_threshold": "0", "bf": "0"}
            if codec == "libsvtav1":
                context.options = {"preset": "11", "svtav1-params": "lp=1"}
            if codec == "libx265":
                context.options = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"}
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = np.clip(luma, 16, 235).round()
        frame = av.VideoFrame.from_ndarray(planes, "yuv420p")
        frame.pts, frame.time_base = index, context.time_base
        coded += context.encode(frame)
    coded += context.encode(None)
    keys = [packet for packet in coded if packet.is_keyframe]
    if codec != "libx264":
        config = bytes(context.extradata or b"")
        return [
            (
                context.codec.canonical_name,
                Packet(bytes(key), key.pts / 25, key.pts / 25, True, config),
            )
            for key in keys
        ]
    _, sps, pps = to_avcc(bytes(context.extradata))
    config = make_config(sps, pps)
    return [
        ("h264", Packet(to_avcc(bytes(key))[0], key.pts / 25, key.pts / 25, True, config))
        for key in keys
    ]


def sine(level: float, seconds: float, frequency: float = 997.0) -> Samples:
    """A tone whose peaks are `level` dB below full scale, on both sides.

    At 997 Hz in stereo, that is its loudness in LUFS too (ITU-R BS.1770, 2.2).
    """
    at = np.arange(round(seconds * RATE)) / RATE
    wave = (10 ** (level / 20) * np.sin(2 * np.pi * frequency * at)).astype(np.float32)
    return np.stack((wave, wave))
