"""What a process is worth to the others, and that it is there again whatever ends it."""

import asyncio
import os
import platform
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Fabrique
from tests.waiting import when
from tv.supervisor import Child, Supervisor


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's file is Linux's")
def test_captions_end_before_the_picture_when_memory_runs_out(served: Fabrique) -> None:
    def worth(name: str) -> int:
        return int(Path(f"/proc/{served.children()[name]}/oom_score_adj").read_text())

    picture = worth("media")
    assert worth("captions") > picture
    assert worth("archive") > picture
    assert worth("web:0") == picture


def test_what_can_wait_gives_way_to_the_picture(served: Fabrique) -> None:
    def nice(name: str) -> list[int]:
        number = served.children()[name]
        groups = Path(f"/proc/{number}/autogroup")  # where the kernel shares out by sessions
        return [
            os.getpriority(os.PRIO_PROCESS, number),
            *(int(each.read_text().split()[-1]) for each in [groups] if each.exists()),
        ]

    assert set(nice("media")) == set(nice("web:0")) == {0}
    assert set(nice("captions")) == {5}
    assert set(nice("archive")) == {10}


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's file is Linux's")
def test_threads_take_their_memory_from_one_heap(served: Fabrique) -> None:
    assert {name: _heaps_of_threads(number) for name, number in served.children().items()} == (
        dict.fromkeys(served.children(), 0)
    )


async def test_a_process_that_cannot_be_started_for_a_moment_is_started_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "sleep"
    program.symlink_to(shutil.which("sleep") or "/bin/sleep")
    child = Child("helper", [str(program), "60"])
    async with asyncio.timeout(30), Supervisor([child]).running():
        await when(lambda: child.pid)
        program.unlink()  # as while what we run is installed anew
        os.kill(first := child.pid, signal.SIGKILL)
        await when(lambda: caplog.text.count("helper cannot be started") > 1)
        program.symlink_to(shutil.which("sleep") or "/bin/sleep")
        await when(lambda: child.pid != first)
    assert "Traceback" not in caplog.text


async def test_what_ends_the_watch_over_a_process_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with Supervisor([Child("helper", ["no\0program"])]).running():
        await when(lambda: "helper failed" in caplog.text)


def _heaps_of_threads(process: int) -> int:
    """How many heaps glibc has made for threads: each lies on 64 MB of its own, in part open."""
    size, found, before = 64 * 2**20, 0, (0, 0, "")
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        places, rights, *_ = line.split()
        start, end = (int(place, 16) for place in places.split("-"))
        if rights == "---p" and before[1:] == (start, "rw-p"):
            found += before[0] % size == 0 and end - before[0] == size
        before = start, end, rights
    return found


# Pieces of which every hundredth is kept; prints what the process holds of 200 MB, in MB, when the
# others are freed, and when it has been trimmed.
PIECES = """
import asyncio

import psutil

from tests.waiting import when
from tv import process
from tv.tasks import running

def held():
    return psutil.Process().memory_info().rss / 1e6

async def trimmed(before):
    async with running(process.trimming(0.01)):
        await when(lambda: held() < before / 2)

process.share_one_heap()
pieces = [bytes(100_000) for _ in range(2_000)]
pieces = [piece for number, piece in enumerate(pieces) if number % 100 == 0]
print(held())
asyncio.run(trimmed(held()))
print(held())
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries have their own way"
)
def test_what_is_free_between_what_is_kept_goes_back_to_the_system() -> None:
    command = [sys.executable, "-c", PIECES]
    told = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    before, after = map(float, told.stdout.split())
    assert before > 100
    assert after < 60
