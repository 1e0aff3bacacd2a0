"""An encoder that works is always found, and does what is asked of it."""

import av
import pytest

from streaming.h264 import is_key, parameter_sets, parse_sps
from streaming.transcoding.encoder import OPTIONS, SOFTWARE, TICKS, Encoder, NoEncoder, choose

SIZE = (320, 180)


def encode(encoder: Encoder, keys: set[int], count: int = 30) -> list[tuple[int, bool, bytes]]:
    made = []
    for index in range(count):
        frame = av.VideoFrame(*SIZE, encoder.pixels)
        for plane in frame.planes:
            plane.update(bytes((index * 8 % 256,)) * plane.buffer_size)
        for data, ticks, key, config in encoder.encode(frame, index * TICKS // 30, index in keys):
            assert key == is_key(data)
            made.append((ticks, key, config))
    return made


@pytest.mark.parametrize("wanted", ["auto", *OPTIONS])
def test_the_encoder_chosen_works_on_this_machine(wanted: str) -> None:
    name = choose(wanted)
    assert name in (SOFTWARE, wanted) or wanted == "auto"
    made = encode(Encoder(name, SIZE, 30.0), {0, 7})
    assert [ticks for ticks, _, _ in made] == [index * TICKS // 30 for index in range(len(made))]
    assert [index for index, (_, key, _) in enumerate(made) if key] == [0, 7]


def test_keyframes_come_when_they_are_asked_for_and_not_otherwise() -> None:
    made = encode(Encoder(SOFTWARE, SIZE, 30.0), {0, 13, 14})
    assert len(made) == 30
    assert [index for index, (_, key, _) in enumerate(made) if key] == [0, 13, 14]
    info = parse_sps(parameter_sets(made[0][2])[0][0])
    assert (info.width, info.height) == SIZE
    assert not info.may_reorder


def test_an_encoder_that_is_not_there_is_said() -> None:
    with pytest.raises(NoEncoder):
        Encoder(SOFTWARE, (0, 0), 30.0)
