"""Any usual picture goes on air: by the ladder, in its own time, or not at all with the reason."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streaming import link
from streaming.errors import UnsupportedMedia
from streaming.packet import Packet
from tests.streaming import numbers
from tests.streaming.ladders import START, scene, working
from tests.streaming.transcoding.test_transcoder import USUAL

LONG_GOP = {"g": "200", "bf": "0", "sc_threshold": "0"}
GOP = LONG_GOP | {"g": "50"}


def assert_in_time(packets: list[Packet], began: float = START) -> None:
    """Each number is shown when the studio meant it to be."""
    for number, time in numbers.shown(packets):
        lap = round((time - began) * 25 - number) // 75 * 75
        assert time == pytest.approx(began + (lap + number) / 25, abs=0.15)


@pytest.mark.parametrize("name", [name for name in USUAL if name != "h264-b"])
async def test_every_usual_picture_is_shown(tmp_path: Path, name: str) -> None:
    encoder, container, how = USUAL[name]
    film = numbers.film(tmp_path / f"film.{container}", encoder, **how)
    async with scene(tmp_path / "ladder.sock") as on:
        source = on.publish(film)
        await on.run(5)
        assert on.channel.on_air == "primary"
        assert on.kinds(on.shown)[-1] == "encoded"
        on.assert_whole(on.shown, longest=0.1)
        assert on.straight == on.shown
        made = [packet for packet in on.shown if on.kind(packet) == "encoded"]
        spread = {
            round((time - START) * 25 - number) % 75 for number, time in numbers.shown(made)[10:]
        }
        assert len(spread) <= 2  # numbers and times go together, to within a frame
        [state] = on.channel.state().sources
        assert "réencodé ici" in state.encoded
        source.close("fini")
        assert on.ladder.room == 2


async def test_rare_keyframes_are_encoded_from_the_next_one_on_without_a_seam(
    tmp_path: Path,
) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 225, options=LONG_GOP)
    async with scene(tmp_path / "ladder.sock") as on:
        on.publish(film)
        await on.run(7)
        assert on.kinds(on.shown) == ["slate", "untouched"]
        assert on.channel.state().sources[0].encoded == ""
        await on.run(6)
        assert on.kinds(on.shown) == ["slate", "untouched", "encoded"]
        on.assert_whole(on.shown)
        assert on.straight == on.shown
        keys = [each.pts for each in on.shown if each.key and on.kind(each) != "slate"]
        assert [round(after - before, 1) for before, after in pairwise(keys)] == [8, 2, 2]
        [state] = on.channel.state().sources
        assert state.encoded == "Images clés trop rares (8\u00a0s)\u00a0: réencodé ici."
        assert state.keyframe_interval > 3  # health goes on to learn from what the source sends


@pytest.mark.parametrize(
    ("begin", "end"), [(4.0, 4.04), (2.5, 9.0)], ids=["a keyframe", "some seconds"]
)
async def test_what_is_lost_on_the_way_is_not_held_against_the_encoder(
    tmp_path: Path, begin: float, end: float
) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 325, options=GOP)
    async with scene(tmp_path / "ladder.sock") as on:
        on.publish([frame for frame in film if not begin <= frame.dts / 1e6 < end])
        await on.run(12.5)
        assert on.kinds(on.shown)[-1] == "untouched"
        assert "encoded" not in on.kinds(on.shown)
        assert on.ladder.room == 2


async def test_keyframes_that_come_often_again_are_shown_untouched_again(tmp_path: Path) -> None:
    rare = numbers.film(tmp_path / "rare.mp4", "libx264", 200, options=GOP | {"g": "100"})
    often = numbers.film(tmp_path / "often.mp4", "libx264", 500, options=GOP)
    film = rare + [frame._replace(dts=frame.dts + 8_000_000) for frame in often]
    async with scene(tmp_path / "ladder.sock") as on:
        on.publish(film)
        await on.run(23)
        assert on.kinds(on.shown) == ["slate", "untouched", "encoded"]
        [state] = on.channel.state().sources
        assert state.encoded == "Images clés trop rares (4\u00a0s)\u00a0: réencodé ici."
        await on.run(3)
        assert on.kinds(on.shown) == ["slate", "untouched", "encoded", "untouched"]
        on.assert_whole(on.shown, longest=0.3)
        assert on.channel.state().sources[0].encoded == ""
        assert on.ladder.room == 2


async def test_rare_keyframes_stay_untouched_where_there_is_no_room(tmp_path: Path) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 225, options=LONG_GOP)
    async with scene(tmp_path / "ladder.sock", room=0) as on:
        on.publish(film)
        await on.run(12)
        assert on.kinds(on.shown) == ["slate", "untouched"]
        on.assert_whole(on.shown)
        [state] = on.channel.state().sources
        assert state.encoded == ""
        assert any("image clé toutes les" in advice for advice in state.advice)


async def test_a_picture_that_needs_the_ladder_is_refused_where_there_is_none(
    tmp_path: Path,
) -> None:
    encoder, container, how = USUAL["hevc"]
    film = numbers.film(tmp_path / f"film.{container}", encoder, **how)
    async with scene(tmp_path / "ladder.sock", room=0) as on:
        on.publish(film)
        with pytest.raises(UnsupportedMedia, match=r"plus de place.*HEVC.*Encodeur vidéo"):
            await on.run(1)
    deep = numbers.film(tmp_path / "deep.mp4", "libx264", pixels="yuv444p")
    async with scene(tmp_path / "ladder.sock", room=0) as on:
        on.publish(deep)
        with pytest.raises(UnsupportedMedia, match=r"plus de place.*NV12"):
            await on.run(1)


async def test_a_studio_outlives_its_ladder(tmp_path: Path) -> None:
    encoder, container, how = USUAL["vp8"]
    film = numbers.film(tmp_path / f"film.{container}", encoder, **how)
    path = tmp_path / "ladder.sock"
    async with scene(path, room=0) as on:
        on.ladder.expect()
        on.publish(film)
        await on.run(1)  # it is not there yet
        async with working(on.ladder, path, 1):
            await on.run(3)
            assert on.channel.on_air == "primary"
        await on.run(3)
        assert on.channel.on_air == "slate"
        async with working(on.ladder, path, 1):
            await on.run(3)
            assert on.channel.on_air == "primary"
            assert on.kinds(on.shown) == ["slate", "encoded", "slate", "encoded"]
            on.assert_whole(on.shown, longest=0.1)


async def test_rare_keyframes_go_on_untouched_when_the_ladder_dies(tmp_path: Path) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 225, options=LONG_GOP)
    path = tmp_path / "ladder.sock"
    async with scene(path, room=0) as on:
        on.publish(film)
        async with working(on.ladder, path, 1):
            await on.run(11)
            assert on.kinds(on.shown) == ["slate", "untouched", "encoded"]
        await on.run(9)
        assert on.kinds(on.shown) == ["slate", "untouched", "encoded", "slate", "untouched"]
        on.assert_whole(on.shown)


@pytest.mark.parametrize("how", [{"bf": "2", "g": "50"}, {"bf": "3", "b-pyramid": "normal"}])
async def test_b_frames_are_put_in_order_for_webrtc(tmp_path: Path, how: dict[str, Any]) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 75, options=how)
    async with scene(tmp_path / "ladder.sock") as on:
        await on.run(1)
        source = on.publish(film)
        await on.run(4)
        assert on.kinds(on.shown) == ["slate", "untouched"]
        assert on.kinds(on.straight) == ["slate", "encoded"]
        assert not on.channel.feed.out_of_order
        source.close("fini")
        on.studios.clear()
        await on.run(1)
        on.assert_whole(on.straight, longest=0.3)
        assert all(packet.pts == packet.dts for packet in on.straight)
        assert on.ladder.room == 2
        assert_in_time([each for each in on.straight if on.kind(each) == "encoded"], START + 1)


async def test_a_keyframe_that_viewers_want_is_the_ladders_where_the_picture_is(
    tmp_path: Path,
) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 75, options={"bf": "2", "g": "50"})
    async with scene(tmp_path / "ladder.sock") as on:
        on.publish(film)
        await on.run(3)
        assert on.kinds(on.straight)[-1] == "encoded"
        before = len(on.straight)
        for _ in range(10):  # 0.4 s: one keyframe for all who ask
            on.channel.feed.want_key()
            await on.run(0.04)
        await on.run(0.2)
        assert [packet.key for packet in on.straight[before:]].count(True) == 1


async def test_b_frames_without_room_leave_webrtc_without_a_picture(tmp_path: Path) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", options={"bf": "2", "g": "50"})
    async with scene(tmp_path / "ladder.sock", room=0) as on:
        source = on.publish(film)
        await on.run(3)
        assert on.channel.feed.out_of_order
        assert on.kinds(on.straight) == ["slate"]
        source.close("fini")
        on.studios.clear()
        await on.run(1)
        assert not on.channel.feed.out_of_order
        assert on.kinds(on.straight) == ["slate"]


async def test_what_must_be_encoded_takes_the_room_of_what_may(tmp_path: Path) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", options={"bf": "2", "g": "50"})
    encoder, container, how = USUAL["vp8"]
    other = numbers.film(tmp_path / f"other.{container}", encoder, **how)
    async with scene(tmp_path / "ladder.sock", room=1) as on:
        on.publish(film)
        await on.run(3)
        assert on.kinds(on.straight) == ["slate", "encoded"]
        on.publish(other, "backup")
        await on.run(3)
        assert on.channel.on_air == "primary"
        assert on.channel.feed.out_of_order
        assert on.channel.state().sources[1].encoded


async def test_a_source_that_is_encoded_needs_no_second_job(tmp_path: Path) -> None:
    options = {"bf": "2", "g": "200", "sc_threshold": "0"}
    film = numbers.film(tmp_path / "film.mp4", "libx264", 225, options=options)
    async with scene(tmp_path / "ladder.sock", room=1) as on:
        on.publish(film)
        await on.run(7)
        assert on.kinds(on.straight) == ["slate", "encoded"]  # for WebRTC alone
        await on.run(6)
        assert on.kinds(on.shown) == ["slate", "untouched", "encoded"]
        assert on.straight[-50:] == on.shown[-50:]
        on.assert_whole(on.straight, longest=0.3)
        on.assert_whole(on.shown, longest=0.15)


@pytest.mark.parametrize(
    ("how", "unseen"),  # frames that a decoder drops until it has all of the picture
    [("open-gop=1:keyint=25", 2), ("intra-refresh=1:keyint=25", 28)],
)
async def test_a_stream_without_keyframes_is_taken_up_where_it_recovers(
    tmp_path: Path, how: str, unseen: int
) -> None:
    options = {"x264-params": f"{how}:scenecut=0:bframes=2"}
    film = numbers.film(tmp_path / "film.mp4", "libx264", 250, options=options)
    async with scene(tmp_path / "ladder.sock") as on:
        on.kept += unseen
        on.publish(film, skip=1)  # its only IDR was before we came
        await on.run(9)
        assert on.channel.on_air == "primary"
        assert on.kinds(on.shown) == ["slate", "encoded"]
        on.assert_whole(on.shown, longest=0.15)
        first = next(packet for packet in on.shown if on.kind(packet) == "encoded")
        assert 3 < first.pts - START < 8


async def test_a_job_that_gives_nothing_costs_nothing(tmp_path: Path) -> None:
    film = numbers.film(tmp_path / "film.mp4", "libx264", 225, options=LONG_GOP)
    path = tmp_path / "ladder.sock"
    async with scene(path, room=0) as on:
        on.kept = 100
        on.publish(film)
        async with link.connected(path) as mute:
            mute.send(link.Follow("jobs"))
            mute.send(link.Room(1))
            await on.ladder.until(lambda: on.ladder.room == 1)
            await on.run(8.5)
            assert on.ladder.room == 0
            assert on.shown[-1].pts < START + 8.01  # what follows waits for the ladder
        await on.ladder.until(lambda: not on.ladder.backlog)
        await on.run(1)
        assert on.kinds(on.shown) == ["slate", "untouched"]
        on.assert_whole(on.shown)
