"""Sound of any kind becomes 16 kHz mono that keeps its time."""

from pathlib import Path

import av
import numpy as np
import pytest

from captions.errors import SoundUnreadable
from captions.hearing.sound import SAMPLE_RATE, PacketDecoder, read
from tests.captions.speech import CLIP


def tone(seconds: float, rate: int, layout: str) -> list[av.AudioFrame]:
    channels = 2 if layout == "stereo" else 1
    times = np.arange(int(seconds * rate)) / rate
    samples = np.tile((8000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16), (channels, 1))
    frames = []
    for first in range(0, samples.shape[1], 960):
        block = np.ascontiguousarray(samples[:, first : first + 960].T.reshape(1, -1))
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
        frame.rate, frame.pts = rate, first
        frames.append(frame)
    return frames


def opus_packets(seconds: float) -> list[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    return [
        bytes(packet)
        for frame in tone(seconds, 48_000, "stereo")
        for packet in encoder.encode(frame)
    ]


def test_opus_packets_become_sound_at_their_own_times() -> None:
    decoder = PacketDecoder()
    start = 1_790_000_000.0
    heard = [
        piece
        for number, packet in enumerate(opus_packets(1.0))
        for piece in decoder.decode(packet, start + number * 0.02)
    ]
    assert sum(len(piece.samples) for piece in heard) == pytest.approx(SAMPLE_RATE, abs=700)
    for number, piece in enumerate(heard):
        assert piece.start == pytest.approx(start + number * 0.02, abs=0.002)
    loudest = max(float(np.abs(piece.samples).max()) for piece in heard)
    assert loudest == pytest.approx(8000 / 32768, rel=0.2)


def test_a_rubbish_packet_is_refused_and_the_next_one_is_heard() -> None:
    decoder = PacketDecoder()
    packets = opus_packets(0.2)
    decoder.decode(packets[0], 0.0)
    with pytest.raises(SoundUnreadable):
        decoder.decode(b"\xff" * 5, 0.02)
    assert decoder.decode(packets[2], 0.04)


def test_a_file_of_any_rate_and_layout_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=44_100, layout="stereo")
        for frame in tone(2.0, 44_100, "stereo"):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    heard = list(read(path))
    assert sum(len(piece.samples) for piece in heard) == pytest.approx(2 * SAMPLE_RATE, abs=32)
    assert heard[0].start == 0.0
    assert heard[-1].end == pytest.approx(2.0, abs=0.01)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("Bonjour")
    with pytest.raises(SoundUnreadable, match=r"illisible"):
        list(read(text))
    with pytest.raises(SoundUnreadable, match=r"illisible"):
        list(read(tmp_path / "absent.wav"))


def test_a_truncated_file_gives_what_it_has(tmp_path: Path) -> None:
    cut = tmp_path / "cut.flac"
    cut.write_bytes(CLIP.read_bytes()[:100_000])
    assert 3.0 < list(read(cut))[-1].end < 10.0
