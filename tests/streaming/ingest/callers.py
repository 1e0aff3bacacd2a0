"""SRT callers as they come: Debian's ffmpeg, and strangers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

PASSPHRASE = "phrase de passe"


@asynccontextmanager
async def caller(
    port: int,
    streamid: str,
    film: Path,
    *options: str,
    passphrase: str = PASSPHRASE,
    container: str = "mpegts",
) -> AsyncIterator[asyncio.subprocess.Process]:
    """ffmpeg publishing a film again and again by SRT; killed at the end of the block."""
    address = f"srt://127.0.0.1:{port}?streamid={quote(streamid)}"
    if passphrase:
        address += f"&passphrase={quote(passphrase)}"
    process = await asyncio.create_subprocess_exec(
        *("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1"),
        *("-i", str(film), *(options or ("-c", "copy")), "-f", container, address),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        await kill(process)


async def kill(process: asyncio.subprocess.Process) -> None:
    """Cut the cable: a killed caller says nothing more."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.communicate()


async def refused(process: asyncio.subprocess.Process) -> str:
    """Wait until a caller gives up; return what it says."""
    async with asyncio.timeout(60):
        _, said = await process.communicate()
    assert process.returncode
    return said.decode()
