"""A studio and the slate: the channel's picture goes on, without a hole or a step back."""

import asyncio

import numpy as np
import pytest
from anyio.lowlevel import checkpoint

from streaming.clock import Clock
from streaming.continuity import IDLE, Channel
from streaming.failover import DARK
from streaming.packet import Packet
from streaming.slate import Slate
from tests.streaming import studios
from tests.streaming.stage import START, TICK, stage


async def test_slate_is_on_air_from_the_start() -> None:
    async with stage() as on:
        await on.run(5)
        assert set(on.kinds()) == {"slate"}
        on.assert_whole()
        assert on.shown[0].key
        assert on.shown[0].dts == START
        assert 0.15 < on.time - on.shown[-1].dts < 0.3


async def test_studio_is_on_air_from_its_first_keyframe() -> None:
    async with stage() as on:
        await on.run(2)
        studio = on.publish()
        studio.skip(0.5, to_a_key=False)  # it begins in the middle of a group of pictures
        await on.run(0.9)
        assert on.channel.on_air == "slate"
        await on.run(1)
        assert on.channel.on_air == "primary"
        on.assert_whole()
        first = on.kinds().index("studio")
        assert on.shown[first].key
        assert on.shown[first].dts == pytest.approx(START + 3.0, abs=0.05)


async def test_viewers_ask_the_studio_on_air_for_keyframes_at_most_twice_a_second() -> None:
    async with stage() as on:
        asked: list[tuple[str, float]] = []
        for slot in ("primary", "backup"):
            studio = on.publish(slot)
            studio.source.on_key_wanted = lambda slot=slot: asked.append((slot, on.time))
        await on.run(3)
        on.channel.feed.want_key()
        assert [slot for slot, _ in asked] == ["primary"]
        for _ in range(100):
            await on.run(TICK)
            on.channel.feed.want_key()
        assert 4 <= len(asked) <= 5
        on.end(on.studios[0])
        await on.run(3)
        assert on.channel.on_air == "backup"
        on.channel.feed.want_key()
        assert asked[-1][0] == "backup"
        on.end(on.studios[0])
        await on.run(1)
        count = len(asked)
        on.channel.feed.want_key()  # of the slate: nobody can be asked, and its own is near
        assert len(asked) == count


async def test_closed_studio_is_followed_by_the_slate_at_once() -> None:
    async with stage() as on:
        studio = on.publish()
        await on.run(3)
        count, last = len(on.shown), on.shown[-1].dts
        on.end(studio)
        assert on.channel.on_air == "slate"
        await on.run(TICK)
        assert on.kinds()[count] == "slate"
        assert on.shown[count].key
        assert on.shown[count].dts == pytest.approx(last + 0.04, abs=0.001)
        await on.run(3)
        on.assert_whole()


async def test_wedged_studio_is_covered_from_its_last_picture_on() -> None:
    async with stage() as on:
        studio = on.publish()
        await on.run(3)
        last, stalled_at = on.shown[-1].dts, on.time
        studio.stalled = True
        await on.run(4)
        on.assert_whole()
        changed_at, name = on.history[-1]
        assert name == "slate"
        assert changed_at - stalled_at == pytest.approx(DARK, abs=0.1)
        first = next(p for p, kind in zip(on.shown, on.kinds(), strict=True) if p.dts > last)
        assert first.dts == pytest.approx(last + 0.04, abs=0.001)


async def test_short_stall_changes_nothing_on_air() -> None:
    async with stage() as on:
        studio = on.publish()
        await on.run(3)
        studio.stalled = True
        await on.run(1.3)
        studio.stalled = False
        await on.run(3)
        assert on.on_air() == ["primary"]
        on.assert_whole()


async def test_studio_that_is_killed_and_started_again_comes_back_at_its_first_keyframe() -> None:
    async with stage() as on:
        for _ in range(5):
            studio = on.publish()
            await on.run(2.5)
            on.end(studio)
            await on.run(1.7)
        assert on.on_air() == ["primary", "slate"] * 5
        on.assert_whole()


