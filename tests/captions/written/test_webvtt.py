"""WebVTT that players read: whole talks, and segments whose cues are complete when fetched."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from captions.cues import Cue, Word
from captions.written import webvtt
from captions.written.layout import Layout

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
        "WEBVTT\n\na-1\n01:01:01.250 --> 01:01:02.500\n"
        "<v Ana>Ana\u00a0: un &lt;b&gt; &amp; deux lignes\n"
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


LAG = 3.5  # seconds after a segment when its file is published
LATENESS = st.lists(st.sampled_from([0.8, 1.5, 2.5, 2.5, 5.0, 9.0, 20.0]), min_size=1)


def said(each: float, lateness: list[float], words: int = 60) -> list[list[Cue]]:
    """Revisions of numbered words, a few seconds after they are heard, in the order of writing."""
    layout, written, now = Layout("plateau"), list[list[Cue]](), 0.0
    for number in range(words):
        start = ORIGIN + number * each + (2.5 if number > words // 2 else 0.0)
        mark = "." if number % 9 == 8 else ""
        word = Word(f"m{number}{mark}", round(start, 3), round(start + 0.9 * each, 3), 0.9)
        now = max(now, word.end + lateness[number % len(lateness)])
        written.append(layout.add([word], at=round(now, 3), speaker=""))
    written.append(layout.add([], ended=True))
    return written


def known(written: list[list[Cue]], until: float) -> list[Cue]:
    """The newest revisions of what was settled by then."""
    cues: dict[str, Cue] = {}
    for changed in written:
        if all(word.settled <= until for cue in changed for word in cue.words):
            cues |= {cue.id: cue for cue in changed}
    return sorted(cues.values(), key=lambda cue: cue.start)


@settings(max_examples=60)
@given(st.floats(0.6, 4.0), st.floats(0.15, 0.9), LATENESS)
def test_every_word_is_shown_in_its_segment_or_when_late_in_the_next_file(
    length: float, each: float, lateness: list[float]
) -> None:
    written = said(each, lateness)
    everything = known(written, float("inf"))
    words = [word for cue in everything for word in cue.words]
    files: list[tuple[float, float, str]] = []
    start = ORIGIN
    while start < words[-1].settled + 2 * length:
        end = start + length
        published = webvtt.segment_vtt(known(written, end + LAG), start, end, ORIGIN, LAG)
        # What comes afterwards changes nothing in it.
        assert published == webvtt.segment_vtt(everything, start, end, ORIGIN, LAG)
        files.append((start, end, published))
        start = end
    counted = sum(webvtt.late(everything, start, end, LAG) for start, end, _ in files)
    found_late = 0
    for word in words:
        shown = [
            (start, end) for start, end, file in files if word.text in re.split(r"[ \n]", file)
        ]
        own = next(end for _, end, _ in files if word.start < end)
        due = next(end for _, end, _ in files if word.start < end and word.settled <= end + LAG)
        in_time = due == own
        found_late += not in_time
        assert shown
        first = shown[0][1]
        # A cue that begins a moment before its segment ends is in the next one.
        assert first == due or (in_time and first == due + length)
    assert counted == found_late
    for start, end, file in files:
        for _, begins, ends, lines in _blocks(file):
            assert start - ORIGIN - 0.001 <= begins < ends <= end - ORIGIN + 0.001
            assert lines


def test_words_that_come_too_late_are_shown_alone_long_enough_before_what_follows() -> None:
    words = [
        Word("Bonjour", ORIGIN + 0.2, ORIGIN + 0.6, 0.9, ORIGIN + 2.0),
        Word("à", ORIGIN + 0.7, ORIGIN + 0.8, 0.9, ORIGIN + 6.0),
        Word("tous.", ORIGIN + 0.8, ORIGIN + 1.0, 0.9, ORIGIN + 6.0),
    ]
    first = Cue("a", 2, ORIGIN + 0.2, ORIGIN + 1.0, ("Bonjour à tous.",), tuple(words))
    next_words = (Word("Merci.", ORIGIN + 3.5, ORIGIN + 3.9, 0.9, ORIGIN + 6.0),)
    second = Cue("b", 0, ORIGIN + 3.5, ORIGIN + 3.9, ("Merci.",), next_words)
    cues = [first, second]
    assert _blocks(webvtt.segment_vtt(cues, ORIGIN, ORIGIN + 2, ORIGIN, LAG)) == [
        ("a.1790000000200", 0.2, 2.0, "Bonjour")
    ]
    assert _blocks(webvtt.segment_vtt(cues, ORIGIN + 2, ORIGIN + 4, ORIGIN, LAG)) == [
        ("a.1790000002000", 2.0, 3.0, "à tous."),
        ("b.1790000003500", 3.5, 4.0, "Merci."),
    ]
    assert webvtt.late(cues, ORIGIN + 2, ORIGIN + 4, LAG) == 2
    assert webvtt.late(cues, ORIGIN, ORIGIN + 2, LAG) == 0


def test_word_said_at_a_boundary_between_others_is_shown() -> None:
    words = [
        Word("Ah.", ORIGIN + 1.95, ORIGIN + 2.02, 0.9),
        Word("Bon.", ORIGIN + 2.05, ORIGIN + 2.6, 0.9),
    ]
    cues = [
        Cue(word.text, 0, word.start, word.end, (word.text,), (word,), speaker="Ana")
        for word in words
    ]
    assert _blocks(webvtt.segment_vtt(cues, ORIGIN, ORIGIN + 2, ORIGIN, LAG)) == []
    after = _blocks(webvtt.segment_vtt(cues, ORIGIN + 2, ORIGIN + 4, ORIGIN, LAG))
    assert [(begins, ends) for _, begins, ends, _ in after] == [(2.0, 3.0), (2.05, 4.0)]


def test_other_speaker_is_announced_in_each_piece_of_the_first_cue() -> None:
    words = spoken()
    layout = Layout("plateau")
    cues = layout.add(words[:5], speaker="Ana Roy") + layout.add(words[5:9], speaker="Bo Lin")
    cues = list({cue.id: cue for cue in cues}.values())
    texts = [
        [
            text
            for *_, text in _blocks(webvtt.segment_vtt(cues, ORIGIN + at, ORIGIN + at + 1, ORIGIN))
        ]
        for at in (0, 1, 2)
    ]
    assert texts[0] == ["<v Ana Roy>Le logement social,"]
    assert texts[1][1] == "<v Bo Lin>–\u00a0Bo Lin\u00a0: pas"
    assert texts[2] == ["<v Bo Lin>–\u00a0Bo Lin\u00a0: pas seulement construire des"]


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
