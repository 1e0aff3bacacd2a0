"""Packets back in order, whatever the network does, below and across the wrap of their numbers."""

import random

from hypothesis import given
from hypothesis import strategies as st

from streaming.ingest.whip.reorder import (
    FIRST_ASK,
    JUMP,
    SOONEST,
    TRIES,
    WINDOW,
    Reorder,
    Unwrapper,
)
from streaming.webrtc.rtp import Received

PATIENCE = 0.4


def packet(number: int) -> Received:
    return Received(96, number & 0xFFFF, 0, 1, True, b"%d" % number)


def numbers(taken: list[Received | None]) -> list[int | None]:
    return [int(each.payload) if each else None for each in taken]


@given(st.sampled_from([16, 32]), st.integers(0, 2**32 - 1), st.lists(st.integers(-900, 900)))
def test_counters_go_on_across_their_wrap(bits: int, first: int, steps: list[int]) -> None:
    unwrapper, value = Unwrapper(bits), first % (1 << bits)
    origin = unwrapper.unwrap(value)
    expected = origin
    for step in steps:
        expected += step
        assert unwrapper.unwrap(expected % (1 << bits)) == expected


@given(st.integers(0, 0xFFFF), st.integers(1, 120), st.randoms(use_true_random=False))
def test_what_comes_in_any_order_and_twice_goes_on_in_order_and_once(
    first: int, count: int, chance: random.Random
) -> None:
    sent = list(range(first, first + count))
    # Each packet is late by up to twelve places; the first comes first.
    order = sorted(sent[1:] * 2, key=lambda number: number + chance.uniform(0, 12))
    reorder, taken = Reorder(PATIENCE), []
    for number in [first, *order]:
        reorder.put(packet(number), 0.0)
        taken += reorder.take(0.0)
    assert numbers(taken) == sent
    assert reorder.lost == 0
    assert not reorder.waiting


@given(st.integers(0, 0xFFFF), st.sets(st.integers(1, 98), max_size=60))
def test_what_never_comes_is_given_up_and_told_once_per_hole(first: int, lost: set[int]) -> None:
    reorder, taken = Reorder(PATIENCE), []
    for place in range(100):
        if place not in lost:
            reorder.put(packet(first + place), 0.0)
            taken += reorder.take(0.0)
    taken += reorder.take(PATIENCE)
    expected: list[int | None] = []
    for place in range(100):
        if place not in lost:
            expected.append(first + place)
        elif place - 1 not in lost:
            expected.append(None)
    assert numbers(taken) == expected
    assert reorder.lost == len(lost)
    assert not reorder.waiting


def test_a_missing_packet_is_asked_for_again_and_again_until_it_comes() -> None:
    reorder = Reorder(PATIENCE)
    reorder.put(packet(0xFFFE), 0.0)
    reorder.put(packet(0x10001), 0.0)  # 0xFFFF and 0 are missing
    assert reorder.ask(0.0) == []  # perhaps they only took another way
    assert reorder.ask(FIRST_ASK) == [0xFFFF, 0]
    assert reorder.ask(FIRST_ASK + SOONEST / 2) == []
    assert reorder.ask(FIRST_ASK + 0.1) == [0xFFFF, 0]
    assert reorder.is_missing(0)
    reorder.put(packet(0x10000), 0.15)
    assert not reorder.is_missing(0)
    assert reorder.ask(0.3) == [0xFFFF]
    tries = sum(len(reorder.ask(0.3 + step)) for step in range(50))
    assert tries == TRIES - 3


def test_how_long_a_retransmission_takes_sets_the_pace_of_asking() -> None:
    reorder, now = Reorder(PATIENCE), 0.0
    reorder.put(packet(0), now)
    for number in range(2, 60, 2):
        reorder.put(packet(number), now)
        assert reorder.ask(now + FIRST_ASK)
        reorder.put(packet(number - 1), now + FIRST_ASK + 0.2)
        now += 1.0
    assert abs(reorder.round_trip - 0.2) < 0.01
    reorder.put(packet(62), now)
    assert reorder.ask(now + FIRST_ASK)
    assert not reorder.ask(now + FIRST_ASK + 0.2)
    assert reorder.ask(now + FIRST_ASK + 0.25)


@given(st.integers(0, 0xFFFF), st.integers(JUMP, WINDOW - 3))
def test_what_is_awaited_is_taken_however_many_have_come_meanwhile(first: int, later: int) -> None:
    reorder = Reorder(PATIENCE)
    for number in (first, *range(first + 3, first + 3 + later)):
        reorder.put(packet(number), 0.0)
    for number in (first + 1, first + 2):
        assert reorder.is_missing(number & 0xFFFF)
        assert reorder.put(packet(number), 0.1)
    assert not reorder.put(packet(first + 3), 0.1)  # come by another way, and held already
    assert numbers(list(reorder.take(0.1))) == list(range(first, first + 3 + later))
    assert reorder.lost == 0


def test_a_stray_number_changes_nothing_but_two_in_a_row_begin_anew() -> None:
    reorder = Reorder(PATIENCE)
    reorder.put(packet(100), 0.0)
    assert not reorder.put(packet(100 + 20_000), 0.0)
    assert reorder.put(packet(101), 0.0)
    assert not reorder.put(packet(30_000), 0.0)
    assert reorder.put(packet(30_001), 0.0)
    reorder.put(packet(30_002), 0.0)
    assert numbers(list(reorder.take(0.0))) == [None, 30_001, 30_002]


@given(st.lists(st.integers(0, 0xFFFF), max_size=400))
def test_memory_is_bounded_whatever_comes(sequences: list[int]) -> None:
    reorder = Reorder(PATIENCE)
    for sequence in sequences:
        reorder.put(packet(sequence), 0.0)
        for _ in reorder.take(0.0):
            pass
        assert len(reorder._held) <= WINDOW
        assert len(reorder._missing) <= WINDOW + JUMP
