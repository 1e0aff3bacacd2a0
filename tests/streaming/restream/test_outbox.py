"""What waits for a slow target, and what it loses."""

import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from streaming.packet import Packet
from streaming.restream.outbox import LATE, LONGEST, Outbox


def picture(dts: float, *, key: bool = False) -> tuple[str, Packet]:
    return "h264", Packet(b"picture", dts, dts, key)


def sound(dts: float) -> tuple[str, Packet]:
    return "aac", Packet(b"sound", dts, dts, True)


def told(outbox: Outbox) -> list[tuple[str, float, bool]]:
    """All that is ready now."""
    got = []
    while outbox._ready:
        codec, packet = outbox._ready.popleft()
        got.append((codec, packet.dts, packet.key))
    return got


def test_pictures_wait_for_their_sound_and_come_in_order() -> None:
    outbox = Outbox()
    outbox.put(*sound(0.9))
    outbox.put(*picture(1.0, key=True))
    outbox.put(*picture(1.04))
    assert told(outbox) == []
    outbox.put(*sound(1.02))
    outbox.put(*sound(1.05))
    assert [time for _, time, _ in told(outbox)] == [1.0, 1.02, 1.04]


def test_sound_that_does_not_come_holds_pictures_up_for_a_second_only() -> None:
    outbox = Outbox()
    for index in range(50):
        outbox.put(*picture(index / 25, key=index == 0))
    assert [time for _, time, _ in told(outbox)][-1] == 49 / 25 - LATE


def test_nothing_goes_before_the_first_keyframe() -> None:
    outbox = Outbox()
    for item in (picture(1.0), sound(1.0), sound(1.9), picture(2.0, key=True), sound(2.0)):
        outbox.put(*item)
    assert told(outbox) == [("h264", 2.0, True), ("aac", 2.0, True)]
    assert outbox.dropped == 0  # it was not owed


def test_slow_target_loses_whole_groups_of_pictures() -> None:
    outbox = Outbox()
    for index in range(100):  # 4 s that nobody takes, a keyframe every second
        outbox.put(*picture(index / 25, key=index % 25 == 0))
        outbox.put(*sound(index / 25))
    got = told(outbox)
    pictures = [(time, key) for codec, time, key in got if codec == "h264"]
    assert got[0][2]
    assert pictures[0][1]
    assert pictures[-1][0] - pictures[0][0] <= LONGEST
    assert len(pictures) + outbox.dropped == 100
    steps = [b - a for (a, _), (b, _) in itertools.pairwise(pictures)]
    assert max(steps) < 0.05


def test_loss_without_a_keyframe_in_sight_waits_for_the_next() -> None:
    outbox = Outbox()
    for index in range(60):
        outbox.put(*picture(index / 25, key=index == 0))
        outbox.put(*sound(index / 25))
    assert told(outbox) == []
    outbox.put(*picture(2.4, key=True))
    outbox.put(*sound(2.4))
    assert told(outbox) == [("h264", 2.4, True), ("aac", 2.4, True)]
    assert outbox.dropped == 60


def test_times_never_go_back_though_media_was_restarted() -> None:
    outbox = Outbox()
    for item in (picture(1.0, key=True), sound(1.0), picture(2.0), sound(2.0)):
        outbox.put(*item)
    told(outbox)
    for item in (
        *(picture(1.9, key=True), sound(1.9), picture(2.1), sound(2.1)),
        *(picture(2.2, key=True), sound(2.2)),
    ):
        outbox.put(*item)
    assert told(outbox) == [("h264", 2.2, True), ("aac", 2.2, True)]


async def test_waiting_ends_with_what_comes() -> None:
    outbox = Outbox()
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    outbox.put(*picture(1.0, key=True))
    outbox.put(*sound(1.0))
    async with asyncio.timeout(5):
        assert (await waiting)[1].dts == 1.0


STEPS = st.tuples(
    st.sampled_from((0.02, 0.04, 0.3, 1.0, -0.5)),  # seconds since the last
    st.sampled_from(("aac", "picture", "key")),
    st.booleans(),  # whether the target takes what is ready
)


@given(st.lists(STEPS))
def test_whatever_comes_what_goes_out_can_be_decoded(steps: list[tuple[float, str, bool]]) -> None:
    outbox, taken, time = Outbox(), [], 0.0
    for step, kind, takes in steps:
        time += step
        outbox.put(*(sound(time) if kind == "aac" else picture(time, key=kind == "key")))
        if takes:
            taken += told(outbox)
    pictures = [time for codec, time, _ in taken if codec == "h264"]
    assert pictures == sorted(set(pictures))
    assert not taken or (taken[0][0] == "h264" and taken[0][2])
    held = [packet.dts for _, packet in outbox._ready]
    assert not held or held[-1] - held[0] <= LONGEST
