"""Primary and backup: who is on air, by the rules or by the crew's choice."""

import numpy as np
import pytest

from streaming.continuity import STANDING
from streaming.errors import PublishRefused
from streaming.failover import HOLD, Rules, Slot
from streaming.link import Observed
from tests.streaming import studios
from tests.streaming.stage import TICK, heard_until, stage

SHORT_GOP = {"frames": 40, "gop": 10}


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
        old.source.on_evicted = evicted.append
        await on.run(3)
        old.stalled = True
        await on.run(2.2)
        on.publish(film=studios.film(size=(256, 144)))
        assert evicted == ["Une autre source a pris cette place."]
        old.stalled = False
        await on.run(3)
        old.source.close("twice")
        assert on.channel.on_air == "primary"
        assert {packet.config for packet in on.shown[-50:]} == {
            studios.film(size=(256, 144))[0].config
        }
        on.assert_whole()


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


@pytest.mark.parametrize("b_frames", [0, 2])
async def test_sources_that_are_both_fine_follow_each_other_at_a_keyframe(b_frames: int) -> None:
    film = studios.film(60, gop=20, b_frames=b_frames)
    async with stage() as on:
        on.publish("backup", film)
        await on.run(2.2)
        on.publish("primary", film)
        await on.run(HOLD + 1.5)
        assert on.channel.on_air == "primary"
        choices: list[Slot] = ["backup", "primary", "backup"]
        for choice in choices:
            on.channel.switch(choice)
            await on.run(1)
            assert on.channel.on_air == choice
        on.channel.switch("auto")
        await on.run(1)
        assert on.channel.on_air == "primary"
        assert "slate" not in on.on_air()
        on.assert_whole(longest=0.17)


@pytest.mark.parametrize("gone", ["killed", "wedged"])
@pytest.mark.parametrize("gop", [10, 24, 50])
async def test_slate_or_backup_is_on_air_two_seconds_after_a_loss_at_the_latest(
    gone: str, gop: int
) -> None:
    film = studios.film(100, gop=gop)
    for moment in np.arange(2.0, 4.0, 0.3):
        async with stage() as on:
            primary = on.publish("primary", film)
            on.publish("backup", film)
            await on.run(moment)
            seen, count, lost_at = on.shown[-1].dts, len(on.shown), on.time
            if gone == "killed":
                on.end(primary)
            else:
                primary.stalled = True
            while len(on.shown) == count:
                await on.run(TICK)
            assert on.time - lost_at <= STANDING + 2 * TICK
            await on.run(3)
            assert on.channel.on_air == "backup"
            on.assert_whole(longest=2.0)
            assert on.shown[count].dts > seen


async def test_a_source_that_hurries_is_followed_by_the_slate_as_soon() -> None:
    """Its last pictures are half a second early: that is no reason to wait longer."""
    film = studios.film(100, gop=50)
    async with stage() as on:
        primary = on.publish("primary", film, delay=0.5)
        on.publish("backup", film)
        await on.run(2.5)
        on.end(primary)
        count, lost_at = len(on.shown), on.time
        while len(on.shown) == count:
            await on.run(TICK)
        assert on.time - lost_at <= 1.1
        await on.run(3)
        assert on.channel.on_air == "backup"
        on.assert_whole(longest=1.1)


def observed(
    slot: str,
    black_since: float | None = None,
    silent_since: float | None = None,
    frozen_since: float | None = None,
) -> Observed:
    return Observed(
        "plateau",
        slot,
        None,
        black_since=black_since,
        silent_since=silent_since,
        frozen_since=frozen_since,
    )


@pytest.mark.parametrize("ailment", ["black_since", "silent_since", "frozen_since"])
async def test_an_ailing_source_gives_way_to_a_healthy_one_and_returns_after_a_hold(
    ailment: str,
) -> None:
    film = studios.film(**SHORT_GOP)
    rules = Rules(black=3.0, silence=3.0, freeze=3.0)
    async with stage(rules=rules) as on:
        on.publish("primary", film)
        await on.run(2)
        since = on.time
        ail = {ailment: since}

        async def watch(seconds: float, **facts: float) -> None:
            for _ in range(round(seconds)):
                on.channel.observe(observed("primary", **facts))
                await on.run(1)

        await watch(5, **ail)
        assert on.channel.on_air == "primary"  # poor beats slate
        on.publish("backup", film)
        await watch(2, **ail)
        assert on.channel.on_air == "backup"
        primary, _ = on.channel.state().sources
        lasting = (primary.black, primary.silent, primary.frozen)
        assert sorted(lasting) == [0, 0, pytest.approx(on.time - since, abs=0.1)]
        await watch(8)
        assert on.channel.on_air == "backup"  # it owes twice the hold: it has failed once
        await watch(5)
        assert on.channel.on_air == "primary"
        assert on.on_air() == ["primary", "backup", "primary"]
        on.assert_whole()