async def test_burst_after_a_long_stall_is_not_played_fast() -> None:
    async with stage() as on:
        studio = on.publish()
        await on.run(3)
        studio.stalled = True
        await on.run(15)
        studio.stalled = False  # 15 s of frames come at once, with their own times
        await on.run(6)
        on.assert_whole()
        assert on.on_air() == ["primary", "slate", "primary"]
        returned = on.history[-1][0]
        assert returned - (START + 18) == pytest.approx(2, abs=1.1)


async def test_studio_that_falls_behind_for_good_is_placed_anew_and_shown() -> None:
    async with stage() as on:
        studio = on.publish()
        await on.run(3)
        studio.pause(8)
        await on.run(16)
        on.assert_whole()
        assert on.on_air() == ["primary", "slate", "primary"]
        assert on.shown[-1].dts == pytest.approx(on.time, abs=0.15)


async def test_jump_of_a_studios_time_is_filled_by_the_slate() -> None:
    async with stage() as on:
        studio = on.publish(delay=0)
        await on.run(3)
        studio.source.timeline.delay += 2.4  # as the crew trims it
        await on.run(6)
        on.assert_whole()
        assert on.on_air()[-1] == "primary"
        assert "slate" in on.kinds()


@pytest.mark.parametrize("delay", [0.5, 2.0, -0.1, -0.5])
async def test_trimmed_studio_follows_the_slate_without_a_hole(delay: float) -> None:
    async with stage() as on:
        await on.run(3)
        on.publish(delay=delay)
        await on.run(4)
        assert on.channel.on_air == "primary"
        on.assert_whole()
        assert on.shown[-1].dts == pytest.approx(on.time + delay, abs=0.05)


async def test_pictures_in_another_order_are_kept_in_order_over_cuts() -> None:
    film = studios.film(60, gop=20, b_frames=2)
    assert any(packet.pts > packet.dts for packet in film[1:])
    async with stage() as on:
        await on.run(1)
        for _ in range(3):
            studio = on.publish(film=film)
            await on.run(2.6)
            on.end(studio)
            await on.run(1.1)
        on.assert_whole(longest=0.17)
        assert on.on_air().count("primary") == 3


async def test_slate_comes_in_the_studios_size() -> None:
    async with stage() as on:
        studio = on.publish(film=studios.film(size=(256, 144)))
        await on.run(2)
        async with asyncio.timeout(10):
            while (loop := on.channel.slate.loop(256, 144)) is None or loop.width != 256:
                await on.run(TICK)
        on.end(studio)
        await on.run(1)
        assert on.shown[-1].config == loop.config


async def test_time_since_the_last_run_is_filled_with_slate_and_silence() -> None:
    async with stage(START - 100, sound=True) as on:
        studio = on.publish()
        async with asyncio.timeout(30):
            while on.channel.on_air == "slate":
                await on.run(TICK)
        await on.run(2)
        on.end(studio)
        on.assert_whole()
        assert on.shown[0].dts == START - 100
        assert on.heard[0].dts == pytest.approx(START - 100, abs=0.001)
        steps = np.diff([packet.dts for packet in on.heard])
        assert steps == pytest.approx(1024 / 48_000, abs=1e-5)
        assert len(on.shown) > 2500


@pytest.mark.parametrize("before", [START - 200, START + 10])
async def test_run_that_ended_long_ago_or_later_than_now_is_not_resumed(before: float) -> None:
    async with stage(before) as on:
        await on.run(1)
        assert on.shown[0].dts == START


async def test_run_whose_studio_was_early_is_not_overlapped() -> None:
    async with stage(START + 0.8) as on:
        on.publish()
        await on.run(4)
        on.assert_whole()
        assert START + 0.8 <= on.shown[0].dts < START + 0.85
        assert on.channel.on_air == "primary"


