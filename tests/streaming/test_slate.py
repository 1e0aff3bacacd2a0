"""The waiting card: drawn for the studio's size, legible, and playable by anybody."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.h264 import parameter_sets, parse_sps
from streaming.slate import FRAMES, SIZE, Slate, draw, fitting, make
from streaming.typeface import sized
from tests.streaming import studios


@pytest.mark.parametrize("size", [(320, 180), (202, 360)])
def test_loop_is_constrained_baseline_with_one_keyframe_and_decodes_twice_over(
    size: tuple[int, int],
) -> None:
    loop = make(size, "La Fabrique de la proximité")
    info = parse_sps(parameter_sets(loop.config)[0][0])
    assert (info.width, info.height) == size
    assert info.profile == 66
    assert info.constraints & 0x40
    packets = [loop.packet(index, index / 25) for index in range(2 * FRAMES + 10)]
    assert [index for index, packet in enumerate(packets) if packet.key] == [0, FRAMES, 2 * FRAMES]
    assert all(packet.dts == packet.pts for packet in packets)
    assert len(studios.decode_pictures(packets)) == len(packets)


def test_its_configuration_is_not_a_studios_by_chance() -> None:
    assert make((320, 180)).config != studios.film()[0].config


def test_loop_is_light() -> None:
    loop = make((1280, 720), "La Fabrique de la proximité")
    assert sum(map(len, loop.frames)) * 8 / 2 < 400_000  # bits per second


def test_text_and_lights_are_drawn() -> None:
    pictures = list(draw((640, 360), "Événement « à l’œuvre »"))
    assert len(pictures) == FRAMES
    first = pictures[0].astype(int)
    assert (first.min(axis=2) > 220).sum() > 2000  # the letters
    moving = np.abs(first - pictures[FRAMES // 2]).max(axis=2) > 40
    rows, columns = np.nonzero(moving)
    assert 100 < moving.sum() < 0.02 * moving.size
    assert rows.min() > 180  # the lights are below the text
    assert columns.max() < 320


def test_accents_have_glyphs() -> None:
    font = sized(800, 60)
    missing = bytes(font.getmask("\uffff"))
    for letter in "éèêëàâçîïôûùœÉÀÇŒ’«»–…":
        assert bytes(font.getmask(letter)) != missing, letter


@pytest.mark.parametrize("title", ["", "x" * 400, "mot " * 80, "Un", "é\u202f!"])
def test_no_text_is_too_long_to_draw(title: str) -> None:
    assert next(draw((320, 180), title, title)).shape == (180, 320, 3)


@given(st.integers(-5, 20_000), st.integers(-5, 20_000))
def test_every_size_becomes_one_that_can_be_encoded(width: int, height: int) -> None:
    fit = fitting(width, height)
    assert all(64 <= side <= 1920 and side % 2 == 0 for side in fit)


async def test_sizes_are_made_once_and_few_are_kept() -> None:
    slate = Slate()
    assert slate.loop() is None
    await asyncio.gather(*(slate.prepare(128, 72) for _ in range(5)))
    first = slate.loop(128, 72)
    assert first is not None
    assert slate.loop(*SIZE) is first  # better than nothing
    for width in range(130, 150, 2):
        await slate.prepare(width, 72)
        made = slate.loop(width, 72)
        assert made is not None
        assert made.width == width
    assert slate.loop(128, 72) is first
    assert len(slate._loops) <= 4
