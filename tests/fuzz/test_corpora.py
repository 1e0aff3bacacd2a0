"""What each reader of strangers' bytes was given once, and a little more: it is read or refused.

`python -m benchmarks.fuzz` looks for what is not, for as long as one likes.
"""

import random

import pytest

from streaming.ingest.srt import streamid
from tests.fuzz import corpora
from tests.fuzz.engine import WORDS, Target, attempt, changed, fuzz
from tests.fuzz.targets import TARGETS

FRESH = 200  # inputs beyond those that are kept


@pytest.mark.parametrize("name", TARGETS)
def test_what_strangers_send_is_read_or_refused(name: str) -> None:
    target, chance = TARGETS[name], random.Random(name)
    known = [*target.seeds(), *corpora.kept(name)]
    fresh = (changed(chance.choice(known), known, [*WORDS], chance) for _ in range(FRESH))
    with target.around:
        for data in (*known, *fresh):
            assert attempt(target, data[: target.limit]) == "", data


def test_a_mistake_is_found_and_what_finds_it_made_short() -> None:
    def read(data: bytes) -> None:
        if streamid.read(data).slot:
            raise IndexError

    target = Target("bad", read, lambda: [b"publish:plateau:key"], (streamid.Rejected,))
    known = [b"#!::m=publish,r=labo-1,u=something"]
    [(happened, data)] = fuzz(target, known, 60, random.Random(1), most=1).findings.items()
    assert happened.startswith("IndexError, tests/fuzz/test_corpora.py")
    assert len(data) < 30
