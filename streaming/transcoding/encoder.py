"""H.264 without B-frames, for every browser: by the graphics card where it can, else by x264."""

import logging
import os
from fractions import Fraction
from typing import Any

import av
import av.error
from av.codec.context import Flags
from av.video.frame import PictureType

from streaming.errors import StreamingError, UnsupportedMedia
from streaming.h264 import make_config, to_avcc

logger = logging.getLogger(__name__)

TICKS = 90_000  # per second: what encoders are told of time
AUTO = "auto"
SOFTWARE = "libx264"
PIXELS = "yuv420p"
THREADS = min(4, os.cpu_count() or 1)

# What each encoder needs in order to answer at once, with an IDR where we ask for a keyframe.
OPTIONS = {
    "h264_nvenc": {
        "preset": "p3",
        "tune": "ull",
        "rc": "vbr",
        "zerolatency": "1",
        "delay": "0",
        "forced-idr": "1",
    },
    "h264_qsv": {"preset": "veryfast", "async_depth": "1", "forced_idr": "1"},
    "h264_vaapi": {"async_depth": "1"},
    "h264_videotoolbox": {"realtime": "1"},
    SOFTWARE: {
        "preset": "superfast",
        "tune": "zerolatency",
        "crf": "22",
        "forced-idr": "1",
        "x264-params": "scenecut=0:open-gop=0:bframes=0"
        ":colorprim=bt709:transfer=bt709:colormatrix=bt709",
    },
}
NATIVE_PIXELS = {"h264_qsv": "nv12", "h264_vaapi": "nv12"}
NAMES = (AUTO, *OPTIONS)


class NoEncoder(StreamingError):
    """An encoder that does not open on this machine."""


class Encoder:
    """Encodes pictures of one size. Raises NoEncoder when it cannot be opened.

    Keyframes are asked for; those that it adds by itself are `longest_gop` seconds apart.
    """

    def __init__(
        self, name: str, size: tuple[int, int], frame_rate: float, longest_gop: float = 2.0
    ) -> None:
        self.size = size
        self.pixels = NATIVE_PIXELS.get(name, PIXELS)
        try:
            self._context = _open(name, size, frame_rate, longest_gop, self.pixels)
        except (av.error.FFmpegError, ValueError) as error:
            raise NoEncoder(f"{name}: {error}") from error
        _, sps, pps = to_avcc(bytes(self._context.extradata or b""))
        self._sps, self._pps = sps, pps
        self._config = make_config(sps, pps) if sps and pps else b""

    def encode(self, frame: Any, ticks: int, key: bool) -> list[tuple[bytes, int, bool, bytes]]:
        """Encode a frame of `size` and `pixels`, shown at `ticks`.

        Returns what is ready: (AVCC data, ticks, is a keyframe, configuration record). Raises
        UnsupportedMedia when it gives up.
        """
        frame.pts, frame.time_base = ticks, Fraction(1, TICKS)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        try:
            return [self._read(packet) for packet in self._context.encode(frame)]
        except (av.error.FFmpegError, ValueError) as error:
            raise UnsupportedMedia(f"the encoder gives up: {error}") from error

    def _read(self, packet: Any) -> tuple[bytes, int, bool, bytes]:
        data, sps, pps = to_avcc(bytes(packet))
        if sps and pps and (sps, pps) != (self._sps, self._pps):  # some tell it with the picture
            self._sps, self._pps = sps, pps
            self._config = make_config(sps, pps)
        return data, int(packet.pts), bool(packet.is_keyframe), self._config


def choose(wanted: str = AUTO) -> str:
    """The encoder to use: `wanted` if it works, else the first that does.

    Each is tried with a few pictures: one that opens may still refuse to encode.
    """
    names = [name for name in OPTIONS if name != SOFTWARE] if wanted == AUTO else [wanted]
    for name in names:
        try:
            _try(name)
        except (NoEncoder, UnsupportedMedia) as error:
            level = logging.INFO if wanted == AUTO else logging.WARNING
            logger.log(level, "%s does not work here: %s", name, error)
        else:
            return name
    return SOFTWARE


def _try(name: str) -> None:
    size = (640, 360)
    encoder = Encoder(name, size, 30.0)
    for index in range(5):
        frame = av.VideoFrame(*size, encoder.pixels)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        if encoder.encode(frame, index * TICKS // 30, index == 0):
            return
    raise NoEncoder(f"{name} keeps five pictures to itself")


def _open(
    name: str, size: tuple[int, int], frame_rate: float, longest_gop: float, pixels: str
) -> Any:
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height = size
    context.pix_fmt = pixels
    context.time_base = Fraction(1, TICKS)
    context.framerate = Fraction(frame_rate).limit_denominator(1001)
    context.flags |= Flags.global_header
    context.max_b_frames = 0
    # Keyframes are asked for by time; this is for an encoder that does not listen.
    context.gop_size = max(1, round(longest_gop * frame_rate))
    context.thread_count = THREADS
    rate = bit_rate(size)
    options = dict(OPTIONS.get(name, {}))
    if name == SOFTWARE:
        options["x264-params"] += f":vbv-maxrate={rate // 1000}:vbv-bufsize={rate // 1000}"
    else:
        context.bit_rate = rate * 2 // 3
        options |= {"maxrate": str(rate), "bufsize": str(rate)}
    context.options = options
    context.open()
    return context


def bit_rate(size: tuple[int, int]) -> int:
    """Bits per second at most: 6 Mbit/s at 1080p, 3.3 at 720p, 1.8 at 480p."""
    share = max(0.05, min(1.5, size[0] * size[1] / (1920 * 1080)))
    return round(6_000_000 * float(share**0.75))
