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
