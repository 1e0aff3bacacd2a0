"""The built-in talk is what a well set studio would send, and says its frame number in pixels."""

from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tv.demo import film as demo_film
from tv.demo.scene import BLACK, FRAME_RATE, frame_number

SECONDS = 8


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "demo.mp4"
    demo_film.make(path, lambda share: None, SECONDS)
    return path


def test_picture_is_h264_without_b_frames_and_a_keyframe_every_two_seconds(film: Path) -> None:
    with av.open(str(film)) as file:
        video = file.streams.video[0]
        assert (video.codec_context.name, video.codec_context.profile) == (
            "h264",
            "Constrained Baseline",
        )
        assert (video.width, video.height, video.average_rate) == (1280, 720, FRAME_RATE)
        packets = [packet for packet in file.demux(video) if packet.size]
        assert all(packet.pts == packet.dts for packet in packets)
        times = [float(packet.pts * packet.time_base) for packet in packets]
        assert times == pytest.approx([n / FRAME_RATE for n in range(SECONDS * FRAME_RATE)])
        assert [t for t, p in zip(times, packets, strict=True) if p.is_keyframe] == [0, 2, 4, 6]


def test_sound_is_48_khz_stereo_aac_that_ends_with_the_picture(film: Path) -> None:
    with av.open(str(film)) as file:
        sound = file.streams.audio[0]
        assert (sound.codec_context.name, sound.codec_context.profile) == ("aac", "LC")
        assert (sound.rate, sound.layout.name) == (48000, "stereo")
        packets = [packet for packet in file.demux(sound) if packet.size]
        starts = [packet.pts for packet in packets]
        assert starts == list(range(0, SECONDS * 48000, 1024))
        assert sum(packet.duration for packet in packets) == SECONDS * 48000


def test_sound_is_heard_when_the_talk_has_it(film: Path) -> None:
    talk = demo_film.speech(SECONDS)
    with av.open(str(film)) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])
    spectrum = np.fft.rfft(heard) * np.conj(np.fft.rfft(talk))
    lag = int(np.argmax(np.fft.irfft(spectrum)))
    assert lag == 0
    assert np.corrcoef(heard, talk)[0, 1] > 0.9


def test_frame_numbers_are_read_from_pixels_at_any_size(film: Path) -> None:
    numbers = []
    smaller = []
    with av.open(str(film)) as file:
        for frame in file.decode(video=0):
            luma = frame.to_ndarray()[: frame.height]
            numbers.append(frame_number(luma))
            phone = Image.fromarray(luma).resize((640, 360), Image.Resampling.BILINEAR)
            smaller.append(frame_number(np.asarray(phone)))
    assert numbers == smaller == list(range(SECONDS * FRAME_RATE))


def test_picture_moves_and_fills_the_frame(film: Path) -> None:
    with av.open(str(film)) as file:
        pictures = [frame.to_ndarray()[:704] for frame in file.decode(video=0)]
    assert pictures[0].max() > 200  # the title
    assert all((a != b).any() for a, b in pairwise(pictures))
    assert pictures[0].mean() > BLACK


def test_speaker_is_who_the_segments_name() -> None:
    moments = list(demo_film.moments(demo_film.speech(16)))
    assert moments[2 * FRAME_RATE].speaker == "F"
    assert moments[15 * FRAME_RATE].speaker == "M"
    assert moments[-1].speaker == moments[0].speaker  # the loop begins as it ends
    assert max(max(moment.bands) for moment in moments[: FRAME_RATE // 2]) < 0.3  # a breath first
    assert max(max(moment.bands) for moment in moments) > 0.8


def test_film_is_made_once_and_again_when_it_is_broken(film: Path) -> None:
    whole = film.read_bytes()
    told: list[float] = []
    demo_film.make(film, told.append, SECONDS)
    assert told == []
    film.write_bytes(whole[: len(whole) // 2])
    demo_film.make(film, told.append, SECONDS)
    assert told[-1] == 1.0
    assert told == sorted(told)
    assert len(film.read_bytes()) == pytest.approx(len(whole), rel=0.01)


def test_interrupted_film_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo_film.make(tmp_path / "demo.mp4", interrupt, SECONDS)
    assert list(tmp_path.iterdir()) == []
