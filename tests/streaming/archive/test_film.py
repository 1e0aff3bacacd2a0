"""Films of recorded segments: nothing is encoded again, and what is said is where it was said."""

import errno
import os
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import av
import pytest

from streaming.archive import film
from streaming.archive.boxes import Unreadable
from streaming.archive.film import NoRoom, Stopped, Words, captions_of, chapters_of
from streaming.archive.reel import Reel, reel_of
from streaming.h264 import SPS, nal_type, nal_units
from tests.streaming.archive.recorded import (
    BEGIN,
    FRAME,
    coded,
    digests,
    pictures,
    probe,
    record,
    sounds,
    studio,
)

WORDS = Words(
    title="Éteindre l’été",
    artist="Aïcha, Bob",
    album="La Fabrique",
    captions=[
        (BEGIN - 3, BEGIN - 1, "trop tôt"),
        (BEGIN + 1, BEGIN + 2, "Bonjour à tous,\nça va ?"),
        (BEGIN + 3, BEGIN + 4.5, "première"),
        (BEGIN + 4, BEGIN + 5, "seconde"),
    ],
    chapters=[(BEGIN, "Ouverture"), (BEGIN + 4, "Pourquoi ?"), (BEGIN + 99, "après")],
)


def written(reel: Reel, path: Path, words: Words = WORDS) -> Path:
    film.write(reel, words, path, free=0)
    return path


@pytest.mark.parametrize("b_frames", [0, 2])
def test_every_frame_is_the_one_that_was_sent(tmp_path: Path, b_frames: int) -> None:
    made = record(tmp_path, studio(6.0, b_frames))
    path = written(reel_of(made.pieces, BEGIN, BEGIN + 60), tmp_path / "film.mp4")
    assert coded(path) == digests(made.played[0].video)
    seen = pictures(path)
    assert [number for number, _, _ in seen] == list(range(150))
    assert max(abs(time - index * FRAME) for index, (_, time, _) in enumerate(seen)) < 0.001


def test_sound_is_in_step_to_the_millisecond(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0, 2))
    reel = reel_of(made.pieces, BEGIN + 1.3, BEGIN + 60)
    heard = sounds(written(reel, tmp_path / "film.mp4"))
    begins = reel.spans[0].start
    assert abs(begins - (BEGIN + 2.0)) < 0.001
    sent = [each for each in made.played[0].sound if each.pts >= begins][: len(heard)]
    assert len(heard) > 270
    assert [key for key, _ in heard] == digests(sent)
    late = [at - (each.pts - begins) for (_, at), each in zip(heard, sent, strict=True)]
    assert max(map(abs, late)) < 0.001


def test_nothing_outside_the_marks_is_in_it(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0, 2))
    start, end = BEGIN + 1.3, BEGIN + 5.1
    reel = reel_of(made.pieces, start, end)
    path = written(reel, tmp_path / "film.mp4")
    seen = [number for number, _, _ in pictures(path)]
    assert seen[0] == 50  # the first keyframe that is not before the mark
    assert 124 <= seen[-1] <= 127  # shown at 4.96 to 5.08: up to the group that reaches beyond
    assert seen == list(range(50, seen[-1] + 1))
    assert start <= reel.spans[0].start
    assert reel.spans[-1].end <= end
    begins = reel.spans[0].start
    heard = sounds(path)
    sent = [each for each in made.played[0].sound if each.pts >= begins]
    assert [key for key, _ in heard] == digests(sent[: len(heard)])
    assert heard[-1][1] + 1024 / 48_000 <= end - begins + 1e-3
    # Players hide what the edit list cuts off: it must not be there at all.
    counted = [int(each["nb_frames"]) for each in probe(path)["streams"][:2]]
    assert counted == [len(seen), len(heard)]


def test_a_clip_begins_a_little_early_but_not_before_its_talk(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0))
    early = reel_of(made.pieces, BEGIN + 3.5, BEGIN + 5, floor=BEGIN)
    assert abs(early.spans[0].start - (BEGIN + 3)) < 0.001
    held = reel_of(made.pieces, BEGIN + 3.5, BEGIN + 5, floor=BEGIN + 3.2)
    assert abs(held.spans[0].start - (BEGIN + 4)) < 0.001


