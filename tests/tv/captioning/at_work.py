"""The whole service at work, as a program: real speech comes in, captions and pictures go out.

It ends well once so much was captioned that whatever a library reports in its first half minute
would have been sent. For test_nothing_leaves.py.
"""

import asyncio
import subprocess
import tempfile
from pathlib import Path

import httpx

from tests import viewers
from tests.servers import fabrique
from tests.studio import publishing
from tests.waiting import when

SPEECH = Path(__file__).parents[2] / "captions/bailleurs_fr.flac"
ENOUGH = 25.0  # seconds between the first cue and the last: onnxruntime reports after some ten


def film(path: Path) -> Path:
    """A test picture that speaks."""
    inputs = ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-i", str(SPEECH), "-shortest"]
    picture = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p"]
    sound = ["-c:a", "aac", "-ar", "48000", "-ac", "2"]
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", *inputs, *picture, *sound, str(path)]
    subprocess.run(command, check=True)
    return path


async def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        fabrique(CAPTIONS__CHANNELS="plateau", CAPTIONS__SECOND_PASS="auto") as server,
        publishing(film(Path(folder) / "film.mp4"), server),
    ):
        async with httpx.AsyncClient(base_url=server.url) as client:

            async def is_captioned() -> bool:
                reply = await client.get("/api/v1/talks/direct/captions.json")
                cues = reply.raise_for_status().json()["items"]
                return bool(cues) and cues[-1]["end"] - cues[0]["start"] > ENOUGH

            await when(is_captioned, 150)
        async with viewers.whep(server.url) as peer:
            await peer.picture()


if __name__ == "__main__":
    asyncio.run(main())
