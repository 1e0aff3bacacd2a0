"""The built-in talk: a film with French speech that stands in for a studio, made on first use.

H.264 constrained baseline without B-frames, an IDR every two seconds, and AAC-LC: what OBS would
send. Its length is a whole number of both GOPs and AAC frames, so that it loops without a seam.
"""

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import msgspec
import numpy as np
import numpy.typing as npt

from tv.demo.artwork import HEIGHT, TITLE, WIDTH
from tv.demo.scene import FRAME_RATE, Moment, Scene

ASSETS = Path(__file__).with_name("assets")
RECIPE = "fabrique-tv demo 1"  # written into the film: another recipe, another film
SECONDS = 208  # the talk, then a breath
GOP = 2 * FRAME_RATE  # frames
SAMPLE_RATE = 48000
SEAM = 8  # seconds: the shortest time that holds whole GOPs and whole AAC frames of 1024 samples
FADE_OUT = 12  # frames
BANDS = (120, 300, 600, 1200, 2400, 5000)  # Hz: the edges of the equaliser's five bars

Samples = npt.NDArray[np.float32]


class _Sentence(msgspec.Struct, frozen=True):
    spk: str
    start: float
    end: float
    text: str


def make(path: Path, progress: Callable[[float], None], seconds: int = SECONDS) -> None:
    """Make the film at `path`, unless it is there; `progress` is told the share done, 0 to 1.

    The file appears whole or not at all. `seconds` is rounded up to a length that loops.
    """
    seconds = -(-seconds // SEAM) * SEAM
    recipe = f"{RECIPE}, {seconds} s"
    if _recipe(path) == recipe:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with av.open(str(unfinished), "w", format="mp4") as film:
            film.metadata.update(title=TITLE, comment=recipe)
            _write(film, seconds, progress)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    progress(1.0)


def speech(seconds: int = SECONDS) -> Samples:
    """The talk's sound: float32, shape (n,), mono, 48 kHz, silence after its end."""
    samples: Samples = np.zeros(seconds * SAMPLE_RATE, np.float32)
    with av.open(str(ASSETS / "talk_fr.opus")) as file:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        position = 0
        for frame in file.decode(audio=0):
            for piece in resampler.resample(frame):
                heard = piece.to_ndarray()[0][: len(samples) - position]
                samples[position : position + len(heard)] = heard
                position += len(heard)
            if position == len(samples):
                break
    return samples


def moments(sound: Samples) -> Iterator[Moment]:
    """What each frame shows while `sound` is heard."""
    sentences = msgspec.json.decode(
        (ASSETS / "talk_fr.segments.json").read_bytes(), type=list[_Sentence]
    )
    length = SAMPLE_RATE // FRAME_RATE
    heights = _equaliser(sound.reshape(-1, length))
    speaker = first = sentences[0].spk
    for number, bands in enumerate(heights):
        if number >= len(heights) - FADE_OUT:
            sentences, speaker = [], first  # in the light as the loop begins again
        while sentences and sentences[0].start - 0.3 <= number / FRAME_RATE:
            speaker = sentences.pop(0).spk
        yield Moment(number, speaker, bands)


def _equaliser(windows: Samples) -> list[list[float]]:
    """For each window of samples, the loudness of five bands between 0 and 1."""
    curve = np.hanning(windows.shape[1]).astype(np.float32)
    spectrum = np.abs(np.fft.rfft(windows * curve, axis=1))
    frequencies = np.fft.rfftfreq(windows.shape[1], 1 / SAMPLE_RATE)
    edges = np.searchsorted(frequencies, BANDS)
    power = np.stack([spectrum[:, a:b].max(axis=1) for a, b in pairwise(edges)], axis=1)
    loud = np.maximum(np.percentile(power, 97, axis=0), 1e-3)
    heights: list[list[float]] = (np.clip(power / loud, 0, 1) ** 0.6).round(2).tolist()
    return heights


def _write(film: Any, seconds: int, progress: Callable[[float], None]) -> None:
    """Encode picture and sound by turns: as the muxer likes it, and nothing grows."""
    sound = speech(seconds)
    picture, voice = _picture_stream(film), _voice_stream(film)
    scene = Scene(seconds * FRAME_RATE)
    frames = _voice_frames(sound)
    for moment in moments(sound):
        frame = av.VideoFrame.from_ndarray(scene.draw(moment), "yuv420p")
        frame.pts, frame.time_base = moment.number, Fraction(1, FRAME_RATE)
        film.mux(picture.encode(frame))
        if moment.number % GOP == 0:
            progress(moment.number / (seconds * FRAME_RATE))
            for block in frames:
                _mux_voice(film, voice.encode(block), seconds)
                if block.pts > (moment.number + GOP) * SAMPLE_RATE // FRAME_RATE:
                    break
    film.mux(picture.encode(None))
    _mux_voice(film, voice.encode(None), seconds)


def _picture_stream(film: Any) -> Any:
    stream = film.add_stream("libx264", rate=FRAME_RATE)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.time_base = Fraction(1, FRAME_RATE)
    stream.options = {
        "profile": "baseline",
        "level": "3.1",
        "preset": "superfast",
        "crf": "22",
        "maxrate": "2500k",
        "bufsize": "2500k",
        "x264-params": (
            f"keyint={GOP}:min-keyint={GOP}:scenecut=0:aq-mode=3"
            ":colorprim=bt709:transfer=bt709:colormatrix=bt709"
        ),
    }
    return stream


def _voice_stream(film: Any) -> Any:
    stream = film.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
    stream.bit_rate = 96_000
    return stream


def _voice_frames(sound: Samples) -> Iterator[Any]:
    """The sound on both channels, a tenth of a second at a time."""
    step = SAMPLE_RATE // 10
    for start in range(0, len(sound), step):
        both = np.stack([sound[start : start + step]] * 2)
        frame = av.AudioFrame.from_ndarray(both, format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        frame.pts = start
        yield frame


def _mux_voice(film: Any, packets: list[Any], seconds: int) -> None:
    """Leave out what the encoder adds before the first sample and after the last one."""
    for packet in packets:
        if 0 <= packet.pts < seconds * SAMPLE_RATE:
            film.mux(packet)


def _recipe(path: Path) -> str:
    """How the film at `path` was made, or "" when there is none that can be read."""
    try:
        with av.open(str(path)) as film:
            return film.metadata.get("comment", "")
    except (av.FFmpegError, OSError):
        return ""
