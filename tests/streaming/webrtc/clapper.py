"""A film whose pictures have their numbers in them, with a clap each second: seen and heard."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from aiortc.codecs import h264_depayload
from aiortc.rtp import RtpPacket

from streaming.encoding import SoundEncoder
from streaming.feed import Feed
from streaming.h264 import make_config, to_avcc
from streaming.packet import Packet
from streaming.sound import RATE, place_of

FRAME_RATE = 25
SIZE = (320, 180)
BITS = 16  # of the number, along the lower edge, the highest first
BAR = 20  # lines
NOISE = 48  # lines and columns of noise: a picture takes several packets
CLAP = 0.08  # seconds of white above, and of a tone

# Both kinds of RTP timestamps wrap at the multiples of this broadcast time, in seconds.
WRAP = 2**32 / 6000


@dataclass(frozen=True)
class Film:
    """`pictures[n]` has the number n and is shown at `start` + n / 25."""

    start: float
    pictures: list[Packet]
    sounds: list[Packet]

    @asynccontextmanager
    async def playing(self, *feeds: Feed) -> AsyncIterator[None]:
        """Give it to feeds in real time."""
        task = asyncio.create_task(self._play(feeds))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _play(self, feeds: Iterable[Feed]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time() - self.start
        pictures, sounds = (
            [(p.dts, id(p), p) for p in each] for each in (self.pictures, self.sounds)
        )
        for time, _, packet in heapq.merge(pictures, sounds):
            await asyncio.sleep(began + time - loop.time())
            for feed in feeds:
                (feed.webrtc if packet.config else feed.opus).append(packet)


def make(seconds: int, start: float) -> Film:
    """Keyframes come every second, with the claps."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAME_RATE), Fraction(FRAME_RATE)
    encoder.options = {"g": str(FRAME_RATE), "preset": "ultrafast", "tune": "zerolatency"}
    encoder.profile = "Baseline"
    pictures: list[Packet] = []
    config = b""
    for number in range(seconds * FRAME_RATE):
        frame = av.VideoFrame.from_ndarray(_picture(number), "rgb24")
        frame.pts, frame.time_base = number, encoder.time_base
        for encoded in encoder.encode(frame):
            data, sps, pps = to_avcc(bytes(encoded))
            config = make_config(sps, pps) if sps else config
            time = start + len(pictures) / FRAME_RATE
            pictures.append(Packet(data, time, time, encoded.is_keyframe, config))
    ticks = np.arange(seconds * RATE)
    tone = np.sin(ticks * 2 * np.pi * 1000 / RATE) * (ticks % RATE < CLAP * RATE) * 0.5
    sound = SoundEncoder("opus", place_of(start))
    return Film(start, pictures, sound.encode(np.stack([tone, tone]).astype(np.float32)))


def _picture(number: int) -> npt.NDArray[np.uint8]:
    picture = np.full((SIZE[1], SIZE[0], 3), 30, np.uint8)
    if number % FRAME_RATE < CLAP * FRAME_RATE:
        picture[:-BAR] = 220
    bits = [number >> (BITS - 1 - bit) & 1 for bit in range(BITS)]
    noise = np.random.default_rng(number).integers(0, 220, (NOISE, NOISE, 1), np.uint8)
    picture[SIZE[1] // 2 :][:NOISE, :NOISE] = noise
    picture[-BAR:] = np.repeat(np.where(bits, 220, 30), SIZE[0] // BITS)[None, :, None]
    return picture


def seen(packets: list[RtpPacket]) -> dict[int, tuple[int, bool]]:
    """Decode what came: by RTP timestamp, a picture's number, and whether it claps."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    found: dict[int, tuple[int, bool]] = {}
    frames: dict[int, bytes] = {}
    for each in packets:
        data = h264_depayload(each.payload)
        frames[each.timestamp] = frames.get(each.timestamp, b"") + data
    for timestamp, data in frames.items():
        packet = av.Packet(data)
        packet.pts = timestamp
        for frame in decoder.decode(packet):
            luma = frame.to_ndarray(format="gray")
            row = luma[-BAR // 2, SIZE[0] // BITS // 2 :: SIZE[0] // BITS]
            number = int("".join(str(int(value > 120)) for value in row), 2)
            assert frame.pts is not None
            found[frame.pts] = number, bool(luma[: SIZE[1] // 2].mean() > 120)
    return found


def heard(packets: list[RtpPacket]) -> list[float]:
    """Decode what came; when each clap begins, in samples after the first RTP timestamp."""
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = RATE, "stereo"
    first = packets[0].timestamp
    onsets: list[float] = []
    quiet = 0
    for packet in packets:
        place = (packet.timestamp - first) % 2**32
        for frame in decoder.decode(av.Packet(packet.payload)):
            samples = np.abs(frame.to_ndarray().astype(np.float64).reshape(-1, 2)[:, 0])
            loud = np.flatnonzero(samples > 0.1 * np.iinfo(np.int16).max)
            if len(loud) and quiet > RATE // 2:
                onsets.append(place + float(loud[0]))
            quiet = 0 if len(loud) else quiet + len(samples)
    return onsets
