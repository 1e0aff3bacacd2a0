"""A machine knows what it may take, in a container, too."""

import os
from pathlib import Path

import psutil
import pytest

from captions.models import machine


def test_this_machine_has_what_the_system_says() -> None:
    here = machine.look()
    assert 0 < here.cores <= (os.cpu_count() or 1)
    assert here.memory <= psutil.virtual_memory().total
    assert here.memory == pytest.approx(psutil.virtual_memory().available, rel=0.3)


def test_a_container_has_its_share(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text("500000000\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    here = machine.look(tmp_path)
    assert (here.cores, here.memory) == (0.5, 100_000_000)
    (tmp_path / "memory.stat").write_text("active_file 7\ninactive_file 250000000\n")
    assert machine.look(tmp_path).memory == 350_000_000  # files that were read make room


def test_a_container_without_limits_has_all(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("400000000\n")
    here, there = machine.look(tmp_path), machine.look(tmp_path / "absent")
    assert here.cores == there.cores
    assert here.memory == pytest.approx(there.memory, rel=0.1)
