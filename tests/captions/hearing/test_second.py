"""Speech heard a second time: where it is cut, and that it is French and no invention."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from captions.cues import Cue, Word
from captions.hearing.kept import Packet
from captions.hearing.second import SHORTEST, Stretch, ending, hear, stretch
from captions.hearing.sound import SAMPLE_RATE
from captions.hearing.speech import FRAME, FRAME_SECONDS
from captions.hearing.vote import vote
from tests.captions.hearing.test_live import noise
from tests.captions.hearing.test_worker import opus
from tests.captions.speech import clip, reference, whisper, word_error_rate

START = 1_790_000_000.0


def heard(*pauses: tuple[float, float], seconds: float = 27.0) -> Stretch:
    """Speech, but for pauses."""
    count = int(seconds / FRAME_SECONDS)
    times = [number * FRAME_SECONDS for number in range(count)]
    speech = tuple(not any(a <= at < b for a, b in pauses) for at in times)
    return Stretch(np.zeros(count * FRAME, np.float32), START, speech)


def cue(start: float, end: float) -> Cue:
    words = (Word("un", START + start, START + start + 0.1, 0.9), Word("mot", 0, START + end, 0.9))
    return Cue(f"plateau-{start}", 0, START + start, START + end, ("un mot",), words)


def test_a_stretch_ends_in_its_longest_pause_that_no_cue_spans() -> None:
    pauses = heard((5.0, 8.0), (14.0, 15.0), (20.0, 22.0))
    assert ending(pauses, []) == pytest.approx(START + 21.0, abs=0.1)
    assert ending(pauses, [cue(18.0, 24.0)]) == pytest.approx(START + 14.5, abs=0.1)


def test_without_a_pause_it_ends_between_two_cues() -> None:
    assert ending(heard(), [cue(9.0, 13.0), cue(13.0, 19.0), cue(19.0, 26.9)]) == START + 19.0
    assert ending(heard(), []) == heard().end


@given(
    st.lists(st.tuples(st.floats(0.0, 27.0), st.floats(0.0, 5.0)), max_size=6),
    st.lists(st.tuples(st.floats(0.0, 26.0), st.floats(0.2, 7.0)), max_size=5),
)
def test_an_ending_always_lets_something_be_heard(
    pauses: list[tuple[float, float]], cues: list[tuple[float, float]]
) -> None:
    sound = heard(*((start, start + long) for start, long in pauses))
    end = ending(sound, [cue(start, start + long) for start, long in sorted(cues)])
    assert START + SHORTEST <= end <= sound.end
    assert sound.until(end).end == pytest.approx(end, abs=FRAME_SECONDS)


@pytest.mark.slow
def test_packets_are_sound_at_their_own_times_and_rubbish_is_silence() -> None:
    packets = [Packet(data, START + n * 0.02) for n, data in enumerate(opus(clip()[:112_000]))]
    packets[100:150] = [Packet(b"\xff" * 7, each.time) for each in packets[100:150]]
    sound = stretch(packets)
    assert sound.start == START
    assert len(sound.samples) == pytest.approx(7 * SAMPLE_RATE, abs=640)
    quiet = sound.samples[int(2.1 * SAMPLE_RATE) : int(2.9 * SAMPLE_RATE)]
    assert float(np.abs(quiet).max()) < 0.001
    assert sound.spoken > 3.0


@pytest.mark.slow
def test_speech_is_heard_at_once_and_better_than_badly_heard_live() -> None:
    samples = clip()[: 20 * SAMPLE_RATE]
    sound = stretch([Packet(data, START + n * 0.02) for n, data in enumerate(opus(samples))])
    words = hear(whisper(whole=True), sound)
    assert words is not None
    said = " ".join(word.text for word in words)
    beginning = " ".join(reference().split()[: len(said.split())])
    assert word_error_rate(beginning, said) < 0.3
    assert words[0].start == pytest.approx(START + 0.5, abs=0.3)
    assert words[-1].end <= START + 20.1
    # A live hearing that lost half of the words, and was unsure of the others.
    half = tuple(replace(word, probability=0.3) for word in words[::2])
    live = [Cue("plateau-1", 0, START, START + 20.0, ("",), half)]
    mended = vote(live, words).changed[0]
    assert [word.text for word in mended.words] == [word.text for word in words]


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.0, 0.003, 0.1])
def test_silence_and_noise_are_not_even_heard(level: float) -> None:
    packets = [Packet(data, START + n * 0.02) for n, data in enumerate(opus(noise(12.0, level)))]
    assert stretch(packets).spoken < 0.3
