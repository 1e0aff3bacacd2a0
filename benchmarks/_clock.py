"""A studio whose picture is a clock: milliseconds of UTC as 32 squares, sent to several servers.

Encoded once (360p30 H.264, a keyframe every 2 s, no B-frames; AAC), and given to all of them by
RTMP, frame by frame, by one ffmpeg.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, RATE, GOP = 640, 360, 30, 60
BITS = 32
SQUARE = WIDTH // BITS
SOUND_RATE, SOUND_FRAME = 48_000, 1024

# What a page needs to read it: seconds from the studio to the glass, undefined without a picture.
READ = """
const pen = Object.assign(document.createElement("canvas"), {width: 640, height: 360})
  .getContext("2d", {willReadFrequently: true});
function behind(video) {
  if (!video.videoWidth) return;
  const now = (performance.timeOrigin + performance.now()) % 4294967296;
  pen.drawImage(video, 0, 0, 640, 360);
  const row = pen.getImageData(0, 16, 640, 1).data;
  let clock = 0;
  for (let bit = 0; bit < 32; bit++) clock = clock * 2 + (row[(bit * 20 + 10) * 4] > 125 ? 1 : 0);
  return (now - clock) / 1000;
}
"""


def picture(number: int) -> av.VideoFrame:
    planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    planes[:HEIGHT] = 60
    left = 7 * number % (WIDTH - 64)
    planes[100:160, left : left + 64] = 220  # something moves
    clock = int(1000 * time.time()) % (1 << BITS)
    for bit in range(BITS):
        white = clock >> (BITS - 1 - bit) & 1
        planes[:32, bit * SQUARE : (bit + 1) * SQUARE] = 235 if white else 16
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, RATE)
    return frame


def sound(number: int) -> av.AudioFrame:
    at = (number * SOUND_FRAME + np.arange(SOUND_FRAME)) / SOUND_RATE
    wave = (0.1 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts = SOUND_RATE, number * SOUND_FRAME
    frame.time_base = Fraction(1, SOUND_RATE)
    return frame


def write() -> None:
    """FLV to standard output, at the pace of a camera, for ever."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0", "crf": "26"}
    with av.open(sys.stdout.buffer, "w", format="flv", options={"flush_packets": "1"}) as output:
        video: Any = output.add_stream("libx264", rate=RATE, options=options)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.gop_size = GOP
        audio: Any = output.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        began, heard, number = time.time(), 0, 0
        while True:
            time.sleep(max(0.0, began + number / RATE - time.time()))
            output.mux(video.encode(picture(number)))
            while heard * SOUND_FRAME < (number + 1) / RATE * SOUND_RATE:
                output.mux(audio.encode(sound(heard)))
                heard += 1
            number += 1


@contextmanager
def publishing(addresses: Sequence[str]) -> Iterator[None]:
    """The clock on its way to all of these, by RTMP."""
    with ExitStack() as stack:
        studio = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._clock"], stdout=subprocess.PIPE
        )
        stack.callback(studio.wait)
        stack.callback(studio.kill)
        outputs = "|".join(f"[f=flv:flvflags=no_duration_filesize]{each}" for each in addresses)
        sender = subprocess.Popen(
            ["ffmpeg", "-nostdin", "-loglevel", "error", "-fflags", "nobuffer",
             "-probesize", "65536", "-analyzeduration", "300000", "-f", "flv", "-i", "pipe:0",
             "-map", "0", "-c", "copy", "-flush_packets", "1", "-f", "tee", outputs],
            stdin=studio.stdout,
        )  # fmt: skip
        stack.callback(sender.wait)
        stack.callback(sender.kill)
        yield


if __name__ == "__main__":
    write()
