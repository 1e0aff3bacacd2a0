"""What is listed before the live window: all that is there, when it was, without holes."""

from datetime import datetime

import m3u8
from hypothesis import given
from hypothesis import strategies as st

from streaming.hls import playlist
from streaming.hls.check_media import media_findings
from streaming.hls.check_text import read
from streaming.hls.rewind import earlier
from streaming.hls.window import PartAdded, Segment, SegmentClosed, SegmentOpened, Window
from streaming.recording.index import Recorded
from tests.streaming.recording.reels import INIT, START, events


@st.composite
def airings(draw: st.DrawFn) -> list[SegmentOpened]:
    """Segments as they were on air; media was away between some, which breaks the stream."""
    opened, start, discontinuity = [], START, 1
    for msn in range(1, draw(st.integers(25, 60))):
        if draw(st.integers(0, 9)) == 0:
            discontinuity += draw(st.integers(1, 3))
            start += draw(st.sampled_from([0.0, 0.04, 1.0, 900.0]))
        opened.append(SegmentOpened(msn, f"7-{msn}", start, INIT.name, discontinuity))
        start += 2.0
    return opened


def recorded(opened: SegmentOpened) -> Recorded:
    return Recorded(
        opened.msn, opened.name, opened.start, 2.0, opened.init, opened.discontinuity, 9
    )


def live(opened: list[SegmentOpened]) -> Window:
    window = Window()
    window.apply(INIT)
    for each in opened:
        window.apply(each)
        for index in range(2):
            window.apply(PartAdded(each.msn, index, 1.0, not index, b"."))
        if each is not opened[-1]:
            window.apply(SegmentClosed(each.msn, 2.0))
    return window


def before(window: Window) -> tuple[list[Segment], Segment]:
    first = window.listed()[0]
    return [each for each in window.segments if each.opened.msn < first.opened.msn], first


@given(airings(), st.data())
def test_everything_is_listed_where_and_when_it_was(
    opened: list[SegmentOpened], data: st.DataObject
) -> None:
    window = live(opened)
    on_disk = [recorded(each) for each in opened if data.draw(st.integers(0, 4))]
    kept, first = before(window)
    entries = earlier(on_disk, kept, first)
    truth = {f"{each.name}.m4s": each for each in opened}
    there = {f"{each.name}.m4s" for each in on_disk} | {f"{it.opened.name}.m4s" for it in kept}
    msn = first.opened.msn - len(entries)
    for number, entry in enumerate(entries, msn):
        true = truth[entry.uri]
        assert true.msn == number
        assert entry.gap == (entry.uri not in there)
        if not entry.gap:
            assert (entry.start, entry.discontinuity) == (true.start, true.discontinuity)
    assert not entries or not entries[0].gap
    oldest = min([each.msn for each in on_disk] + [it.opened.msn for it in kept], default=99)
    assert msn == min(oldest, first.opened.msn)


@given(airings(), st.data())
def test_playlist_tells_dates_and_discontinuities_as_they_were(
    opened: list[SegmentOpened], data: st.DataObject
) -> None:
    window = live(opened)
    on_disk = [recorded(each) for each in opened if data.draw(st.integers(0, 4))]
    entries = earlier(on_disk, *before(window))
    text = playlist.media(window, earlier=entries)
    assert [each for each in media_findings(read(text)) if each.error] == []
    parsed = m3u8.loads(text)
    truth = {f"{each.name}.m4s": each for each in opened}
    discontinuity, msn, count = parsed.discontinuity_sequence, parsed.media_sequence, 0
    lines = iter(text.splitlines())
    date, gap = "", False
    for line in lines:
        if line == "#EXT-X-DISCONTINUITY":
            discontinuity += 1
        elif line.startswith("#EXT-X-PROGRAM-DATE-TIME:"):
            date = line.partition(":")[2]
        elif line == "#EXT-X-GAP":
            gap = True
        elif line and not line.startswith("#"):
            true = truth[line]
            assert true.msn == msn + count
            if not gap:
                assert true.discontinuity == discontinuity
                shown = datetime.fromisoformat(date).timestamp()
                assert abs(shown - true.start) < 0.001
            count, gap = count + 1, False
    assert count == len([each for each in parsed.segments if each.uri])


def test_delta_update_of_a_long_talk_is_short() -> None:
    window = Window()
    for event in events(3600, 25):
        window.apply(event)
    past = [
        Recorded(msn, f"7-{msn}", START + 2.0 * msn, 2.0, INIT.name, 1, 9) for msn in range(1, 3600)
    ]
    kept, first = before(window)
    entries = earlier(past, kept, first)
    assert len(entries) == first.opened.msn - 1
    assert len(playlist.media(window, earlier=entries)) > 200_000
    update = playlist.media(window, earlier=entries, skip=True)
    assert f"#EXT-X-SKIP:SKIPPED-SEGMENTS={3624 - 9}\n" in update
    assert len(update) < 2_500


def test_other_numbers_than_the_windows_are_another_stream() -> None:
    window = Window()
    for event in events(100, 25):
        window.apply(event)
    past = [Recorded(900 + n, f"3-{900 + n}", START + n, 2.0, INIT.name, 1, 9) for n in range(9)]
    kept, first = before(window)
    assert earlier(past, kept, first)[0].uri == "7-100.m4s"
    past = [Recorded(n, f"3-{n}", START + 192 + n, 2.0, INIT.name, 1, 9) for n in range(5)]
    assert earlier(past, kept, first)[0].uri == "7-100.m4s"  # a hundred in the time of three


def test_pause_of_the_recording_is_a_gap_of_its_length() -> None:
    window = Window()
    for event in events(500, 25):
        window.apply(event)
    past = [
        Recorded(msn, f"7-{msn}", START + 2.0 * msn, 2.0, INIT.name, 1, 9) for msn in range(1, 100)
    ]
    kept, first = before(window)
    gaps = [each for each in earlier(past, kept, first) if each.gap]
    assert [each.uri for each in gaps] == [f"7-{msn}.m4s" for msn in range(100, 500)]
    assert {each.duration for each in gaps} == {2.0}
    assert gaps[-1].start == START + 2.0 * 499
