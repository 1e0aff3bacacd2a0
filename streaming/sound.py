"""A channel's sound as one line of samples without holes: decoded, placed, silence in between.

Samples are float32 of shape (2, n) at 48 kHz, one row per side. A place on the line is an integer:
samples since the Unix epoch on the broadcast clock, so that times computed from it are exact.
"""

import logging
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt

from streaming.packet import Packet

logger = logging.getLogger(__name__)

Samples = npt.NDArray[np.float32]

# What we decode, as libav names it. What is not here is refused with advice, since a decoder that
# nobody has tried is native code fed by strangers. The config of PCM and of A-law and µ-law is the
# sample rate (4 bytes, big-endian) and the number of channels (1 byte); MP3, MP2, AC-3 and Opus
# need none; the others' is libav's extradata.
CODECS = frozenset(
    {"aac", "aac_latm", "opus", "mp3", "mp2", "ac3", "eac3", "vorbis", "flac", "speex"}
    | {"pcm_alaw", "pcm_mulaw", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"}
    | {"pcm_s32le", "pcm_f32le", "pcm_u8"}
)

RATE = 48_000  # samples per second
STEADY = 96  # samples (2 ms): the jitter of millisecond timestamps is no error of time
HOLE = 720  # samples (15 ms), less than one lost packet: beyond it a block is placed, not slewed
JOIN = 240  # samples (5 ms): how long one sound takes to become another, so that nothing clicks


def place_of(time: float) -> int:
    """The sample nearest to `time`."""
    return round(time * RATE)


def time_of(place: int) -> float:
    return place / RATE


def sound_decoder(codec: str, config: bytes) -> Any:
    """libav's decoder of one of `CODECS`, which is told what packets do not say.

    Raises ValueError for a codec that it does not know.
    """
    context: Any = av.CodecContext.create(codec, "r")
    if codec == "opus":
        context.layout, context.sample_rate = "stereo", RATE
    elif codec.startswith("pcm"):
        context.sample_rate, context.layout = _pcm_shape(config)
    elif config:
        context.extradata = config
    return context


class Decoder:
    """Turns one source's packets into samples; mono is heard on both sides at its own level."""

    def __init__(self, codec: str, config: bytes = b"") -> None:
        self.codec = codec
        self.config = config
        self._context = sound_decoder(codec, config)
        self._resampler: av.AudioResampler | None = None
        self._format: tuple[str, str, int] | None = None

    def decode(self, packet: Packet) -> list[tuple[int, Samples]]:
        """Return the packet's samples with their places; nothing when it cannot be decoded."""
        blocks: list[tuple[int, Samples]] = []
        if not packet.data:
            return blocks  # to libav that would be the end of the stream
        time = packet.pts
        try:
            for frame in self._context.decode(av.Packet(packet.data)):
                frame.pts = round(time * frame.sample_rate)
                frame.time_base = Fraction(1, frame.sample_rate)
                time += frame.samples / frame.sample_rate
                blocks += self._resample(frame)
        except av.error.FFmpegError as error:
            logger.debug("a packet of %s that cannot be decoded: %s", self.codec, error)
        return blocks

    def _resample(self, frame: Any) -> list[tuple[int, Samples]]:
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or shape != self._format:
            self._format = shape
            # FFmpeg would bring mono down by 3 dB on its way to stereo.
            layout = "mono" if frame.layout.nb_channels == 1 else "stereo"
            self._resampler = av.AudioResampler(format="fltp", layout=layout, rate=RATE)
        return [
            (out.pts or 0, _sane(np.broadcast_to(out.to_ndarray(), (2, out.samples))))
            for out in self._resampler.resample(frame)
            if out.samples
        ]


_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "quad", 5: "5.0", 6: "5.1", 8: "7.1"}


def _pcm_shape(config: bytes) -> tuple[int, str]:
    """The sample rate and layout; telephone sound when nothing tells."""
    rate, channels = int.from_bytes(config[:4], "big"), config[4] if len(config) == 5 else 0
    if 4000 <= rate <= 192_000 and channels in _LAYOUTS:
        return rate, _LAYOUTS[channels]
    return 8000, "mono"


def _sane(samples: Samples) -> Samples:
    """Broken packets may decode to anything, and an encoder refuses what is not a number."""
    return np.clip(np.nan_to_num(samples, copy=True), -1.0, 1.0)


class Timeline:
    """The line itself. What it returns always begins at `head`, where the last block ended."""

    def __init__(self, start: int) -> None:
        self.head = start
        self._tail = np.zeros((2, 1), np.float32)  # the last sample: what the next block joins
        self._joined = False  # whether sound runs up to the head

    def cut(self) -> None:
        """What is placed next comes from elsewhere: it goes exactly where it belongs."""
        self._joined = False

    def place(self, place: int, block: Samples) -> Samples:
        """Return what to put at the head so that `block` is heard at `place`.

        A small error is taken back by one sample per block, which nobody hears. A hole is filled
        with silence; what lies before the head comes too late and is left out.
        """
        error = place - self.head
        if self._joined and abs(error) <= HOLE:
            if abs(error) > STEADY:
                block = _stretch(block, 1 if error > 0 else -1)
            return self._emit(block)
        if error >= 0:
            silence = self.silence(place)
            sound = self._emit(self._join(block))
            self._joined = True
            return np.concatenate((silence, sound), axis=1) if error else sound
        if -error >= block.shape[1]:
            return block[:, :0]
        sound = self._emit(self._join(block[:, -error:]))
        self._joined = True
        return sound

    def silence(self, until: int) -> Samples:
        """Return silence from the head up to `until`; nothing when the head is there already."""
        size = until - self.head
        if size <= 0:
            return np.zeros((2, 0), np.float32)
        block = self._join(np.zeros((2, size), np.float32))
        self._joined = False
        return self._emit(block)

    @property
    def at_rest(self) -> bool:
        """Whether the line has come to silence, so that more of it needs no join."""
        return not self._joined and not self._tail.any()

    def rest(self, until: int) -> int:
        """Let there be silence up to `until`, when at rest; return how many samples of it."""
        count = max(0, until - self.head)
        self.head += count
        return count

    def _emit(self, block: Samples) -> Samples:
        if block.shape[1]:
            self.head += block.shape[1]
            self._tail = block[:, -1:]
        return block

    def _join(self, block: Samples) -> Samples:
        size = min(JOIN, block.shape[1])
        ramp = np.linspace(0, 1, size, dtype=np.float32)
        joined = block.copy()
        joined[:, :size] = joined[:, :size] * ramp + self._tail * (1 - ramp)
        return joined


def _stretch(block: Samples, by: int) -> Samples:
    """Make `block` one sample longer (`by` 1) or shorter (-1), where it changes least."""
    if block.shape[1] < 3:
        return block
    at = int(np.argmin(np.abs(np.diff(block, axis=1)).sum(axis=0)))
    if by < 0:
        return np.delete(block, at, axis=1)
    return np.insert(block, at + 1, (block[:, at] + block[:, at + 1]) / 2, axis=1)
