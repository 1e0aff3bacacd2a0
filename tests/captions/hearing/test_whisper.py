"""The decoder, spoken to directly: what it must not do can be forbidden."""

import pytest

from captions.hearing.agreement import key
from captions.hearing.filters import loop
from captions.hearing.sound import SAMPLE_RATE
from tests.captions.speech import clip, whisper

pytestmark = pytest.mark.slow  # the real model


def test_a_decoder_that_goes_onward_leaves_its_loop_and_hears_again() -> None:
    model = whisper()
    encoded = model.encode(clip()[10 * SAMPLE_RATE : 16 * SAMPLE_RATE])
    beginning = model.tokens(" qu'il y a qu'il y a qu'il y a")

    def heard(onward: bool) -> list[str]:
        decoded = model.decode(
            encoded, previous=[], beginning=beginning, beam=5, more=True, onward=onward
        )
        return [key(word) for word in model.text(decoded.tokens).split()]

    looping, onward = heard(onward=False), heard(onward=True)
    assert "service" not in looping
    assert loop(looping) is not None
    assert "service" in onward
    assert loop(onward) is None


def test_words_behind_those_that_are_read_at_once_are_those_behind_the_same_decoded_again() -> None:
    """But for a close call that int8 turns, once in the clip."""
    quick, plain = whisper(), whisper(whole=True)
    previous = plain.tokens(' Il a dit "bonjour" et que chacun pouvait entrer.')
    others = 0
    for second in range(0, 32, 8):
        encoded = plain.encode(clip()[second * SAMPLE_RATE : (second + 5) * SAMPLE_RATE])
        said = plain.decode(encoded, previous=previous, beginning=(), beam=1).tokens
        for count in (0, len(said) // 2, len(said) - 2):
            heard, expected = (
                model.decode(encoded, previous=previous, beginning=said[:count], beam=1)
                for model in (quick, plain)
            )
            if heard.tokens != expected.tokens:
                others += 1
                continue
            assert heard.log_probability == pytest.approx(expected.log_probability, abs=0.05)
            assert heard.no_speech == pytest.approx(expected.no_speech, abs=0.05)
    assert others <= 1
