"""What libav, an independent reader, finds in our fragments."""

import io

import av
import pytest

from streaming.hls import fmp4
from tests.streaming.hls.film import Announced, Film, film


def read(data: bytes) -> tuple[list[av.Packet], list[av.Packet]]:
    """The packets of (picture, sound)."""
    kinds: dict[str, list[av.Packet]] = {"video": [], "audio": []}
    with av.open(io.BytesIO(data)) as container:
        for packet in container.demux():
            if packet.dts is not None:
                kinds[packet.stream.type].append(packet)
    return kinds["video"], kinds["audio"]


@pytest.mark.parametrize(("rate", "b_frames"), [(30, 0), (25, 0), (24, 2), (30, 3)])
def test_every_frame_keeps_its_bytes_and_times(rate: int, b_frames: int) -> None:
    made = film(5.0, rate=rate, gop=2 * rate, b_frames=b_frames)
    video, sound = read(Announced(origin=-1000.0).play(made).media())
    for packet, source in zip(video, made.video, strict=False):
        assert bytes(packet) == source.data
        assert packet.dts == round((source.dts + 1000) * 90_000)
        assert packet.pts == round((source.pts + 1000) * 90_000)
        assert packet.duration == 90_000 // rate
        assert packet.is_keyframe == source.key
    assert len(video) >= 4 * rate
    heard = [packet for packet in made.sound if packet.pts >= made.video[0].pts]
    for packet, source in zip(sound, heard, strict=False):
        assert bytes(packet) == source.data
        assert packet.pts == round((source.pts + 1000) * 48_000)
    assert len(sound) >= 4 * 46


def test_pictures_decode_without_an_error() -> None:
    announced = Announced().play(film(5.0))
    with av.open(io.BytesIO(announced.media())) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 135
    assert (frames[0].width, frames[0].height) == (128, 72)


def test_each_segment_plays_on_its_own() -> None:
    announced = Announced().play(film(7.0, b_frames=2))
    for closed in announced.closed:
        with av.open(io.BytesIO(announced.media(closed.msn))) as container:
            assert len(list(container.decode(video=0))) == 60


def test_sound_lies_exactly_within_its_segment() -> None:
    announced = Announced().play(film(7.0, b_frames=2))
    for opened, closed in zip(announced.opened, announced.closed, strict=False):
        _, sound = read(announced.media(opened.msn))
        first, last = sound[0].pts / 48_000, (sound[-1].pts + 1024) / 48_000
        assert 0 <= first - opened.start < 1024 / 48_000 + 1e-6
        assert 0 <= last - (opened.start + closed.duration) < 1024 / 48_000 + 1e-6


def test_times_beyond_the_33_bit_wrap_are_whole() -> None:
    day = 27 * 3600.0
    video, _ = read(Announced(origin=-day).play(film(3.0)).media())
    assert video[0].dts == round(day * 90_000) > 1 << 32


def test_a_fragment_may_hold_sound_alone() -> None:
    sound = [fmp4.Sample(packet.data, 1024) for packet in film(1.0).sound]
    made = film(1.0)
    init = Announced().play(Film(made.video, made.sound)).inits[0].data
    video, heard = read(init + fmp4.fragment(1, [fmp4.Run(fmp4.SOUND_TRACK, 48_000, sound)]))
    assert not video
    assert len(heard) == len(sound)
