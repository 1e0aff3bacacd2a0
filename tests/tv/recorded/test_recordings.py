"""Reading what is recorded: from memory when it was read just now, and never at the live's cost."""

import asyncio
import threading
from pathlib import Path

import pytest

from streaming.recording.index import Recorded, day_of
from tests.streaming.recording.reels import INIT, START, closed, record
from tests.waiting import when
from tv.problems import Problem
from tv.recorded.recordings import Recordings
from tv.tasks import running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    record(tmp_path / "plateau", closed(1, 3)).close()
    return tmp_path


async def segments(recorded: Recordings) -> list[Recorded]:
    return await recorded.between("plateau", START, START + 100)


async def test_recorded_segment_and_its_init_are_read(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"])
    first, *_ = await segments(recorded)
    assert await recorded.read("plateau", first) == b"1 first 1 second"
    assert await recorded.read_init("plateau", INIT.name, START, START + 100) == INIT.data
    about = await recorded.init("plateau", INIT.name, START, START + 100)
    assert about is not None
    assert about.codecs == INIT.codecs
    assert await recorded.find("plateau", "7-2", START, START + 100) is not None


async def test_channel_that_is_not_recorded_has_nothing(folder: Path) -> None:
    recorded = Recordings(folder, [])
    assert await segments(recorded) == []
    assert await recorded.find("plateau", "7-2", START, START + 100) is None
    with pytest.raises(Problem) as caught:
        await recorded.read_init("plateau", INIT.name, START, START + 100)
    assert caught.value.status == 404


async def test_what_is_recorded_meanwhile_is_noticed(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"])
    async with running(recorded.run()):
        assert len(await segments(recorded)) == 3
        before = recorded.version("plateau")
        record(folder / "plateau", closed(4, 1)).close()
        await when(lambda: recorded.version("plateau") != before)
        assert len(await segments(recorded)) == 4


async def test_segment_that_is_gone_or_cut_short_is_not_found(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"])
    first, second, _ = await segments(recorded)
    day = folder / "plateau" / day_of(START)
    (day / "7-1.m4s").unlink()
    (day / "7-2.m4s").write_bytes(b"2")
    for each in (first, second):
        with pytest.raises(Problem) as caught:
            await recorded.read("plateau", each)
        assert caught.value.status == 404


async def test_what_was_read_just_now_comes_from_memory(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"])
    first, *_ = await segments(recorded)
    data = await recorded.read("plateau", first)
    (folder / "plateau" / day_of(START) / "7-1.m4s").unlink()
    assert await recorded.read("plateau", first) is data


async def test_memory_for_what_was_read_is_bounded(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"], kept=40)  # bytes: two segments of 16
    for each in await segments(recorded):
        await recorded.read("plateau", each)
    assert recorded._kept_bytes == 32
    assert [path.name for path in recorded._kept] == ["7-2.m4s", "7-3.m4s"]


async def test_slow_disk_refuses_what_is_too_much_and_what_is_late(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"], most=2, patience=0.05)
    may_end = threading.Event()
    late = [asyncio.ensure_future(recorded.in_thread(may_end.wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as caught:  # at once
        await segments(recorded)
    assert (caught.value.status, caught.value.code) == (503, "disk-busy")
    for each in await asyncio.gather(*late, return_exceptions=True):
        assert isinstance(each, Problem)
        assert each.status == 503
    with pytest.raises(Problem):  # their threads are still taken
        await segments(recorded)
    may_end.set()
    await when(lambda: not recorded._asked)
    assert len(await segments(recorded)) == 3


async def test_crowd_costs_one_read(folder: Path) -> None:
    recorded = Recordings(folder, ["plateau"], most=4)
    first, *_ = await segments(recorded)
    read = await asyncio.gather(*(recorded.read("plateau", first) for _ in range(500)))
    assert {id(data) for data in read} == {id(read[0])}
