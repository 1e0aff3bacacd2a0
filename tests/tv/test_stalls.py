"""A loop that is held up says by whom."""

import asyncio
import logging
import threading
import time

import pytest

from tv.stalls import Stalls


def hold_up(seconds: float) -> None:
    """Do not let the loop turn."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


async def test_who_holds_the_loop_up_is_named(caplog: pytest.LogCaptureFixture) -> None:
    stalls = Stalls(late=0.1)
    with caplog.at_level(logging.WARNING), stalls.watching(asyncio.get_running_loop()):
        await asyncio.sleep(0)
        hold_up(0.4)
        await asyncio.sleep(0)
    assert stalls.count == 1  # once, however long
    assert stalls.worst >= 0.1
    (said,) = [record.getMessage() for record in caplog.records]
    assert "test_stalls.py" in said
    assert said.endswith("hold_up")


async def test_a_loop_that_turns_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    stalls = Stalls(late=2.0)
    with stalls.watching(asyncio.get_running_loop()):
        for _ in range(100):
            await asyncio.sleep(0)
    assert stalls.count == 0
    assert not caplog.records


async def test_a_loop_that_stands_still_for_good_ends_its_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = threading.Event()
    stalls = Stalls(late=0.05, given_up=0.2, end=ended.set)
    with stalls.watching(asyncio.get_running_loop()):
        await asyncio.sleep(0)
        assert ended.wait(20)  # which does not let the loop turn
    assert "stands still" in caplog.text
