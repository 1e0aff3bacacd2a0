"""Whisper's sizes, and which of them a machine can caption with; pure."""

from dataclasses import dataclass

from captions.models.machine import Gpu, Machine

SHARE = 0.25  # of the machine's cores, for captions: the picture, the pages and the store have more
SMALL = 150_000_000  # parameters: tiny and base have fewer
THREADS = 8  # at most: what a step can use
PROCESS = 350_000_000  # bytes of a captions process without its model
BESIDES = 800_000_000  # bytes on a card beside the weights: its context, and what a step needs
# On a card, the exactest first; bytes per weight of each.
ON_GPU = {"float16": 2.0, "bfloat16": 2.0, "int8_float16": 1.1, "int8": 1.1, "float32": 4.0}
ON_CPU = "int8"  # as exact as float32 on CPU, at half its cost


@dataclass(frozen=True)
class Size:
    """A model by its name."""

    name: str
    repository: str  # on the hub
    parameters: int
    cores: float  # that the live loop takes on CPU, for a channel


# The cores of base are measured. Those of small and turbo follow from it by what a step of theirs
# costs, measured on weights of their shape without their values; medium and large are estimates.
SIZES = (
    Size("tiny", "Systran/faster-whisper-tiny", 39_000_000, 0.3),
    Size("base", "Systran/faster-whisper-base", 74_000_000, 0.5),
    Size("small", "Systran/faster-whisper-small", 244_000_000, 1.9),
    Size("medium", "Systran/faster-whisper-medium", 769_000_000, 6.0),
    Size("large-v3-turbo", "mobiuslabsgmbh/faster-whisper-large-v3-turbo", 809_000_000, 6.0),
    Size("large-v1", "Systran/faster-whisper-large-v1", 1_550_000_000, 12.0),
    Size("large-v2", "Systran/faster-whisper-large-v2", 1_550_000_000, 12.0),
    Size("large-v3", "Systran/faster-whisper-large-v3", 1_550_000_000, 12.0),
)
ALSO = {"turbo": "large-v3-turbo", "large": "large-v3"}  # names people know them by
AUTO = "auto"
# What `auto` takes, the best first: large-v3 is no better than turbo by more than it costs.
BEST = ("large-v3-turbo", "medium", "small", "base", "tiny")


@dataclass(frozen=True)
class Plan:
    """How a model is run."""

    device: str  # "cuda" or "cpu"
    compute: str  # one of CTranslate2's compute types
    threads: int  # of a step
    workers: int = 1  # steps at a time: several channels do not wait for each other


def named(name: str) -> Size | None:
    name = ALSO.get(name, name)
    return next((size for size in SIZES if size.name == name), None)


def plans(size_bytes: int, machine: Machine, parameters: int, channels: int = 1) -> list[Plan]:
    """The ways to run weights of `size_bytes` for which there is memory, the best first."""
    found = []
    if machine.gpu and (compute := _on_gpu(parameters, machine.gpu)):
        found.append(Plan("cuda", compute, 1))
    if needed(size_bytes) <= machine.memory:
        each = threads(parameters, machine.cores)
        workers = max(1, min(channels, int(machine.cores / 2 / each)))
        found.append(Plan("cpu", ON_CPU, each, workers))
    return found


def needed(size_bytes: int) -> int:
    """Bytes of memory that loading and running weights of `size_bytes` takes on CPU, measured:
    while they are made int8, they are there as they came, too."""
    return PROCESS + size_bytes


def threads(parameters: int, cores: float) -> int:
    """How many threads a step has: for base a second one buys nothing, small needs several."""
    if parameters < SMALL:
        return 1
    return max(1, min(THREADS, int(cores * SHARE * 2)))


def suited(machine: Machine, channels: int = 1) -> list[tuple[Size, list[Plan]]]:
    """What `auto` may choose from to caption `channels`, the best first, and how to run each."""
    found = []
    for name in BEST:
        size = named(name)
        assert size is not None
        if ways := live(size, machine, channels):
            found.append((size, ways))
    return found


def live(size: Size, machine: Machine, channels: int = 1) -> list[Plan]:
    """The ways to run `size` that keep up with `channels` and leave the others their cores.

    Nothing is lighter than base by enough to be worth its errors: where even that is too much, the
    live loop does with less (`captions/hearing/pace.py`).
    """
    ways = plans(2 * size.parameters, machine, size.parameters, channels)
    if size.cores * channels <= machine.cores * SHARE or size.parameters < SMALL:
        return ways
    return [plan for plan in ways if plan.device == "cuda"]


def _on_gpu(parameters: int, gpu: Gpu) -> str:
    """The exactest compute type for which the card has the memory, or ""."""
    for compute, weight in ON_GPU.items():
        if compute in gpu.computes and parameters * weight + BESIDES <= gpu.memory:
            return compute
    return ""