async def test_a_shorter_ailment_or_one_that_nobody_asked_about_changes_nothing() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage(rules=Rules(black=4.0)) as on:
        on.publish("primary", film)
        on.publish("backup", film)
        for _ in range(3):
            await on.run(1)
            long_ago = on.time - 99
            on.channel.observe(observed("primary", on.time - 1.5, long_ago, long_ago))
        await on.run(2)
        assert on.on_air() == ["primary"]


async def test_what_watch_said_is_forgotten_when_it_says_no_more() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage() as on:
        on.publish("primary", film)
        await on.run(2)
        on.channel.observe(observed("primary", black_since=on.time - 60))
        on.channel.observe(observed("backup", black_since=on.time - 60))  # nobody is there
        await on.run(6)
        assert on.channel.state().sources[0].black == 0
        on.publish("backup", film)
        await on.run(3)
        assert on.on_air() == ["primary"]


async def test_without_a_preference_the_one_on_air_stays() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage(rules=Rules(hold=1.0, prefer="none")) as on:
        on.publish("backup", film)
        await on.run(1)
        on.publish("primary", film)
        await on.run(20)
        assert on.on_air() == ["backup"]


async def test_the_crews_choice_stays_while_it_is_there_and_returns() -> None:
    film = studios.film(**SHORT_GOP)
    changes: list[str] = []
    async with stage(on_change=lambda: changes.append("")) as on:
        on.publish("primary", film)
        backup = on.publish("backup", film)
        await on.run(2)
        count = len(changes)
        on.channel.switch("backup")
        assert len(changes) > count
        assert on.channel.state().chosen == "backup"
        await on.run(1)
        assert on.channel.on_air == "backup"
        await on.run(10)
        assert on.on_air() == ["primary", "backup"]
        on.end(backup)
        await on.run(1)
        assert on.channel.on_air == "primary"  # never dead air
        assert on.channel.state().chosen == "backup"
        on.publish("backup", film)
        await on.run(2 * HOLD + 1.5)
        assert on.on_air() == ["primary", "backup", "slate", "primary", "backup"]
        on.assert_whole(longest=1.0)  # the "slate" was but the last picture, for a moment


async def test_the_crews_slate_is_on_air_at_once_and_until_they_say_so() -> None:
    film = studios.film(**SHORT_GOP)
    async with stage() as on:
        on.publish("primary", film)
        await on.run(2)
        count = len(on.shown)
        on.channel.switch("slate")
        await on.run(TICK)
        assert on.kinds()[count] == "slate"
        on.publish("backup", film)
        await on.run(5)
        assert on.channel.on_air == "slate"
        on.channel.switch("primary")
        await on.run(0.5)
        assert on.channel.on_air == "primary"
        on.channel.switch("slate")
        await on.run(1)
        on.channel.switch("auto")
        await on.run(0.5)
        assert on.on_air() == ["primary", "slate", "primary", "slate", "primary"]
        on.assert_whole()


async def test_a_choice_of_a_slot_without_a_studio_waits_for_it() -> None:
    async with stage(chosen="backup") as on:
        on.publish("primary")
        await on.run(3)
        assert on.channel.on_air == "primary"
        on.publish("backup")
        await on.run(HOLD + 2)
        assert on.channel.on_air == "backup"


@pytest.mark.parametrize("delay", [-2.0, -1.2, 5.0])
@pytest.mark.parametrize("b_frames", [0, 2])
async def test_slots_with_any_delay_come_on_air_after_the_slate_and_after_each_other(
    delay: float, b_frames: int
) -> None:
    film = studios.film(60, gop=20, b_frames=b_frames)
    async with stage() as on:
        await on.run(2)
        late = on.publish("primary", film, delay=delay)
        await on.run(5)
        assert on.channel.on_air == "primary"
        assert on.shown[-1].dts == pytest.approx(on.time + delay, abs=0.2)
        on.publish("backup", film)
        on.channel.switch("backup")
        await on.run(9)
        assert on.channel.on_air == "backup"
        on.channel.switch("auto")
        await on.run(9)
        assert on.channel.on_air == "primary"
        on.end(late)
        await on.run(9)
        assert on.channel.on_air == "backup"
        on.assert_whole(longest=1.3)
