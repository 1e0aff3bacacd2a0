"""What a process is worth to the others."""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import Fabrique


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


# Threads that hold memory at the same time; then what heaps it came from.
HEAPS = """
import ctypes, sys, threading
from tv import process

if sys.argv[1] == "shared":
    process.share_one_heap()
together = threading.Barrier(4)

def hold():
    held = [bytes(10_000) for _ in range(10)]
    together.wait()
    return held

threads = [threading.Thread(target=hold) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
told = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, told)
libc.fclose(told)
"""


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_info"), reason="glibc tells of its heaps"
)
@pytest.mark.parametrize(("how", "one"), [("shared", True), ("apart", False)])
def test_threads_take_their_memory_from_one_heap(tmp_path: Path, how: str, one: bool) -> None:
    told = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", HEAPS, how, str(told)], check=True, timeout=60)
    heaps = len(re.findall("<heap nr=", told.read_text()))
    assert (heaps == 1) is one
