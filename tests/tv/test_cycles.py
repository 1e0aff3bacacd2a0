"""What holds itself goes while a process runs, and what was there first is left alone."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from tests.waiting import when
from tv import cycles
from tv.tasks import running


class Loop:
    """Holds itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    """Python's own again, afterwards."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


async def test_what_holds_itself_goes_though_it_is_old() -> None:
    folded = asyncio.Event()
    folded.set()
    async with running(cycles.collecting(folded, every=0.01, share=1.0)):
        await when(lambda: gc.get_freeze_count() > 0)
        old = Loop()
        gc.collect()  # the oldest of Python's three ages
        assert gc.get_threshold() == cycles.THRESHOLDS
        gone = weakref.ref(old)
        del old
        await when(lambda: gone() is None)
    assert gc.get_freeze_count() == 0


async def test_what_was_folded_first_is_not_looked_through_again() -> None:
    folded = asyncio.Event()
    async with running(cycles.collecting(folded, every=0.01, share=1.0)):
        await asyncio.sleep(0)
        first = [weakref.ref(each) for each in (Loop(), Loop())]
        assert gc.get_freeze_count() == 0
        folded.set()
        await when(lambda: gc.get_freeze_count() > 0)
        later = weakref.ref(Loop())
        await when(lambda: later() is None)
        assert all(each() is not None for each in first)


async def test_looks_take_no_more_than_their_share_of_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a clock by which a look takes a third of a second."""
    times, pauses = iter(range(1000)), asyncio.Queue[float]()

    async def sleep(seconds: float) -> None:
        pauses.put_nowait(seconds)
        await asyncio.Event().wait()

    monkeypatch.setattr(cycles.time, "perf_counter", lambda: next(times) / 3)
    monkeypatch.setattr(cycles.asyncio, "sleep", sleep)
    folded = asyncio.Event()
    folded.set()
    async with running(cycles.collecting(folded, every=60.0, share=0.001)):
        assert await pauses.get() == pytest.approx(333.3, abs=0.1)
