"""What a recording bears: a kill between any two writes, a full disk, somebody else's hands."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streaming.disk import DiskFull
from streaming.recording.disk import Disk
from streaming.recording.index import INDEX, Index, day_of
from tests.streaming.recording.reels import INIT, START, closed, record

DAY = day_of(START)


def numbers(folder: Path) -> list[int]:
    return [each.msn for each in Index(folder).between(0, 1e11)]


def lines(folder: Path) -> list[bytes]:
    return (folder / DAY / INDEX).read_bytes().splitlines()


def test_line_is_written_after_its_bytes_are_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def seen(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapped(file: int, *rest: Any) -> Any:
            path = os.readlink(f"/proc/self/fd/{file}")
            done.append(f"{name} {Path(path).name}")
            return call(file, *rest)

        return wrapped

    # To hear what is asked of the system: the order is the promise, and no file shows it.
    monkeypatch.setattr(os, "fsync", seen(os.fsync, "sync"))
    record(tmp_path / "plateau", closed(1, 1)).close()
    assert done == [
        *("sync plateau", f"sync {tmp_path.name}", f"sync {tmp_path.parent.name}"),
        *(f"sync {INIT.name}.mp4", f"sync {DAY}", f"sync {INDEX}"),
        *("sync 7-1.m4s", f"sync {DAY}", f"sync {INDEX}"),
    ]


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    killed = record(folder, closed(1, 3))
    disk = record(folder, closed(1, 5))
    assert numbers(folder) == [1, 2, 3, 4, 5]
    assert len(lines(folder)) == 6
    assert disk.write(closed(2, 1)[0], INIT) == 0
    disk.close()
    killed.close()


def test_torn_tail_is_cut_off_wherever_it_was_torn(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    record(folder, closed(1, 3)).close()
    index = folder / DAY / INDEX
    whole = index.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in (*range(last, len(whole), 6), len(whole)):
        index.write_bytes(whole[:length])
        record(folder, closed(1, 4)).close()
        assert numbers(folder) == [1, 2, 3, 4]
        assert len(lines(folder)) == 5
        (folder / DAY / "7-4.m4s").unlink()


def test_files_without_a_line_are_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    record(folder, closed(1, 1)).close()
    (folder / DAY / "7-2.m4s").write_bytes(b"killed in the middle of it, and longer than it was")
    record(folder, closed(2, 1)).close()
    assert numbers(folder) == [1, 2]


def test_segments_whose_files_are_gone_are_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    record(folder, closed(1, 3)).close()
    (folder / DAY / "7-3.m4s").unlink()
    record(folder, closed(1, 3)).close()
    assert numbers(folder) == [1, 2, 3]


def test_day_that_is_deleted_meanwhile_is_an_error_then_begins_again(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    disk = record(folder, closed(1, 2))
    (folder / DAY).rename(tmp_path / "taken away")
    with pytest.raises(FileNotFoundError):
        disk.write(closed(3, 1)[0], INIT)
    disk.write(closed(3, 1)[0], INIT)
    disk.close()
    assert numbers(folder) == [3]


def test_each_day_has_all_that_it_needs(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    record(folder, [*closed(1, 2), *closed(50_000, 2)]).close()  # 27 hours later
    days = sorted(folder.iterdir())
    assert [day.name for day in days] == ["2026-11-25", "2026-11-26"]
    for day in days:
        assert (day / f"{INIT.name}.mp4").read_bytes() == INIT.data
        assert len((day / INDEX).read_bytes().splitlines()) == 3
    Disk(folder, 0).expire("2026-11-26")
    assert numbers(folder) == [50_000, 50_001]
    assert sorted(folder.iterdir()) == days[1:]


def test_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    disk = Disk(folder, 10**15)
    with pytest.raises(DiskFull):
        disk.write(closed(1, 1)[0], INIT)
    assert disk.room == 0
    assert not list(folder.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "plateau"
    folder.mkdir(mode=0o500)
    with pytest.raises(PermissionError):
        record(folder, closed(1, 1))
