"""The captions thread keeps up, skips when it cannot, and says so."""

import threading

import av
import numpy as np
import pytest

from captions.cues import Word
from captions.hearing.live import Captioner, Heard
from captions.hearing.worker import QUIET, Worker
from captions.written.layout import joined
from tests.captions.speech import Samples, clip, whisper

pytestmark = pytest.mark.slow  # the real model on seconds of real speech

START = 1_790_000_000.0


def opus(samples: Samples) -> list[bytes]:
    """16 kHz samples as 20 ms packets of Opus."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    loud = np.repeat((samples * 32767).astype(np.int16), 6)  # 48 kHz, both channels
    packets = []
    for number in range(len(loud) // 1920):
        block = loud[number * 1920 : (number + 1) * 1920].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
        frame.rate, frame.pts = 48_000, number * 960
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


class Ears:
    """What the thread said, for a test that waits for it."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.ended = threading.Event()

    def hear(self, heard: Heard) -> None:
        self.words += heard.settled
        if heard.ended:
            self.ended.set()


def test_packets_become_words() -> None:
    ears = Ears()
    with Worker(Captioner(whisper()), ears.hear, monotonic=lambda: 0.0) as worker:
        for number, packet in enumerate(opus(clip()[: 7 * 16_000])):
            worker.put(packet, START + number * 0.02)
        assert ears.ended.wait(30)
        assert worker.state == "on"
    assert "numéro" in joined(ears.words)
    assert START < ears.words[0].start < START + 1.5


def test_when_the_sound_breaks_off_what_was_said_settles() -> None:
    ears = Ears()
    with Worker(Captioner(whisper()), ears.hear) as worker:
        for number, packet in enumerate(opus(clip()[: 4 * 16_000])):
            worker.put(packet, START + number * 0.02)
        assert ears.ended.wait(30)
    assert "session" in joined(ears.words)


def test_rubbish_between_packets_is_survived() -> None:
    ears = Ears()
    with Worker(Captioner(whisper()), ears.hear) as worker:
        for number, packet in enumerate(opus(clip()[: 7 * 16_000])):
            worker.put(b"\xff" * 7 if number == 50 else packet, START + number * 0.02)
        assert ears.ended.wait(30)
    assert "session" in joined(ears.words)


def test_too_much_waiting_sound_is_skipped_and_said() -> None:
    ears = Ears()
    worker = Worker(Captioner(whisper()), ears.hear)
    for number in range(900):
        worker.put(b"\xf8\xff\xfe", START + number * 0.02)
    with worker:
        assert ears.ended.wait(30)
        assert worker.state == "interrupted"
    assert worker.skipped > 8.0


def test_without_sound_captions_count_as_interrupted() -> None:
    now = 0.0
    worker = Worker(Captioner(whisper()), Ears().hear, monotonic=lambda: now)
    assert worker.state == "interrupted"
    worker.put(b"\xf8\xff\xfe", START)
    assert worker.state == "on"
    now = QUIET + 1.0
    assert worker.state == "interrupted"