async def test_crew_still_sees_why_a_source_was_refused_until_the_next_one_comes() -> None:
    changes: list[str] = []
    async with stage(on_change=lambda: changes.append("")) as on:
        source = on.channel.take("primary", "rtmp")
        source.advise(["L’image arrive en HEVC."])
        count = len(changes)
        source.close("refused")
        assert len(changes) > count
        (primary,) = on.channel.state().sources
        assert (primary.connected, primary.advice) == (False, ["L’image arrive en HEVC."])
        on.publish()
        (primary,) = on.channel.state().sources
        assert (primary.connected, primary.advice) == (True, [])


async def test_crew_is_told_of_each_change() -> None:
    changes: list[str] = []
    async with stage(on_change=lambda: changes.append("")) as on:
        state = on.channel.state()
        assert (state.on_air, state.since) == ("slate", START)
        assert [(s.slot, s.connected) for s in state.sources] == [("primary", False)]
        studio = on.publish("backup")
        assert len(changes) == 1
        await on.run(6)
        studio.source.advise(["Le son arrive en MP3."])
        count = len(changes)
        studio.source.advise(["Le son arrive en MP3."])
        assert count == len(changes) == 3
        state = on.channel.state(webrtc_viewers=3)
        assert state.webrtc_viewers == 3
        assert state.on_air == "backup"
        assert state.since == pytest.approx(START, abs=0.1)
        _, backup = state.sources
        assert (backup.kind, backup.connected, backup.on_air) == ("test", True, True)
        assert (backup.width, backup.height) == (320, 180)
        assert backup.frame_rate == pytest.approx(25, abs=1)
        assert backup.advice[0] == "Le son arrive en MP3."
        assert any("Aucun son" in line for line in backup.advice)
        on.end(studio)
        state = on.channel.state()
        assert state.on_air == "slate"
        assert [s.connected for s in state.sources] == [False, False]
        assert len(changes) > 3


async def test_studio_may_be_left_unread_until_a_part_ends_and_somebody_needs_it() -> None:
    async with stage() as on:
        assert on.channel.rest("primary") <= 0
        on.publish()
        on.publish("backup")
        await on.run(1.0)
        feed = on.channel.feed
        feed.due = on.time + 0.3
        assert on.channel.rest("backup") == 0.0  # it may have to take over
        assert on.channel.rest("primary") == 0.0  # the stage waits for its sound
        feed.aac.close()
        await checkpoint()
        assert on.channel.rest("primary") == pytest.approx(0.3)
        assert on.studios[0].source.rest == pytest.approx(0.3)
        on.channel.watched = lambda: True
        assert on.channel.rest("primary") == 0.0


# In real time.


async def test_channel_runs_by_itself() -> None:
    clock = Clock()
    channel = Channel("plateau", clock.now, slate=Slate())
    running = asyncio.create_task(channel.run())
    shown: list[Packet] = []

    async def shown_until(config: bytes) -> None:
        async for packet in channel.feed.video.follow():
            shown.append(packet)
            if (packet.config == config) == bool(config):
                return

    async with asyncio.timeout(20):
        await shown_until(b"")  # the slate
        slate = shown[-1].config
        film = studios.film()
        source = channel.take("primary", "test")
        track = source.timeline.track(1000, 32)
        for packet in film[:5]:
            stamp = track.stamp(round(packet.dts * 1000))
            source.video(Packet(packet.data, stamp, stamp, packet.key, packet.config))
        await shown_until(film[0].config)
        killed = clock.now()
        source.close("killed")
        await shown_until(slate)
        assert clock.now() - killed < 2.0
        async for packet in channel.feed.opus.follow():
            if packet.pts > killed:
                break
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_channel_without_a_studio_sleeps_most_of_the_time() -> None:
    clock, ticks = Clock(), 0

    def now() -> float:
        nonlocal ticks
        ticks += 1
        return clock.now()

    channel = Channel("plateau", now, slate=Slate())
    await channel.slate.prepare()
    async with asyncio.timeout(20):
        running = asyncio.create_task(channel.run())
        ring = channel.feed.video.follow()
        await anext(ring)
        ticks, began = 0, clock.now()
        while (await anext(ring)).dts < began + 1.5:
            pass
        assert ticks <= (clock.now() - began) / IDLE + 2
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
