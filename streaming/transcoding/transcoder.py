"""One stream of any usual codec, decoded and encoded again: packets in, packets out."""

import logging
from typing import Any

import av
import av.error
from av.video.reformatter import ColorRange, Colorspace

from streaming.decoders import picture_decoder
from streaming.errors import UnsupportedMedia
from streaming.packet import Packet
from streaming.transcoding.encoder import SOFTWARE, THREADS, TICKS, Encoder, NoEncoder
from streaming.transcoding.upright import Upright

logger = logging.getLogger(__name__)

KEYFRAMES = 2.0  # seconds between two, at most
FUTILE = 90  # packets in a row without a picture: whatever it is, it is not what it says
KEPT = 128  # frames in a decoder, at most
LARGEST = 4096  # pixels, of a side that is decoded
SMALLEST = 64  # pixels, of a side that is encoded
ALIGNED_GOP = 20.0  # seconds between keyframes that come unasked, where the stream has its own


class Transcoder:
    """Makes H.264 of at most `height` lines and `frame_rate` of what it is given.

    Each frame keeps its time of presentation, which is its time of decoding too. Pixels are square
    afterwards, fields are frames, and what lies on its side stands. A new configuration means a new
    decoder, a new size a new encoder. If `aligned`, its keyframes are those of what it is given.
    Not for two threads at a time.
    """

    def __init__(
        self,
        codec: str,
        height: int,
        frame_rate: float,
        encoder: str = SOFTWARE,
        *,
        aligned: bool = False,
    ) -> None:
        """Raises UnsupportedMedia when libav has no such decoder."""
        self._codec = codec
        self._height = height
        self._frame_rate = frame_rate
        self._encoder_name = encoder
        self._aligned = aligned
        self._decoder = _decoder(codec, b"")
        self._config = b""
        self._upright = Upright()
        self._encoder: Encoder | None = None
        self._times: dict[int, float] = {}  # ticks of the frames in the decoder and the encoder
        self._keys: set[int] = set()  # ticks of the keyframes among them
        self._origin: float | None = None
        self._shown = float("-inf")  # pts of the last frame that was taken
        self._key_at = float("-inf")
        self._interval = 0.0  # seconds to the last frame
        self._key_wanted = False
        self._futile = 0

    def put(self, packet: Packet) -> list[Packet]:
        """Take a frame, in decoding order; return what is ready.

        What cannot be decoded is left out. Raises UnsupportedMedia when nothing can, for long.
        """
        made: list[Packet] = []
        if packet.config != self._config and packet.key:
            made += self._flush()
            self._config = packet.config
            self._decoder = _decoder(self._codec, packet.config)
            self._upright = Upright()
            self._key_wanted = True
        if not packet.data:
            return made  # to libav that would be the end of the stream
        made += self._decode(self._input(packet))
        self._futile = 0 if made else self._futile + 1
        if self._futile > FUTILE:
            raise UnsupportedMedia("nothing can be decoded")
        return made

    def want_key(self) -> None:
        """Let the next frame that is made be a keyframe."""
        self._key_wanted = True

    @property
    def _longest_gop(self) -> float:
        return ALIGNED_GOP if self._aligned else KEYFRAMES

    def _input(self, packet: Packet) -> Any:
        if self._origin is None:
            self._origin = packet.pts - 1.0  # so that ticks are small, and none is below zero
        ticks = round((packet.pts - self._origin) * TICKS)
        self._times[ticks] = packet.pts
        if packet.key and self._aligned:
            self._keys.add(ticks)
        while len(self._times) > KEPT:
            oldest = next(iter(self._times))
            del self._times[oldest]
            self._keys.discard(oldest)
        made = av.Packet(packet.data)
        made.pts, made.dts = ticks, round((packet.dts - self._origin) * TICKS)
        return made

    def _flush(self) -> list[Packet]:
        return self._decode(None) if self._origin is not None else []

    def _decode(self, packet: Any) -> list[Packet]:
        made: list[Packet] = []
        try:
            frames = self._decoder.decode(packet)
        except av.error.FFmpegError as error:
            logger.debug("a frame of %s that cannot be decoded: %s", self._codec, error)
            return made
        for frame in frames:
            if frame.pts is not None and max(frame.width, frame.height) <= LARGEST:
                for upright in self._upright.put(frame):
                    made += self._encode(upright)
        return made

    def _encode(self, frame: Any) -> list[Packet]:
        time = self._times.get(frame.pts)
        must_be_key = frame.pts in self._keys
        least = 0.0 if must_be_key else 0.9 / self._frame_rate
        if time is None or time - self._shown <= least:
            return []
        self._interval, self._shown = min(1.0, time - self._shown), time
        ticks = frame.pts
        ratio = float(self._decoder.sample_aspect_ratio or 1)
        if self._upright.turned and ratio:
            ratio = 1 / ratio
        size = fitting(frame.width, frame.height, ratio, self._height)
        encoder = self._encoder
        if encoder is None or encoder.size != size:
            encoder = self._encoder = self._open(size)
            self._key_wanted = True
        # Shortly before, rather than later: two keyframes must not be further apart.
        due = not self._aligned and time + self._interval > self._key_at + KEYFRAMES + 0.001
        key = self._key_wanted or must_be_key or due
        if key:
            self._key_at, self._key_wanted = time, False
        picture = frame.reformat(
            *size,
            format=encoder.pixels,
            src_colorspace=_colorspace(frame),
            dst_colorspace=Colorspace.ITU709,
            src_color_range=_range(frame),
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        made = []
        for data, at, is_key, config in self._write(picture, ticks, key):
            shown = self._times.get(at, time)
            made.append(Packet(data, shown, shown, is_key, config))
        return made

    def _open(self, size: tuple[int, int]) -> Encoder:
        """An encoder for this size; x264 when the card has no more of them."""
        try:
            return Encoder(self._encoder_name, size, self._frame_rate, self._longest_gop)
        except NoEncoder as error:
            if self._encoder_name == SOFTWARE:
                raise
            logger.warning("%s; %s instead", error, SOFTWARE)
            self._encoder_name = SOFTWARE
            return Encoder(SOFTWARE, size, self._frame_rate, self._longest_gop)

    def _write(self, picture: Any, ticks: int, key: bool) -> list[tuple[bytes, int, bool, bytes]]:
        assert self._encoder is not None
        try:
            return self._encoder.encode(picture, ticks, key)
        except UnsupportedMedia as error:
            if self._encoder_name == SOFTWARE:
                raise
            logger.warning("%s; %s instead", error, SOFTWARE)
            self._encoder_name = SOFTWARE
            self._encoder = Encoder(
                SOFTWARE, self._encoder.size, self._frame_rate, self._longest_gop
            )
            self._key_at = self._shown
            picture = picture.reformat(format=self._encoder.pixels)
            return self._encoder.encode(picture, ticks, True)


def fitting(width: int, height: int, ratio: float, most: int) -> tuple[int, int]:
    """The even size, in square pixels, of a picture that is to have at most so many lines.

    `ratio` is a pixel's width by its height. Nothing is made larger than it is, but for the pixels.
    """
    if not 0.1 <= ratio <= 10:
        ratio = 1.0
    scale = min(1.0, most / height)
    across = width * ratio * scale
    down = height * scale
    return max(SMALLEST, round(across / 2) * 2), max(SMALLEST, round(down / 2) * 2)


def _decoder(codec: str, config: bytes) -> Any:
    try:
        decoder = picture_decoder(codec, config)
    except (av.error.FFmpegError, ValueError) as error:
        raise UnsupportedMedia(f"no decoder for {codec}") from error
    # Threads by slice alone: those by frame each keep a frame back.
    decoder.thread_type = "SLICE"
    decoder.thread_count = THREADS
    if codec == "av1":
        decoder.flags |= av.codec.context.Flags.low_delay
    return decoder


def _range(frame: Any) -> ColorRange:
    full = frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")
    return ColorRange.JPEG if full else ColorRange.MPEG


def _colorspace(frame: Any) -> Colorspace:
    """What the frame says, or what is usual for its size."""
    told = {1: Colorspace.ITU709, 5: Colorspace.ITU601, 6: Colorspace.ITU601}.get(
        int(frame.colorspace)
    )
    usual = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
    return told or usual