def test_ffprobe_reads_chapters_subtitles_and_titles(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0))
    told = probe(written(reel_of(made.pieces, BEGIN, BEGIN + 60), tmp_path / "film.mp4"))
    assert [(each["tags"]["title"], each["start_time"]) for each in told["chapters"]] == [
        ("Ouverture", "0.000000"),
        ("Pourquoi ?", "4.000000"),
    ]
    kinds = [(each["codec_type"], each.get("codec_name")) for each in told["streams"]]
    assert kinds[:3] == [("video", "h264"), ("audio", "aac"), ("subtitle", "mov_text")]
    assert told["streams"][2]["tags"]["language"] == "fra"
    tags = told["format"]["tags"]
    assert (tags["title"], tags["artist"], tags["album"]) == (
        "Éteindre l’été",
        "Aïcha, Bob",
        "La Fabrique",
    )
    assert tags["date"] == "2026-11-25T16:40:03Z"
    assert abs(float(told["format"]["duration"]) - 8.0) < 0.03


def test_subtitles_are_where_they_were_said(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0))
    path = written(reel_of(made.pieces, BEGIN, BEGIN + 60), tmp_path / "film.mp4")
    packets = probe(path, "-show_packets", "-select_streams", "s")["packets"]
    shown = [(float(each["pts_time"]), int(each["size"])) for each in packets]
    assert [time for time, size in shown if size > 2] == [1.0, 3.0, 4.0]
    assert [time for time, size in shown if size == 2] == [0.0, 2.0, 5.0]


def test_the_index_comes_before_what_it_is_of(tmp_path: Path) -> None:
    made = record(tmp_path, studio(4.0))
    data = written(reel_of(made.pieces, BEGIN, BEGIN + 60), tmp_path / "film.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_another_coding_in_mid_talk_plays_on(tmp_path: Path) -> None:
    made = record(tmp_path, studio(4.0, 2), studio(4.0, 0, (192, 128)), studio(2.0, 2))
    reel = reel_of(made.pieces, BEGIN, BEGIN + 60)
    path = written(reel, tmp_path / "film.mp4")
    seen = pictures(path)
    assert [number for number, _, _ in seen] == [*range(100), *range(100), *range(50)]
    assert [size for _, _, size in seen[::50]] == [(320, 192)] * 2 + [(192, 128)] * 2 + [(320, 192)]
    told = probe(path)
    assert told["streams"][0]["sample_aspect_ratio"] == "1:1"
    assert told["streams"][0]["width"] == 320
    track = film._picture_track(reel, [], 0, (0, 0))
    sizes = (film._size_of(track.entries[entry]) for _, entry in track.chunks)
    assert [size for size, _ in groupby(sizes)] == [(320, 192), (192, 128), (320, 192)]
    # Chromium looks at the first sample entry alone: it needs the parameter sets in the pictures.
    with av.open(str(path)) as container:
        kinds = [
            nal_type(nal_units(bytes(each))[0])
            for each in container.demux(video=0)
            if each.is_keyframe
        ]
    assert kinds == [SPS] * 10


def test_a_hole_is_closed_up_and_words_stay_with_their_pictures(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0, 2, gop=50))
    reel = reel_of(made.without(1), BEGIN, BEGIN + 60)  # what was shown from 2 to 4 s is lost
    path = written(reel, tmp_path / "film.mp4")
    seen = pictures(path)
    assert [number for number, _, _ in seen] == [*range(50), *range(100, 200)]
    assert max(abs(time - index * FRAME) for index, (_, time, _) in enumerate(seen)) < 0.001
    assert abs(reel.place(BEGIN + 5) - 3.0) < 0.001
    assert captions_of(reel, WORDS.captions) == [
        (0, 1000, ""),
        (1000, 2000, "Bonjour à tous,\nça va ?"),
        (2000, 3000, "seconde"),  # where the one before it was, nothing is left
        (3000, 6000, ""),
    ]
    sent = [each for each in made.played[0].sound if not BEGIN + 2 <= each.pts < BEGIN + 4]
    heard = sounds(path)
    assert [key for key, _ in heard] == digests(sent[: len(heard)])
    late = [at - reel.place(each.pts) for (_, at), each in zip(heard, sent, strict=False)]
    assert max(map(abs, late)) < 0.001


