"""Files of slots: whole, in any codec, cut where the format changes, playable when cut short."""

import resource
from pathlib import Path
from typing import Any

import av
import pytest

from streaming.disk import DiskFull
from streaming.keep.disk import Disk
from streaming.keep.runs import Runs
from streaming.packet import Packet
from tests.streaming.ingest.films import X264_B
from tests.streaming.keep.films import START, Frame, decode, film, keep, played, probe

HEVC = {"preset": "ultrafast", "x265-params": "keyint=25:bframes=2:log-level=none"}


async def test_b_frames_and_sound_pass_untouched(tmp_path: Path) -> None:
    frames = film(tmp_path, "b.mp4", options=X264_B)
    (path,) = keep(tmp_path, frames)
    assert path.name == "2026-11-25T16-40-03Z.mkv"
    kept = played(path)
    assert [frame[:2] for frame in kept] == [(codec, packet.data) for codec, packet in frames]
    times = [packet.pts - frames[0][1].dts for _, packet in frames]
    assert [time for _, _, time in kept] == pytest.approx(times, abs=0.001)
    told = await probe(path)
    assert float(told["format"]["duration"]) == pytest.approx(2.0, abs=0.15)
    assert told["format"]["tags"]["creation_time"].startswith("2026-11-25T16:40:03.17")
    picture = next(each for each in told["streams"] if each["codec_type"] == "video")
    assert (picture["width"], picture["height"]) == (320, 180)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("hevc.mp4", {"codec": "libx265", "options": HEVC}),
        ("hevc.ts", {"codec": "libx265", "options": HEVC}),
        ("av1.mp4", {"codec": "libsvtav1", "options": {"preset": "11", "svtav1-params": "lp=1"}}),
        ("vp9.webm", {"codec": "libvpx-vp9", "options": {"deadline": "realtime"}}),
        ("vp8.webm", {"codec": "libvpx", "options": {"deadline": "realtime"}}),
        ("mpeg2.ts", {"codec": "mpeg2video", "options": {}, "sound": "mp2", "sound_rate": 48000}),
        ("mp3.mp4", {"sound": "libmp3lame", "layout": "stereo"}),
        ("ac3.ts", {"sound": "ac3", "sound_rate": 48000}),
        ("pcm.mov", {"sound": "pcm_s16le", "sound_rate": 44100, "layout": "mono"}),
        ("pcm24.mov", {"sound": "pcm_s24be", "sound_rate": 48000}),
    ],
)
async def test_every_codec_is_kept(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    how = {"sound": "libopus", "sound_rate": 48000, "layout": "stereo", **how}
    if name.startswith("hevc"):
        how |= {"sound": "aac"}
    frames = film(tmp_path, name, 1.2, **how)
    (path,) = keep(tmp_path, frames)
    counted = decode(path)
    assert counted["pictures"] == 30
    assert how["sound_rate"] < counted["samples"] < 1.3 * how["sound_rate"]
    told = {each["codec_type"]: each for each in (await probe(path))["streams"]}
    assert (told["video"]["width"], told["video"]["height"]) == (320, 180)
    assert told["audio"]["sample_rate"] == str(how["sound_rate"])
    assert told["audio"]["channels"] == (1 if how["layout"] == "mono" else 2)


def test_long_film_can_be_sought_in(tmp_path: Path) -> None:
    frames = [
        (codec, Packet(p.data, p.dts + lap, p.pts + lap, p.key, p.config))
        for lap in range(0, 20, 2)
        for codec, p in film(tmp_path, f"{lap}.mp4", sound=None)
    ]
    (path,) = keep(tmp_path, frames)
    with av.open(str(path)) as container:
        container.seek(12_500_000)
        first: Any = next(container.demux(video=0))
        assert float(first.pts * first.time_base) == 12.0


def test_file_cut_anywhere_plays_up_to_there(tmp_path: Path) -> None:
    (path,) = keep(tmp_path, film(tmp_path, "a.mp4", 3.0), leave=False)
    data = path.read_bytes()
    assert decode(path)["pictures"] > 70
    for share in (0.5, 0.9):
        cut = tmp_path / f"{share}.mkv"
        cut.write_bytes(data[: int(share * len(data))])
        with av.open(str(cut)) as container:
            assert sum(1 for packet in container.demux(video=0) if packet.size) > 20


def _sizes(paths: list[Path]) -> list[tuple[int, int]]:
    found = []
    for path in paths:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            found.append((video.width, sum(1 for each in container.demux(video) if each.size)))
    return found


def test_new_size_begins_a_new_file(tmp_path: Path) -> None:
    small = film(tmp_path, "small.mp4")
    large = film(tmp_path, "large.mp4", size=(640, 360))
    frames = small + [
        (codec, Packet(p.data, p.dts + 2.1, p.pts + 2.1, p.key, p.config)) for codec, p in large
    ]
    # Sound comes later than the pictures that belong to it, also across the cut.
    frames.sort(key=lambda frame: frame[1].dts + (0.3 if frame[0] == "aac" else 0))
    paths = keep(tmp_path, frames)
    assert _sizes(paths) == [(320, 50), (640, 50)]
    assert [path.name for path in paths] == [
        "2026-11-25T16-40-03Z.mkv",
        "2026-11-25T16-40-05Z.mkv",
    ]
    assert min(time for codec, _, time in played(paths[1]) if codec == "h264") == 0.0
    assert max(time for codec, _, time in played(paths[0]) if codec == "aac") > 1.9


def test_new_sound_begins_a_new_file_at_a_keyframe_and_loses_no_picture(tmp_path: Path) -> None:
    mono = film(tmp_path, "mono.mp4", 4.0)
    stereo = film(tmp_path, "stereo.mp4", 4.0, layout="stereo")
    pictures = [frame for frame in mono if frame[0] == "h264"]
    sounds = [frame for frame in mono if frame[0] == "aac" and frame[1].pts < START + 1]
    sounds += [frame for frame in stereo if frame[0] == "aac" and frame[1].pts >= START + 1]
    frames: list[Frame] = sorted(pictures + sounds, key=lambda frame: frame[1].dts)
    paths = keep(tmp_path, frames)
    assert _sizes(paths) == [(320, 50), (320, 50)]
    assert decode(paths[1])["samples"] > 40_000


def test_each_publisher_has_a_file_of_its_own(tmp_path: Path) -> None:
    frames, runs, disk = film(tmp_path, "a.mp4", 0.4), Runs(), Disk(tmp_path, 0)
    for _ in range(2):  # within one second
        for codec, packet in frames:
            runs.take(codec, packet)
        runs.leave()
    disk.write(runs.due())
    names = sorted(path.name for path in tmp_path.glob("*.mkv"))
    assert names == ["2026-11-25T16-40-03Z-2.mkv", "2026-11-25T16-40-03Z.mkv"]
    assert [decode(tmp_path / name)["pictures"] for name in names] == [10, 10]


async def test_sound_alone_and_pictures_alone_are_kept(tmp_path: Path) -> None:
    frames = film(tmp_path, "a.mp4")
    (sound,) = keep(tmp_path / "sound", [frame for frame in frames if frame[0] == "aac"])
    (picture,) = keep(tmp_path / "picture", [frame for frame in frames if frame[0] == "h264"])
    assert set(decode(sound)) == {"samples"}
    assert set(decode(picture)) == {"pictures"}
    await probe(sound)
    await probe(picture)


def test_nothing_begins_between_keyframes_and_nothing_strange_is_kept(tmp_path: Path) -> None:
    frames = film(tmp_path, "a.mp4", 3.0, sound=None)
    nonsense = [("wmv3", frames[0][1]), ("teletext", frames[0][1])]
    (path,) = keep(tmp_path, nonsense + frames[5:])
    assert decode(path)["pictures"] == 25


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\1\x42\1",  # parameter sets that end too early, are too long, or too many
        b"\0\0\0\1\x42\1" + bytes(range(1, 256)) * 300,
        b"".join(b"\0\0\1\x44\1" + b"%05d" % number for number in range(70_000)),
        b"\0\0\1\0\0\1",
        b"\xff" * 100,
    ],
)
def test_broken_studio_is_kept_as_it_is_and_the_next_one_too(tmp_path: Path, data: bytes) -> None:
    frames, runs, disk = film(tmp_path, "a.mp4", 0.4, sound=None), Runs(), Disk(tmp_path, 0)
    runs.take("hevc", Packet(data, START, START, True))
    runs.leave()
    for codec, packet in frames:
        runs.take(codec, packet)
    runs.leave()
    disk.write(runs.due())
    assert decode(tmp_path / "2026-11-25T16-40-03Z-2.mkv") == {"pictures": 10}


def test_disk_that_would_be_filled_is_left_alone(tmp_path: Path) -> None:
    frames, runs, disk = film(tmp_path, "a.mp4", 0.4), Runs(), Disk(tmp_path, 1 << 62)
    for codec, packet in frames:
        runs.take(codec, packet)
    with pytest.raises(DiskFull):
        disk.write(runs.due())
    assert list(tmp_path.glob("*.mkv")) == []


def test_file_that_the_system_refuses_to_grow_ends_with_a_whole_second(tmp_path: Path) -> None:
    frames = film(tmp_path, "a.mp4", 4.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    (path,) = keep(tmp_path / "whole", frames)
    most = path.stat().st_size * 3 // 4
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            keep(tmp_path / "cut", frames)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (path,) = (tmp_path / "cut").glob("*.mkv")
    assert path.stat().st_size < most
    assert decode(path)["pictures"] >= 50
