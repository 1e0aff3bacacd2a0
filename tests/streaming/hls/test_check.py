"""The validator: it finds nothing in what we make of any window, and each fault that is put in."""

from collections.abc import Callable, Iterator

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streaming.hls import playlist
from streaming.hls.check_list import Listed, understand
from streaming.hls.check_media import media_findings
from streaming.hls.check_presentation import multivariant_findings, presentation_findings
from streaming.hls.check_text import Finding, read
from streaming.hls.check_updates import delta_findings, update_findings
from streaming.hls.multivariant import multivariant
from streaming.hls.playlist import SKIP_UNTIL
from streaming.hls.tags import DateRange
from streaming.hls.window import (
    PartAdded,
    SegmentClosed,
    SegmentOpened,
    Window,
    WindowEvent,
)
from tests.streaming.hls.test_window import START, init, segment, window_of

TARGET = 0.53  # PART-TARGET

SPANS = (
    DateRange("talk-1", "fr.fabrique.talk", START - 90, None, (("X-TITLE", 'Dire "non"\nà tous'),)),
    DateRange("question-1", "fr.fabrique.question", START + 21.5, START + 43.25),
)


def faults(text: str) -> list[Finding]:
    """What is wrong with a media playlist by itself."""
    letters = read(text)
    return [*letters.findings, *media_findings(letters)]


def listed(text: str) -> Listed:
    return understand(read(text))


@st.composite
def shows(draw: st.DrawFn) -> list[list[WindowEvent]]:
    """What a packager may announce, in the steps in which a web process hears it.

    Studios change, media is killed and comes back, segments are short, long, or lost.
    """
    steps: list[list[WindowEvent]] = [[init("a")]]
    start, discontinuity, epoch, name = START, 1, 1, "a"
    for msn in range(draw(st.integers(2, 30))):
        happens = draw(st.sampled_from(["", "", "", "", "studio", "killed", "lost"]))
        if msn and happens in ("studio", "killed"):
            discontinuity, name = discontinuity + draw(st.integers(1, 2)), draw(NAMES)
            epoch += happens == "killed"
            steps[-1].append(init(name))
        opened = SegmentOpened(msn, f"{epoch}-{msn}", start, name, discontinuity)
        steps[-1].append(opened)
        durations = [] if happens == "lost" else draw(DURATIONS)
        for index, duration in enumerate(durations):
            steps.append([PartAdded(msn, index, duration, index == 0, b"x" * 1000)])
        length = sum(durations) or draw(st.floats(0.1, 3.0))
        following = draw(st.sampled_from(["closed", "closed", "closed", "dead air"]))
        if happens == "killed" and following == "dead air":
            start += (length if durations else 0.0) + draw(st.sampled_from([0.0, 0.7, 6.0]))
            discontinuity, epoch = discontinuity + 1, epoch + 1
            steps.append([])  # the next segment closes it
        else:
            start += length
            steps.append([SegmentClosed(msn, length)])
    return steps


NAMES = st.sampled_from(["a", "b", "c"])
LONG_PARTS = st.lists(st.floats(0.451, TARGET), max_size=5)
DURATIONS = st.tuples(LONG_PARTS, st.floats(0.02, TARGET)).map(lambda each: [*each[0], each[1]])


@settings(max_examples=20)
@given(shows())
def test_whatever_is_on_air_its_playlists_are_without_fault(steps: list[list[WindowEvent]]) -> None:
    window = Window()
    before: dict[str, Listed] = {}
    for number, step in enumerate(steps):
        for event in step:
            window.apply(event)
        if number % 3 or not playlist.ready(window):
            continue
        now = window.segments[-1].end
        made = {
            "media": playlist.media(window, ranges=SPANS),
            "synchronised": playlist.synchronised(window, ranges=SPANS),
            "subtitles": playlist.subtitles(window, now, ranges=SPANS),
        }
        after = {name: listed(text) for name, text in made.items()}
        for name, text in made.items():
            assert faults(text) == [], text
            if name in before:
                assert list(update_findings(before[name], after[name])) == [], text
        delta = playlist.media(window, skip=True, ranges=SPANS)
        assert faults(delta) == [], delta
        assert list(delta_findings(after["media"], listed(delta))) == [], delta
        m3u8.loads(made["media"])
        before = after


