"""The live window: what newcomers, followers and survivors of a restart see."""

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from streaming.hls.window import (
    KEPT,
    LISTED,
    LONGEST,
    MOST,
    SHORTEST,
    InitAdded,
    PartAdded,
    SegmentClosed,
    SegmentOpened,
    Window,
    WindowEvent,
)

START = 1.7e9


def init(name: str = "a") -> InitAdded:
    return InitAdded(name, b"init " + name.encode(), "avc1.64001f,mp4a.40.2", 1280, 720, 0.0, 0.53)


def segment(
    msn: int,
    *,
    start: float | None = None,
    name: str = "a",
    epoch: int = 1,
    discontinuity: int = 1,
    parts: int = 4,
    closed: bool = True,
) -> list[WindowEvent]:
    start = START + 2 * msn if start is None else start
    events: list[WindowEvent] = [SegmentOpened(msn, f"{epoch}-{msn}", start, name, discontinuity)]
    events += [
        PartAdded(msn, index, 0.5, index == 0, b"%d.%d" % (msn, index)) for index in range(parts)
    ]
    if closed:
        events.append(SegmentClosed(msn, parts * 0.5))
    return events


def window_of(*events: WindowEvent | list[WindowEvent]) -> Window:
    window = Window()
    for each in events:
        for event in each if isinstance(each, list) else [each]:
            window.apply(event)
    return window


def state(window: Window) -> tuple[object, ...]:
    return (list(window.segments), window.inits, window.listed())


def test_what_left_a_playlist_can_be_fetched_for_as_long_as_that_is() -> None:
    window = window_of(init(), *(segment(msn) for msn in range(200)))
    listed = sum(each.length for each in window.listed())
    assert LISTED <= listed < LISTED + 2.0
    assert LISTED + KEPT <= sum(each.length for each in window.segments) < LISTED + KEPT + 2.0
    gone = window.listed()[0].opened.msn - 1
    # It leaves when a later segment is whole, and can be fetched for as long as the playlist is.
    assert window.find(gone - int(listed / 2)) is not None
    assert window.find(gone - int(KEPT / 2) - 1) is None


def test_newcomers_catch_up() -> None:
    window = window_of(
        init("a"),
        *(segment(msn) for msn in range(60)),
        init("b"),
        *(segment(msn, name="b", discontinuity=2) for msn in range(60, 70)),
        init("a"),
        *(segment(msn, name="a", discontinuity=3) for msn in range(70, 75)),
        segment(75, discontinuity=3, parts=2, closed=False),
    )
    assert state(window_of(*window.snapshot())) == state(window)


@given(st.integers(0, 400), st.integers(0, 400))
def test_hearing_it_again_changes_nothing(left: int, back: int) -> None:
    events: list[WindowEvent] = [init()]
    for msn in range(60):
        events += segment(msn)
    all_of_it = window_of(*events)
    follower = window_of(*events[:left])
    for event in window_of(*events[: max(left, back)]).snapshot():
        follower.apply(event)
    for event in events[max(left, back) :]:
        follower.apply(event)
    assert follower.segments == all_of_it.segments


def test_what_was_known_does_not_wake_anyone() -> None:
    window = window_of(init(), segment(1), segment(2))
    version = window.version
    for event in list(window.snapshot()):
        window.apply(event)
    assert window.version == version


def test_inits_go_with_their_last_segment() -> None:
    window = window_of(init("a"), segment(0), init("b"), segment(1, name="b", discontinuity=2))
    assert set(window.inits) == {"a", "b"}
    for msn in range(2, 80):
        for event in segment(msn, name="b", discontinuity=2):
            window.apply(event)
    assert set(window.inits) == {"b"}


def test_media_killed_in_a_segment_leaves_no_hole_on_the_timeline() -> None:
    window = window_of(
        init(),
        segment(1, start=START),
        segment(2, start=START + 2, parts=2, closed=False),
        init("b"),
        segment(3, start=START + 3.5, name="b", epoch=2, discontinuity=3),
    )
    assert [each.duration for each in window.segments] == [2.0, 1.5, 2.0]


def test_media_killed_for_long_ends_the_segment_at_its_parts() -> None:
    window = window_of(
        init(),
        segment(1, start=START, parts=2, closed=False),
        segment(2, start=START + 20, epoch=2, discontinuity=2),
    )
    assert [each.duration for each in window.segments] == [1.0, 2.0]


def test_media_killed_before_the_first_part_leaves_a_gap() -> None:
    window = window_of(
        init(),
        segment(1, start=START),
        segment(2, start=START + 2, parts=0, closed=False),
        segment(3, start=START + 3, epoch=2, discontinuity=2),
    )
    assert [(each.duration, each.gap) for each in window.segments] == [
        (2.0, False),
        (1.0, True),
        (2.0, False),
    ]


def test_media_killed_as_a_segment_begins_goes_on_from_there() -> None:
    window = window_of(
        init(),
        segment(1, start=START),
        segment(2, start=START + 2, parts=0, closed=False),
        segment(3, start=START + 2, epoch=2, discontinuity=2),
    )
    assert [(each.duration, each.gap) for each in window.segments] == [
        (2.0, False),
        (SHORTEST, True),
        (2.0, False),
    ]


def test_media_killed_for_long_before_the_first_part_leaves_a_gap_too() -> None:
    window = window_of(
        init(),
        segment(1, start=START),
        segment(2, start=START + 2, parts=0, closed=False),
        segment(3, start=START + 90, epoch=2, discontinuity=2),
    )
    assert [(each.duration, each.gap) for each in window.segments] == [
        (2.0, False),
        (LONGEST, True),
        (2.0, False),
    ]


def test_other_numbers_begin_anew() -> None:
    for following in (
        segment(9, epoch=2, discontinuity=2),
        segment(1, epoch=2, discontinuity=2),
        segment(3, discontinuity=0),
    ):
        window = window_of(init(), segment(1), segment(2), following)
        assert len(window.segments) == 1


def test_events_of_unknown_segments_are_ignored() -> None:
    window = window_of(init(), segment(5))
    version = window.version
    window.apply(PartAdded(9, 0, 0.5, True, b""))
    window.apply(PartAdded(5, 4, 0.5, True, b""))
    window.apply(SegmentClosed(9, 2.0))
    assert window.version == version


def test_tiny_segments_are_bounded_too() -> None:
    window = Window()
    window.apply(init())
    for msn in range(500):
        for event in segment(msn, parts=1, start=START + msn / 2):
            window.apply(event)
    assert len(window.segments) <= 2 * MOST + 2


def test_media_sequence_never_goes_back() -> None:
    window, source = window_of(init()), random.Random(1)
    first = 0
    for msn in range(300):
        for event in segment(msn, parts=source.randint(1, 6)):
            window.apply(event)
            assert window.listed()[0].opened.msn >= first
            first = window.listed()[0].opened.msn


async def test_waiters_wake_at_the_next_change() -> None:
    window = window_of(init(), segment(1))
    waiting = [asyncio.create_task(window.changed()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert len(window._wakers) == 2
    for event in segment(2, closed=False):
        window.apply(event)
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting[1:])
    assert not window._wakers
