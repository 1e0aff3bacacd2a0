"""Which model a machine gets: facts by example, and what holds for every machine."""

import pytest
from faster_whisper import utils
from hypothesis import given
from hypothesis import strategies as st

from captions.models import sizes
from captions.models.machine import Gpu, Machine
from captions.models.sizes import Plan

GB = 10**9
MODERN = frozenset({"float32", "float16", "bfloat16", "int8_float16", "int8"})
TURBO = "large-v3-turbo"
OLD = frozenset({"float32", "int8"})


def first(machine: Machine, channels: int = 1) -> tuple[str, Plan]:
    size, plans = sizes.suited(machine, channels)[0]
    return size.name, plans[0]


@pytest.mark.parametrize(
    ("machine", "channels", "name", "plan"),
    [
        (Machine(2, 8 * GB), 1, "base", Plan("cpu", "int8", 1)),
        (Machine(0.5, 8 * GB), 1, "base", Plan("cpu", "int8", 1)),  # a container's half core
        (Machine(4, 8 * GB), 1, "base", Plan("cpu", "int8", 1)),
        (Machine(8, 8 * GB), 1, "small", Plan("cpu", "int8", 4)),
        (Machine(8, 8 * GB), 2, "base", Plan("cpu", "int8", 1, workers=2)),
        (Machine(2, 8 * GB), 6, "base", Plan("cpu", "int8", 1)),
        (Machine(16, 8 * GB), 2, "small", Plan("cpu", "int8", 8)),
        (Machine(8, 600_000_000), 1, "base", Plan("cpu", "int8", 1)),
        (Machine(8, 450_000_000), 1, "tiny", Plan("cpu", "int8", 1)),
        (Machine(24, 8 * GB), 1, TURBO, Plan("cpu", "int8", 8)),
        (Machine(2, 8 * GB, Gpu(8 * GB, MODERN)), 1, TURBO, Plan("cuda", "float16", 1)),
        (Machine(2, 8 * GB, Gpu(2 * GB, MODERN)), 1, TURBO, Plan("cuda", "int8_float16", 1)),
        (Machine(2, 8 * GB, Gpu(2 * GB, OLD)), 1, TURBO, Plan("cuda", "int8", 1)),
        (Machine(2, 8 * GB, Gpu(1_400_000_000, MODERN)), 1, "small", Plan("cuda", "float16", 1)),
        (Machine(2, 8 * GB, Gpu(500_000_000, MODERN)), 1, "base", Plan("cpu", "int8", 1)),
        (Machine(2, 8 * GB, Gpu(0, MODERN)), 1, "base", Plan("cpu", "int8", 1)),  # a mute driver
    ],
)  # fmt: skip
def test_a_machine_gets_its_model(machine: Machine, channels: int, name: str, plan: Plan) -> None:
    assert first(machine, channels) == (name, plan)


def test_processor_stands_in_for_a_card_that_fails() -> None:
    base = dict(sizes.suited(Machine(2, 8 * GB, Gpu(8 * GB, MODERN))))[sizes.named("base")]
    assert [plan.device for plan in base] == ["cuda", "cpu"]


def test_no_model_where_there_is_no_memory() -> None:
    assert sizes.suited(Machine(64, 300_000_000)) == []


machines = st.builds(
    Machine,
    st.floats(0.1, 256),
    st.integers(0, 64 * GB),
    st.none() | st.builds(Gpu, st.integers(0, 80 * GB), st.frozensets(st.sampled_from([*MODERN]))),
)


@given(machine=machines, channels=st.integers(1, 8))
def test_nothing_is_chosen_beyond_what_is_there(machine: Machine, channels: int) -> None:
    for size, plans in sizes.suited(machine, channels):
        for plan in plans:
            if plan.device == "cpu":
                assert sizes.needed(2 * size.parameters) <= machine.memory
                assert 1 <= plan.threads * plan.workers <= max(1, machine.cores)
                assert plan.workers <= channels
            else:
                assert machine.gpu is not None
                assert plan.compute in machine.gpu.computes
                assert size.parameters < machine.gpu.memory


@given(machine=machines, cores=st.floats(0, 64), memory=st.integers(0, 8 * GB))
def test_more_machine_never_gets_a_lesser_model(
    machine: Machine, cores: float, memory: int
) -> None:
    def rank(machine: Machine) -> int:
        found = sizes.suited(machine)
        return sizes.BEST.index(found[0][0].name) if found else len(sizes.BEST)

    more = Machine(machine.cores + cores, machine.memory + memory, machine.gpu)
    assert rank(more) <= rank(machine)


def test_names_are_those_that_faster_whisper_knows_for_french() -> None:
    known = utils._MODELS
    ours = {size.name: size.repository for size in sizes.SIZES}
    assert ours.items() <= known.items()
    assert all(known[short] == known[name] for short, name in sizes.ALSO.items())
    left = known.keys() - ours.keys() - sizes.ALSO.keys()
    assert all(name.endswith(".en") or name.startswith("distil-") for name in left)
