"""What becomes of an MPEG-TS: its time beyond the wrap, and bytes that are broken."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path

import pytest

from streaming import link
from streaming.ingest import demuxer
from streaming.ingest.demux import Pass, ts_frames
from streaming.link import SourceFrame, Unusable
from tests.streaming.ingest.films import X264_B, Films
from tests.streaming.ingest.test_programme import reading

WRAP = 1 << 33


async def demux(stream: bytes) -> tuple[list[SourceFrame], list[Unusable], int]:
    """What the demuxer process says of `stream`, and its exit status."""
    process = await asyncio.create_subprocess_exec(
        *demuxer.COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None

    async def write() -> None:
        process.stdin.write(stream)  # type: ignore[union-attr]
        process.stdin.close()  # type: ignore[union-attr]

    writing = asyncio.create_task(write())
    said = [message async for message in link.receive(process.stdout)]
    await asyncio.gather(writing, return_exceptions=True)
    frames = [message for message in said if isinstance(message, SourceFrame)]
    return frames, [each for each in said if isinstance(each, Unusable)], await process.wait()


def shifted(stream: bytes, ticks: int) -> bytes:
    """An MPEG-TS with all its PES timestamps later by `ticks` of 90 kHz, modulo 2^33."""
    moved = bytearray(stream)
    for at in range(0, len(stream) - 187, 188):
        if not stream[at + 1] & 0x40:
            continue
        start = at + 4 + (1 + stream[at + 4] if stream[at + 3] & 0x20 else 0)
        if stream[start : start + 3] != b"\0\0\1":
            continue
        flags = stream[start + 7] >> 6
        for index in range({2: 1, 3: 2}.get(flags, 0)):
            field = start + 9 + 5 * index
            moved[field : field + 5] = _write_time(stream[field : field + 5], ticks)
    return bytes(moved)


def _write_time(field: bytes, ticks: int) -> bytes:
    time = (field[0] >> 1 & 7) << 30 | field[1] << 22 | field[2] >> 1 << 15
    time |= field[3] << 7 | field[4] >> 1
    time = (time + ticks) % WRAP
    return bytes(
        (
            field[0] & 0xF0 | time >> 29 & 0xE | 1,
            time >> 22 & 255,
            time >> 14 & 0xFE | 1,
            time >> 7 & 255,
            time << 1 & 0xFE | 1,
        )
    )


@pytest.mark.parametrize("wraps", [1, 2, 3])
def test_time_goes_on_over_the_wraps(films: Films, wraps: int) -> None:
    """MPEG-TS counts 33 bits of 90 kHz, 26.5 hours; libav itself goes wrong at the second wrap."""
    film = films("wrap.ts", 2.0, options=X264_B).read_bytes()
    once = Pass(begin=None)
    origin = 126_000  # ticks: where libav's muxer begins
    begin = WRAP - origin - 90_000  # one second before the wrap
    pieces = [shifted(film, begin + step * WRAP // 2) for step in range(2 * wraps)]
    frames = list(ts_frames(reading(*pieces), once))
    pictures = [frame.dts for frame in frames if frame.codec == "h264"]
    assert len(pictures) == 100 * wraps
    assert all(after > before for before, after in pairwise(pictures))
    steps = [after - before for before, after in pairwise(pictures)]
    assert sorted(steps)[len(steps) // 2] == pytest.approx(40_000, abs=12)
    span = (pictures[-1] - pictures[0]) / 1e6
    assert span == pytest.approx((2 * wraps - 1) * WRAP / 2 / 90_000 + 2, abs=0.2)
    sounds = [frame.pts for frame in frames if frame.codec == "aac"]
    assert all(after > before for before, after in pairwise(sounds))
    for at in pictures[::10]:
        assert min(abs(at - sound) for sound in sounds) < 120_000


@pytest.mark.parametrize("codec", ["aac", "mp2", "ac3", "libopus"])
async def test_sound_keeps_its_time_when_several_packets_share_one(
    tmp_path: Path, codec: str
) -> None:
    """And when the picture is so rich that libav begins before it has heard any."""
    film = tmp_path / "film.ts"
    made = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-loglevel", "error"),
        *("-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25"),
        *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "2"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "3M", "-c:a", codec, str(film)),
    )
    assert await made.wait() == 0
    frames, unusable, status = await demux(film.read_bytes())
    sounds = [frame.dts for frame in frames if frame.codec != "h264"]
    steps = [after - before for before, after in pairwise(sounds)]
    assert max(steps) - min(steps) <= 24
    assert len(sounds) * steps[0] > 1_900_000
    assert (unusable, status) == ([], 0)


async def test_what_cannot_be_read_is_said(films: Films) -> None:
    noise = random.Random(1).randbytes(3_000_000)
    for stream in (noise, films("whatever.flv", 1.0).read_bytes() * 40):
        frames, unusable, status = await demux(stream)
        assert frames == []
        assert len(unusable) <= 1
        assert status == 0


@pytest.mark.parametrize("seed", range(6))
async def test_flipped_bytes_end_in_frames_or_in_a_sentence(films: Films, seed: int) -> None:
    """Right framing, wrong content: the demuxer process answers in our words, and ends."""
    chance = random.Random(seed)
    stream = bytearray(films("flips.ts", 3.0, options=X264_B).read_bytes())
    for _ in range(200):
        at = chance.randrange(len(stream) // 188) * 188 + chance.randrange(4, 188)
        stream[at] ^= 1 << chance.randrange(8)
    frames, unusable, status = await demux(bytes(stream))
    assert frames or unusable
    assert status == 0
