"""WebVTT that players read: whole talks, and segments whose cues are complete when fetched."""

import re

from hypothesis import given
from hypothesis import strategies as st

from captions import webvtt
from captions.cues import Cue, Word
from captions.layout import Layout, joined

ORIGIN = 1_790_000_000.0
TEXT = (
    "Le logement social, ce n’est pas seulement construire des immeubles. C’est d’abord "
    "accompagner des familles, parfois pendant plusieurs générations. Pourquoi ? Parce que"
)


def spoken(each: float = 0.35) -> list[Word]:
    return [
        Word(text, ORIGIN + n * each, ORIGIN + (n + 0.9) * each, 0.9)
        for n, text in enumerate(TEXT.split())
    ]


def test_a_whole_file_counts_from_its_origin_and_escapes_text() -> None:
    cue = Cue("a-1", 3, ORIGIN + 3661.25, ORIGIN + 3662.5, ("un <b> & deux", "lignes"), (), "Ana")
    assert webvtt.document([cue], ORIGIN) == (
        "WEBVTT\n\na-1\n01:01:01.250 --> 01:01:02.500\n<v Ana>un &lt;b&gt; &amp; deux\nlignes\n"
    )


def test_a_file_without_cues_is_still_webvtt() -> None:
    assert webvtt.document([], ORIGIN).startswith("WEBVTT\n")
    assert webvtt.segment_vtt([], ORIGIN, ORIGIN + 2, ORIGIN).startswith("WEBVTT\nX-TIMESTAMP-MAP")


def test_hours_may_pass_a_day() -> None:
    assert webvtt.timestamp(100 * 3600 + 0.0004) == "100:00:00.000"


def test_nothing_changes_when_the_clock_of_mpeg_ts_wraps() -> None:
    """Media times go on in 64 bits from the origin, and so do cues; the map never moves."""
    wrap = 2**33 / 90_000  # 26:30:43.718
    start = ORIGIN + wrap - 1
    cue = Cue("a-1", 0, ORIGIN + wrap - 0.5, ORIGIN + wrap + 0.5, ("Bonjour",))
    assert webvtt.segment_vtt([cue], start, start + 2, ORIGIN) == (
        "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
        "a-1\n26:30:43.218 --> 26:30:44.218\nBonjour\n"
    )


def test_a_cue_without_word_times_is_the_same_bytes_in_each_segment() -> None:
    cue = Cue("a-1", 0, ORIGIN + 1.0, ORIGIN + 3.0, ("Bonjour",))
    first = webvtt.segment_vtt([cue], ORIGIN, ORIGIN + 2, ORIGIN)
    assert first == webvtt.segment_vtt([cue], ORIGIN + 2, ORIGIN + 4, ORIGIN)
    assert "00:00:01.000 --> 00:00:03.000" in first


def test_a_corrected_cue_shows_its_correction() -> None:
    words = tuple(spoken()[:3])
    cue = Cue("a-1", 1, words[0].start, words[-1].end, ("Le logement privé,",), words)
    assert "privé" in webvtt.segment_vtt([cue], ORIGIN, ORIGIN + 2, ORIGIN)


def test_a_segment_is_the_same_whether_its_cue_is_finished_or_not() -> None:
    words = spoken()
    layout = Layout("plateau")
    begun = layout.add([word for word in words if word.start < ORIGIN + 4.0])
    finished = {cue.id: cue for cue in begun}
    finished |= {cue.id: cue for cue in layout.add(words[len(words) // 2 :], ended=True)}
    assert webvtt.segment_vtt(begun, ORIGIN, ORIGIN + 2, ORIGIN) == webvtt.segment_vtt(
        finished.values(), ORIGIN, ORIGIN + 2, ORIGIN
    )


@given(st.floats(1.0, 4.0), st.floats(0.2, 0.8))
def test_pieces_stay_in_their_segment_and_end_with_all_words(length: float, each: float) -> None:
    layout = Layout("plateau")
    cues: dict[str, Cue] = {}
    for cue in layout.add(spoken(each), ended=True):
        cues[cue.id] = cue
    texts: dict[str, str] = {}
    start = ORIGIN
    while start < max(cue.end for cue in cues.values()):
        text = webvtt.segment_vtt(cues.values(), start, start + length, ORIGIN)
        for name, begins, ends, lines in _blocks(text):
            assert start - ORIGIN - 0.001 <= begins < ends <= start + length - ORIGIN + 0.001
            cue = name.split(".")[0]
            assert lines.startswith(texts.get(cue, ""))
            texts[cue] = lines
        start += length
    for cue_id, text in texts.items():
        assert joined(cues[cue_id].words).startswith(text)
        shown_last = cues[cue_id].end - cues[cue_id].words[-1].start
        assert text == joined(cues[cue_id].words) or shown_last < webvtt.SHORTEST + 0.01


def _blocks(text: str) -> list[tuple[str, float, float, str]]:
    blocks = []
    for block in text.split("\n\n")[1:]:
        name, times, *lines = block.strip().split("\n")
        begins, ends = (_seconds(time) for time in times.split(" --> "))
        blocks.append((name, begins, ends, " ".join(lines)))
    return blocks


def _seconds(time: str) -> float:
    hours, minutes, seconds = re.split(":", time)
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
