"""Recorded segments cut to marks: what is left decodes, and shows nothing of outside."""

import contextlib
import io
from collections.abc import Iterator

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.archive.boxes import Unreadable
from streaming.recording.trim import Trimmed, trim
from tests.streaming.archive.recorded import FRAME, studio
from tests.streaming.hls.film import Announced
from tests.streaming.numbers import read_number

BEGIN = 1_795_000_000.0
ORIGIN = BEGIN - 5.0  # the broadcast time that is 0 in the media
GOP = 15  # frames; segments have several
ACCESS_UNIT = 1024 / 48_000  # seconds

marks = st.floats(-0.5, 3.5)


@pytest.fixture(scope="module", params=[0, 2], ids=["no B-frames", "B-frames"])
def announced(request: pytest.FixtureRequest) -> Announced:
    film = studio(6.0, b_frames=request.param, gop=GOP).moved(BEGIN)
    return Announced(origin=ORIGIN).play(film)


def cut(announced: Announced, start: float, end: float, **more: bool) -> Trimmed | None:
    """The first segment, cut to times that count from its first picture."""
    begins = announced.opened[0].start
    return trim(
        announced_segment(announced),
        announced.inits[0].data,
        ORIGIN,
        begins + start,
        begins + end,
        **more,
    )


def announced_segment(announced: Announced) -> bytes:
    return b"".join(part.data for part in announced.parts(announced.opened[0].msn))


def shown(announced: Announced, trimmed: Trimmed) -> list[tuple[int, float]]:
    """The number of each picture that decodes, and when it is shown, from the first picture on."""
    begins = announced.opened[0].start
    with av.open(io.BytesIO(announced.inits[0].data + trimmed.data)) as file:
        file.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [
            (read_number(frame), ORIGIN + float(frame.pts * frame.time_base) - begins)
            for frame in file.decode(video=0)
        ]


def heard(announced: Announced, trimmed: Trimmed) -> Iterator[float]:
    begins = announced.opened[0].start
    with av.open(io.BytesIO(announced.inits[0].data + trimmed.data)) as file:
        for packet in file.demux(audio=0):
            if packet.pts is not None:
                yield ORIGIN + float(packet.pts * packet.time_base) - begins


@settings(max_examples=60)
@given(start=marks, end=marks)
def test_nothing_outside_the_marks_is_left(announced: Announced, start: float, end: float) -> None:
    trimmed = cut(announced, start, end)
    if trimmed is None:
        return
    pictures = shown(announced, trimmed)
    for number, time in pictures:
        assert abs(time - number * FRAME) < 0.002  # the number is what is really seen
        assert start - 0.001 <= time < end + 0.001
    for time in heard(announced, trimmed):
        assert pictures[0][1] - 0.001 <= time
        assert time + 2 * ACCESS_UNIT <= end + 0.001


@settings(max_examples=60)
@given(start=marks, end=marks)
def test_all_that_can_be_shown_is_left(announced: Announced, start: float, end: float) -> None:
    trimmed = cut(announced, start, end)
    length = announced.closed[0].duration
    frames = range(round(length / FRAME))
    keys = [n for n in frames if n % GOP == 0 and start <= n * FRAME + 0.001 and n * FRAME < end]
    sure = [n for n in keys if start + 0.001 < n * FRAME < end - 0.001]
    if trimmed is None:
        assert not sure
        return
    numbers = [number for number, _ in shown(announced, trimmed)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] in (keys[0], *sure[:1])
    last = max((n for n in frames if n * FRAME < end - 0.001), default=0)
    # With B-frames, those need a picture that is shown after the mark.
    assert last - numbers[-1] <= 3


def test_cut_says_when_it_is_shown(announced: Announced) -> None:
    trimmed = cut(announced, 0.1, 1.1)
    assert trimmed is not None
    numbers = [number for number, _ in shown(announced, trimmed)]
    assert trimmed.start == pytest.approx(announced.opened[0].start + GOP * FRAME, abs=0.001)
    assert trimmed.duration == pytest.approx(len(numbers) * FRAME, abs=0.001)


def test_end_of_a_segment_that_follows_another_needs_no_keyframe(announced: Announced) -> None:
    """Cut at a mark before its first key: what goes on from the segment before is kept."""
    assert cut(announced, -1.0, 0.3, follows=True) is not None
    late = cut(announced, 0.1, 2.0, follows=True)
    assert late is not None
    assert late.start < announced.opened[0].start + 0.1 + 4 * FRAME


def test_wide_marks_leave_all_of_it(announced: Announced) -> None:
    trimmed = cut(announced, -10.0, 10.0)
    assert trimmed is not None
    assert len(shown(announced, trimmed)) == round(announced.closed[0].duration / FRAME)
    assert trimmed.duration == pytest.approx(announced.closed[0].duration, abs=0.001)
    assert trimmed.data == announced_segment(announced)


@settings(max_examples=200)
@given(at=st.integers(0, 4000), bit=st.integers(0, 7), length=st.integers(0, 30_000))
def test_harmed_file_is_unreadable_or_cut_but_never_worse(at: int, bit: int, length: int) -> None:
    announced = Announced(origin=ORIGIN).play(studio(6.0, gop=GOP).moved(BEGIN))
    data = bytearray(announced_segment(announced)[: length or None])
    if at < len(data):
        data[at] ^= 1 << bit
    begins = announced.opened[0].start
    with contextlib.suppress(Unreadable):
        trim(bytes(data), announced.inits[0].data, ORIGIN, begins, begins + 1.0)
