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
    async with running(cycles.collecting(folded, lambda took: 0.01)):
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
    async with running(cycles.collecting(folded, lambda took: 0.01)):
        await asyncio.sleep(0)
        first = [weakref.ref(each) for each in (Loop(), Loop())]
        assert gc.get_freeze_count() == 0
        folded.set()
        await when(lambda: gc.get_freeze_count() > 0)
        later = weakref.ref(Loop())
        await when(lambda: later() is None)
        assert all(each() is not None for each in first)


def test_looks_take_no_more_than_a_thousandth_of_the_time() -> None:
    assert cycles.pause(0.001) == 60.0
    assert cycles.pause(0.5) == pytest.approx(500.0)