def test_renditions_are_without_fault_together() -> None:
    source, low, audio = (live() for _ in range(3))
    windows = {"": source, "480p": low, "audio": audio}
    text = read(multivariant(windows))
    assert [*text.findings, *multivariant_findings(text)] == []
    others = {
        "media.m3u8": {"480p/media.m3u8": low, "audio/media.m3u8": audio},
        "480p/media.m3u8": {"../media.m3u8": source, "../audio/media.m3u8": audio},
        "audio/media.m3u8": {"../media.m3u8": source, "../480p/media.m3u8": low},
    }
    media = {
        address: listed(playlist.media(source, ranges=SPANS, others=seen))
        for address, seen in others.items()
    }
    assert list(presentation_findings(media)) == []


def live(count: int = 20, parts: int = 2) -> Window:
    return window_of(
        init(),
        *(segment(msn) for msn in range(10)),
        init("b"),
        *(segment(msn, name="b", discontinuity=2) for msn in range(10, count)),
        segment(count, name="b", discontinuity=2, parts=parts, closed=False),
    )


WHOLE = playlist.media(live(), ranges=SPANS, others={"480p/media.m3u8": live()})


def swap(old: str, new: str, times: int = 1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text, old
        return text.replace(old, new, times)

    return change


def without(line: str) -> Callable[[str], str]:
    return swap(line + "\n", "")


RANGE = '#EXT-X-DATERANGE:ID="x",START-DATE="2023-11-14T22:13:30Z"'

# Each breaks one rule: how, and the section that says so.
BROKEN = [
    (without("#EXTM3U"), "4.4.1.1"),
    (lambda text: "\ufeff" + text, "4.1"),
    (swap("1-13.m4s", "1-13\x07.m4s"), "4.1"),
    (swap("PART-TARGET=0.530", "PART-TARGET=0.530,"), "4.2"),
    (swap("PART-TARGET=0.530", "PART-TARGET=0.530, X=1"), "4.2"),
    (swap("PART-TARGET=0.530", "PART-TARGET=0.530,PART-TARGET=0.530"), "4.2"),
    (swap("PART-TARGET=0.530", 'PART-TARGET="0.530"'), "4.4.3.7"),
    (swap("CAN-BLOCK-RELOAD=YES", "CAN-BLOCK-RELOAD=NO"), "4.4.3.8"),
    (swap("#EXT-X-VERSION:9", "#EXT-X-VERSION:9\n#EXT-X-VERSION:9"), "4.4.1.2"),
    (swap("#EXT-X-VERSION:9", "#EXT-X-VERSION:neuf"), "4.4.1.2"),
    (swap("#EXT-X-VERSION:9", "#EXT-X-VERSION:5"), "8"),
    (without("#EXT-X-VERSION:9"), "8"),
    (without("#EXT-X-TARGETDURATION:3"), "4.4.3.1"),
    (swap("#EXT-X-TARGETDURATION:3", "#EXT-X-TARGETDURATION:1"), "4.4.3.1"),
    (swap("#EXTINF:2.00000", "#EXTINF:3.50000"), "4.4.3.1"),
    (without("#EXTINF:2.00000,"), "4.4.4.1"),
    (lambda text: text + "#EXT-X-MEDIA-SEQUENCE:4\n", "4.4.3"),
    (
        lambda text: without("#EXT-X-MEDIA-SEQUENCE:4")(text) + "#EXT-X-MEDIA-SEQUENCE:4\n",
        "4.4.3.2",
    ),
    (
        lambda text: (
            without("#EXT-X-DISCONTINUITY-SEQUENCE:1")(text) + "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"
        ),
        "4.4.3.3",
    ),
    (without("#EXT-X-PART-INF:PART-TARGET=0.530"), "4.4.3.7"),
    (swap("CAN-SKIP-UNTIL=18.0", "CAN-SKIP-UNTIL=17.9"), "4.4.3.8"),
    (swap("CAN-SKIP-UNTIL=18.0", "CAN-SKIP-DATERANGES=YES"), "4.4.3.8"),
    (swap(",HOLD-BACK=9.0", ",HOLD-BACK=8.9"), "4.4.3.8"),
    (swap("PART-HOLD-BACK=1.590,", ""), "4.4.3.8"),
    (swap("PART-HOLD-BACK=1.590", "PART-HOLD-BACK=1.0"), "4.4.3.8"),
    (swap("PART-HOLD-BACK=1.590", "PART-HOLD-BACK=1.2"), "4.4.3.8"),
    (swap("#EXT-X-PART:DURATION=0.50000", "#EXT-X-PART:DURATION=0.60000"), "4.4.4.9"),
    (swap('DURATION=0.50000,URI="1-19.1.m4s"', 'DURATION=0.40000,URI="1-19.1.m4s"'), "4.4.4.9"),
    (swap("#EXT-X-PART:DURATION=0.50000,", "#EXT-X-PART:"), "4.4.4.9"),
    (swap('URI="1-19.1.m4s"', 'URI="1-19.1.m4s"\n#EXT-X-DISCONTINUITY'), "4.4.4.9"),
    (without('#EXT-X-MAP:URI="a.mp4"'), "3.1.2"),
    (swap("T22:13:34.000Z", "T22:13:35.000Z"), "6.2.1"),
    (swap("2023-11-14T22:13:34.000Z", "hier"), "4.4.4.6"),
    (
        lambda text: text + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
        "4.4.5",
    ),
    (lambda text: text + "#EXT-X-SKIP:\n", "4.4.5.2"),
    (lambda text: text + '#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=""\n', "8"),
    (
        lambda text: swap(",CAN-SKIP-UNTIL=18.0", "")(text) + "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n",
        "6.2.5.1",
    ),
    (lambda text: text + "#EXT-X-ENDLIST\n", "4.4.5.3"),
    (swap("TYPE=PART,", ""), "4.4.5.3"),
    (lambda text: text + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="z.m4s"\n', "6.2.6"),
    (swap('URI="480p/', 'URI="/480p/'), "4.4.5.4"),
    (swap('REPORT:URI="480p/media.m3u8",', "REPORT:"), "4.4.5.4"),
    (lambda text: text + "#EXT-X-PLAYLIST-TYPE:VOD\n", "6.2.1"),
    (lambda text: text + "#EXT-X-PLAYLIST-TYPE:LIVE\n", "4.4.3.5"),
    (swap('ID="talk-1",', ""), "4.4.5.1"),
    (lambda text: f'{text}#EXT-X-DATERANGE:ID="x"\n', "4.4.5.1"),
    (lambda text: f'{text}#EXT-X-DATERANGE:ID="x",START-DATE="demain"\n', "4.4.5.1"),
    (lambda text: f'{text}{RANGE},END-DATE="2023-11-14T22:13:29Z"\n', "4.4.5.1"),
    (lambda text: f'{text}{RANGE},END-DATE="2023-11-14T22:13:40Z",DURATION=9\n', "4.4.5.1"),
    (lambda text: f"{text}{RANGE},DURATION=-1\n", "4.4.5.1"),
    (lambda text: f'{text}{RANGE}\n{RANGE[:-4]}1Z"\n', "4.4.5.1"),
    (lambda text: f'{text}{RANGE},CUE="PRE,POST"\n', "4.4.5.1"),
    (lambda text: f"{text}{RANGE},X-WHAT=rien\n", "4.4.5.1"),
    (lambda text: f"{text}{RANGE},END-ON-NEXT=YES\n", "4.4.5.1"),
    (lambda text: f'{text}{RANGE},CLASS="c",END-ON-NEXT=YES,DURATION=1\n', "4.4.5.1"),
    (lambda text: "\n".join(t for t in text.split("\n") if "DATE-TIME" not in t), "4.4.5.1"),
    (lambda text: text + '#EXT-X-KEY:METHOD=NONE,URI="k"\n', "4.4.4.4"),
    (lambda text: text + "#EXT-X-KEY:METHOD=AES-128\n", "4.4.4.4"),
    (swap("#EXTINF:2.00000", "#EXT-X-BYTERANGE:100\n#EXTINF:2.00000"), "4.4.4.2"),
    (lambda text: text + '#EXT-X-DEFINE:NAME="a",VALUE="b",IMPORT="c"\n', "4.4.2.3"),
]


@pytest.mark.parametrize(("change", "section"), BROKEN)
def test_each_fault_of_a_media_playlist_is_found(
    change: Callable[[str], str], section: str
) -> None:
    assert faults(WHOLE) == []
    assert section in {finding.section for finding in faults(change(WHOLE))}


INDEX = multivariant({"": live(), "480p": live()}, synchronised=True)
BROKEN_INDEX = [
    (swap("BANDWIDTH=", "WIDTH="), "4.4.6.2"),
    (swap("AVERAGE-BANDWIDTH=", "AVERAGE-BANDWIDTH=9"), "4.4.6.2"),
    (swap("\n480p/sync-media.m3u8", ""), "4.4.6.2"),
    (swap('SUBTITLES="captions"', 'SUBTITLES="others"'), "4.4.6.2"),
    (swap(",CLOSED-CAPTIONS=NONE", ""), "4.4.6.2"),
    (swap("CLOSED-CAPTIONS=NONE", 'CLOSED-CAPTIONS="cc"'), "4.4.6.2"),
    (swap("RESOLUTION=1280x720", 'RESOLUTION="1280x720"'), "4.4.6.2"),
    (swap('CODECS="avc1.64001f,mp4a.40.2",', ""), "4.4.6.2"),
    (swap('NAME="Français",', ""), "4.4.6.1"),
    (swap("TYPE=SUBTITLES", "TYPE=TEXT"), "4.4.6.1"),
    (swap("AUTOSELECT=YES", "AUTOSELECT=NO"), "4.4.6.1"),
    (swap("TYPE=SUBTITLES", "TYPE=AUDIO"), "4.4.6.1"),
    (swap("TYPE=SUBTITLES", "TYPE=CLOSED-CAPTIONS"), "4.4.6.1"),
    (swap(',URI="subtitles.m3u8"', ""), "4.4.6.2.1"),
    (lambda text: text + text.split("\n")[2] + "\n", "4.4.6.1.1"),
    (lambda text: text + '#EXT-X-SESSION-DATA:DATA-ID="a"\n', "4.4.6.4"),
    (lambda text: text + "#EXT-X-TARGETDURATION:3\n", "4.4.6"),
    (lambda text: text.split("#EXT-X-STREAM-INF")[0], "4.4.6.2"),
]


@pytest.mark.parametrize(("change", "section"), BROKEN_INDEX)
def test_each_fault_of_a_multivariant_playlist_is_found(
    change: Callable[[str], str], section: str
) -> None:
    def found(text: str) -> Iterator[str]:
        letters = read(text)
        return (f.section for f in (*letters.findings, *multivariant_findings(letters)))

    assert not set(found(INDEX))
    assert section in set(found(change(INDEX)))


LATER = playlist.media(live(parts=3), ranges=SPANS)
BROKEN_LATER = [
    (swap("#EXT-X-TARGETDURATION:3", "#EXT-X-TARGETDURATION:4"), "6.2.1"),
    (swap("#EXT-X-MEDIA-SEQUENCE:4", "#EXT-X-MEDIA-SEQUENCE:3"), "6.2.2"),
    (swap("#EXT-X-MEDIA-SEQUENCE:4", "#EXT-X-MEDIA-SEQUENCE:5"), "6.2.1"),
    (swap("#EXT-X-DISCONTINUITY-SEQUENCE:1", "#EXT-X-DISCONTINUITY-SEQUENCE:2"), "6.2.2"),
    (without("#EXT-X-DISCONTINUITY"), "6.2.2"),
    (swap("1-12.m4s", "2-12.m4s"), "6.2.1"),
    (swap("#EXTINF:2.00000,\n1-12", "#EXTINF:1.90000,\n1-12"), "6.2.1"),
    (swap("T22:13:34.000Z", "T22:13:34.500Z"), "6.2.1"),
    (swap('URI="1-19.1.m4s"', 'URI="2-19.1.m4s"'), "6.2.1"),
    (swap("1-20.2.m4s", "1-20.two.m4s"), "4.4.5.3"),
    (swap("#EXTINF:2.00000,\n1-19.m4s\n", ""), "6.2.1"),
    (swap("fr.fabrique.talk", "fr.fabrique.poll"), "4.4.5.1"),
    (swap("END-DATE=", 'END-DATE="2023-11-14T22:14:09.000Z",X-OLD='), "4.4.5.1"),
]


@pytest.mark.parametrize(("change", "section"), BROKEN_LATER)
def test_each_fault_of_a_reload_is_found(change: Callable[[str], str], section: str) -> None:
    before = listed(WHOLE)
    assert list(update_findings(before, listed(LATER))) == []
    found = update_findings(before, listed(change(LATER)))
    assert section in {finding.section for finding in found}


def test_what_has_ended_stays_as_it_is() -> None:
    whole = playlist.synchronised(live()) + "#EXT-X-ENDLIST\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    ended = listed(whole)
    longer = playlist.synchronised(live(22)) + "#EXT-X-ENDLIST\n#EXT-X-PLAYLIST-TYPE:VOD\n"
    assert list(update_findings(ended, ended)) == []
    for changed in (longer, whole.replace("#EXT-X-ENDLIST\n", ""), whole.replace("VOD", "EVENT")):
        assert {f.section for f in update_findings(ended, listed(changed))} == {"6.2.1"}


def test_segments_are_not_taken_from_a_short_playlist() -> None:
    before = playlist.synchronised(window_of(init(), *(segment(msn) for msn in range(4))))
    after = playlist.synchronised(window_of(init(), *(segment(msn) for msn in range(1, 5))))
    assert {f.section for f in update_findings(listed(before), listed(after))} == {"6.2.2"}


DELTA = playlist.media(live(), skip=True, ranges=SPANS)
BROKEN_DELTA = [
    (swap("1-18.m4s", "2-18.m4s"), "6.2.5.1"),
    (swap("HOLD-BACK=9.0", "HOLD-BACK=9.5"), "6.2.5.1"),
    (lambda text: text[: text.index("#EXT-X-PROGRAM")] + text[text.index("1-14.m4s") :], "6.2.5.1"),
    (lambda text: "\n".join(t for t in text.split("\n") if "DATERANGE" not in t), "6.2.5.1"),
    (lambda text: WHOLE, "6.2.5.1"),
]


@pytest.mark.parametrize(("change", "section"), BROKEN_DELTA)
def test_each_fault_of_a_delta_update_is_found(change: Callable[[str], str], section: str) -> None:
    full = listed(WHOLE)
    assert list(delta_findings(full, listed(DELTA))) == []
    found = delta_findings(full, listed(change(DELTA)))
    assert section in {finding.section for finding in found}


def test_what_reaches_the_skip_boundary_by_its_rounding_alone_may_be_told_in_full() -> None:
    short = [
        SegmentClosed(event.msn, 1.999999) if isinstance(event, SegmentClosed) else event
        for msn in range(10)
        for event in segment(msn)
    ]
    window = window_of(init(), *short)
    full = listed(playlist.media(window))
    assert full.length - 2.0 == SKIP_UNTIL
    assert list(delta_findings(full, listed(playlist.media(window, skip=True)))) == []


REPORTED = {
    "media.m3u8": playlist.media(live(), ranges=SPANS, others={"480p/media.m3u8": live()}),
    "480p/media.m3u8": playlist.media(live(), ranges=SPANS, others={"../media.m3u8": live()}),
}
BROKEN_TOGETHER = [
    (swap("#EXT-X-TARGETDURATION:3", "#EXT-X-TARGETDURATION:4"), "6.2.4"),
    (swap("#EXT-X-DISCONTINUITY-SEQUENCE:1", "#EXT-X-DISCONTINUITY-SEQUENCE:2"), "6.2.4"),
    (lambda text: text + "#EXT-X-PLAYLIST-TYPE:EVENT\n", "6.2.4"),
    (lambda text: "\n".join(t for t in text.split("\n") if "DATE-TIME" not in t), "6.2.4"),
    (swap("2023-11-14T22:13", "2023-11-14T21:13", 99), "6.2.4"),
    (lambda text: text[: text.index("#EXTINF:2.00000,\n1-17")], "6.2.4"),
    (swap("fr.fabrique.talk", "fr.fabrique.poll"), "6.2.4"),
    (lambda text: "\n".join(t for t in text.split("\n") if "DATERANGE" not in t), "6.2.4"),
    (lambda text: "\n".join(t for t in text.split("\n") if "REPORT" not in t), "B.1"),
    (swap(",LAST-PART=1", ""), "4.4.5.4"),
]


@pytest.mark.parametrize(("change", "section"), BROKEN_TOGETHER)
def test_each_fault_between_renditions_is_found(change: Callable[[str], str], section: str) -> None:
    first, second = REPORTED.values()
    good = {"media.m3u8": listed(first), "480p/media.m3u8": listed(second)}
    assert list(presentation_findings(good)) == []
    found = presentation_findings(good | {"480p/media.m3u8": listed(change(second))})
    assert section in {finding.section for finding in found}


@given(st.text() | st.text(alphabet='#EXT-M3UINF:0123456789,="\n.Z', max_size=400))
def test_anything_at_all_can_be_read(text: str) -> None:
    faults(text)
    faults("#EXTM3U\n" + text)
    multivariant_findings(read(text))


def test_a_playlist_without_end_is_not_read_for_ever() -> None:
    assert len(faults("#EXTM3U\n" + "#EXT-X-PART:A=\n" * 300_000)) < 1_000
