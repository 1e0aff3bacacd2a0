"""What viewers see of a studio that freezes, meets a rival, or comes back as another one.

    python -m benchmarks.mishaps [--json mishaps.json]

One server, one WebRTC peer and one hls.js all along:
- the publisher is stopped (SIGSTOP) for 15 s, then goes on by the same connection;
- a second publisher wants the same slot;
- the publisher comes back with another size, with another profile and B-frames, without sound.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import _encoders
from benchmarks._encoders import Encoder, Run
from benchmarks._witnesses import Witnesses, watching
from tests.servers import fabrique
from tv.demo import film as demo_film

STOPPED = 15.0  # seconds
SETTLED = 6.0
SEEN_WITHIN = 30.0
RETURNS = {
    "smaller": ("-vf", "scale=640:360", "-c:v", "libx264", "-preset", "ultrafast"),
    "main profile with B-frames": (
        *("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"),
        *("-bf", "2", "-b_strategy", "0"),
    ),
    "without sound": ("-an", "-c:v", "libx264", "-preset", "ultrafast"),
}


def _returning(codecs: tuple[str, ...]) -> Encoder:
    def command(run: Run) -> list[str]:
        sound = () if "-an" in codecs else ("-c:a", "aac")
        keys = ("-g", "50", "-pix_fmt", "yuv420p")
        return [
            "ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1",
            "-i", str(run.film), *codecs, *keys, *sound, "-f", "flv", run.server.rtmp(),
        ]  # fmt: skip

    return Encoder("ffmpeg", "ffmpeg", command)


async def _stop(witnesses: Witnesses, studio: subprocess.Popen[bytes]) -> dict[str, Any]:
    began = time.monotonic()
    studio.send_signal(signal.SIGSTOP)
    slate = await witnesses.webrtc.sees(False, began, SEEN_WITHIN)
    await asyncio.sleep(STOPPED - (time.monotonic() - began))
    resumed = time.monotonic()
    studio.send_signal(signal.SIGCONT)
    back = await witnesses.webrtc.sees(True, resumed, SEEN_WITHIN)
    await asyncio.sleep(SETTLED)
    return {
        "slate_after_s": _since(began, slate),
        "back_after_s": _since(resumed, back),
        "same_connection": studio.poll() is None,
    }


async def _rival(witnesses: Witnesses, run: Run) -> dict[str, Any]:
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *_encoders.COPY.command(run), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(20):
            _, told = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        told = b"never told"
    ended = time.monotonic()
    lines = told.decode(errors="replace").strip().splitlines()
    return {
        "told": lines[0] if lines else "",
        "turned_away_after_s": round(ended - began, 2),
        "longest_gap_s": round(witnesses.webrtc.longest_gap(began, ended), 2),
    }


async def _return(witnesses: Witnesses, run: Run, codecs: tuple[str, ...]) -> dict[str, Any]:
    began = time.monotonic()
    with _encoders.publishing(_returning(codecs), run):
        seen = await asyncio.gather(
            witnesses.webrtc.sees(True, began, SEEN_WITHIN),
            witnesses.hls.sees(True, began, SEEN_WITHIN),
        )
        await asyncio.sleep(SETTLED)
        state = witnesses.air.states[-1][1]
        ended = time.monotonic()
    source = state.sources[0]
    return {
        "webrtc_s": _since(began, seen[0]),
        "hls_s": _since(began, seen[1]),
        "size": f"{source.width}x{source.height}",
        "encoded": source.encoded,
        "advice": source.advice,
        "longest_webrtc_gap_s": round(witnesses.webrtc.longest_gap(began, ended), 2),
        "longest_hls_gap_s": round(witnesses.hls.longest_gap(began, ended), 2),
    }


async def measure(home: Path, film: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with fabrique() as server:
        run = Run(server, film, home)
        async with watching(server) as witnesses:
            with _encoders.publishing(_encoders.COPY, run) as studio:
                await witnesses.webrtc.sees(True, time.monotonic(), SEEN_WITHIN)
                await asyncio.sleep(SETTLED)
                found["stopped for 15 s"] = await _stop(witnesses, studio)
                found["a second publisher"] = await _rival(witnesses, run)
            for name, codecs in RETURNS.items():
                await witnesses.webrtc.sees(False, time.monotonic(), SEEN_WITHIN)
                await asyncio.sleep(3.0)
                found[f"back, {name}"] = await _return(witnesses, run, codecs)
            player = await witnesses.player()
            dates = player.pop("dates")
            player["moves_of_program_date_time_s"] = [
                round(later - earlier, 2)
                for earlier, later in pairwise(dates)
                if abs(later - earlier) > 0.02
            ][:20]
            found["hls.js"] = player | {"errors": len(player["errors"])}
            found["webrtc readers dropped"] = witnesses.lost
            found["hole in the HLS timeline, s"] = round(witnesses.air.hole, 4)
    return found


def _since(start: float, at: float | None) -> float | None:
    return None if at is None else round(at - start, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, default=Path("mishaps.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=64)
        found = asyncio.run(measure(Path(folder), film))
    for name, value in found.items():
        print(f"{name:>32}: {value}")
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
