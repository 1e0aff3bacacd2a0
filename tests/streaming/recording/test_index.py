"""What readers make of a recording's folder, whatever was done to it."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from streaming.recording.index import INDEX, Index, Recorded, day_of, read_line, write_line
from tests.streaming.recording.reels import INIT, LENGTH, START, closed, record

DAY = day_of(START)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with segments 1 to 6."""
    folder = tmp_path_factory.mktemp("recorded") / "plateau"
    record(folder, closed(1, 6)).close()
    return folder


def everything(folder: Path) -> list[Recorded]:
    index = Index(folder)
    index.refresh()
    return index.between(0, 1e11)


def numbers(folder: Path) -> list[int]:
    return [each.msn for each in everything(folder)]


def harmed(recorded: Path, into: Path) -> Path:
    """A copy to be harmed: its day's folder."""
    shutil.copytree(recorded, into / "plateau")
    return into / "plateau" / DAY


def test_segment_is_found_by_time_and_by_name(recorded: Path) -> None:
    index = Index(recorded)
    from_2_to_4 = index.between(START + 2 * LENGTH + 0.1, START + 4 * LENGTH + 0.1)
    assert [each.msn for each in from_2_to_4] == [2, 3, 4]
    found = index.find("7-3", START, START + 60)
    assert found == from_2_to_4[1]
    assert index.path_of(found).read_bytes() == b"3 first 3 second"
    assert index.find("7-3", START + 4 * LENGTH, START + 60) is None
    assert index.find("7-9", START, START + 60) is None
    path = index.path_of_init(INIT.name, START, START + 60)
    assert path is not None
    assert path.read_bytes() == INIT.data


def test_index_torn_at_any_byte_shows_what_is_whole(recorded: Path, tmp_path: Path) -> None:
    day = harmed(recorded, tmp_path)
    whole = (day / INDEX).read_bytes()
    lines = [0]  # where each line ends
    lines += [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        (day / INDEX).write_bytes(whole[:length])
        there = sum(end <= length for end in lines[1:])
        assert numbers(day.parent) == list(range(1, max(1, there)))


def test_reader_follows_what_is_appended_and_waits_for_a_torn_line(
    recorded: Path, tmp_path: Path
) -> None:
    day = harmed(recorded, tmp_path)
    whole = (day / INDEX).read_bytes()
    (day / INDEX).write_bytes(b"")
    index = Index(day.parent)
    seen = 0
    for length in range(0, len(whole) + 1, 7):
        with (day / INDEX).open("ab") as file:
            file.write(whole[length : length + 7])
        before = index.version
        index.refresh()
        there = len(index.between(0, 1e11))
        assert there >= seen
        if there > seen:
            assert index.version > before
        seen = there
    assert seen == 6


def test_index_that_another_was_put_in_the_place_of_is_read_anew(
    recorded: Path, tmp_path: Path
) -> None:
    day = harmed(recorded, tmp_path)
    index = Index(day.parent)
    assert len(index.between(0, 1e11)) == 6
    lines = (day / INDEX).read_bytes().splitlines(keepends=True)
    (day / INDEX).unlink()
    (day / INDEX).write_bytes(b"".join(lines[:3]))
    index.refresh()
    assert [each.msn for each in index.between(0, 1e11)] == [1, 2]
    shutil.rmtree(day)
    index.refresh()
    assert index.between(0, 1e11) == []


def test_segment_whose_file_is_missing_or_short_is_a_gap(recorded: Path, tmp_path: Path) -> None:
    day = harmed(recorded, tmp_path)
    (day / "7-2.m4s").unlink()
    (day / "7-4.m4s").write_bytes(b"4 first ")
    (day / "9-99.m4s").write_bytes(b"nobody names it")
    assert numbers(day.parent) == [1, 3, 5, 6]


def test_without_its_init_nothing_can_be_played(recorded: Path, tmp_path: Path) -> None:
    day = harmed(recorded, tmp_path)
    (day / f"{INIT.name}.mp4").unlink()
    assert numbers(day.parent) == []


def test_lines_twice_and_lines_that_go_back_are_left_out(recorded: Path, tmp_path: Path) -> None:
    day = harmed(recorded, tmp_path)
    init, first, second, third, *_ = (day / INDEX).read_bytes().splitlines(keepends=True)
    (day / INDEX).write_bytes(init + first + first + third + second + init + third)
    assert numbers(day.parent) == [1, 3]
    again = write_line(replace(everything(day.parent)[0], start=START + 9 * LENGTH))
    (day / INDEX).write_bytes(init + first + again)
    assert numbers(day.parent) == [1]


@given(st.binary(max_size=60), st.integers(0, 7))
@settings(max_examples=60)
def test_garbage_between_lines_harms_no_other(
    recorded: Path, tmp_path_factory: pytest.TempPathFactory, garbage: bytes, place: int
) -> None:
    day = harmed(recorded, tmp_path_factory.mktemp("garbage"))
    lines = (day / INDEX).read_bytes().splitlines(keepends=True)
    lines.insert(place, garbage.replace(b"\n", b"") + b"\n")
    (day / INDEX).write_bytes(b"".join(lines))
    assert numbers(day.parent) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "line",
    [
        Recorded(1, "../../secret", START, 2.0, INIT.name, 1, 5),
        Recorded(1, "7-1", START, 2.0, "../clock", 1, 5),
        Recorded(1, "7-1", START, -1.0, INIT.name, 1, 5),
        Recorded(1, "7-1", START, 1e6, INIT.name, 1, 5),
        Recorded(-1, "7-1", START, 2.0, INIT.name, 1, 5),
        Recorded(1, "7-1", 1e300, 2.0, INIT.name, 1, 5),
    ],
)
def test_line_that_no_writer_of_ours_writes_is_none(line: Recorded) -> None:
    assert read_line(write_line(line)) is None


def test_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert everything(tmp_path / "nowhere") == []


def test_only_so_many_days_are_in_memory(tmp_path: Path) -> None:
    for day in range(12):
        record(tmp_path / "plateau", closed(100 * day, 1, later=86_400.0 * day)).close()
    index = Index(tmp_path / "plateau")
    assert len(index.between(0, 1e11)) == 12
    assert len(index._days) == 8
