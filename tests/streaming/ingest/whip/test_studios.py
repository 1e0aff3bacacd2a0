"""What a channel gets of studios that publish by WHIP: real peers, good networks and bad ones."""

import asyncio
import itertools
from collections.abc import Iterable

import pytest

from streaming.errors import PublishRefused
from streaming.ingest.whip.studio import Patience
from streaming.ingest.whip.studios import UnknownSession
from streaming.packet import Packet
from streaming.webrtc import rtcp
from tests.impairment import CLEAR, Weather, bad_network
from tests.streaming.ingest.films import Recorder
from tests.streaming.ingest.whip.conftest import PLACE, Stage
from tests.streaming.ingest.whip.publisher import Publisher, packets_of, publishing


async def arrived(stage: Stage, pictures: int, within: float = 20.0) -> Recorder:
    source = stage.source
    await source.until(lambda: len(source.pictures) >= pictures, within)
    return source


async def ended(source: Recorder, within: float = 20.0) -> str:
    await source.until(lambda: source.closed is not None, within)
    assert source.closed is not None
    return source.closed


def assert_whole(source: Recorder, pictures: list[Packet], count: int) -> None:
    """The studio's own frames, in their order, none missing, evenly spaced."""
    sent = [picture.data for picture in pictures]
    first = sent.index(source.pictures[0].data)
    for place, picture in enumerate(source.pictures[:count]):
        assert picture.data == sent[(first + place) % len(sent)]
    steps = [b.dts - a.dts for a, b in itertools.pairwise(source.pictures[:count])]
    assert all(step == pytest.approx(1 / 25, abs=0.01) for step in steps)


