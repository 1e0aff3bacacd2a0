"""What the packager announces while a channel goes through its day."""

import asyncio
import io

import av

from streaming.feed import Feed
from streaming.hls.packager import PATIENCE
from streaming.hls.window import PartAdded, SegmentClosed, SegmentOpened
from tests.streaming.hls.film import Announced, Film, film


def test_parts_make_up_their_segment() -> None:
    announced = Announced().play(film(7.0))
    for closed in announced.closed:
        parts = announced.parts(closed.msn)
        assert [part.index for part in parts] == [0, 1, 2, 3]
        assert abs(sum(part.duration for part in parts) - closed.duration) < 1e-9
        assert [part.independent for part in parts] == [True, False, False, False]


def test_the_next_segment_opens_as_one_closes() -> None:
    events = Announced().play(film(7.0)).events
    for index, event in enumerate(events):
        if isinstance(event, SegmentClosed):
            following = events[index + 1]
            assert isinstance(following, SegmentOpened)
            assert following.msn == event.msn + 1
            assert following.name == f"7-{following.msn}"


def test_segments_follow_each_other_without_a_hole() -> None:
    announced = Announced().play(film(9.0, b_frames=2))
    ends = [
        opened.start + closed.duration
        for opened, closed in zip(announced.opened, announced.closed, strict=False)
    ]
    for end, opened in zip(ends, announced.opened[1:], strict=True):
        assert abs(end - opened.start) < 1e-6


def test_segment_starts_when_its_first_picture_is_shown() -> None:
    made = film(3.0, b_frames=2)
    assert Announced().play(made).opened[0].start == made.video[0].pts > made.video[0].dts


def test_slate_is_announced_as_a_discontinuity_the_moment_it_comes() -> None:
    studio = film(4.0).between(0.0, 2.7)
    slate = film(4.0, rate=25, gop=50, width=192, height=108).moved(studio.video[-1].dts + 1 / 30)
    announced = Announced().play(studio)
    for packet in slate.sound:
        announced.packager.sound(packet)
    announced.packager.video(slate.video[0])
    closed, init, opened = announced.events[-3:]
    assert isinstance(closed, SegmentClosed)
    assert abs(closed.duration - 0.7) < 1e-6
    assert init is announced.inits[-1]
    assert (announced.inits[-1].width, announced.inits[-1].height) == (192, 108)
    assert isinstance(opened, SegmentOpened)
    assert opened.discontinuity == announced.opened[0].discontinuity + 1
    assert opened.init == announced.inits[-1].name != announced.inits[0].name


def test_a_studio_that_returns_has_its_old_init() -> None:
    studio, slate = film(4.0), film(4.0, rate=25, gop=50, width=192, height=108)
    announced = Announced().play(studio).play(slate.moved(4.0)).play(studio.moved(8.0))
    first, other, again = announced.inits
    assert first == again != other
    assert [opened.discontinuity for opened in announced.opened] == [1, 1, 2, 2, 3, 3]


def test_a_part_waits_for_its_sound_and_not_for_ever() -> None:
    made = film(6.0)
    announced = Announced()
    for packet in made.video:
        announced.packager.video(packet)
        if announced.parts():
            break
    assert abs(packet.dts - (0.5 + PATIENCE)) < 0.05
    announced = Announced()
    for packet in made.sound:
        announced.packager.sound(packet)
    for packet in made.video:
        announced.packager.video(packet)
        if announced.parts():
            break
    assert packet.dts == 0.5


def test_slow_pictures_still_make_parts() -> None:
    announced = Announced().play(film(9.0, rate=1, gop=2))
    assert {round(part.duration, 6) for part in announced.parts()} == {0.5}
    assert all(round(closed.duration, 6) == 2.0 for closed in announced.closed)


def test_frames_before_the_origin_are_left_out() -> None:
    announced = Announced(origin=2.0).play(film(5.0))
    assert announced.opened[0].start == 2.0


async def test_packager_follows_a_feed_until_it_closes() -> None:
    announced, feed, made = Announced(), Feed(), film(5.0)
    running = asyncio.create_task(announced.packager.run(feed))
    for kind, packet in made.interleaved():
        (feed.video if kind == "video" else feed.aac).append(packet)
        await asyncio.sleep(0)
    feed.close()
    async with asyncio.timeout(5):
        await running
    assert announced.events == Announced().play(made).events
    assert feed.due == made.video[0].dts + 5.0


async def test_packager_joins_at_the_newest_keyframe() -> None:
    announced, feed, made = Announced(), Feed(), film(5.0)
    for kind, packet in made.interleaved():
        (feed.video if kind == "video" else feed.aac).append(packet)
    feed.close()
    async with asyncio.timeout(5):
        await announced.packager.run(feed)
    assert announced.opened[0].start == 4.0


def test_origin_and_part_target_travel_with_the_init() -> None:
    init = Announced(origin=-5.0, part=0.4).play(film(1.0)).inits[0]
    assert init.origin == -5.0
    assert abs(init.part_target - 0.424) < 1e-9
    assert init.codecs.startswith("avc1.")
    assert init.codecs.endswith(",mp4a.40.2")


def test_burst_of_picture_waits_for_the_sound_behind_it() -> None:
    made = film(4.0)
    announced = Announced()
    for packet in made.video:  # all at once, as after a stall
        announced.packager.video(packet)
    assert not announced.parts()
    for packet in made.sound:
        announced.packager.sound(packet)
    with av.open(io.BytesIO(announced.media(announced.opened[0].msn))) as file:
        heard = sum(1 for packet in file.demux(audio=0) if packet.size)
    assert heard in (93, 94, 95)  # 2 s of 1024 samples each


def test_missing_sound_never_stops_the_picture() -> None:
    made = film(7.0 + PATIENCE)
    announced = Announced().play(Film(made.video, ()))
    assert len(announced.closed) == 3
    assert all(isinstance(part, PartAdded) for part in announced.parts())
