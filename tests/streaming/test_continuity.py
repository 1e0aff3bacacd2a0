"""Whatever studios do, the channel's picture goes on: no hole, no step back, all decodable."""

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.clock import Clock
from streaming.continuity import HOLD, Channel
from streaming.errors import PublishRefused
from streaming.failover import DARK
from streaming.packet import Packet
from streaming.slate import Slate
from tests.streaming import studios
from tests.streaming.stage import START, TICK, Stage, Studio, stage

SHORT_GOP = {"frames": 40, "gop": 10}


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


async def test_backup_with_a_keyframe_soon_follows_without_a_slate() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage() as on:
        primary = on.publish("primary", film)
        on.publish("backup", film)
        await on.run(3)
        on.end(primary)
        await on.run(2)
        assert on.channel.on_air == "backup"
        kinds = on.kinds()
        assert set(kinds[kinds.index("studio") :]) == {"studio"}
        on.assert_whole(longest=1.0)


async def test_slate_is_shown_until_a_backup_with_long_groups_of_pictures_can_follow() -> None:
    async with stage() as on:
        primary = on.publish("primary")
        backup = on.publish("backup", studios.film(200, gop=100))
        await on.run(5)
        on.end(primary)
        await on.run(4)
        assert on.channel.on_air == "backup"
        kinds = on.kinds()
        on.assert_whole()
        assert "slate" in kinds[kinds.index("studio") :]
        on.end(backup)
        await on.run(1)
        assert on.channel.on_air == "slate"
        on.assert_whole()


async def test_wedged_primary_gives_way_to_the_backup() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage() as on:
        primary = on.publish("primary", film)
        on.publish("backup", film)
        await on.run(3)
        primary.stalled = True
        await on.run(3)
        assert on.channel.on_air == "backup"
        on.assert_whole()


async def test_primary_takes_over_from_the_backup_only_after_a_hold_that_grows() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage() as on:
        primary = on.publish("primary", film)
        on.publish("backup", film)
        waits = []
        for _ in range(2):
            await on.run(2)
            on.end(primary)
            await on.run(2)
            assert on.channel.on_air == "backup"
            primary = on.publish("primary", film)
            began = on.time
            while on.channel.on_air == "backup":
                await on.run(TICK)
            waits.append(on.time - began)
        assert waits == [pytest.approx(HOLD * factor, abs=0.6) for factor in (2, 4)]
        on.assert_whole(longest=1.0)


async def test_taken_slot_is_refused_in_french_and_nothing_is_disturbed() -> None:
    async with stage() as on:
        on.publish()
        await on.run(2)
        with pytest.raises(
            PublishRefused, match="principal du canal «\u00a0plateau\u00a0» est déjà"
        ):
            on.channel.take("primary", "rtmp")
        with pytest.raises(PublishRefused, match="Emplacement inconnu"):
            on.channel.take("third", "rtmp")
        await on.run(2)
        assert on.on_air() == ["primary"]


async def test_silent_holder_is_put_out_and_what_it_still_sends_is_not_shown() -> None:
    async with stage() as on:
        old = on.publish()
        evicted: list[str] = []
        old.source.on_evicted = lambda: evicted.append("old")
        await on.run(3)
        old.stalled = True
        await on.run(2.2)
        on.publish(film=studios.film(size=(256, 144)))
        assert evicted == ["old"]
        old.stalled = False
        await on.run(3)
        old.source.close("twice")
        assert on.channel.on_air == "primary"
        assert {packet.config for packet in on.shown[-50:]} == {
            studios.film(size=(256, 144))[0].config
        }
        on.assert_whole()


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


# Sound.


async def heard_until(on: Stage, time: float) -> None:
    async with asyncio.timeout(20):
        while not on.heard or on.heard[-1].pts < time:
            await on.run(TICK)


