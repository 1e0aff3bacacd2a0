"""Which segments are recorded: each once, in order, and none that must not be."""

from streaming.hls.window import SegmentClosed, SegmentOpened, Window
from streaming.recording.recorder import Recorder
from tests.streaming.recording.reels import INIT, LENGTH, START, events, opened, window


def nothing(start: float, end: float) -> bool:
    return False


def take_all(recorder: Recorder) -> list[int]:
    taken = []
    while (segment := recorder.next()) is not None:
        taken.append(segment.opened.msn)
        recorder.done(segment)
    return taken


def test_closed_segments_come_once_in_order() -> None:
    live = window(1, 3)
    recorder = Recorder(live, nothing)
    assert take_all(recorder) == [1, 2, 3]
    assert take_all(recorder) == []
    for event in events(4, 2):
        live.apply(event)
    assert take_all(recorder) == [4, 5]
    assert recorder.missing == 0


def test_segment_that_is_not_done_comes_again() -> None:
    recorder = Recorder(window(1, 3), nothing)
    first = recorder.next()
    assert first is recorder.next()


def test_refused_segments_never_come_even_when_they_may_later() -> None:
    live, refused = window(1, 3), True
    recorder = Recorder(live, lambda start, end: refused)
    assert take_all(recorder) == []
    refused = False
    for event in events(4, 1):
        live.apply(event)
    assert take_all(recorder) == [4]
    assert recorder.missing == 0


def test_only_what_touches_the_refused_time_is_refused() -> None:
    start, end = START + 2.5 * LENGTH, START + 3.5 * LENGTH
    recorder = Recorder(window(1, 5), lambda shown, until: shown < end and until > start)
    assert take_all(recorder) == [1, 4, 5]


def test_segment_without_media_is_left_out() -> None:
    live = Window()
    live.apply(INIT)
    live.apply(SegmentOpened(1, "7-1", START, INIT.name, 1))
    live.apply(SegmentClosed(1, 1.0))
    live.apply(opened(2))
    assert take_all(Recorder(live, nothing)) == []


def test_what_left_the_window_unwritten_is_counted() -> None:
    live = window(1, 1)
    recorder = Recorder(live, nothing)
    assert take_all(recorder) == [1]
    for event in events(2, 100):
        live.apply(event)
    taken = take_all(recorder)
    assert taken == list(range(taken[0], 102))
    assert recorder.missing == (taken[0] - 2) * LENGTH > 0
