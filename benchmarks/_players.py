"""Players that are no browser, headless: ffplay, mpv and GStreamer, and how far each has come."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

HEADLESS = {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy", "PYTHONUNBUFFERED": "1"}
BUFFER = 65_536  # bytes of what a player says that are looked at at a time


@dataclass(frozen=True)
class Kind:
    """`says` finds the player's clock, in seconds or as h:mm:ss, in what it prints."""

    name: str
    tool: str
    command: Callable[[str], list[str]]
    says: re.Pattern[bytes]


KINDS = (
    Kind(
        "ffplay",
        "ffplay",
        lambda url: ["ffplay", "-hide_banner", "-loglevel", "warning", "-stats", "-autoexit", url],
        re.compile(rb"\s(\d+\.\d+) [AVM]-[AVM]"),
    ),
    Kind(
        "mpv",
        "mpv",
        lambda url: [
            "mpv",
            "--no-config",
            "--vo=null",
            "--ao=null",
            "--msg-level=all=error",
            "--term-status-msg=at ${=time-pos} ",
            "--msg-level=statusline=status",
            url,
        ],
        re.compile(rb"at (\d+\.\d+)"),
    ),
    Kind(
        "GStreamer hlsdemux2",
        "gst-launch-1.0",
        lambda url: [
            "gst-launch-1.0",
            "-v",
            "playbin3",
            f"uri={url}",
            "audio-sink=fakesink sync=true",
            "video-sink=fakesink sync=true silent=false",
        ],
        re.compile(rb"pts: (\d+:\d+:\d+\.\d+)"),
    ),
)


class Player:
    """One that runs; a thread reads what it prints."""

    def __init__(self, kind: Kind, url: str) -> None:
        self.name = kind.name
        self.clock: float | None = None
        self.turned_back = 0  # times that its clock did
        self._says = kind.says
        self.process = subprocess.Popen(
            kind.command(url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | HEADLESS,
        )
        self.last = b""
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def _listen(self) -> None:
        assert self.process.stdout
        while said := os.read(self.process.stdout.fileno(), BUFFER):
            self.last = (self.last + said)[-BUFFER:]
            for found in self._says.findall(self.last):
                clock = 0.0
                for part in found.split(b":"):
                    clock = 60 * clock + float(part)
            if self._says.search(self.last):
                if self.clock is not None and clock < self.clock - 1.0:
                    self.turned_back += 1
                self.clock = clock
                self.last = self.last[-200:]


@contextmanager
def playing(url: str) -> Iterator[list[Player]]:
    """All that are on this machine."""
    with ExitStack() as stack:
        players = [Player(kind, url) for kind in KINDS if shutil.which(kind.tool)]
        for player in players:
            stack.callback(player.process.wait)
            stack.callback(player.process.kill)
        yield players
