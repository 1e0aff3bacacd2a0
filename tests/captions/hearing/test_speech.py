"""A word's times within the speech that was heard."""

import pytest

from captions.hearing.speech import FRAME_SECONDS, fitted

BEGINS = 100.0  # on the clock


def heard(drawn: str) -> list[bool]:
    """One frame for each character: # where somebody speaks."""
    return [frame == "#" for frame in drawn]


def place(speech: str, word: str) -> str:
    """Where in `speech` a word stands that was aligned to the frames marked in `word`."""
    start, end = word.index("="), word.rindex("=") + 1
    fit = fitted(
        heard(speech), BEGINS, BEGINS + start * FRAME_SECONDS, BEGINS + end * FRAME_SECONDS - 0.001
    )
    first, last = (round((time - BEGINS) / FRAME_SECONDS) for time in fit)
    return " " * first + "=" * (last - first)


PAUSE = 20 * "."  # 0.64 s


@pytest.mark.parametrize(
    ("speech", "aligned", "stands"),
    [
        ("....####....", "============", "    ===="),
        ("##########", "  =====", "  ====="),  # its own times lie within
        ("..##..##..", "==========", "  ======"),  # a stop is part of it
        ("............", "  ====", "  ===="),  # nothing heard: as it was aligned
        # The end of the word before, then a pause, then the word:
        (f"##{PAUSE}######", 28 * "=", 22 * " " + "======"),
        # The word, a pause, then the beginning of the next one:
        (f"######{PAUSE}##", 28 * "=", "======"),
    ],
)
def test_word_stands_in_the_speech_that_is_its_own(speech: str, aligned: str, stands: str) -> None:
    assert place(speech, aligned) == stands
