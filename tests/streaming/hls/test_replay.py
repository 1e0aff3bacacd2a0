"""Playlists of what was recorded: two parsers agree with them, and the captions' are the same."""

from itertools import pairwise

import m3u8
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.hls import replay
from streaming.hls.check_list import understand
from streaming.hls.check_media import media_findings
from streaming.hls.check_presentation import multivariant_findings, presentation_findings
from streaming.hls.check_text import read
from streaming.hls.tags import DateRange
from streaming.recording.index import Recorded, RecordedInit

START = 1_795_600_000.0
INITS = {
    name: RecordedInit(name, 700, f"avc1.4d40{level},mp4a.40.2", 1280, 720, START - 1000)
    for name, level in (("studio", "1f"), ("slate", "20"))
}


@st.composite
def recordings(draw: st.DrawFn) -> list[Recorded]:
    """Segments as they are recorded: now and then another studio, a hole, a restart of media."""
    segments: list[Recorded] = []
    start, init, discontinuity = START, "studio", 5
    for msn in range(draw(st.integers(1, 30))):
        happens = draw(st.sampled_from(["goes on"] * 8 + ["break", "hole", "other"]))
        if happens == "hole":
            start += draw(st.floats(0.5, 5000))
        elif happens != "goes on":
            discontinuity += draw(st.integers(1, 3))
            init = draw(st.sampled_from(sorted(INITS))) if happens == "other" else init
        duration = draw(st.floats(0.04, 3.45))
        size = draw(st.integers(100, 10**6))
        name = f"7-{msn}"
        segments.append(Recorded(msn, name, start, duration, init, discontinuity, size))
        start += duration
    return segments


def findings(*playlists: str) -> list[str]:
    """What our own check says against any of them, or all of them together."""
    texts = [read(playlist) for playlist in playlists]
    found = [each for text in texts for each in (*text.findings, *media_findings(text))]
    listed = {str(number): understand(text) for number, text in enumerate(texts)}
    found += presentation_findings(listed, frozenset({"1"}))
    return [f"{each.section} {each.said}" for each in found]


@settings(max_examples=40)
@given(recordings(), st.booleans())
def test_playlists_break_no_rule_and_are_in_step(segments: list[Recorded], complete: bool) -> None:
    end = segments[-1].end
    talk = DateRange("talk-1", "fr.fabrique.talk", START - 1, end, (("X-FR-TITLE", 'Le "toit"'),))
    picture = replay.media(segments, complete=complete, ranges=[talk])
    captions = replay.subtitles(segments, complete=complete, ranges=[talk])
    assert findings(picture, captions) == []
    one, other = m3u8.loads(picture), m3u8.loads(captions)
    assert one.is_endlist == other.is_endlist == complete
    assert one.playlist_type == other.playlist_type == ("vod" if complete else "event")
    shared = ("duration", "discontinuity", "program_date_time")
    for a, b, recorded in zip(one.segments, other.segments, segments, strict=True):
        assert [getattr(a, name) for name in shared] == [getattr(b, name) for name in shared]
        assert (a.uri, b.uri) == (f"{recorded.name}.m4s", f"{recorded.name}.vtt")
        assert a.init_section.uri == f"{recorded.init}.mp4"
        assert abs(a.program_date_time.timestamp() - recorded.start) < 0.001
        assert round(a.duration) <= one.target_duration


@given(recordings())
def test_discontinuities_are_where_it_does_not_go_on(segments: list[Recorded]) -> None:
    listed = m3u8.loads(replay.media(segments, complete=True)).segments
    assert not listed[0].discontinuity
    for (before, after), entry in zip(pairwise(segments), listed[1:], strict=True):
        other = (before.init, before.discontinuity) != (after.init, after.discontinuity)
        hole = after.start - before.end >= 0.25
        assert entry.discontinuity == (other or hole)


@given(recordings(), st.integers(1, 30))
def test_growing_playlist_only_gains_lines_at_its_end(segments: list[Recorded], count: int) -> None:
    """So that players which have it need nothing again (RFC 8216bis, 6.2.1)."""
    some = replay.media(segments[:count], complete=False)
    assert replay.media(segments, complete=False).startswith(some)


@given(recordings(), st.sampled_from([0.0, 25.0, 29.97]))
def test_multivariant_playlist_breaks_no_rule(segments: list[Recorded], rate: float) -> None:
    text = read(replay.multivariant(segments, INITS, rate))
    found = [*text.findings, *multivariant_findings(text)]
    assert [each.said for each in found if each.error] == []


@given(recordings(), st.floats(-10, 20_000))
def test_timeline_is_that_of_players(segments: list[Recorded], later: float) -> None:
    timeline = replay.Timeline(segments)
    time = START + later
    at = timeline.at(time)
    assert 0.0 <= at <= timeline.duration + 1e-6
    before = 0.0
    for segment in segments:
        if segment.start <= time < segment.end:
            assert abs(at - (before + time - segment.start)) < 1e-6
        before += segment.duration
    assert abs(timeline.duration - before) < 1e-6


def test_segments_shorter_than_the_tolerance_are_not_taken_for_one_another() -> None:
    segments = [
        Recorded(0, "7-0", START, 1.0, "studio", 5, 100),
        Recorded(1, "7-1", START + 1.875, 0.046875, "studio", 5, 100),
        Recorded(2, "7-2", START + 1.921875, 1.0, "studio", 6, 100),
    ]
    picture = replay.media(segments, complete=False)
    captions = replay.subtitles(segments, complete=False)
    assert findings(picture, captions) == []
