"""A real studio for tests: ffmpeg publishing a film by RTMP, as a crew's encoder would."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Fabrique


class Studio:
    """ffmpeg, looping a film in real time into a channel's slot."""

    def __init__(self, film: Path, address: str) -> None:
        self._command = [
            "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1",
            "-i", str(film), "-c", "copy", "-f", "flv", address,
        ]  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE)

    def kill(self) -> None:
        """Pull the cable."""
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


@contextmanager
def publishing(film: Path, server: Fabrique, channel: str = "plateau") -> Iterator[Studio]:
    studio = Studio(film, server.rtmp(channel))
    studio.start()
    try:
        yield studio
    finally:
        studio.kill()
