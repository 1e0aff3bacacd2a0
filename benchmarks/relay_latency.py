"""How long a frame takes from the studio's socket to the last of 40 WebRTC viewers.

    python -m benchmarks.relay_latency [--viewers 40] [--hls 1000] [--seconds 30] [--json FILE]

A studio of ours publishes by RTMP, at the pace of a camera, and writes each frame's number into it
(SEI). The clock starts when it gives the frame to its socket, and stops when the kernel of the last
viewer has its last packet: how late a viewer looks does not count. Beside each frame the studio
sends the same bytes directly to a viewer's socket, which is what of it is not ours.

First alone, then with real LL-HLS viewers on web (they run at a lower priority, as they would on
another machine). Then a join storm: 40 screens within a second; counted is the time from the WHEP
request to the first whole keyframe, by what the kernel had.
"""

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import psutil
import uvloop

from benchmarks import _film
from benchmarks._audience import Audience, audience
from benchmarks._deliveries import Answer
from benchmarks._hls_crowd import Crowd, Seen
from streaming import h264
from streaming.packet import Packet
from streaming.restream import address
from streaming.restream.client import Publication, publishing
from streaming.restream.tags import Tagger
from tests.servers import Fabrique, fabrique

MARK = "fabrique frame: "  # 16 bytes, where an SEI of the user's has its UUID (H.264, D.1.7)
DATAGRAM = 1200  # bytes, of what is sent directly
CONTROL = b"\x80\x80"  # of its last datagram: version 2, marker, payload type 0
WARM = 3.0  # seconds on air before it counts
STORM_OVER = 1.0  # seconds
NICE = 10  # of LL-HLS viewers


class Camera:
    """A film's packets at their pace, for ever; `sent` tells when each frame was given away."""

    def __init__(self, film: Path) -> None:
        self.sent: dict[int, int] = {}  # ns of UTC, by the frame's number
        self.sent_directly: dict[int, int] = {}
        self._packets = list(_read(film))

    async def play(self, publication: Publication, direct: int) -> None:
        """Publish until cancelled, and send each frame to that port of this machine as well."""
        tagger = Tagger(publication.stream)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as aside:
            aside.connect(("127.0.0.1", direct))
            number, passed, began = 0, 0.0, time.monotonic()
            while True:
                for codec, packet in self._packets:
                    at = passed + packet.dts
                    wait = began + at - time.monotonic()
                    if wait > 0:
                        await asyncio.sleep(wait)
                    data = packet.data
                    if codec == "h264":
                        number += 1
                        data = _numbered(data, number)
                    message = tagger.write(codec, Packet(data, at, at, packet.key, packet.config))
                    if codec == "h264":
                        self.sent[number] = time.time_ns()
                    await publication.send(message)
                    if codec == "h264":
                        self.sent_directly[number] = time.time_ns()
                        _send_directly(aside, data, number)
                passed += _film.SECONDS


def _read(film: Path) -> Iterator[tuple[str, Packet]]:
    with av.open(str(film)) as source:
        picture, sound = source.streams.video[0], source.streams.audio[0]
        configs = [bytes(it.codec_context.extradata or b"") for it in (picture, sound)]
        found = []
        for packet in source.demux(picture, sound):
            if packet.dts is None:
                continue
            at = float(packet.dts * packet.time_base)
            codec = "h264" if packet.stream is picture else "aac"
            config = configs[packet.stream is sound]
            found.append((codec, Packet(bytes(packet), at, at, packet.is_keyframe, config)))
        yield from sorted(found, key=lambda each: each[1].dts)


def _numbered(data: bytes, number: int) -> bytes:
    """The picture with an SEI unit before it that tells its number (H.264, D.1.7)."""
    payload = f"{MARK}{number:08d}".encode()
    unit = bytes((h264.SEI, 5, len(payload))) + payload + b"\x80"
    return h264.join_units([unit]) + data


def _send_directly(aside: socket.socket, data: bytes, number: int) -> None:
    last = number.to_bytes(4, "big") + bytes(4)
    pieces = [data[at : at + DATAGRAM] for at in range(0, len(data), DATAGRAM)]
    for place, piece in enumerate(pieces):
        head = CONTROL if place == len(pieces) - 1 else b"\x80\x00"
        aside.send(head + place.to_bytes(2, "big") + last + piece)


@asynccontextmanager
async def filming(server: Fabrique, film: Path, direct: int) -> AsyncIterator[Camera]:
    """A camera on the stage's channel."""
    camera = Camera(film)
    base, _, key = server.rtmp().rpartition("/")
    where = address.parse(base, key)
    async with publishing(where, None) as publication:  # type: ignore[arg-type]  # no TLS
        work = camera.play(publication, direct), publication.listen()
        tasks = [asyncio.create_task(each) for each in work]
        try:
            yield camera
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def delays(camera: Camera, counted: Answer) -> dict[str, list[float]]:
    """Seconds from the studio's socket: to the last viewer, to each of them, and directly."""
    found: dict[str, list[float]] = {"last": [], "each": [], "direct": []}
    for number, arrived in _by_number(counted).items():
        if len(arrived) < counted["screens"] or number not in camera.sent_directly:
            continue  # at an edge of the time; what was lost is counted apart
        after = [(at - camera.sent[number]) / 1e9 for at in arrived]
        found["last"].append(max(after))
        found["each"] += after
        for at in counted["arrivals"].get(f"direct {number}", []):
            found["direct"].append((at - camera.sent_directly[number]) / 1e9)
    return found


