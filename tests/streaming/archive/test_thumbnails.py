"""The small picture of a moment is of that moment, and what is broken costs nothing else."""

import io

import numpy as np
import pytest
from PIL import Image

from streaming.archive.boxes import Unreadable
from streaming.archive.thumbnails import thumbnail
from tests.streaming import numbers
from tests.streaming.archive.recorded import studio
from tests.streaming.hls.film import Announced


@pytest.fixture(scope="module")
def announced() -> Announced:
    return Announced().play(studio(6.0, 2, (640, 480), 50).moved(1.0))


def number(jpeg: bytes) -> int:
    """The number in a picture, read like `numbers.read_number` does."""
    picture = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"))
    assert picture.shape == (240, 320)
    marks = [320 * (2 * bit + 1) // (2 * numbers.BITS) for bit in range(numbers.BITS)]
    return sum(int(picture[40, mark] > 128) << bit for bit, mark in enumerate(marks))


def test_it_shows_the_first_keyframe_of_its_segment(announced: Announced) -> None:
    init = announced.inits[0].data
    shown = [
        number(thumbnail(init, announced.parts(each.msn)[0].data)) for each in announced.closed
    ]
    assert shown == [0, 50]


@pytest.mark.parametrize("broken", [b"", b"\0" * 5000, b"\0\0\0\x08moof\0\0\0\x08mdat"])
def test_no_picture_is_told_as_such(announced: Announced, broken: bytes) -> None:
    with pytest.raises(Unreadable):
        thumbnail(announced.inits[0].data, broken)
    with pytest.raises(Unreadable):
        thumbnail(broken, announced.parts()[0].data)


def test_a_part_without_a_keyframe_has_no_picture(announced: Announced) -> None:
    with pytest.raises(Unreadable):
        thumbnail(announced.inits[0].data, announced.parts()[1].data)


def test_a_damaged_keyframe_is_told_or_shown_and_harms_nobody(announced: Announced) -> None:
    init, part = announced.inits[0].data, announced.parts()[0].data
    for place in range(600, len(part) - 300, len(part) // 12):
        damaged = part[:place] + bytes(300) + part[place + 300 :]
        try:
            assert thumbnail(init, damaged)
        except Unreadable:
            continue
    assert number(thumbnail(init, part)) == 0
