"""The last few seconds of a live stream, shared by every reader."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from typing import Generic, TypeVar

T = TypeVar("T")


class Ring(Generic[T]):
    """A bounded list that any number of readers follow, each with its own place in it.

    `entry` tells where a reader may begin (a keyframe). A reader that falls more than `size` items
    behind goes on at the newest entry: it loses what is in between, nobody else notices, and memory
    does not grow with it.
    """

    def __init__(
        self,
        size: int,
        entry: Callable[[T], bool] = lambda item: True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._items: deque[T] = deque(maxlen=size)
        self._came: deque[float] = deque(maxlen=size)  # when each of them did
        self._entry = entry
        self._monotonic = monotonic
        self._end = 0  # position of the next item to come
        self._entries: deque[int] = deque()  # positions of the entries that are still held
        self._wakers: list[asyncio.Future[None]] = []
        self._closed = False
        # Called when a reader begins to wait. A writer may keep what nobody waits for to itself for
        # a moment: see `awaited`.
        self.on_wait: Callable[[], None] = lambda: None

    @property
    def awaited(self) -> bool:
        """Whether a reader has read all there is, and waits for more."""
        return bool(self._wakers)

    def append(self, item: T) -> None:
        self.extend((item,))

    def extend(self, items: Collection[T]) -> None:
        """Append what comes together: far fewer items than the ring holds."""
        now = self._monotonic()
        for item in items:
            if self._entry(item):
                self._entries.append(self._end)
            self._items.append(item)
            self._came.append(now)
            self._end += 1
        start = self._start
        while self._entries and self._entries[0] < start:
            self._entries.popleft()
        if items and self._wakers:
            self._wake()

    def close(self) -> None:
        """End every reader, once each has read what is there."""
        self._closed = True
        self._wake()

    async def follow(self, *, live: bool = False) -> AsyncIterator[T]:
        """Yield items as they come, from the newest entry (or, if `live`, from the next one) on."""
        position = self._end if live else self._resume()
        while True:
            while position < self._end:
                if position < self._start:
                    position = self._resume()
                    continue
                yield self._items[position - self._start]
                position += 1
            if self._closed:
                return
            await self._more()

    async def trail(self, delay: float) -> AsyncIterator[T]:
        """Yield each item `delay` seconds after it came, from the newest entry that old on.

        While there is none, the oldest entry comes first, when it is due.
        """
        position = self._resume_behind(delay)
        while True:
            if position < self._start:
                position = self._resume_behind(delay)
            elif position < self._end:
                early = self._came[position - self._start] + delay - self._monotonic()
                if early > 0:
                    await asyncio.sleep(early)
                    continue  # it may have been lapped meanwhile
                yield self._items[position - self._start]
                position += 1
            elif self._closed:
                return
            else:
                await self._more()

    @property
    def _start(self) -> int:
        return self._end - len(self._items)

    def _resume(self) -> int:
        return self._entries[-1] if self._entries else self._end

    def _resume_behind(self, delay: float) -> int:
        due = self._monotonic() - delay
        old = [place for place in self._entries if self._came[place - self._start] <= due]
        return old[-1] if old else self._entries[0] if self._entries else self._end

    async def _more(self) -> None:
        """Wait until something has come, or the ring is closed."""
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wakers.append(waker)
        self.on_wait()
        await waker

    def _wake(self) -> None:
        wakers, self._wakers = self._wakers, []
        for waker in wakers:
            if not waker.done():
                waker.set_result(None)
