"""A source without a picture is heard over the slate; one without sound is shown in silence."""

import numpy as np

from tests.streaming import studios
from tests.streaming.stage import Stage, heard_until, stage

TONE = tuple(studios.sound(studios.tone(4.0)))
FILM = studios.film(50, gop=25)


def loudness(on: Stage, start: float, end: float) -> float:
    """How loud it is between two times on the broadcast clock."""
    begins, samples = studios.decode_sound(on.heard, "aac")
    first, last = (round((time - begins) * studios.RATE) for time in (start, end))
    return float(np.abs(samples[:, first:last]).mean())


async def test_sound_alone_is_heard_over_the_slate() -> None:
    async with stage(sound=True) as on:
        began = on.time
        on.publish(film=FILM, sounds=TONE).blind = True
        await on.run(4)
        await heard_until(on, began + 3.8)
        assert on.on_air() == ["slate"]
        assert loudness(on, began + 0.5, began + 1.8) < 0.001  # a picture may still come
        assert loudness(on, began + 2.4, began + 3.4) > 0.1
        on.assert_whole()


async def test_sound_goes_on_when_the_picture_alone_is_lost() -> None:
    async with stage(sound=True) as on:
        began = on.time
        studio = on.publish(film=FILM, sounds=TONE)
        await on.run(3)
        studio.blind = True
        await on.run(3)
        assert on.channel.on_air == "slate"
        studio.blind = False
        await on.run(3)
        assert on.channel.on_air == "primary"
        await heard_until(on, began + 8.5)
        for second in range(1, 8):
            assert loudness(on, began + second, began + second + 1) > 0.1
        on.assert_whole()


async def test_silence_follows_when_the_sound_alone_ends_too() -> None:
    async with stage(sound=True) as on:
        studio = on.publish(film=FILM, sounds=TONE)
        studio.blind = True
        await on.run(4)
        on.end(studio)
        ended = on.time
        await on.run(2)
        await heard_until(on, ended + 1.5)
        assert loudness(on, ended + 0.5, ended + 1.3) < 0.001


async def test_crew_that_chooses_the_slate_chooses_silence() -> None:
    async with stage(sound=True) as on:
        on.publish(film=FILM, sounds=TONE).blind = True
        await on.run(4)
        on.channel.switch("slate")
        chosen = on.time
        await on.run(2)
        await heard_until(on, chosen + 1.5)
        assert loudness(on, chosen + 0.5, chosen + 1.3) < 0.001


async def test_picture_without_sound_is_shown_in_silence_and_told() -> None:
    async with stage(sound=True) as on:
        began = on.time
        on.publish(film=FILM)
        await on.run(7)
        assert on.channel.on_air == "primary"
        await heard_until(on, began + 6)
        assert loudness(on, began + 1, began + 5) < 0.001
        [state] = on.channel.state().sources
        assert any("son" in sentence for sentence in state.advice)
