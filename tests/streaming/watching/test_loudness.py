"""Loudness is what ffmpeg says of the same sound, and silence has a beginning."""

import os
import re
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest

from streaming.packet import Packet
from streaming.sound import RATE, Samples
from streaming.watching.loudness import FLOOR, Heard, Loudness
from tests.streaming import studios
from tests.streaming.watching import scenes


def hear(packets: list[Packet], codec: str = "aac") -> list[Heard]:
    meter = Loudness()
    return [heard for packet in packets if (heard := meter.hear(codec, packet))]


def by_ffmpeg(path: Path, samples: Samples) -> float:
    """Momentary loudness at the end, as the command says it."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("pcm_f32le", rate=RATE, layout="stereo")
        interleaved = np.ascontiguousarray(samples.T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(interleaved, "flt", "stereo")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path)]
    command += ["-af", "ebur128=framelog=info", "-f", "null", "-"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return float(re.findall(r"M:\s*(-?[\d.]+)", told)[-1])


@pytest.mark.parametrize("level", [-6.0, -23.0, -40.0])
@pytest.mark.parametrize("codec", ["aac", "opus"])
def test_tone_is_as_loud_as_ffmpeg_says(tmp_path: Path, level: float, codec: str) -> None:
    samples = scenes.sine(level, 2.0)
    heard = hear(list(studios.sound(samples, codec)), codec)[-1]
    assert heard.loudness == pytest.approx(by_ffmpeg(tmp_path / "tone.wav", samples), abs=0.5)
    assert heard.loudness == pytest.approx(level, abs=0.5)
    assert heard.silent_since is None


def test_mono_is_as_loud_as_it_is_heard() -> None:
    heard = hear(list(studios.sound(scenes.sine(-20.0, 1.0), mono=True)))[-1]
    assert heard.loudness == pytest.approx(-20.0, abs=0.5)


def test_silence_begins_when_sound_ends_and_ends_when_it_comes_back() -> None:
    tone, nothing = scenes.sine(-20.0, 2.0), np.zeros((2, 2 * RATE), np.float32)
    samples = np.concatenate((tone, nothing, tone), axis=1)
    heard = hear(list(studios.sound(samples, start=1000.0)))
    silences = {each.silent_since for each in heard}
    since = max(time for time in silences if time is not None)
    assert silences == {None, since}
    assert since == pytest.approx(1002.0, abs=0.25)
    assert min(each.loudness for each in heard) == FLOOR
    assert heard[-1].silent_since is None


def test_noise_at_the_border_does_not_come_and_go() -> None:
    levels = (-60.0, -49.0, -51.0, -48.5, -60.0, -44.0)
    samples = np.concatenate([scenes.sine(level, 1.0) for level in levels], axis=1)
    heard = [each.silent_since for each in hear(list(studios.sound(samples, "opus")), "opus")]
    assert len({since for since in heard if since is not None}) == 1
    assert heard[-1] is None


def test_broken_sound_is_not_heard() -> None:
    meter = Loudness()
    good = list(studios.sound(scenes.sine(-20.0, 1.0)))
    for packet in good[:10]:
        meter.hear("aac", Packet(b"\xff" * 30, packet.pts, packet.pts, True, packet.config))
    assert any(meter.hear("aac", packet) for packet in good)
    with pytest.raises(ValueError, match="nonsense"):
        meter.hear("nonsense", good[0])


def test_a_studio_takes_no_thread() -> None:
    packets = list(studios.sound(scenes.sine(-20.0, 0.5)))
    meters = [Loudness() for _ in range(3)]
    before = set(os.listdir("/proc/self/task"))
    for meter in meters:
        assert any(meter.hear("aac", packet) for packet in packets)
    assert set(os.listdir("/proc/self/task")) <= before
