"""Playlists, read back by an independent parser and checked against RFC 8216bis."""

import m3u8
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.hls import playlist, tags
from streaming.hls.multivariant import multivariant
from streaming.hls.window import Window
from tests.streaming.hls.test_window import START, init, segment, window_of


def live(count: int, open_parts: int = 2, first: int = 10) -> Window:
    return window_of(
        init(),
        *(segment(msn) for msn in range(first, first + count)),
        segment(first + count, parts=open_parts, closed=False),
    )


def test_low_latency_playlist_says_what_players_need() -> None:
    read = m3u8.loads(playlist.media(live(40)))
    assert read.target_duration == 3
    assert read.media_sequence == 34
    assert read.discontinuity_sequence == 1
    assert read.part_inf.part_target == 0.53
    control = read.server_control
    assert control.can_block_reload == "YES"
    assert control.can_skip_until == 18
    assert control.part_hold_back >= 3 * 0.53 - 1e-9
    assert control.hold_back == 9
    assert read.preload_hint.uri == "1-50.2.m4s"
    assert read.is_independent_segments
    assert not read.is_endlist
    closed = [each for each in read.segments if each.uri]
    assert [each.uri for each in closed] == [f"1-{msn}.m4s" for msn in range(34, 50)]
    assert sum(each.duration for each in closed) == 32
    for each, msn in zip(closed, range(34, 50), strict=True):
        assert each.program_date_time.timestamp() == START + 2 * msn
        assert each.init_section.uri == "a.mp4"


def test_parts_are_listed_for_three_segments() -> None:
    text = playlist.media(live(40))
    named = [line.split('URI="')[1] for line in text.splitlines() if "EXT-X-PART:" in line]
    assert named[0].startswith("1-48.0.m4s")
    assert len(named) == 2 * 4 + 2
    assert "INDEPENDENT=YES" in named[0]
    assert "INDEPENDENT" not in named[1]


def test_delta_update_skips_only_what_is_beyond_the_boundary() -> None:
    window = live(40)
    whole, delta = playlist.media(window), playlist.media(window, skip=True)
    skipped = m3u8.loads(delta).skip.skipped_segments
    names = [line for line in whole.splitlines() if line.endswith(".m4s")]
    rest = [line for line in delta.splitlines() if line.endswith(".m4s")]
    assert names[skipped:] == rest
    assert 2 * (len(rest) - 1) + 1 < 18 <= 2 * len(rest) + 1
    assert len(delta) < len(whole) / 1.2


def test_young_stream_has_nothing_to_skip() -> None:
    window = live(5)
    assert playlist.media(window, skip=True) == playlist.media(window)


def test_discontinuity_and_hint_are_there_before_the_first_part_of_the_slate() -> None:
    window = live(3)
    for event in [
        segment(13, closed=True, parts=3)[-1],
        init("slate"),
        *segment(14, name="slate", discontinuity=2, parts=0, closed=False, start=START + 27),
    ]:
        window.apply(event)
    assert playlist.media(window).splitlines()[-4:] == [
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="slate.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2023-11-14T22:13:47.000Z",
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="1-14.0.m4s"',
    ]


