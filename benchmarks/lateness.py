"""How late media's loop runs while viewers load the web process beside it.

    python -m benchmarks.lateness [--viewers 300] [--seconds 20] [--json lateness.json]

The whole service runs, with a film for a studio. A 5 ms timer in the media process is watched
without viewers, then with real LL-HLS viewers on the web process; a timer in a process that does
nothing else tells, in the same run, what of that is the machine's.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks._hls_crowd import Crowd, Seen
from streaming import link
from streaming.errors import LinkLost
from tests.servers import Fabrique, fabrique
from tv.demo import film as demo_film

IDLE = """
import asyncio, json, sys, time

async def main(seconds, step=0.005):
    loop = asyncio.get_running_loop()
    late, end, due = [], loop.time() + seconds, loop.time() + step
    while due < end:
        await asyncio.sleep(due - loop.time())
        late.append(max(0.0, loop.time() - due))
        due = max(due + step, loop.time())
    late.sort()
    print(json.dumps([late[int(share * (len(late) - 1))] for share in (0.5, 0.99, 1.0)]))

asyncio.run(main(float(sys.argv[1])))
"""


async def media(server: Fabrique, seconds: float) -> list[float]:
    """Median, p99 and worst lateness of media's timer, in seconds."""
    async with link.connected(server.folder.media_socket) as peer:
        peer.send(link.WatchLateness(1, seconds))
        async for message in peer.receive():
            if isinstance(message, link.Lateness):
                return [message.median, message.p99, message.worst]
    raise LinkLost("media went away")


async def idle(seconds: float) -> list[float]:
    """The same of a process that does nothing else."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", IDLE, str(seconds), stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()
    return list(json.loads(out))


async def both(server: Fabrique, seconds: float) -> dict[str, dict[str, float]]:
    found = await asyncio.gather(media(server, seconds), idle(seconds))
    names = ("p50", "p99", "max")
    return {
        who: {name: round(1000 * value, 2) for name, value in zip(names, late, strict=True)}
        for who, late in zip(("media_ms", "idle_process_ms"), found, strict=True)
    }


async def measure(server: Fabrique, viewers: int, seconds: float) -> dict[str, object]:
    results: dict[str, object] = {"without_viewers": await both(server, seconds)}
    crowd = Crowd(server.port, seen := Seen(stamped=False))
    await crowd.come(viewers)
    await asyncio.sleep(3.0)
    seen.requests = seen.errors = 0
    results["with_viewers"] = await both(server, seconds)
    results["viewers"] = viewers
    results["requests_per_second"] = round(seen.requests / seconds)
    results["errors"] = seen.errors
    crowd.leave()
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--captions", action="store_true", help="caption the film meanwhile")
    parser.add_argument("--json", type=Path, default=Path("lateness.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=32)
        with fabrique(
            CHANNELS__PLATEAU__SOURCE=str(film),
            CHANNELS__PLATEAU__LOOP="true",
            CAPTIONS__CHANNELS="plateau" if options.captions else "",
        ) as server:
            results = uvloop.run(measure(server, options.viewers, options.seconds))
    for name, value in results.items():
        print(f"{name:>20}  {value}")
    options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
