"""The stream that every server of a benchmark sends: a film, and its packets ready-made.

H.264 of 720p30 at 2 Mbit/s, constrained baseline, a keyframe every 2 s, no B-frames; AAC for a
studio, or Opus as our server makes it. The film lasts a whole number of all their frames, so that
it loops without a seam.
"""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av

SECONDS = 16
FRAME_RATE = 30
GOP = 2 * FRAME_RATE
TONE = "sine=frequency=440:sample_rate=48000"
# Of a file of packets, big-endian: 0 for H.264 (Annex B) or 1 for Opus, seconds, bytes that follow.
RECORD = struct.Struct(">BdI")


def make(
    path: Path,
    seconds: int = SECONDS,
    size: str = "1280x720",
    rate: str = "2M",
    sound: Path | None = None,
) -> None:
    """Bars with noise, and a tone, or what is heard in the file `sound`."""
    heard = ["-i", str(sound)] if sound else ["-f", "lavfi", "-i", TONE]
    picture = f"testsrc2=size={size}:rate={FRAME_RATE},noise=alls=8:allf=t"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-y",
         "-f", "lavfi", "-i", picture,
         *heard, "-t", str(seconds),
         "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-bf", "0",
         "-g", str(GOP), "-keyint_min", str(GOP), "-sc_threshold", "0", "-pix_fmt", "yuv420p",
         "-b:v", rate, "-maxrate", rate, "-bufsize", rate,
         "-c:a", "aac", "-b:a", "128k", "-ac", "2", str(path)],
        check=True,
    )  # fmt: skip


def make_packets(film: Path, path: Path) -> None:
    """Write the film's packets to a file, in order of time."""
    packets = sorted([*_pictures(film), *_sounds(film)], key=lambda packet: packet[1])
    with path.open("wb") as file:
        for kind, time, data in packets:
            file.write(RECORD.pack(kind, time, len(data)) + data)


def read_packets(path: Path) -> list[tuple[int, float, bytes]]:
    """What `make_packets` wrote: (kind, seconds, data)."""
    data, position, packets = path.read_bytes(), 0, []
    while position < len(data):
        kind, time, size = RECORD.unpack_from(data, position)
        position += RECORD.size
        packets.append((kind, time, data[position : position + size]))
        position += size
    return packets


def _pictures(film: Path) -> Iterator[tuple[int, float, bytes]]:
    with av.open(str(film)) as source:
        stream = source.streams.video[0]
        annexb = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        number = 0
        for packet in source.demux(stream):
            for out in annexb.filter(packet if packet.size else None):
                yield 0, number / FRAME_RATE, bytes(out)
                number += 1


def _sounds(film: Path) -> Iterator[tuple[int, float, bytes]]:
    """Opus, as the server makes it of a studio's sound."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "stereo", "flt"
    encoder.bit_rate = 96_000
    encoder.open()
    resampler = av.AudioResampler("flt", "stereo", 48000, 960)
    number = 0
    with av.open(str(film)) as source:
        for frame in source.decode(audio=0):
            frame.pts = None
            for block in resampler.resample(frame):
                for packet in encoder.encode(block):
                    if number < 50 * SECONDS:
                        yield 1, number / 50, bytes(packet)
                    number += 1