def _by_number(counted: Answer) -> dict[int, list[int]]:
    """When each frame arrived, by the number that the camera gave it.

    Only keyframes are sure to keep what is written into them. Between two of them frames count on,
    if there are as many as there should be.
    """
    frames = [
        (min(arrived), stamp, arrived)
        for stamp, arrived in counted["arrivals"].items()
        if not stamp.startswith("direct")
    ]
    frames.sort()
    keys = [
        (place, counted["numbers"][stamp])
        for place, (_, stamp, _) in enumerate(frames)
        if stamp in counted["numbers"]
    ]
    found = {}
    for (place, number), (next_place, next_number) in pairwise(keys):
        if next_number - number == next_place - place:
            for offset in range(next_place - place):
                found[number + offset] = frames[place + offset][2]
    return found


async def watch(crowd: Audience, camera: Camera, seconds: float) -> dict[str, Any]:
    camera.sent.clear()
    camera.sent_directly.clear()
    psutil.cpu_percent()
    counted = await asyncio.to_thread(crowd.do, "watch", seconds=seconds, mark=MARK)
    found = delays(camera, counted)
    row: dict[str, Any] = {name: milliseconds(values) for name, values in found.items()}
    row["added_p50_ms"] = round(row["last"]["p50"] - row["direct"]["p50"], 2)
    row["added_p99_ms"] = round(row["last"]["p99"] - row["direct"]["p99"], 2)
    row["frames"] = len(found["last"])
    row["machine_busy"] = psutil.cpu_percent() / 100
    return row | {name: counted[name] for name in ("screens", "frames_missed", "packets_lost")}


async def storm(crowd: Audience, server: Fabrique, count: int) -> dict[str, Any]:
    """So many screens within a second."""
    url = f"{server.url}/plateau/whep"
    joined = await asyncio.to_thread(crowd.join, url, count, over=STORM_OVER)
    times = {name: milliseconds(joined[name]) for name in ("picture_s", "picture_after_ice_s")}
    within = sum(1 for each in joined["picture_s"] if each <= 2.0)
    return times | {
        "screens": count,
        "failed": joined["failed"],
        "with_a_picture_within_2_s": within,
    }


@contextmanager
def hls_viewers(port: int, count: int) -> Iterator[None]:
    """Real LL-HLS viewers of the stage, in a process of their own, all of them there."""
    command = [sys.executable, "-m", "benchmarks.relay_latency", "--crowd", str(port), str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    psutil.Process(process.pid).nice(NICE)
    try:
        assert process.stdout
        assert process.stdout.readline()
        yield
    finally:
        said, _ = process.communicate("")
        print("  LL-HLS viewers:", said.strip())


async def be_crowd(port: int, count: int) -> None:
    """Watch LL-HLS until standard input ends, then say how that went."""
    loop, seen = asyncio.get_running_loop(), Seen(stamped=False)
    crowd = Crowd(port, seen)
    await crowd.come(count)
    await asyncio.sleep(WARM)
    seen.requests, began = 0, loop.time()
    seen.errors = 0
    print("there", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    seconds = loop.time() - began
    print(f"{count}, {seen.requests / seconds:.0f} requests a second, {seen.errors} errors")


async def measure(film: Path, viewers: int, hls: int, seconds: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with fabrique() as server, audience() as crowd:
        direct = crowd.do("direct")["port"]
        async with filming(server, film, direct) as camera:
            await asyncio.sleep(WARM)
            found["storm"] = await storm(crowd, server, viewers)
            await asyncio.sleep(WARM)
            found["alone"] = await watch(crowd, camera, seconds)
            if hls:
                stack = hls_viewers(server.port, hls)
                await asyncio.to_thread(stack.__enter__)
                try:
                    found[f"beside {hls} LL-HLS viewers"] = await watch(crowd, camera, seconds)
                    await asyncio.to_thread(crowd.do, "leave", count=viewers)
                    found["storm beside them"] = await storm(crowd, server, viewers)
                finally:
                    await asyncio.to_thread(stack.__exit__, None, None, None)
    return found


def milliseconds(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    if not ordered:
        return dict.fromkeys(at, float("nan"))
    return {
        name: round(1000 * ordered[int(share * (len(ordered) - 1))], 2)
        for name, share in at.items()
    }


def main() -> None:
    if sys.argv[1:2] == ["--crowd"]:
        uvloop.run(be_crowd(int(sys.argv[2]), int(sys.argv[3])))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=40)
    parser.add_argument("--hls", type=int, default=1000, help="LL-HLS viewers beside; 0: none")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--json", type=Path, default=Path("relay_latency.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        _film.make(film)
        found = asyncio.run(measure(film, options.viewers, options.hls, options.seconds))
    for name, row in found.items():
        print(f"{name}:")
        for key, value in row.items():
            print(f"  {key:>26}  {value}")
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
