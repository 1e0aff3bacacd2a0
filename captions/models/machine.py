"""What this machine has for a speech model: cores, memory, a graphics card."""

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
_FILES = "inactive_file "


@dataclass(frozen=True)
class Gpu:
    """A card that CTranslate2 can compute on."""

    memory: int  # bytes it has
    computes: frozenset[str]  # compute types, by CTranslate2's names


@dataclass(frozen=True)
class Machine:
    """What a process that starts now may have."""

    cores: float
    memory: int  # bytes that can be taken before something else has to go
    gpu: Gpu | None = None


def look(cgroup: Path = CGROUP) -> Machine:
    """Measure this machine as it is now, or the container that it is by `cgroup`."""
    return Machine(_cores(cgroup), _memory(cgroup), _gpu())


def _cores(cgroup: Path) -> float:
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0)
    cores = cores or float(os.cpu_count() or 1)
    match _words(cgroup / "cpu.max"):  # a container's share, in microseconds of each period
        case [quota, period] if quota.isdecimal() and int(period):
            cores = min(cores, int(quota) / int(period))
    return cores


def _memory(cgroup: Path) -> int:
    free = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for line in _lines(Path("/proc/meminfo")):
        name, _, amount = line.partition(":")
        if name == "MemAvailable":
            free = int(amount.split()[0]) * 1024
    match _words(cgroup / "memory.max"), _words(cgroup / "memory.current"):
        case [limit], [used] if limit.isdecimal():
            # What is kept of files goes before anything else does.
            files = [line.split()[1] for line in _lines(cgroup / "memory.stat") if _FILES in line]
            free = min(free, max(0, int(limit) - int(used) + sum(map(int, files))))
    return free


def _gpu() -> Gpu | None:
    import ctranslate2

    try:
        if not ctranslate2.get_cuda_device_count():
            return None
        computes = frozenset(ctranslate2.get_supported_compute_types("cuda"))
    except RuntimeError:  # a driver too old for it
        return None
    return Gpu(_gpu_memory(), computes)


def _gpu_memory() -> int:
    """The first card's memory in bytes by NVIDIA's driver, 0 when it does not tell.

    CTranslate2 does not say; the driver counts cards as it does (CUDA_VISIBLE_DEVICES).
    """
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        device, size = ctypes.c_int(), ctypes.c_size_t()
        failed = (
            driver.cuInit(0)
            or driver.cuDeviceGet(ctypes.byref(device), 0)
            or driver.cuDeviceTotalMem_v2(ctypes.byref(size), device)
        )
    except (OSError, AttributeError):
        return 0
    return 0 if failed else size.value


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()
