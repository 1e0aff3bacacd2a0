"""Sound as captions want it: 16 kHz mono, each piece with the time at which it was heard."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from captions.errors import SoundUnreadable

SAMPLE_RATE = 16_000
HALF_POWER = np.float32(0.5**0.5)  # libswresample mixes float channels down by power, not by mean
Samples = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, eq=False)
class Sound:
    """Mono float32 samples within [-1, 1] at 16 kHz; `samples[0]` was heard at `start`."""

    samples: Samples
    start: float

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / SAMPLE_RATE


class Resampler:
    """Turns decoded frames of any rate and layout into `Sound`."""

    def __init__(self) -> None:
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)

    def convert(self, frame: av.AudioFrame | None, start: float) -> list[Sound]:
        """Return what `frame`, heard at `start`, becomes; None returns what is still held back."""
        pieces: list[Sound] = []
        scale = np.float32(1.0)
        if frame is not None:
            if len(frame.layout.channels) > 1:
                scale = HALF_POWER
            frame.pts = None  # time is ours: a timestamp that jumps must not disturb the filter
        for converted in self._resampler.resample(frame):
            samples = converted.to_ndarray().reshape(-1).astype(np.float32) * scale
            pieces.append(Sound(samples, start))
            start += len(samples) / SAMPLE_RATE
        return pieces


class PacketDecoder:
    """Decodes the packets of one stream, each with its own time."""

    def __init__(self, codec: str = "opus", config: bytes = b"") -> None:
        self._context: av.AudioCodecContext = av.CodecContext.create(codec, "r")  # type: ignore[assignment]
        if config:
            self._context.extradata = config
        self._resampler = Resampler()

    def decode(self, data: bytes, time: float) -> list[Sound]:
        """Return the sound of one packet heard at `time`. Raises SoundUnreadable on rubbish."""
        pieces: list[Sound] = []
        try:
            for frame in self._context.decode(av.Packet(data)):
                seconds = frame.samples / frame.sample_rate
                pieces += self._resampler.convert(frame, time)
                time += seconds
        except FFmpegError as error:
            raise SoundUnreadable(f"Paquet de son illisible : {error.strerror}.") from error
        return pieces


def read(path: Path) -> Iterator[Sound]:
    """Yield the sound of a media file, in seconds of the file. Raises SoundUnreadable."""
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise SoundUnreadable(f"« {path} » ne contient pas de son.")
            resampler = Resampler()
            time = 0.0
            for frame in _frames(container):
                if frame.time is not None and abs(frame.time - time) > 0.1:
                    time = frame.time
                seconds = frame.samples / frame.sample_rate
                yield from resampler.convert(frame, time)
                time += seconds
            yield from resampler.convert(None, time)
    except FFmpegError as error:
        raise SoundUnreadable(f"« {path} » est illisible : {error.strerror}.") from error


def _frames(container: "av.container.InputContainer") -> Iterator[av.AudioFrame]:
    for packet in container.demux(audio=0):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue  # a damaged packet costs its own words, not the rest of the file
