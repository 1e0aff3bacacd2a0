"""What viewers notice when the studio's cable is pulled, again and again, at random instants.

    python -m benchmarks.cuts [--cuts 50] [--json cuts.json]

ffmpeg publishes a film by RTMP and is killed after a random while (in mid-part, in mid-keyframe),
then starts again; once alone in its channel, once with a backup beside it that stays (the régie has
chosen the primary slot, and chooses it again whenever it is lost, so that it is back on air as soon
as it can be). A WebRTC peer, hls.js in Chromium and a low-latency HLS client watch all the time.
The delay is from the kill until the WebRTC viewer sees the first picture of what replaces the
studio.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import _encoders
from benchmarks._encoders import Run
from benchmarks._hls_crowd import Crowd, Seen
from benchmarks._witnesses import Witnesses, summary, watching
from streaming import link
from tests.servers import Fabrique, fabrique
from tv.demo import film as demo_film

SHORTEST, LONGEST = 2.0, 5.0  # seconds on air before a cut
AWAY = 2.5  # seconds that the studio stays away
ON_AIR_WITHIN = 30.0  # seconds, also when a backup holds the air for a while
SEED = 20261125


async def measure(home: Path, films: list[Path], cuts: int, backup: bool) -> dict[str, Any]:
    with ExitStack() as stack:
        server = stack.enter_context(fabrique())
        if backup:
            run = Run(server, films[1], home, slot="backup")
            stack.enter_context(_encoders.publishing(_encoders.COPY, run))
        async with watching(server) as witnesses:
            crowd = Crowd(server.port, seen := Seen(stamped=False))
            await crowd.come(1)
            if backup:
                await witnesses.air.shows("backup", ON_AIR_WITHIN)
            try:
                return await _cut(Run(server, films[0], home), witnesses, seen, cuts, backup)
            finally:
                crowd.leave()


async def _cut(
    run: Run, witnesses: Witnesses, seen: Seen, cuts: int, backup: bool
) -> dict[str, Any]:
    chance = random.Random(SEED)
    delays, began = [], time.monotonic()
    for number in range(cuts):
        if backup:
            await _prefer_primary(run.server)
        with _encoders.publishing(_encoders.COPY, run) as studio:
            await witnesses.air.shows("primary", ON_AIR_WITHIN)
            await asyncio.sleep(chance.uniform(SHORTEST, LONGEST))
            killed = time.monotonic()
            studio.kill()
        delays.append(await _replaced(witnesses, killed) - killed)
        await asyncio.sleep(max(0.0, killed + AWAY - time.monotonic()))
        if number % 10 == 9:
            print(f"  {number + 1} cuts, delays {summary(delays)}", flush=True)
    ended = time.monotonic()
    player = await witnesses.player()
    parts = [at for at in witnesses.air.made.values() if began <= at <= ended]
    return {
        "cuts": cuts,
        "replaced_after_s": summary(delays),
        "longest_webrtc_gap_s": round(witnesses.webrtc.longest_gap(began, ended), 2),
        "longest_hls_player_gap_s": round(witnesses.hls.longest_gap(began, ended), 2),
        "longest_gap_between_parts_s": round(
            max(later - earlier for earlier, later in pairwise(parts)), 2
        ),
        "hole_in_hls_timeline_s": round(witnesses.air.hole, 4),
        "webrtc_readers_dropped": witnesses.lost,
        "hls_requests": seen.requests,
        "hls_failed_requests": seen.errors,
        "hls_js_fatal": player["fatal"],
        "hls_js_errors": len(player["errors"]),
        "hls_js_waits": player["waits"],
    }


async def _prefer_primary(server: Fabrique) -> None:
    async with link.connected(server.folder.media_socket) as peer:
        peer.send(link.Switch(1, "plateau", "primary"))
        assert isinstance(await anext(peer.receive()), link.Done)


async def _replaced(witnesses: Witnesses, killed: float) -> float:
    """When the WebRTC viewer saw the first picture that is not the killed studio's."""
    async with asyncio.timeout(ON_AIR_WITHIN):
        frames = witnesses.webrtc.frames
        # The studio's last pictures are still on their way when it is killed: what replaces it
        # begins after the longest pause.
        while True:
            at = [when for when, _ in frames if when > killed - 0.1]
            if len(at) > 10 and at[-1] > killed + 0.5:
                pauses = [(later - earlier, later) for earlier, later in pairwise(at)]
                longest, after = max(pauses)
                if longest > 0.15 or at[-1] > killed + 3.0:
                    return after
            async with witnesses.webrtc.changed:
                await witnesses.webrtc.changed.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--json", type=Path, default=Path("cuts.json"))
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=32)
        for backup in (False, True):
            name = "with a backup" if backup else "alone"
            print(f"{name}:", flush=True)
            results[name] = asyncio.run(measure(Path(folder), [film, film], options.cuts, backup))
            for key, value in results[name].items():
                print(f"  {key:>30}  {value}")
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
