"""Sound and picture on air are within 40 ms of each other, whatever time does to their studio."""

from bisect import bisect_right
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from streaming.clock import Clock
from streaming.failover import DARK
from streaming.packet import Packet
from tests.streaming import studios
from tests.streaming.stage import START, Stage, Studio, heard_until, stage


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


async def test_late_sound_is_waited_for() -> None:
    ticks = tuple(studios.shift(p, -0.5) for p in studios.sound(studios.ticks(8)))
    async with stage(sound=True) as on:
        on.publish(sounds=ticks)
        began = on.time
        await heard_until(on, began + 6)
    heard = studios.clicks(*studios.decode_sound(on.heard, "aac"))
    assert len([click for click in heard if click > began + 2]) >= 6


# A talk of which every moment can be told by eye and by ear: no two pictures are the same, and a
# click is heard at 0.25 s and every two seconds from there.
LAP = 8.0
CLICK, EVERY = 0.25, 2.0
STEADY = 0.040  # seconds: what is out of step by less, nobody notices


@cache
def talk(b_frames: int = 0) -> dict[str, tuple[Packet, ...]]:
    samples = np.zeros((2, round((LAP + 1) * studios.RATE)), np.float32)
    for second in np.arange(CLICK, LAP + 1, EVERY):
        at = round(second * studios.RATE)
        samples[:, at : at + studios.RATE // 1000] = 0.8
    sounds = tuple(p for p in studios.sound(samples) if 0 <= p.pts < LAP - 0.001)
    return {"film": studios.film(200, gop=50, b_frames=b_frames), "sounds": sounds}


def out_of_step(on: Stage, film: tuple[Packet, ...]) -> list[tuple[float, float]]:
    """When each click is heard, and by how many seconds it is late for the picture then shown."""
    moments = {packet.data: packet.pts for packet in film}
    assert len(moments) == len(film)
    shown = sorted(on.shown, key=lambda packet: packet.pts)
    times = [packet.pts for packet in shown]
    found = []
    for click in studios.clicks(*studios.decode_sound(on.heard, "aac")):
        picture = shown[bisect_right(times, click) - 1]
        moment = moments[picture.data] + click - picture.pts
        found.append((click, (moment - CLICK + EVERY / 2) % EVERY - EVERY / 2))
    return found


@pytest.mark.parametrize(
    ("picture", "sound"),
    [
        ((90_000, 32), (48_000, 32)),  # RTP
        ((90_000, 33), (90_000, 33)),  # MPEG-TS
        ((1000, 32), (1000, 32)),  # RTMP
        ((1000, 24), (1000, 24)),  # RTMP without extended timestamps
    ],
)
@pytest.mark.parametrize(("wraps", "b_frames"), [("picture", 2), ("sound", 0)])
async def test_wraps_change_nothing(
    picture: tuple[int, int], sound: tuple[int, int], wraps: str, b_frames: int
) -> None:
    rate, bits = picture if wraps == "picture" else sound
    made = talk(b_frames)
    async with stage(sound=True) as on:
        on.publish(**made, picture=picture, sound=sound, origin=(1 << bits) / rate - 2.1)
        await heard_until(on, START + 4.9)
    on.assert_whole(longest=0.17)
    assert on.on_air() == ["primary"]
    found = out_of_step(on, made["film"])
    assert len(found) >= 2
    assert max(abs(error) for _, error in found) < STEADY


Event = Callable[[Studio], None]


def shift(picture: float, sound: float) -> Event:
    def happen(studio: Studio) -> None:
        studio.picture_origin += picture
        studio.sound_origin += sound

    return happen


def late_sound(studio: Studio) -> None:
    studio.sound_late = 0.5


def lose_some(studio: Studio) -> None:
    studio.skip(0.8)


def fall_behind(studio: Studio) -> None:
    studio.pause(5)


@pytest.mark.parametrize(
    ("event", "b_frames"),
    [
        pytest.param(shift(60, 60), 2, id="both jump ahead"),
        pytest.param(shift(-60, -60), 0, id="both jump back"),
        pytest.param(shift(1.2, 1.2), 0, id="both step ahead"),
        pytest.param(shift(-1.2, -1.2), 2, id="both step back"),
        pytest.param(shift(-1000, -1000), 2, id="both begin at 0 again"),
        pytest.param(shift(60, 0), 2, id="the picture jumps ahead"),
        pytest.param(shift(-1.2, 0), 2, id="the picture steps back"),
        pytest.param(shift(0, 1.2), 0, id="the sound steps ahead"),
        pytest.param(shift(0, -60), 0, id="the sound jumps back"),
        pytest.param(late_sound, 0, id="the sound comes late"),
        pytest.param(lose_some, 2, id="some is lost"),
        pytest.param(fall_behind, 0, id="it is paused and goes on where it was"),
    ],
)
async def test_sound_is_in_step_again_after(event: Event, b_frames: int) -> None:
    made = talk(b_frames)
    async with stage(sound=True) as on:
        studio = on.publish(**made, origin=1000.0)
        await on.run(4.4)
        event(studio)
        await on.run(12 if event is fall_behind else 4)
        back = on.time
        await heard_until(on, back + 4)
    on.assert_whole(longest=DARK + 0.3)
    assert on.channel.on_air == "primary"
    assert on.shown[-1].dts == pytest.approx(on.time, abs=0.15)
    found = out_of_step(on, made["film"])
    assert len([at for at, _ in found if at > back]) >= 2
    assert max(abs(error) for _, error in found) < STEADY


@pytest.mark.parametrize("how", ["its pictures wait", "they are lost"])
async def test_a_studio_that_is_stopped_for_15_s_is_back_in_step(how: str) -> None:
    made = talk()
    async with stage(sound=True) as on:
        studio = on.publish(**made)
        await on.run(4.4)
        studio.stalled = True
        await on.run(15)
        assert on.channel.on_air == "slate"
        if how == "they are lost":
            studio.skip(0, to_a_key=False)
        studio.stalled = False
        await on.run(4)
        assert on.channel.on_air == "primary"
        back = on.time
        await heard_until(on, back + 4)
    on.assert_whole(longest=DARK + 0.3)
    assert on.on_air() == ["primary", "slate", "primary"]
    found = out_of_step(on, made["film"])
    assert len([at for at, _ in found if at > back]) >= 2
    assert max(abs(error) for _, error in found) < STEADY


@pytest.mark.slow
@pytest.mark.parametrize("rate_error", [500e-6, -500e-6])
async def test_a_studio_whose_clock_drifts(rate_error: float) -> None:
    made = talk()
    async with stage(sound=True) as on:
        on.publish(**made, rate_error=rate_error)
        await heard_until(on, START + 60)
    on.assert_whole()
    found = out_of_step(on, made["film"])
    assert len(found) >= 29
    assert max(abs(error) for _, error in found) < STEADY
    assert on.shown[-1].dts == pytest.approx(on.time, abs=0.05)


async def test_a_wall_clock_that_is_set_moves_nothing() -> None:
    made, wall = talk(), START
    async with stage(sound=True) as on:
        clock = Clock(wall=lambda: wall, monotonic=lambda: on.time)
        on.channel.now = clock.now
        on.publish(**made)
        for hours in (1, -1):
            await on.run(2)
            wall = START + 3600 * hours
        await heard_until(on, START + 8)
    on.assert_whole()
    found = out_of_step(on, made["film"])
    assert len(found) == 4
    assert max(abs(error) for _, error in found) < STEADY


@pytest.mark.parametrize(
    ("delay", "trim"), [(0.0, 0.25), (0.0, -0.8), (0.0, 1.0), (-1.5, -0.8), (2.0, -0.8)]
)
async def test_sound_is_trimmed_against_its_picture(delay: float, trim: float) -> None:
    made = talk()
    async with stage(sound=True) as on:
        on.publish(**made, delay=delay, trim=trim)
        await on.run(8)
        await heard_until(on, on.time + delay + trim - 0.5)
    on.assert_whole()
    found = [error for at, error in out_of_step(on, made["film"]) if at > START + 2 + delay + trim]
    assert len(found) >= 2
    assert found == pytest.approx([trim if trim < 1 else -1.0] * len(found), abs=STEADY)


@pytest.mark.parametrize("b_frames", [0, 2])
async def test_a_studio_that_begins_with_a_burst_is_in_its_place_at_once(b_frames: int) -> None:
    """As `ffmpeg -re` does, which sends the first half second of its file as fast as it can."""
    made = talk(b_frames)
    async with stage(sound=True) as on:
        await on.run(1)
        studio = on.publish(**made)
        studio.pause(-0.5)
        await on.run(1)
        assert on.channel.on_air == "primary"
        assert on.shown[-1].dts == pytest.approx(on.time, abs=0.1)
        assert abs(studio.source.timeline.drift) < 0.05
        await heard_until(on, on.time + 5)
    on.assert_whole()
    found = out_of_step(on, made["film"])
    assert len(found) >= 3
    assert max(abs(error) for _, error in found) < STEADY
