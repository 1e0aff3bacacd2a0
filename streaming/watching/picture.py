"""What a studio's keyframes show: black, frozen, or something that moves.

Keyframes only, one a second at most: 10 to 25 ms of a core each at 1080p, where decoding every
frame would cost ten times as much. Who cuts to black for less than that is not noticed.
"""

import logging
from typing import Any, NamedTuple

import av
import av.error
import numpy as np
import numpy.typing as npt

from streaming.decoders import picture_decoder
from streaming.packet import Packet

logger = logging.getLogger(__name__)

STEP = 4  # pixels between two that are looked at, each way; none is averaged: grain has to show
LARGEST = 8192 * 4320  # pixels; a decoder refuses more

# As ffmpeg's blackdetect has it: nearly all of the picture is nearly black. A title in white on
# black fills as little of it, and is no fault: that is what LIT is for.
DARK = 0.1  # of the way from black to white
DARK_SHARE = 0.98
LIT = 0.4
LIT_SHARE = 0.001

# Levels of 256. A picture that stands still is coded a little differently each time: x264 at
# 2.5 to 6 Mbit/s makes 0.1 to 0.6 of it on average, and never more than 14 in one place. The grain
# of a camera that looks at an empty stage, faint as it may be (a deviation of 0.7 levels), makes
# 1.0 or more; a pointer or the digit of a clock is far more in a few places.
STILL = 0.8
STILL_ANYWHERE = 24

Luma = npt.NDArray[np.int16]


class Seen(NamedTuple):
    """What one keyframe showed. `movement` (levels of 256, on average) and `still` compare it with
    the one before; None when there is none."""

    width: int
    height: int
    black: bool
    movement: float | None
    still: bool | None


class Pictures:
    """Decodes the keyframes of one publisher, one at a time."""

    def __init__(self) -> None:
        self._codec = ""
        self._config = b""
        self._context: Any = None
        self._before: Luma | None = None

    def look(self, codec: str, packet: Packet) -> Seen | None:
        """Decode a keyframe; None when that cannot be done."""
        try:
            frame = self._decode(codec, packet)
        except (av.error.FFmpegError, ValueError) as error:
            logger.debug("a keyframe of %s that cannot be decoded: %s", codec, error)
            frame = None
        if frame is None:
            self._context = self._before = None
            return None
        full, luma = _luma(frame)
        before, self._before = self._before, luma
        movement, still = None, None
        if before is not None and before.shape == luma.shape:
            difference = np.abs(luma - before)
            movement = float(difference.mean())
            still = movement < STILL and int(difference.max()) <= STILL_ANYWHERE
        return Seen(frame.width, frame.height, _is_black(luma, full), movement, still)

    def _decode(self, codec: str, packet: Packet) -> Any:
        if self._context is None or (codec, packet.config) != (self._codec, self._config):
            self._codec, self._config = codec, packet.config
            self._context = picture_decoder(codec, packet.config)
            self._context.thread_count = 1  # threads would hold pictures back
            self._context.options = {"max_pixels": str(LARGEST)}
        frames = self._context.decode(av.Packet(packet.data)) if packet.data else []
        # Drained, then ready for another: what would wait for the next frame comes out now.
        frames += self._context.decode(None)
        self._context.flush_buffers()
        return frames[0] if frames else None


def _luma(frame: Any) -> tuple[bool, Luma]:
    """Some pixels' brightness, 0 to 255; and whether black is 0 and white 255, not 16 and 235."""
    full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    if frame.format.name not in ("yuv420p", "yuvj420p", "nv12", "yuv422p", "yuv444p", "gray"):
        frame = frame.reformat(format="gray")  # 10 bits, RGB: libav knows how
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return full, rows[: frame.height : STEP, : frame.width : STEP].astype(np.int16)


def _is_black(luma: Luma, full: bool) -> bool:
    black, white = (0, 255) if full else (16, 235)
    dark, lit = (black + share * (white - black) for share in (DARK, LIT))
    return bool((luma <= dark).mean() >= DARK_SHARE and (luma > lit).mean() < LIT_SHARE)
