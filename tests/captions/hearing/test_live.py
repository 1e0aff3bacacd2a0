"""The live loop on real French speech: as good as promised, never stuck, silent in silence."""

from itertools import pairwise

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from captions import files
from captions.cues import Word
from captions.hearing.live import Captioner, Tuning
from captions.hearing.pace import Effort
from captions.hearing.sound import SAMPLE_RATE, Samples, Sound
from captions.hearing.speech import SpeechDetector
from captions.hearing.window import Window
from captions.written.layout import joined
from tests.captions.speech import CLIP, clip, pieces, reference, whisper, word_error_rate

pytestmark = pytest.mark.slow  # the real model on seconds of real speech

START = 1_790_000_000.0
WORD_ERRORS = 0.3  # of 83 words; measured 0.19 to 0.25 by the processor, offline 0.16


def free() -> float:
    """What steps cost in these tests: nothing, so that a busy machine hears no worse."""
    return 0.0


def listen(captioner: Captioner, sounds: list[Sound]) -> list[Word]:
    """Feed sounds at once and step whenever that is due, as if steps took no time."""
    words: list[Word] = []
    for sound in sounds:
        captioner.feed(sound)
        while captioner.due(Effort()):
            words += captioner.step(Effort()).settled
    return words


def finish(captioner: Captioner) -> list[Word]:
    captioner.finish()
    words: list[Word] = []
    while captioner.due(Effort()):
        words += captioner.step(Effort()).settled
    return words


def test_no_thread_of_numpy_spins_behind_a_spectrogram() -> None:
    whisper()
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert {pool["num_threads"] for pool in pools} == {1}


def test_french_speech_is_captioned_live() -> None:
    shown = list(files.caption(CLIP, Captioner(whisper()), cost=free))
    words = [word for step in shown for word in step.heard.settled]
    assert word_error_rate(reference(), joined(words)) <= WORD_ERRORS
    assert all(before.start <= after.start + 0.3 for before, after in pairwise(words))
    partial = [step for step in shown if step.heard.partial]
    assert len(partial) > 10
    # Times are right: the second prompt begins at 7.04 s, the third at 15.4 s.
    for expected in (7.04, 15.4):
        assert min(abs(word.start - expected) for word in words) < 0.3
    waits = sorted(step.at - word.end for step in shown for word in step.heard.settled)
    assert waits[0] > 0.0


def test_words_are_on_the_broadcast_clock_and_gaps_move_them() -> None:
    captioner = Captioner(whisper())
    speech = clip()[: int(6.6 * SAMPLE_RATE)]
    first = listen(captioner, pieces(speech, START))
    again = listen(captioner, pieces(speech, START + 60.0)) + finish(captioner)
    for words, start in ((first, START), (again[-len(first) :], START + 60.0)):
        assert min(word.start for word in words) == pytest.approx(start + 0.5, abs=0.4)
        assert max(word.end for word in words) <= start + 6.7
    assert len(again) >= len(first)


def noise(seconds: float, level: float) -> Samples:
    samples = np.random.default_rng(7).normal(0, level, int(seconds * SAMPLE_RATE))
    return samples.astype(np.float32)


@pytest.mark.parametrize("level", [0.0, 0.003, 0.1])
def test_nothing_is_said_in_silence_and_noise(level: float) -> None:
    captioner = Captioner(whisper())
    assert listen(captioner, pieces(noise(20.0, level), START)) + finish(captioner) == []


def test_speech_that_never_pauses_cannot_grow_the_window() -> None:
    captioner = Captioner(whisper())
    speech = clip()[int(0.5 * SAMPLE_RATE) : int(6.0 * SAMPLE_RATE)]
    endless = np.concatenate([speech] * 5)
    longest = 0.0
    for sound in pieces(endless, START):
        captioner.feed(sound)
        longest = max(longest, captioner.window_seconds)
        if captioner.due(Effort(beam=1, step=2.0)):
            captioner.step(Effort(beam=1, step=2.0))
    assert longest < 18.0


def test_a_window_that_is_shortened_keeps_the_last_settled_words() -> None:
    captioner = Captioner(whisper())
    tuning = Tuning()
    settled: list[Word] = []
    led = []  # seconds of settled words that a shortened window begins with
    for sound in pieces(clip(), START):
        captioner.feed(sound)
        before = captioner.window_seconds
        if captioner.due(Effort()):
            heard = captioner.step(Effort())
            settled += heard.settled
            if captioner.window_seconds < before and not heard.ended:
                led.append(settled[-1].end - (captioner.heard_until - captioner.window_seconds))
    assert len(led) > 2
    assert min(led) > tuning.carried - 0.01
    assert max(led) < tuning.longest


def test_a_sentence_behind_one_that_is_settled_is_guessed_while_it_is_said() -> None:
    captioner = Captioner(whisper())
    guessed = 0.0  # when the first word of the last sentence was
    words: list[Word] = []
    for sound in pieces(clip(), START):
        captioner.feed(sound)
        if not captioner.due(Effort()):
            continue
        heard = captioner.step(Effort())
        words += heard.settled
        if not guessed and any(word.text == "Votre" for word in (*heard.settled, *heard.partial)):
            guessed = captioner.heard_until
    (said,) = (word for word in words if word.text == "Votre")
    assert words[words.index(said) - 1].text == "réponse."
    assert guessed - said.end < 1.5


def test_dropping_lets_go_of_everything_and_goes_on() -> None:
    captioner = Captioner(whisper())
    speech = clip()[: int(6.6 * SAMPLE_RATE)]
    listen(captioner, pieces(speech[: 3 * SAMPLE_RATE], START))
    captioner.drop()
    assert not captioner.due(Effort())
    words = listen(captioner, pieces(speech, START + 100.0)) + finish(captioner)
    assert words
    assert min(word.start for word in words) > START + 100.0


def test_a_window_follows_the_times_of_its_packets() -> None:
    window = Window(SpeechDetector(), START)
    for number in range(100):  # packets come 1 ms further apart than their samples say
        window.append(Sound(np.zeros(320, dtype=np.float32), START + number * 0.021))
    assert window.end == pytest.approx(START + 99 * 0.021 + 0.02, abs=1e-6)
    window.cut(window.end - 0.5)
    assert window.seconds == pytest.approx(0.5, abs=0.01)


def test_a_short_hole_is_silence_in_the_same_window_and_a_long_one_begins_another() -> None:
    captioner = Captioner(whisper())
    captioner.feed(Sound(noise(0.2, 0.0), START))
    captioner.feed(Sound(noise(0.1, 0.0), START + 0.6))
    captioner.feed(Sound(noise(0.1, 0.0), START + 0.7))
    assert captioner.window_seconds == pytest.approx(0.8, abs=0.01)
    captioner.feed(Sound(noise(0.1, 0.0), START + 60.0))
    captioner.step(Effort())
    assert captioner.window_seconds == pytest.approx(0.1, abs=0.01)


def test_a_glossary_is_shown_to_the_model() -> None:
    text = "Mots du jour : dièse, agent, numéro de poste."
    shown = files.caption(CLIP, Captioner(whisper(), glossary=text), cost=free)
    words = [word for step in shown for word in step.heard.settled]
    assert word_error_rate(reference(), joined(words)) <= WORD_ERRORS + 0.05
