"""A disk that fills up, and one that is read-only: the recording waits, the live does not."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from streaming.recording.disk import Disk
from streaming.recording.index import Index
from tests.disks import NoDisk, fill, small_disk
from tests.faults.test_kills import goes_on, newest, until
from tests.servers import fabrique
from tests.streaming.recording.reels import INIT, closed
from tests.tv.recorded.test_recording import Stage, nothing, numbers, taping
from tests.waiting import when
from tv.auth import Role
from tv.recorded.recording import BROKEN, Tape


async def remount(disk: Path, how: str) -> None:
    process = await asyncio.create_subprocess_exec("mount", "-o", f"remount,{how}", disk)
    assert await process.wait() == 0


@pytest.fixture(autouse=True)
def can_mount(tmp_path: Path) -> None:
    try:
        with small_disk(tmp_path / "tried", "1m"):
            pass
    except NoDisk as why:
        pytest.skip(f"no disk can be mounted here: {why}")


def test_disk_that_fills_up_anywhere_in_a_segment_leaves_what_was_acknowledged(
    tmp_path: Path,
) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    for free in range(0, 12 * page, page):
        with small_disk(tmp_path / f"disk-{free}", "1m") as disk:
            folder = disk / "plateau"
            recorder = Disk(folder, 0)
            for each in closed(1, 3):
                recorder.write(each, INIT)
            acknowledged = [1, 2, 3]
            filler = fill(disk, leave=free)
            with suppress(OSError):
                for each in closed(4, 400):
                    recorder.write(each, INIT)
                    acknowledged.append(each.opened.msn)
            assert acknowledged[-1] < 400
            assert numbers(folder) == acknowledged
            filler.unlink()
            for each in closed(acknowledged[-1], 3):
                recorder.write(each, INIT)
            recorder.close()
            assert numbers(folder) == [*acknowledged, acknowledged[-1] + 1, acknowledged[-1] + 2]


async def test_read_only_disk_is_told_until_it_can_be_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1m") as disk:
        await remount(disk, "ro")
        stage = Stage()
        tape = Tape("plateau", Disk(disk / "plateau", 0), nothing, retry=0.05)
        async with taping(tape, stage, tmp_path / "media.sock"):
            stage.show(1, 3)
            await when(lambda: ("paused", BROKEN) in stage.states)
            await remount(disk, "rw")
            await when(lambda: stage.states[-1] == ("on", ""))
            await when(lambda: numbers(disk / "plateau") == [1, 2, 3])


@pytest.mark.slow
def test_full_data_folder_pauses_the_recording_and_leaves_the_live(tmp_path: Path) -> None:
    settings = {"LADDER__JOBS": "0", "RECORDING__FREE_GB": "0.02"}
    with small_disk(tmp_path / "disk", "64m") as disk:
        with fabrique(disk / "data", **settings) as server:
            crew = {"authorization": f"Bearer {server.make_pass(Role.OPERATOR)}"}
            with httpx.Client(base_url=server.url, timeout=5, headers=crew) as client:
                until(_in_state(client, "on"))
                filler = fill(disk)
                paused = until(_in_state(client, "paused"))
                assert "presque plein" in paused["reason"]
                goes_on(client, newest(client))
                assert client.get("/readyz").status_code == 200
                filler.unlink()
                resumed = until(_in_state(client, "on"))
                assert resumed["missing"] == 0
        (folder,) = server.folder.recording.iterdir()
        there = [each.msn for each in Index(folder).between(0, 1e11)]
        assert there == list(range(1, len(there) + 1))


def _in_state(client: httpx.Client, state: str) -> Callable[[], Any]:
    def look() -> Any:
        (channel,) = client.get("/api/v1/channels").json()["items"]
        recording = channel["recording"]
        return recording if recording and recording["state"] == state else None

    return look
