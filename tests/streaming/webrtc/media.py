"""A studio's packets, made by PyAV: a moving bar in H.264 and a tone in Opus."""

from fractions import Fraction

import av
import numpy as np

from streaming.h264 import make_config, to_avcc
from streaming.packet import Packet

FRAME_RATE = 25
START = 1_800_000_000.0  # a broadcast time whose timestamps are far from a wrap


def encode_pictures(
    count: int,
    *,
    b_frames: int = 0,
    start: float = START,
    size: tuple[int, int] = (320, 180),
    slices: int = 1,
    noise: int = 0,
) -> list[Packet]:
    """`count` frames of a moving bar, a keyframe every two seconds.

    With `noise`, up to 255, they are big.
    """
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAME_RATE), Fraction(FRAME_RATE)
    encoder.options = {"g": "50", "bf": str(b_frames), "preset": "ultrafast", "tune": "animation"}
    if slices > 1:
        encoder.options = {**encoder.options, "slices": str(slices)}
    random = np.random.default_rng(1)
    encoder.profile = "Main" if b_frames else "Baseline"
    packets: list[Packet] = []
    config = b""
    for index in [*range(count), None]:
        frame = None
        if index is not None:
            picture = np.full((size[1], size[0], 3), 40, np.uint8)
            if noise:
                picture = random.integers(0, noise, (size[1], size[0], 3), np.uint8)
            picture[:, index * 4 % size[0] : index * 4 % size[0] + 24] = (200, 180, 40)
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index, encoder.time_base
        for encoded in encoder.encode(frame):
            data, sps, pps = to_avcc(bytes(encoded))
            config = make_config(sps, pps) if sps else config
            assert encoded.dts is not None
            assert encoded.pts is not None
            packets.append(
                Packet(
                    data,
                    start + encoded.dts / FRAME_RATE,
                    start + encoded.pts / FRAME_RATE,
                    encoded.is_keyframe,
                    config,
                )
            )
    return packets


def encode_sounds(count: int) -> list[Packet]:
    """`count` Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    packets: list[Packet] = []
    for index in range(count):
        ticks = np.arange(index * 960, (index + 1) * 960)
        tone = (8000 * np.sin(ticks * 2 * np.pi * 440 / 48_000)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(tone, 2)[None, :], "s16", "stereo")
        frame.sample_rate, frame.pts = 48_000, index * 960
        for encoded in encoder.encode(frame):
            time = START + len(packets) * 0.02
            packets.append(Packet(bytes(encoded), time, time, True))
    return packets