@pytest.mark.parametrize("skip", [False, True])
def test_discontinuity_numbers_stay_with_their_segments(skip: bool) -> None:
    """The number that hls.js would count, for every segment, whatever has left the playlist."""
    window = Window()
    numbers: dict[str, int] = {}
    window.apply(init())
    for msn in range(120):
        for event in segment(msn, discontinuity=1 + msn // 7):
            window.apply(event)
        text = playlist.media(window, skip=skip)
        number = -1
        known = True
        for line in text.splitlines():
            if line.startswith("#EXT-X-DISCONTINUITY-SEQUENCE:"):
                number = int(line.split(":")[1])
            elif line.startswith("#EXT-X-SKIP"):
                known = False  # a client learns it from the playlist that it has
            elif line == "#EXT-X-DISCONTINUITY":
                number += 1
            elif line.endswith(".m4s") and known:
                assert numbers.setdefault(line, number) == number


def test_discontinuities_in_two_jumps_are_told_twice() -> None:
    window = window_of(init(), segment(1), segment(2, epoch=2, discontinuity=3))
    assert playlist.media(window).count("#EXT-X-DISCONTINUITY\n") == 2


def test_segment_without_media_is_a_gap() -> None:
    window = window_of(
        init(),
        segment(1, start=START),
        segment(2, start=START + 2, parts=0, closed=False),
        segment(3, start=START + 3, epoch=2, discontinuity=2),
    )
    assert "#EXT-X-GAP\n#EXTINF:1.00000,\n1-2.m4s" in playlist.media(window)
    assert "#EXT-X-GAP\n#EXTINF:1.00000,\n1-2.m4s" in playlist.synchronised(window)
    assert "GAP" not in playlist.subtitles(window, START + 60)


def test_independence_is_not_claimed_falsely() -> None:
    window = live(3)
    for event in segment(13, parts=2)[3:]:
        window.apply(event)
    opened, first, *_ = segment(14)
    window.apply(opened)
    window.apply(type(first)(14, 0, 0.5, False, b"x"))  # type: ignore[call-arg,arg-type]
    assert "INDEPENDENT-SEGMENTS" not in playlist.media(window)


def test_synchronised_playlist_has_whole_segments_only() -> None:
    text = playlist.synchronised(live(40))
    read = m3u8.loads(text)
    assert "PART" not in text
    assert "HOLD-BACK=10.0" in text
    assert read.segments[-1].uri == "1-49.m4s"
    assert read.segments[0].init_section.uri == "a.mp4"


def test_subtitles_follow_the_picture_four_seconds_later() -> None:
    window = live(40)
    end = START + 2 * 50
    picture = m3u8.loads(playlist.synchronised(window))
    text = m3u8.loads(playlist.subtitles(window, end))
    assert text.media_sequence == picture.media_sequence
    assert text.discontinuity_sequence == picture.discontinuity_sequence
    assert text.segments[-1].uri == "1-47.vtt"
    for ours, theirs in zip(text.segments, picture.segments, strict=False):
        assert ours.uri == theirs.uri.replace("m4s", "vtt")
        assert ours.program_date_time == theirs.program_date_time
        assert ours.duration == theirs.duration
        assert ours.init_section is None


def test_subtitles_are_never_an_empty_list() -> None:
    assert "1-10.vtt" in playlist.subtitles(live(2), START + 2 * 11)


def test_multivariant_names_codecs_and_captions() -> None:
    window = live(8)
    plain = m3u8.loads(multivariant({"": window}))
    assert [each.uri for each in plain.playlists] == ["media.m3u8"]
    info = plain.playlists[0].stream_info
    assert info.codecs == "avc1.64001f,mp4a.40.2"
    assert info.resolution == (1280, 720)
    assert info.bandwidth >= info.average_bandwidth > 0
    synchronised = m3u8.loads(multivariant({"": window}, synchronised=True))
    assert synchronised.playlists[0].uri == "sync-media.m3u8"
    assert synchronised.media[0].uri == "subtitles.m3u8"
    assert synchronised.media[0].language == "fr"
    assert synchronised.playlists[0].stream_info.subtitles == "captions"


def test_reload_is_answered_when_the_part_is_there() -> None:
    window = live(3, open_parts=2)
    assert playlist.has(window, 13, 1)
    assert not playlist.has(window, 13, 2)
    assert not playlist.has(window, 13, None)
    assert playlist.has(window, 12, None)
    assert playlist.has(window, 2, 0)
    # A part beyond a segment's end is the first of the next.
    assert playlist.has(window, 12, 9)
    assert not playlist.has(live(3, open_parts=0), 12, 9)
    assert not playlist.has(Window(), 0, None)


def test_reload_too_far_ahead_is_a_mistake() -> None:
    window = live(3, open_parts=2)
    assert not playlist.too_far(window, 14, 0)
    assert playlist.too_far(window, 15, None)
    assert playlist.too_far(window, 13, 8)
    assert not playlist.too_far(window, 13, 7)
    assert not playlist.too_far(window, 12, 99)
    assert not playlist.too_far(Window(), 10**9, None)


@given(st.floats(0, 4e9))
def test_dates_are_right_to_the_millisecond(time: float) -> None:
    text = tags.date(time)
    assert text.endswith("Z")
    assert len(text) == len("2023-11-14T22:13:47.000Z")
