"""Keyframes of real encoders: what is black, what stands still, and what only looks like it."""

import numpy as np
import pytest

from streaming.packet import Packet
from streaming.watching.picture import Pictures, Seen
from tests.streaming.watching import scenes


def look(film: list[tuple[str, Packet]]) -> list[Seen]:
    pictures = Pictures()
    seen = [pictures.look(codec, packet) for codec, packet in film]
    assert all(seen)
    return [each for each in seen if each]


def test_black_is_black_and_a_title_on_black_is_not() -> None:
    black = np.full((360, 640), 16.0)
    title = black.copy()
    for stroke in range(270, 370, 10):
        title[165:195, stroke : stroke + 3] = 235  # 0.4 % of the picture
    faint = black + 12  # of a camera with its cap on
    logo = black.copy()
    logo[10:14, 10:14] = 235
    lamp, lamps = black.copy(), black.copy()
    lamp[100:160, 100:160] = lamps[100:160, 100:220] = 60  # 1.6 % and 3.1 % of the picture
    film = [black, title, faint, logo, lamp, lamps, scenes.bars()]
    seen = look(scenes.encode(film, gop=1, kilobits=20_000))
    assert [each.black for each in seen] == [True, False, True, True, True, False, False]
    assert seen[0].movement is None
    assert (seen[0].width, seen[0].height) == (640, 360)


@pytest.mark.parametrize("kilobits", [800, 2500, 6000])
def test_frozen_picture_is_still_however_it_is_coded(kilobits: int) -> None:
    frozen = scenes.grain(scenes.bars(), 1, 3.0) * 100
    seen = look(scenes.encode(frozen, kilobits=kilobits, gop=10))
    assert [each.still for each in seen[-4:]] == [True] * 4


@pytest.mark.parametrize("kilobits", [800, 2500, 6000])
def test_camera_on_an_empty_stage_is_not_frozen(kilobits: int) -> None:
    seen = look(scenes.encode(scenes.grain(scenes.bars(), 100, 1.5), kilobits=kilobits, gop=10))
    assert not any(each.still for each in seen)


def test_pointer_that_moves_on_a_slide_is_seen() -> None:
    slides = []
    for index in range(60):
        slides.append(scenes.bars())
        slides[-1][100:116, 20 + index * 4 :][:, :12] = 235
    seen = look(scenes.encode(slides, gop=10))
    assert not any(each.still for each in seen)
    assert max(each.movement or 0 for each in seen) < 2


def test_moving_picture_moves() -> None:
    seen = look(scenes.encode([np.roll(scenes.bars(), 8 * index, 1) for index in range(60)]))
    assert [each.still for each in seen[1:]] == [False] * (len(seen) - 1)
    assert (seen[-1].movement or 0) > 6


@pytest.mark.parametrize("codec", ["libx265", "libsvtav1", "libvpx", "libvpx-vp9", "mpeg2video"])
def test_pictures_of_other_codecs_are_seen_too(codec: str) -> None:
    seen = look(scenes.encode([scenes.bars()] * 9, codec=codec, gop=3, kilobits=6000))
    assert len(seen) >= 3
    assert (seen[0].width, seen[0].height) == (640, 360)
    assert not seen[0].black


def test_what_cannot_be_decoded_costs_one_look() -> None:
    pictures, film = Pictures(), scenes.encode([scenes.bars()] * 3, gop=1)
    (codec, good), *_ = film
    assert pictures.look(codec, good)
    for bad in (
        Packet(b"", 0, 0, True, good.config),
        Packet(b"\0\0\0\5nonse", 0, 0, True, good.config),
        Packet(good.data, 0, 0, True, b"\1nonsense"),
    ):
        assert pictures.look(codec, bad) is None
    assert pictures.look("nonsense", good) is None
    after = pictures.look(codec, good)
    assert after
    assert after.movement is None


def test_change_of_size_compares_nothing() -> None:
    small = scenes.encode([scenes.bars((320, 180))], gop=1)
    seen = look([*scenes.encode([scenes.bars()], gop=1), *small])
    assert (seen[1].width, seen[1].movement, seen[1].still) == (320, None, None)
