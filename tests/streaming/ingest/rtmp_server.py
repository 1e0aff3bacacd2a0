"""Our RTMP server with studios behind it that know one key."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streaming.errors import WrongKey
from streaming.ingest import rtmp
from streaming.ingest.rtmp import Patience
from tests.streaming.ingest.films import Recorder

KEY = "plateau-p-0123456789"
REFUSED = "Clé de diffusion inconnue."


class Studios:
    """Gives a place to whoever has the key."""

    def __init__(self, place: Callable[[], Recorder] = Recorder) -> None:
        self.asked: list[tuple[str, str]] = []
        self.sources: list[Recorder] = []
        self.refused: Counter[str] = Counter()
        self.opened = asyncio.Event()
        self._place = place
        self._shown = asyncio.Event()

    def open(self, app: str, key: str) -> Recorder:
        self.asked.append((app, key))
        self._shown.set()
        if key != KEY:
            raise WrongKey(REFUSED)
        self.sources.append(self._place())
        self.opened.set()
        return self.sources[-1]

    async def heard(self, keys: int) -> None:
        """Wait until so many keys have been shown."""
        async with asyncio.timeout(10):
            while len(self.asked) < keys:
                self._shown.clear()
                await self._shown.wait()

    async def first(self) -> Recorder:
        async with asyncio.timeout(10):
            await self.opened.wait()
        return self.sources[0]


@asynccontextmanager
async def server(
    patience: Patience | None = None, place: Callable[[], Recorder] = Recorder
) -> AsyncIterator[tuple[int, Studios]]:
    studios = Studios(place)
    waits = patience or Patience(farewell=0.1)
    async with rtmp.listening("127.0.0.1", 0, studios.open, waits, studios.refused) as port:
        yield port, studios


def address(port: int, key: str = KEY) -> str:
    return f"rtmp://127.0.0.1:{port}/live/{key}"
