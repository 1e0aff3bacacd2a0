"""Sounds without a word, made here so that a benchmark of captions runs anywhere; and babble."""

import wave
from pathlib import Path

import numpy as np

from captions.hearing import sound
from captions.hearing.sound import SAMPLE_RATE, Samples

SECONDS = 20.0
VOICES = 8  # of babble: too many for any word to be understood


def make(folder: Path, speech: Path) -> list[Path]:
    """Write each as a WAV file; babble is made of `speech`, heard from several places at once."""
    random = np.random.default_rng(7)
    count = int(SECONDS * SAMPLE_RATE)
    times = np.arange(count) / SAMPLE_RATE
    claps = np.zeros(count)
    for clap in random.integers(0, count - 400, size=900):
        claps[clap : clap + 400] += random.normal(0, 0.2, 400) * np.exp(-np.arange(400) / 80)
    hum = sum(0.1 / order * np.sin(2 * np.pi * 50 * order * times) for order in (1, 2, 3, 5))
    chord = sum(
        0.08 * np.sin(2 * np.pi * tone * times) * np.exp(-(times % 1.5) * 2)
        for tone in (261.6, 329.6, 392.0, 523.3)
    )
    made = {
        "silence": np.zeros(count),
        "hiss": random.normal(0, 0.05, count),
        "applause": claps,
        "hum": np.asarray(hum),
        "chord": np.asarray(chord),
        "babble": _babble(speech, count),
    }
    return [write(folder / f"{name}.wav", samples) for name, samples in made.items()]


def _babble(speech: Path, count: int) -> Samples:
    said = np.concatenate([piece.samples for piece in sound.read(speech)])
    shifts = (number * len(said) // VOICES for number in range(VOICES))
    mixed = sum(np.roll(said, -shift)[:count] for shift in shifts)
    return np.asarray(mixed, dtype=np.float32) / VOICES**0.5


def write(path: Path, samples: "np.ndarray[tuple[int], np.dtype[np.floating]]") -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