async def test_a_studios_own_pictures_and_sound_arrive_untouched(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    async with publishing(stage.publish, pictures, sounds):
        source = await arrived(stage, 30)
        await source.until(lambda: len(source.sounds) >= 30)
    assert source.pictures[0].key
    assert source.pictures[0].config == pictures[0].config
    assert_whole(source, pictures, 30)
    heard = {sound.data for sound in sounds}
    assert all(codec == "opus" and sound.data in heard for codec, sound in source.sounds)
    assert await ended(source) == "the connection ended"
    assert source.advice == []


async def test_sound_or_picture_alone_will_do(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    async with publishing(stage.publish, [], sounds):
        await stage.source.until(lambda: len(stage.source.sounds) >= 10)
    await ended(stage.source)
    async with publishing(stage.publish, pictures, []):
        await arrived(stage, 10)


async def test_lost_packets_come_again_and_no_frame_is_missing(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    count = itertools.count(1)

    def wire(kind: str, data: bytes) -> Iterable[bytes]:
        # The first packets must come: nobody misses what was before them.
        lost = kind == "video" and next(count) % 7 == 0
        return [] if lost else [data]

    async with publishing(stage.publish, pictures, sounds, wire=wire) as studio:
        source = await arrived(stage, 45)
        assert studio.missed
    assert_whole(source, pictures, 45)


async def test_a_bad_network_between_us_and_the_studio_costs_no_frame(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    bad = Weather(loss=0.05, duplicate=0.05, reorder=0.05, delay=0.01, jitter=0.02)
    with bad_network() as network:
        async with publishing(network.around(stage.publish), pictures, sounds):
            # The first packets must come: nobody misses what was before them.
            await arrived(stage, 3)
            network.up.weather = network.down.weather = bad
            source = await arrived(stage, 60)
            network.up.weather = network.down.weather = CLEAR
            assert network.up.lost
    assert_whole(source, pictures, 60)


async def test_packets_in_another_order_and_twice_change_nothing(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    held: list[bytes] = []

    def wire(kind: str, data: bytes) -> Iterable[bytes]:
        if kind == "audio":
            return [data, data]
        if not held and data[3] % 3 == 0:
            held.append(data)
            return []
        again = [held.pop()] if held else []
        return [data, data, *again]

    async with publishing(stage.publish, pictures, sounds, wire=wire):
        source = await arrived(stage, 60)
        await source.until(lambda: len(source.sounds) >= 60)
    assert_whole(source, pictures, 60)
    played = [sound.data for _, sound in source.sounds]
    sent = [sound.data for sound in sounds]
    first = sent.index(played[0])
    assert played[:60] == [sent[(first + place) % len(sent)] for place in range(60)]


@pytest.mark.parametrize("patience", [Patience(repair=0.2)])
async def test_what_never_comes_is_given_up_and_a_keyframe_asked_for(
    stage: Stage, pictures: list[Packet]
) -> None:
    gone: list[bytes] = []  # the number of one packet, which is lost each time it is sent

    def wire(kind: str, data: bytes) -> Iterable[bytes]:
        if not gone and len(stage.source.pictures) >= 10:
            gone.append(data[2:4])
            return []
        again = bool(gone) and data[12:14] == gone[0]  # RFC 4588: the number comes first
        return [] if again else [data]

    short = pictures[:25]  # what is played again begins with a keyframe
    async with publishing(stage.publish, short, wire=wire) as studio:
        await studio.until(lambda: gone and int.from_bytes(gone[0], "big") in studio.missed)
        asked = len(studio.keys_wanted)
        await studio.until(lambda: len(studio.keys_wanted) > asked)
        source = stage.source
        await source.until(lambda: len([p for p in source.pictures if p.key]) >= 3)
        await source.until(lambda: source.lost == 1)
    shown = [picture.data for picture in source.pictures]
    sent = [picture.data for picture in short]
    again = shown.index(sent[0], 1)
    assert shown[:10] == sent[:10]
    assert not set(sent[10:12]) <= set(shown[:again])
    assert shown[again : again + 25] == sent  # and on it goes


async def test_reports_tell_the_studio_how_it_comes_in(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    count = itertools.count(1)

    def wire(kind: str, data: bytes) -> Iterable[bytes]:
        return [] if kind == "video" and next(count) % 4 == 0 else [data]

    async with publishing(stage.publish, pictures, sounds, wire=wire) as studio:

        def about(kind: str) -> list:  # type: ignore[type-arg]
            source = studio.sender(kind)._ssrc
            blocks = [block for report in studio.reports for block in report.reports]
            return [block for block in blocks if block.ssrc == source]

        # One packet in four: 64 of 256.
        await studio.until(lambda: any(30 < each.fraction_lost < 130 for each in about("video")))
        await studio.until(lambda: bool(about("audio")))
        assert about("video")[-1].packets_lost > 0
        assert about("audio")[0].packets_lost == 0
        sent = {packet.sequence_number for packet in packets_of(studio, "video")}
        assert about("video")[-1].highest_sequence & 0xFFFF in sent
        # Sender reports come back, so that the studio can tell the round trip.
        await studio.until(lambda: any(block.lsr and block.dlsr for block in about("video")))


@pytest.mark.slow
async def test_keyframes_are_asked_for_at_least_every_two_seconds_and_not_too_often(
    stage: Stage, pictures: list[Packet]
) -> None:
    endless = [pictures[0], *[picture for picture in pictures[1:50] for _ in range(3)]]
    async with publishing(stage.publish, endless) as studio:
        await studio.until(lambda: len(studio.keys_wanted) >= 3)
        steps = [b - a for a, b in itertools.pairwise(studio.keys_wanted)]
        assert all(step > 0.4 for step in steps)
        assert studio.keys_wanted[-1] - studio.keys_wanted[0] < 5


async def test_a_studio_is_asked_at_once_for_the_keyframe_that_viewers_want(
    stage: Stage, pictures: list[Packet]
) -> None:
    async with publishing(stage.publish, pictures[:25]) as studio:  # a keyframe every second
        source = await arrived(stage, 30)
        assert source.on_key_wanted is not None
        asked = len(studio.keys_wanted)
        source.on_key_wanted()
        await studio.until(lambda: len(studio.keys_wanted) > asked)
        await stage.studios.hang_up(studio.session, PLACE)
        assert source.on_key_wanted is None


async def test_pictures_that_come_with_their_sound_are_stamped_with_it(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    """The numbers of RTP begin anywhere, for each track: only arrival and reports tie them."""
    async with publishing(stage.publish, pictures, sounds):
        source = await arrived(stage, 40)
        await source.until(lambda: len(source.sounds) >= 70)
    # Each at its own place in the film, counted from its beginning.
    first = [picture.data for picture in pictures].index(source.pictures[0].data)
    begun = source.pictures[30].pts - (first + 30) / 25
    first = [sound.data for sound in sounds].index(source.sounds[0][1].data)
    heard = source.sounds[60][1].pts - (first + 60) / 50
    assert abs(begun - heard) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("patience", [Patience(silence=2.5)])
async def test_a_studio_that_vanishes_is_released(
    stage: Stage, pictures: list[Packet], sounds: list[Packet]
) -> None:
    async with publishing(stage.publish, pictures, sounds) as studio:
        source = await arrived(stage, 5)
        studio.vanish()
        assert await ended(source) == "vanished"
        with pytest.raises(UnknownSession):
            await stage.studios.hang_up(studio.session, PLACE)


@pytest.mark.slow
@pytest.mark.parametrize("patience", [Patience(connect=1.0)])
async def test_who_offers_and_never_comes_is_released(stage: Stage, pictures: list[Packet]) -> None:
    async with publishing(stage.publish, pictures) as studio:
        await arrived(stage, 1)
        await stage.publish_backup(studio.offer)
        assert await ended(stage.source) == "never connected"
        assert stage.sources[0].closed is None


async def test_a_taken_slot_is_refused_and_its_studio_goes_on(
    stage: Stage, pictures: list[Packet]
) -> None:
    async with publishing(stage.publish, pictures) as studio:
        source = await arrived(stage, 3)
        with pytest.raises(PublishRefused):
            await stage.publish(studio.offer)
        await arrived(stage, len(source.pictures) + 5)
        assert len(stage.sources) == 1


async def test_who_is_put_out_loses_its_connection(stage: Stage, pictures: list[Packet]) -> None:
    async with publishing(stage.publish, pictures) as studio:
        source = await arrived(stage, 3)
        assert source.on_evicted is not None
        source.on_evicted("Une autre source a pris cette place.")
        async with asyncio.timeout(10):
            await studio.closed.wait()
        assert source.closed


async def test_a_session_ends_by_its_name_and_place_only(
    stage: Stage, pictures: list[Packet]
) -> None:
    async with publishing(stage.publish, pictures) as studio:
        source = await arrived(stage, 3)
        for name, place in ((studio.session, ("plateau", "backup")), ("another", PLACE)):
            with pytest.raises(UnknownSession):
                await stage.studios.hang_up(name, place)
        assert source.closed is None
        await stage.studios.hang_up(studio.session, PLACE)
        assert source.closed == "the studio stopped"
        async with asyncio.timeout(10):
            await studio.closed.wait()


async def test_pictures_of_a_new_source_follow_when_the_old_one_says_goodbye(
    stage: Stage, pictures: list[Packet]
) -> None:
    def goodbye(studio: Publisher) -> bytes:
        source = studio.sender("video")._ssrc.to_bytes(4, "big")
        return rtcp.receiver_report(1, "x") + b"\x81\xcb\x00\x01" + source

    renamed: list[bytes] = []

    def wire(kind: str, data: bytes) -> Iterable[bytes]:
        if not renamed or data[1] & 127 == 0:
            return [data]
        return [data[:8] + renamed[0] + data[12:]]

    async with publishing(stage.publish, pictures, wire=wire) as studio:
        source = await arrived(stage, 10)
        await studio.send(goodbye(studio))
        renamed.append(b"\x01\x02\x03\x04")
        await arrived(stage, len(source.pictures) + 45)
    steps = [b.dts - a.dts for a, b in itertools.pairwise(source.pictures)]
    assert all(step > 0 for step in steps)