def test_a_broken_or_missing_file_is_a_hole(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0, gop=50))
    made.pieces[1].path.write_bytes(made.pieces[1].path.read_bytes()[:-100])
    made.pieces[2].path.unlink()
    reel = reel_of(made.pieces, BEGIN, BEGIN + 60)
    assert reel.broken == 2
    path = written(reel, tmp_path / "film.mp4")
    assert [number for number, _, _ in pictures(path)] == [*range(50), *range(150, 200)]


@pytest.mark.parametrize("moof", [0, 1])
def test_a_time_that_was_harmed_is_a_hole_and_no_end(tmp_path: Path, moof: int) -> None:
    made = record(tmp_path, studio(8.0, gop=50))
    path = made.pieces[1].path
    data = bytearray(path.read_bytes())
    place = -1
    for _ in range(1 + 2 * moof):
        place = data.index(b"tfdt", place + 1)
    data[place + 8 + 1] ^= 1  # that is centuries later
    path.write_bytes(data)
    reel = reel_of(made.pieces, BEGIN, BEGIN + 60)
    assert reel.broken == 1
    seen = [number for number, _, _ in pictures(written(reel, tmp_path / "film.mp4"))]
    assert seen == [*range(50), *range(100, 200)]


@pytest.mark.parametrize("damage", [b"", b"\0" * 400, b"\0\0\0\x08moof" * 40])
def test_nothing_but_broken_files_is_no_film(tmp_path: Path, damage: bytes) -> None:
    made = record(tmp_path, studio(4.0))
    for piece in made.pieces:
        piece.path.write_bytes(damage)
    with pytest.raises(Unreadable):
        reel_of(made.pieces, BEGIN, BEGIN + 60)


def test_a_chapter_under_way_begins_a_clip(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0))
    reel = reel_of(made.pieces, BEGIN + 5, BEGIN + 7)
    assert chapters_of(reel, WORDS) == [(0.0, "Pourquoi ?")]


def test_no_room_no_film_and_nothing_left_behind(tmp_path: Path) -> None:
    made = record(tmp_path, studio(4.0))
    reel = reel_of(made.pieces, BEGIN, BEGIN + 60)
    with pytest.raises(NoRoom):
        film.write(reel, WORDS, tmp_path / "films" / "film.mp4", free=1 << 60)
    assert os.listdir(tmp_path / "films") == []


def test_progress_is_told_and_who_asks_to_stop_is_heard(tmp_path: Path) -> None:
    made = record(tmp_path, studio(8.0))
    reel = reel_of(made.pieces, BEGIN, BEGIN + 60)
    shares: list[float] = []
    film.write(reel, WORDS, tmp_path / "film.mp4", free=0, progress=shares.append)
    assert shares[0] == 0.0
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) == len(made.pieces) + 1
    seen: list[float] = []
    halfway: Callable[[], bool] = lambda: len(seen) >= 2  # noqa: E731
    with pytest.raises(Stopped):
        film.write(reel, WORDS, tmp_path / "other.mp4", free=0, progress=seen.append, stop=halfway)
    assert sorted(tmp_path.glob("*.mp4")) == [tmp_path / "film.mp4"]
    assert not list(tmp_path.glob(".*"))


def test_what_vanishes_while_it_is_copied_is_told(tmp_path: Path) -> None:
    made = record(tmp_path, studio(4.0))
    reel = reel_of(made.pieces, BEGIN, BEGIN + 60)
    made.pieces[1].path.unlink()
    with pytest.raises(OSError) as told:  # noqa: PT011
        film.write(reel, WORDS, tmp_path / "film.mp4", free=0)
    assert told.value.errno == errno.ENOENT
    assert not (tmp_path / "film.mp4").exists()
