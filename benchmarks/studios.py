"""What each ordinary encoder gets from us: how soon it is on air, and what the régie is told.

    python -m benchmarks.studios [--json studios.json]

Each starts while a WebRTC peer and hls.js in Chromium watch the slate. Seconds from its start until
each of them shows its film; then what the control room says of it after ten more seconds. Encoders
that are not installed are left out, and named.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from benchmarks import _encoders
from benchmarks._encoders import Encoder, Missing, Run
from benchmarks._witnesses import Witnesses, watching
from tests.servers import fabrique
from tv.demo import film as demo_film

PASSPHRASE = "un-secret-de-plateau"
SEEN_WITHIN = 30.0  # seconds
SETTLED = 10.0  # seconds until the régie has said what there is to say
ENCODERS = (
    _encoders.X264_DEFAULTS,
    _encoders.ZEROLATENCY,
    _encoders.HEVC,
    _encoders.SRT,
    _encoders.GSTREAMER,
    _encoders.OBS,
)


async def measure(home: Path, film: Path, only: str) -> list[dict[str, Any]]:
    rows = []
    for encoder in (*ENCODERS, None):
        name = encoder.name if encoder else "Chromium WHIP"
        if only not in name:
            continue
        folder = home / name.split(",")[0].replace(" ", "-")
        folder.mkdir(exist_ok=True)
        with fabrique(SRT__PASSPHRASE=PASSPHRASE) as server:
            run = Run(server, film, folder, passphrase=PASSPHRASE)
            async with watching(server) as witnesses:
                try:
                    rows.append(await _measure(name, encoder, run, witnesses))
                except Missing as error:
                    rows.append({"publisher": name, "missing": str(error)})
        print(_line(rows[-1]), flush=True)
    return rows


async def _measure(
    name: str, encoder: Encoder | None, run: Run, witnesses: Witnesses
) -> dict[str, Any]:
    start = time.monotonic()
    async with _started(encoder, run) as begun:
        start = begun
        seen = await asyncio.gather(
            witnesses.webrtc.sees(True, start, SEEN_WITHIN),
            witnesses.hls.sees(True, start, SEEN_WITHIN),
        )
        await asyncio.sleep(SETTLED)
        state = witnesses.air.states[-1][1]
    source = next(each for each in state.sources if each.slot == "primary")
    player = await witnesses.player()
    return {
        "publisher": name,
        "whep_s": _since(start, seen[0]),
        "hls_s": _since(start, seen[1]),
        "on_air": state.on_air,
        "video": source.video,
        "profile": source.profile,
        "size": f"{source.width}x{source.height}",
        "frame_rate": source.frame_rate,
        "encoded": source.encoded,
        "advice": source.advice,
        "fatal": player["fatal"],
    }


@asynccontextmanager
async def _started(encoder: Encoder | None, run: Run) -> AsyncIterator[float]:
    """Start it; the value is when."""
    if encoder:
        start = time.monotonic()
        with _encoders.publishing(encoder, run):
            yield start
        return
    with _encoders.camera(run) as address:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.connect_over_cdp(address)
            page = await browser.new_page()
            await page.goto(f"{run.server.url}/livez")
            start = time.monotonic()
            await page.evaluate(
                _encoders.WHIP_PAGE, [f"{run.server.url}/plateau/whip", run.server.key()]
            )
            yield start


def _since(start: float, at: float | None) -> float | None:
    return None if at is None else round(at - start, 2)


def _line(row: dict[str, Any]) -> str:
    if "missing" in row:
        return f"{row['publisher']:>28}: {row['missing']}"
    said = " ".join([row["encoded"], *row["advice"]]).strip() or "nothing"
    return (
        f"{row['publisher']:>28}: WHEP {row['whep_s']} s, LL-HLS {row['hls_s']} s; "
        f"{row['video']} {row['size']} {row['frame_rate']} fps; fatal {len(row['fatal'])}; {said}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="a part of the name of one of them")
    parser.add_argument("--json", type=Path, default=Path("studios.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        demo_film.make(film, lambda share: None, seconds=96)
        rows = asyncio.run(measure(Path(folder), film, options.only))
    options.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
