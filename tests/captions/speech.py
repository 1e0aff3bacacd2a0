"""Real speech and the real model, for the tests that listen; French with numbers as words."""

import re
import tempfile
import unicodedata
import wave
from functools import cache
from pathlib import Path

import jiwer
import numpy as np
from num2words import num2words

from captions.hearing import sound
from captions.hearing.sound import SAMPLE_RATE, Samples, Sound
from captions.hearing.whisper import Whisper
from captions.models import weights

CLIP = Path(__file__).parent / "human_fr_ca.flac"  # 37 s; see human_fr_ca.LICENSE


@cache
def model_cache() -> Path:
    """A cache folder for this run of the tests, gone with it."""
    folder = tempfile.TemporaryDirectory(prefix="fabrique-captions-")
    _kept.append(folder)
    return Path(folder.name)


_kept: list[tempfile.TemporaryDirectory[str]] = []


@cache
def whisper(*, whole: bool = False) -> Whisper:
    return Whisper(weights.resolve("base", model_cache()), whole=whole)


@cache
def clip() -> Samples:
    return np.concatenate([piece.samples for piece in sound.read(CLIP)])


def short_clip(folder: Path) -> Path:
    """The clip's first sentence as a file of its own."""
    path = folder / "short.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((clip()[: 7 * SAMPLE_RATE] * 32767).astype("<i2").tobytes())
    return path


def reference() -> str:
    return CLIP.with_suffix(".txt").read_text(encoding="utf-8")


def pieces(samples: Samples, start: float, seconds: float = 0.1) -> list[Sound]:
    """`samples` as a stream brings them."""
    size = int(seconds * SAMPLE_RATE)
    return [
        Sound(samples[first : first + size], start + first / SAMPLE_RATE)
        for first in range(0, len(samples), size)
    ]


def plain(text: str) -> str:
    """Text as word error rates compare it: no marks, no capitals, numbers as words."""
    text = unicodedata.normalize("NFKC", text.lower()).replace("œ", "oe").replace("’", "'")
    text = re.sub(r"(\d+)\s*%", r"\1 pour cent", text)
    text = re.sub(r"(\d)[\s.](\d{3})\b", r"\1\2", text)
    text = re.sub(r"\d{1,7}", lambda number: f" {num2words(int(number[0]), lang='fr')} ", text)
    text = re.sub(r"\bl'on\b", "on", text)
    return " ".join(re.sub(r"[^\w\s]", " ", text).replace("_", " ").split())


def word_error_rate(expected: str, heard: str) -> float:
    return float(jiwer.wer(plain(expected), plain(heard)))
