"""Sound of any usual kind, mono or not, at any usual rate, is heard when it was made."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from streaming.packet import Packet
from streaming.sound import CODECS, Decoder, Samples, Timeline
from tests.streaming import studios
from tests.streaming.test_encoding import START, assert_clicks, assert_gap_free, desk, play

HEARD = {  # codec: encoder, container, sample rate, layout
    "aac": ("aac", "mp4", 44_100, "mono"),
    "opus": ("libopus", "mkv", 48_000, "stereo"),
    "mp3": ("libmp3lame", "mkv", 44_100, "stereo"),
    "mp2": ("mp2", "ts", 48_000, "mono"),
    "ac3": ("ac3", "ts", 48_000, "5.1"),
    "eac3": ("eac3", "mkv", 48_000, "stereo"),
    "vorbis": ("vorbis", "mkv", 48_000, "stereo"),
    "flac": ("flac", "mkv", 96_000, "stereo"),
    "pcm_s16le": ("pcm_s16le", "mkv", 32_000, "mono"),
    "pcm_s24le": ("pcm_s24le", "mkv", 48_000, "stereo"),
    "pcm_s16be": ("pcm_s16be", "mkv", 48_000, "stereo"),
    "pcm_f32le": ("pcm_f32le", "mkv", 48_000, "stereo"),
    "pcm_u8": ("pcm_u8", "wav", 44_100, "mono"),
    "pcm_alaw": ("pcm_alaw", "wav", 8_000, "mono"),
    "pcm_mulaw": ("pcm_mulaw", "wav", 8_000, "mono"),
}


def record(path: Path, encoder: str, rate: int, layout: str) -> None:
    """Two seconds with a click at each half of them."""
    samples = np.ascontiguousarray(studios.ticks(2.0, rate))
    whole = av.AudioFrame.from_ndarray(samples, "fltp", "stereo")
    whole.rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(encoder, rate=rate, layout=layout)
        context = stream.codec_context
        context.options = {"strict": "experimental"}
        blocks = av.AudioFifo()
        for frame in av.AudioResampler(context.format.name, layout, rate).resample(whole):
            blocks.write(frame)
        while (block := blocks.read(context.frame_size or 1024, partial=True)) is not None:
            container.mux(stream.encode(block))
        container.mux(stream.encode(None))


def heard(path: Path, codec: str) -> tuple[float, Samples]:
    """All of it, decoded as the desk does, and when it begins."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.audio[0]
        config = bytes(stream.codec_context.extradata or b"")
        if codec.startswith("pcm"):
            context = stream.codec_context
            config = context.sample_rate.to_bytes(4, "big") + bytes((context.layout.nb_channels,))
        decoder, line, blocks = Decoder(codec, config), Timeline(0), []
        begun = 0.0 if stream.start_time is None else float(stream.start_time * stream.time_base)
        for packet in container.demux(stream):
            if packet.size:
                time = float(packet.pts * packet.time_base) + 1.0
                for place, block in decoder.decode(Packet(bytes(packet), time, time, True, config)):
                    blocks.append(line.place(place, block))
    return max(0.0, begun) if path.suffix == ".ts" else 0.0, np.concatenate(blocks, axis=1)


@pytest.mark.parametrize("codec", HEARD)
def test_every_usual_sound_is_heard_when_it_was_made(tmp_path: Path, codec: str) -> None:
    encoder, container, rate, layout = HEARD[codec]
    path = tmp_path / f"sound.{container}"
    record(path, encoder, rate, layout)
    begun, samples = heard(path, codec)
    clicks = [time - 1.0 - begun for time in studios.clicks(0.0, samples)]
    assert clicks == pytest.approx([0.25, 0.75, 1.25, 1.75], abs=0.03)
    assert 0.5 < np.abs(samples).max() <= 1.0


def test_what_no_encoder_makes_here_is_all_that_is_not_tried() -> None:
    assert CODECS - HEARD.keys() == {*("aac_latm", "speex", "pcm_s24be", "pcm_s32le")}


@pytest.mark.parametrize("config", [b"", b"\0\0\0\0\2", b"\0\0\xbb\x80\xff", b"nonsense"])
def test_pcm_that_does_not_say_its_shape_is_taken_for_a_telephone(config: bytes) -> None:
    decoder = Decoder("pcm_mulaw", config)
    blocks = decoder.decode(Packet(bytes(800), 1.0, 1.0, True, config))
    assert sum(samples.shape[1] for _, samples in blocks) == pytest.approx(4800, abs=200)


@pytest.mark.parametrize("codec", sorted(CODECS))
def test_nonsense_is_left_out(codec: str) -> None:
    decoder = Decoder(codec, b"\1\2\3\4\5\6\7\x08" * 4)
    for size in (1, 7, 200, 5000):
        for _, samples in decoder.decode(Packet(b"\xff\x5a\0\x13" * size, 1.0, 1.0, True)):
            assert np.abs(samples).max(initial=0) <= 1.0


async def test_sound_that_changes_its_codec_goes_on_without_a_seam() -> None:
    samples = studios.ticks(6)
    clips = [
        list(studios.sound(samples[:, at : at + 2 * studios.RATE], codec, start=START + second))
        for second, at, codec in ((0, 0, "aac"), (2, 96_000, "opus"), (4, 192_000, "aac"))
    ]
    async with desk() as (sound_desk, listener):
        for codec, clip in zip(("aac", "opus", "aac"), clips, strict=True):
            play(sound_desk, clip, codec)
        await listener.until(START + 5.8)
    assert_gap_free(listener)
    assert_clicks(listener, np.arange(0.25, 5.9, 0.5))
