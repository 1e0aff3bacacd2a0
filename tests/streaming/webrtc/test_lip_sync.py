"""Sound and picture are together where they are seen and heard, live and later."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiortc.rtp import RtcpSrPacket

from streaming.feed import Feed
from streaming.packet import Packet
from streaming.webrtc.delayed import Delayed
from streaming.webrtc.mux import Mux
from streaming.webrtc.relay import Relay
from tests.streaming.webrtc import clapper

TOGETHER = 0.040  # seconds: what people do not notice (EBU R37: 40 ms early, 60 ms late)
EXACT = 0.005
DELAY = 1.0
RATES = {"video": 90_000, "audio": 48_000}


@pytest.fixture
async def mux() -> AsyncIterator[Mux]:
    mux = Mux()
    yield mux
    await mux.close()


def by_report(report: RtcpSrPacket, timestamp: float, rate: int) -> float:
    """When that was, by a sender report (RFC 3550, 6.4.1), as a receiver reckons."""
    info = report.sender_info
    ahead = (timestamp - info.rtp_timestamp + 2**31) % 2**32 - 2**31
    return info.ntp_timestamp / 2**32 - 2_208_988_800 + ahead / rate


@pytest.mark.parametrize("start", [1_800_000_000.0, 2514 * clapper.WRAP - 2.0], ids=["", "wraps"])
@pytest.mark.slow
async def test_a_clap_is_seen_when_it_is_heard(mux: Mux, watching: Any, start: float) -> None:
    film = clapper.make(4, start)
    feed = Feed()
    relay = Relay(feed, mux=mux)
    delayed = Delayed(feed, DELAY, lambda feed: Relay(feed, mux=mux))
    try:
        async with (
            watching(relay.answer) as live,
            watching(delayed.open().answer) as later,
            film.playing(feed),
            asyncio.timeout(30),
        ):
            for viewer in (live, later):
                await viewer.until(lambda v=viewer: len(v.timestamps("video")) >= 95, seconds=20)
                await viewer.until(lambda v=viewer: len(v.packets["audio"]) >= 190, seconds=20)
    finally:
        await delayed.close()
        await relay.close()
    for viewer in (live, later):
        reports = {kind: viewer.reports[kind] for kind in RATES}
        shown = clapper.seen(viewer.packets["video"])
        flashes = [
            by_report(reports["video"][0], timestamp, RATES["video"])
            for timestamp, (number, white) in shown.items()
            if white and number % clapper.FRAME_RATE == 0
        ]
        first = viewer.packets["audio"][0].timestamp
        beeps = [
            by_report(reports["audio"][0], first + place, RATES["audio"])
            for place in clapper.heard(viewer.packets["audio"])
        ]
        apart = [min(abs(beep - flash) for flash in flashes) for beep in beeps]
        assert len(apart) >= 2
        assert max(apart) < EXACT < TOGETHER
        # Both are when they were on the broadcast clock, however late they came; and the reports of
        # either agree with each other for as long as one watches.
        assert min(abs(flash - start - 2.0) for flash in flashes) < EXACT
        for kind, rate in RATES.items():
            times = [by_report(report, 0, rate) for report in reports[kind]]
            assert max(times) - min(times) < EXACT


@pytest.mark.alone
async def test_a_second_report_follows_soon(
    relay: Relay, feed: Feed, pictures: list[Packet], sounds: list[Packet], watching: Any
) -> None:
    feed.webrtc.append(pictures[0])
    feed.opus.append(sounds[0])
    async with watching(relay.answer) as viewer:
        for kind in RATES:
            await viewer.until(lambda k=kind: len(viewer.reports[k]) >= 2)
            first, second = (r.sender_info.ntp_timestamp / 2**32 for r in viewer.reports[kind][:2])
            # Browsers bring sound and picture together once they have two of each.
            assert 0 < second - first < 0.9
