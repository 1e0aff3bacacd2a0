"""Pictures of messages and ideas on disk: made anew, named by what is in them, gone with them."""

import asyncio
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from engagement.origin import Trust
from engagement.shares import OF_ALL
from tv import reasons
from tv.problems import Problem
from tv.process import plain_environment
from tv.tasks import in_thread
from tv.wall.naming import NAME, TOO_LARGE

logger = logging.getLogger(__name__)

LARGEST = 15 << 20  # bytes that may be sent
COMING = 150 << 20  # bytes that may be on their way to this process; more are sent away
AT_A_TIME = 2  # pictures made anew in this process; the others wait
WAITING = 8  # that may wait; more are sent away
WITHIN = 20.0  # seconds that making one may take
PATIENCE = 60.0  # the same, with its turn waited for
MOST = 3_000  # pictures on the disk: about a gigabyte
UNUSED = 3600.0  # seconds after which a picture that nothing has is deleted
SWEEP = 600.0  # seconds between two looks for such pictures


class Pictures:
    """The folder of pictures. Files never change, and several processes may share it.

    Of each limit new devices may use up half, and those without a code three quarters: what is
    beyond is for the others (engagement/shares.py).
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._making = asyncio.Semaphore(AT_A_TIME)
        self._taken = 0
        self._coming = 0

    @contextmanager
    def room(self, size: int, level: Trust = Trust.PRESENT) -> Iterator[None]:
        """Room for `size` bytes that are about to be received. Raises Problem: none is left."""
        if self._coming + size > COMING * OF_ALL[level]:
            raise _busy()
        self._coming += size
        try:
            yield
        finally:
            self._coming -= size

    async def add(self, data: bytes, level: Trust = Trust.PRESENT) -> str:
        """Make a picture of ours of what was sent; return its name. Raises Problem."""
        if self._taken >= (AT_A_TIME + WAITING) * OF_ALL[level]:
            raise _busy()
        self._taken += 1
        try:
            async with asyncio.timeout(PATIENCE), self._making:
                size, made = await in_thread(partial(_made_anew, data))
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            raise _busy() from error
        finally:
            self._taken -= 1
        name = f"{hashlib.sha256(made).hexdigest()[:24]}-{size}.jpg"
        try:
            await asyncio.to_thread(self._write, name, made, level)
        except OSError as error:
            logger.warning("a picture cannot be kept: %s", reasons.of_system(error))
            raise _no_disk() from error
        return name

    def path(self, name: str) -> Path | None:
        """The file of a picture; None when there is none of this name."""
        path = self._folder / name
        return path if NAME.fullmatch(name) and path.is_file() else None

    async def sweep_regularly(self, used: Callable[[], Collection[str]]) -> None:
        """Delete what nothing has, now and then, until cancelled."""
        while True:
            await asyncio.to_thread(self.sweep, used(), time.time())
            await asyncio.sleep(SWEEP)

    def sweep(self, used: Collection[str], now: float) -> None:
        """Delete pictures that nothing has and that are old enough; `now` is the disk's time."""
        if not self._folder.is_dir():
            return
        with os.scandir(self._folder) as found:
            for file in found:
                try:
                    if file.name not in used and now - file.stat().st_mtime > UNUSED:
                        os.unlink(file)
                except FileNotFoundError:
                    pass  # another process was quicker

    def _write(self, name: str, made: bytes, level: Trust) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / name
        if path.exists():
            os.utime(path)  # as new: somebody is about to use it
            return
        if len(os.listdir(self._folder)) >= MOST * OF_ALL[level]:
            raise Problem(
                409,
                "wall-full",
                "Plus de place",
                "Il y a déjà beaucoup d’images. Envoyez votre message sans image.",
            )
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
            try:
                file.write(made)
                file.flush()
                os.fsync(file.fileno())  # whoever names it is promised that it is there
                os.rename(file.name, path)
            except OSError:
                os.unlink(file.name)
                raise


def _made_anew(data: bytes) -> tuple[str, bytes]:
    """The size ("1600x1200") and the bytes of what `tv.wall.reencode` makes of a picture."""
    command = [sys.executable, "-m", "tv.wall.reencode"]
    child = subprocess.run(
        command, input=data, capture_output=True, timeout=WITHIN, env=plain_environment()
    )
    if child.returncode == TOO_LARGE:
        raise Problem(
            413,
            "picture-too-large",
            "Image trop grande",
            "Cette image a trop de pixels (50 millions au plus). Réduisez-la et réessayez.",
        )
    if child.returncode != 0:
        raise Problem(
            415,
            "no-picture",
            "Image illisible",
            "Ce fichier n’est pas une image JPEG, PNG, WebP ou GIF que l’on sache lire.",
        )
    size, _, made = child.stdout.partition(b"\n")
    return size.decode(), made


def _no_disk() -> Problem:
    return Problem(
        503,
        "pictures-not-kept",
        "Image non enregistrée",
        "Le disque du serveur ne prend pas cette image. Envoyez votre message sans image, et "
        "prévenez la régie.",
        retry_after=30,
    )


def _busy() -> Problem:
    return Problem(
        503,
        "pictures-busy",
        "Trop d’images à la fois",
        "Beaucoup d’images arrivent en ce moment. Réessayez dans quelques secondes.",
        retry_after=5,
    )
