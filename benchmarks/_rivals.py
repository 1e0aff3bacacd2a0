"""The servers that a benchmark of the relay compares, each started with the same stream."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers import Fabrique, fabrique
from tests.studio import publishing
from tv.process import tie_to_parent

GO_SOURCES = Path("/usr/share/gocode")  # where Debian keeps what Go programs are built of
GO_PACKAGES = "golang-go golang-github-pion-webrtc.v3-dev"
READY_MADE = "benchmarks._ready_made"
PION = Path(__file__).with_name("pion")


@dataclass(frozen=True)
class Server:
    """A server with its stream under way; `process` is the one that sends to viewers."""

    name: str
    whep: str
    process: psutil.Process
    serves: Fabrique | None = None  # ours


class Missing(Exception):
    """The server cannot be built on this machine: why."""


@contextmanager
def ours(film: Path, name: str = "ours", **settings: str) -> Iterator[Server]:
    """The whole service with a studio on it: RTMP in, sound encoded, HLS packaged."""
    with fabrique(**settings) as server, publishing(film, server):
        media = psutil.Process(server.children()["media"])
        yield Server(name, f"{server.url}/plateau/whep", media, server)


@contextmanager
def stock(packets: Path) -> Iterator[Server]:
    """aiortc's own way of sending, with ready-made packets."""
    with _running([sys.executable, "-m", READY_MADE, "stock", str(packets)], "stock") as server:
        yield server


@contextmanager
def relay(packets: Path) -> Iterator[Server]:
    """Our relay alone, in the very process that stock has, with the same ready-made packets."""
    with _running([sys.executable, "-m", READY_MADE, "relay", str(packets)], "relay") as server:
        yield server


@contextmanager
def pion(program: Path, packets: Path) -> Iterator[Server]:
    with _running([str(program), str(packets)], "pion") as server:
        yield server


def build_pion(folder: Path) -> Path:
    """Compile the small SFU from Debian's sources alone. Raises Missing."""
    if shutil.which("go") is None or not (GO_SOURCES / "src/github.com/pion/webrtc").exists():
        raise Missing(f"pion is left out: apt-get install {GO_PACKAGES}")
    # Go finds what is named …/v3 among sources without versions only for a module in a GOPATH.
    source, program = folder / "go/src/sfu", folder / "pion"
    source.mkdir(parents=True)
    shutil.copy(PION / "main.go", source)
    (source / "go.mod").write_text("module sfu\n")
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."],
        cwd=source,
        env=os.environ
        | {"GO111MODULE": "off", "GOPATH": f"{folder}/go:{GO_SOURCES}", "GOFLAGS": ""},
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise Missing(f"pion is left out: {built.stderr.strip()[:500]}")
    return program


@contextmanager
def _running(command: list[str], name: str) -> Iterator[Server]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=tie_to_parent)
    try:
        assert process.stdout
        port = int(process.stdout.readline())
        yield Server(name, f"http://127.0.0.1:{port}/whep", psutil.Process(process.pid))
    finally:
        process.kill()
        process.wait()