async def test_sound_stays_within_40_ms_of_its_picture_over_stalls_and_cuts() -> None:
    ticks = tuple(studios.sound(studios.ticks(8)))
    async with stage(sound=True) as on:
        studio = on.publish(sounds=ticks)
        began = on.time
        await on.run(3)
        studio.stalled = True
        await on.run(1.2)
        studio.stalled = False
        await on.run(1)
        on.end(studio)
        await on.run(1)
        again = on.publish(sounds=ticks)
        began_again = on.time
        await heard_until(on, on.time + 3)
        on.assert_whole()
    assert again.source is not studio.source
    expected = [began + at for at in np.arange(0.25, 5, 0.5)]
    expected += [began_again + at for at in np.arange(0.25, 2.9, 0.5)]
    heard = studios.clicks(*studios.decode_sound(on.heard, "aac"))
    late = [min(heard, key=lambda click: abs(click - time)) - time for time in expected]
    # During the stall there was nothing to be heard yet: all that came later is in its place.
    kept = [error for error in late if abs(error) < 0.04]
    assert len(kept) >= len(expected) - 3
    assert max(map(abs, kept)) < 0.03


async def test_only_the_source_on_air_is_heard() -> None:
    film, ticks = studios.film(**SHORT_GOP), tuple(studios.sound(studios.ticks(8)))
    async with stage(sound=True) as on:
        primary = on.publish("primary", film)
        on.publish("backup", film, ticks)
        began = on.time
        await on.run(2.5)
        on.end(primary)
        await heard_until(on, began + 5)
    heard = studios.clicks(*studios.decode_sound(on.heard, "aac"))
    assert heard[0] - began > 2.4
    assert len(heard) >= 3


async def test_late_sound_is_waited_for() -> None:
    ticks = tuple(studios.shift(p, -0.5) for p in studios.sound(studios.ticks(8)))
    async with stage(sound=True) as on:
        on.publish(sounds=ticks)
        began = on.time
        await heard_until(on, began + 6)
    heard = studios.clicks(*studios.decode_sound(on.heard, "aac"))
    assert len([click for click in heard if click > began + 2]) >= 6


# Anything at all.

Steps = st.lists(
    st.tuples(
        st.sampled_from(["publish", "end", "stall", "resume", "pause", "skip", "trim"]),
        st.sampled_from(["primary", "backup"]),
        st.sampled_from([0.04, 0.3, 1.0, 1.7, 3.0, 6.0]),
    ),
    min_size=4,
    max_size=16,
)
FILMS = ((25, 0), (30, 0), (25, 2), (12, 0))


@settings(max_examples=20, deadline=None)
@given(Steps, st.sampled_from(FILMS), st.sampled_from(FILMS))
async def test_whatever_studios_do_the_picture_is_whole(
    steps: list[tuple[str, str, float]], first: tuple[int, int], second: tuple[int, int]
) -> None:
    films = {
        slot: studios.film(40, rate=rate, gop=20, b_frames=b_frames)
        for slot, (rate, b_frames) in (("primary", first), ("backup", second))
    }
    async with stage() as on:
        there: dict[str, Studio] = {}
        for act, slot, seconds in steps:
            match act, there.get(slot):
                case "publish", None:
                    there[slot] = on.publish(slot, films[slot])
                case "end", Studio() as studio:
                    on.end(there.pop(slot))
                case "stall", Studio() as studio:
                    studio.stalled = True
                case "resume", Studio() as studio:
                    studio.stalled = False
                case "pause", Studio() as studio:
                    studio.pause(seconds)
                case "skip", Studio() as studio:
                    studio.skip(seconds)
                case "trim", Studio() as studio:
                    studio.source.timeline.delay = seconds - 1
            await on.run(seconds)
        await on.run(3)
        # A source's own gaps of less than DARK stay; no other hole is ever left.
        on.assert_whole(longest=DARK + 0.3)
        assert on.shown[-1].dts > on.time - 2.5


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
