"""libav's WHIP publisher, in a process of its own to be killed: some losses it waits out for ever.

python -m benchmarks._whip_studio ADDRESS KEY FILM
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av

from tests.certificates import make_certificate


def publish(address: str, token: str, film: Path) -> None:
    """Until killed, or until the server has enough. Nothing is encoded but the sound, as Opus."""
    with tempfile.TemporaryDirectory() as folder:
        # The one that libav makes itself is not one that DTLS takes here.
        certificate, key = make_certificate(Path(folder))
        options = {"authorization": token, "cert_file": str(certificate), "key_file": str(key)}
        with av.open(address, "w", format="whip", options=options) as out:
            pump(film, out)


def pump(film: Path, out: Any) -> None:
    with av.open(str(film)) as source:
        picture, sound = source.streams.video[0], source.streams.audio[0]
        video = out.add_stream_from_template(picture)
        audio = out.add_stream("libopus", rate=48000, layout="stereo")
        resampler = av.AudioResampler("s16", "stereo", 48000, audio.codec_context.frame_size or 960)
        began, passed = time.monotonic(), 0.0
        while True:
            source.seek(0)
            length = 0.0
            for packet in source.demux(picture, sound):
                if packet.dts is None:
                    continue
                at = float(packet.dts * packet.time_base)
                length = max(length, at + float((packet.duration or 0) * packet.time_base))
                time.sleep(max(0.0, began + passed + at - time.monotonic()))
                if packet.stream is picture:
                    shift = round(passed / packet.time_base)
                    packet.dts += shift
                    packet.pts += shift
                    packet.stream = video
                    out.mux(packet)
                    continue
                for frame in packet.decode():
                    frame.pts = None
                    for block in resampler.resample(frame):
                        out.mux(audio.encode(block))
            passed += length


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
