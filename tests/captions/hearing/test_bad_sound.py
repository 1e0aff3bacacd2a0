"""Sound as bad halls and bad cables make it: what is said is still found, nothing is made up."""

from collections.abc import Callable
from itertools import groupby

import numpy as np
import pytest

from captions.cues import Word
from captions.hearing.live import Captioner
from captions.hearing.pace import Effort
from captions.hearing.sound import SAMPLE_RATE, Samples, Sound
from tests.captions.speech import clip, pieces, plain, whisper

pytestmark = pytest.mark.slow  # the real model on seconds of real speech

START = 1_790_000_000.0
SENTENCE = 6.6  # seconds of the clip until its first sentence is over
HURRIED = Effort(beam=1, step=2.0)


def listen(sounds: list[Sound]) -> list[Word]:
    """Feed sounds at once, as if steps took no time; return what settles."""
    captioner = Captioner(whisper())
    said: list[Word] = []
    for sound in sounds:
        captioner.feed(sound)
        while captioner.due(HURRIED):
            said += captioner.step(HURRIED).settled
    captioner.finish()
    while captioner.due(HURRIED):
        said += captioner.step(HURRIED).settled
    return said


def sentence() -> Samples:
    return clip()[: int(SENTENCE * SAMPLE_RATE)]


def clipped(samples: Samples) -> list[Sound]:
    return pieces(np.clip(samples * 12, -1, 1), START)


def telephone(samples: Samples) -> list[Sound]:
    return pieces(np.repeat(samples[::2], 2)[: len(samples)], START)


def with_holes(samples: Samples) -> list[Sound]:
    """A lost packet every second, and once a fifth of a second."""
    whole = pieces(samples, START, seconds=0.02)
    return [sound for number, sound in enumerate(whole) if number % 50 and not 120 <= number < 130]


@pytest.mark.parametrize("damage", [clipped, telephone, with_holes])
def test_damaged_speech_is_understood(damage: Callable[[Samples], list[Sound]]) -> None:
    words = listen(damage(sentence()))
    text = plain(" ".join(word.text for word in words))
    assert "recomposer votre numéro" in text
    assert START < words[0].start < START + 1.2
    assert START + 5.0 < words[-1].end < START + SENTENCE + 0.2


def test_nothing_is_understood_of_a_murmur_that_comes_and_goes() -> None:
    said, burst = clip(), int(1.3 * SAMPLE_RATE)
    voices = sum(np.roll(said, voice * len(said) // 6) for voice in range(6)) / 6**0.5
    silence = np.zeros(int(0.8 * SAMPLE_RATE))
    bursts = [
        voices[first : first + burst] for first in range(3 * SAMPLE_RATE, 9 * SAMPLE_RATE, burst)
    ]
    murmur = np.concatenate([part for each in bursts for part in (silence, each)])
    assert listen(pieces(murmur.astype(np.float32), START)) == []


def test_nothing_is_said_in_hum_and_chords() -> None:
    times = np.arange(10 * SAMPLE_RATE) / SAMPLE_RATE
    for tones in ((50, 100, 150, 250), (261.6, 329.6, 392.0)):
        sound = sum(0.1 * np.sin(2 * np.pi * tone * times) for tone in tones)
        assert listen(pieces(np.asarray(sound, dtype=np.float32), START)) == []


def test_sound_whose_time_jumps_at_every_packet_is_survived() -> None:
    jumping = [
        Sound(sound.samples, START + 10.0 * number)
        for number, sound in enumerate(pieces(sentence()[:SAMPLE_RATE], START))
    ]
    words = listen(jumping)
    assert all(word.start >= START for word in words)
    assert all(len(list(run)) < 4 for _, run in groupby(word.text for word in words))
