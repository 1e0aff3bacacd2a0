"""Viewers that come and go leave nothing behind, and cost little."""

import asyncio
import gc
import os
import sys
import time
from collections import Counter

import pytest
from OpenSSL import SSL
from pylibsrtp import Session

from streaming.webrtc.mux import Mux
from streaming.webrtc.party import Claim, Party
from streaming.webrtc.private import Agent, Dtls, Lane
from tests.streaming.webrtc.door import Host, packet, visiting

OURS = (Host, Party, Claim, Agent, Dtls, Lane)
TOGETHER = 10


def alive(kinds: tuple[type, ...]) -> Counter[str]:
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))


async def crowd(mux: Mux, count: int) -> None:
    """So many come, see something, and leave; a few at a time."""

    async def visit() -> None:
        async with visiting(mux) as guest:
            await guest.gets(packet(1))
            await guest.ask(guest.check())

    for _ in range(count // TOGETHER):
        await asyncio.gather(*(visit() for _ in range(TOGETHER)))


@pytest.mark.slow
async def test_a_hundred_joins_and_leaves_leave_everything_as_it_was() -> None:
    mux = Mux()
    await mux.open()
    await crowd(mux, TOGETHER)  # what is made once is made now
    gc.collect()
    before = mux.held, len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    await crowd(mux, 100)
    gc.collect()
    assert not alive(OURS)
    descriptors = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    assert (mux.held, descriptors) == before
    assert mux.counts.failed == 0
    await mux.close()


async def test_openssl_and_libsrtp_let_go_of_their_memory_at_once() -> None:
    """Python's collector does not count it, and would come late."""
    mux = Mux()
    await mux.open()
    gc.collect()
    gc.disable()
    try:
        before = alive((SSL.Connection, Session))
        async with visiting(mux) as guest:
            await guest.gets(packet(1))
            await guest.host.close()
            theirs = Counter({"Connection": 1, "Session": 2})  # aiortc's, which keeps them
            assert alive((SSL.Connection, Session)) - before <= theirs
    finally:
        gc.enable()
    await mux.close()


async def test_all_connections_share_one_certificate() -> None:
    mux = Mux()
    await mux.open()
    async with visiting(mux) as one, visiting(mux) as two:
        first, second = (
            guest.peer.remoteDescription.sdp.partition("a=fingerprint:")[2].splitlines()[0]
            for guest in (one, two)
        )
        assert first == second
        assert one.host.srtp is not None
        assert two.host.srtp is not None
        # The keys are each one's own all the same.
        sealed = one.host.srtp.session.protect(packet(1))
        assert sealed != two.host.srtp.session.protect(packet(1))
    await mux.close()


@pytest.mark.alone
async def test_a_join_that_is_broken_off_leaves_nothing() -> None:
    """At any of its steps: cancelled after so many turns of the loop."""
    mux = Mux()
    await mux.open()
    began = time.monotonic()
    for turns in range(0, 120, 7):

        async def visit() -> None:
            async with visiting(mux) as guest:
                await guest.gets(packet(1))

        task = asyncio.create_task(visit())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert not mux.parties
        assert not mux.claims
        assert not mux.asked
    assert time.monotonic() - began < 60
    await mux.close()
