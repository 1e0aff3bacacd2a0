"""The built-in talk over and over: whether captions come later, and memory grows, as hours pass.

    python -m benchmarks.caption_hour [--minutes 60] [--json caption_hour.json]

The whole service runs, and a talk that is recorded. A page's socket tells when each caption gets
words: its delay counts from the end of the last of them, by the broadcast clock. Delays around
minute 5 stand beside those of the last two minutes; memory of each process is looked at every five
seconds, and its slope is a least-squares line after the first third.
"""

import argparse
import asyncio
import json
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks import _caption_talk as talk
from benchmarks._slopes import LOOK, Watch
from tests.servers import fabrique
from tests.studio import publishing
from tv.auth import Role

EARLY, AROUND = 5.0, 1.0  # minutes


async def measure(film: Path, minutes: float) -> dict[str, Any]:
    with fabrique(CAPTIONS__CHANNELS="plateau") as server, publishing(film, server):
        bearer = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
        async with httpx.AsyncClient(base_url=server.url, headers=bearer, timeout=30) as crew:
            (await crew.post("/api/v1/talks/direct:start")).raise_for_status()
            heard, watch = talk.Heard(), Watch(server)
            listening = asyncio.create_task(heard.listen(server))
            try:
                while time.monotonic() - heard.began < 60 * minutes:
                    await asyncio.sleep(LOOK)
                    await asyncio.to_thread(watch.look)
                told = await crew.get("/api/v1/channels/plateau/captions/quality")
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
        early = min(EARLY, minutes / 2)
        return {
            "minutes": minutes,
            f"delay at minute {early:g}": heard.between(early - AROUND, early + AROUND),
            "delay in the last two minutes": heard.between(minutes - 2 * AROUND, minutes),
            "states": heard.states,
            **watch.figures(),
            "quality": told.json() if told.status_code == 200 else told.status_code,
            "started again": [name for _, name in watch.restarts],
            "socket lost, times": heard.lost,
            "samples": watch.lives,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--json", type=Path, default=Path("caption_hour.json"))
    options = parser.parse_args()
    with talk.filmed() as film:
        found = asyncio.run(measure(film, options.minutes))
    for name, value in found.items():
        if name != "samples":
            print(f"  {name:>30}  {value}", flush=True)
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
