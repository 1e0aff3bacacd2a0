"""What a viewer is told beside the media, as states and time are told."""

import json

import msgspec
import pytest

from streaming.link import EVENTS, ChannelState, SourceState
from streaming.webrtc.events import (
    COUNT_INTERVAL,
    LAYERS_INTERVAL,
    LIMIT,
    PER_SESSION,
    EventStreams,
    TooManyStreams,
    UnknownStream,
)

SLATE = ChannelState("plateau", "slate", 0.0, [])
STUDIO = ChannelState(
    "plateau",
    "primary",
    0.0,
    [SourceState("primary", "rtmp", True, True, width=1280, height=720, bitrate=2e6)],
    webrtc_viewers=3,
)


class Reader:
    """Who reads a stream."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.over = 0

    def tell(self, event: str, data: str) -> None:
        assert "\n" not in data
        json.loads(data)
        self.told.append((event, data))

    def end(self) -> None:
        self.over += 1

    def events(self) -> list[str]:
        return [event for event, _ in self.told]


def read(streams: EventStreams, session: str, name: str) -> Reader:
    reader = Reader()
    streams.listen(session, name, reader.tell, reader.end)
    return reader


def test_a_stream_begins_with_how_things_are() -> None:
    streams = EventStreams()
    streams.note(STUDIO, 0.0)
    reader = read(streams, "s", streams.make("plateau", "s", 1, EVENTS))
    assert reader.told == [
        ("active", "{}"),
        ("viewercount", '{"viewercount":3}'),
        (
            "layers",
            '{"1":[{"spatialLayerId":0,"temporalLayerId":0,"bitrate":2000000,"width":1280,'
            '"height":720}]}',
        ),
    ]


def test_there_is_no_initial_inactive() -> None:
    streams = EventStreams()
    streams.note(SLATE, 0.0)
    reader = read(streams, "s", streams.make("plateau", "s", 0, EVENTS))
    assert reader.events() == ["viewercount"]
    streams.note(STUDIO, 1.0)
    streams.note(SLATE, 5.0)
    assert [e for e in reader.events() if e != "viewercount"] == ["active", "layers", "inactive"]


def test_only_what_was_asked_for_is_told_and_sound_alone_has_no_layers() -> None:
    streams = EventStreams()
    inactive = read(streams, "s", streams.make("plateau", "s", 0, ["inactive"]))
    sound = read(streams, "s", streams.make("plateau", "s", None, ["layers"]))
    elsewhere = read(streams, "t", streams.make("labo-1", "t", 0, ["active"]))
    streams.note(STUDIO, 0.0)
    streams.note(SLATE, 1.0)
    assert inactive.told == [("inactive", "{}")]
    assert sound.told == []
    assert elsewhere.told == []


def test_what_happens_while_nobody_reads_waits_and_only_the_newest_of_it() -> None:
    streams = EventStreams()
    name = streams.make("plateau", "s", 0, EVENTS)
    for time in range(100):
        state = STUDIO if time % 2 else SLATE
        streams.note(msgspec.structs.replace(state, webrtc_viewers=time), time * 10.0)
    reader = read(streams, "s", name)
    assert sorted(reader.events()) == ["active", "layers", "viewercount"]
    assert ("viewercount", '{"viewercount":99}') in reader.told


def test_a_state_that_is_over_does_not_wait() -> None:
    streams = EventStreams()
    name = streams.make("plateau", "s", 0, ["inactive"])
    streams.note(STUDIO, 0.0)
    streams.note(SLATE, 1.0)
    streams.note(STUDIO, 2.0)
    assert read(streams, "s", name).told == []


def test_counts_and_bit_rates_come_now_and_then_and_sizes_at_once() -> None:
    streams = EventStreams()
    reader = read(streams, "s", streams.make("plateau", "s", 0, ["viewercount", "layers"]))
    (source,) = STUDIO.sources
    for tick in range(41):
        sources = [msgspec.structs.replace(source, bitrate=2e6 + tick)]
        state = msgspec.structs.replace(STUDIO, webrtc_viewers=100 + tick, sources=sources)
        streams.note(state, tick / 2)
    counts = reader.events().count("viewercount") - 1
    assert counts == 20 / COUNT_INTERVAL + 1
    assert reader.events().count("layers") == 20 / LAYERS_INTERVAL + 1
    sources = [msgspec.structs.replace(source, height=480)]
    streams.note(msgspec.structs.replace(STUDIO, sources=sources), 20.1)
    assert '"height":480' in reader.told[-1][1]


def test_a_new_reader_takes_over_and_one_that_lets_go_loses_nothing() -> None:
    streams = EventStreams()
    name = streams.make("plateau", "s", 0, ["active", "inactive"])
    first = read(streams, "s", name)
    second = read(streams, "s", name)
    assert (first.over, second.over) == (1, 0)
    streams.unlisten(name, first.end)  # too late: it is not the reader any more
    streams.note(STUDIO, 0.0)
    assert second.events() == ["active"]
    streams.unlisten(name, second.end)
    streams.note(SLATE, 1.0)
    assert read(streams, "s", name).events() == ["inactive"]
    assert second.events() == ["active"]


def test_streams_end_with_their_session_or_alone() -> None:
    streams = EventStreams()
    one, two = (streams.make("plateau", "s", 0, EVENTS) for _ in range(2))
    other = streams.make("plateau", "t", 0, EVENTS)
    readers = [read(streams, "s", one), read(streams, "s", two), read(streams, "t", other)]
    streams.drop("s", one)
    assert [reader.over for reader in readers] == [1, 0, 0]
    with pytest.raises(UnknownStream):
        read(streams, "s", one)
    with pytest.raises(UnknownStream):
        read(streams, "t", two)  # another session's
    streams.end_session("s")
    assert [reader.over for reader in readers] == [1, 1, 0]
    with pytest.raises(UnknownStream):
        streams.drop("s", two)


def test_streams_are_bounded_for_each_session_and_in_all() -> None:
    streams = EventStreams()
    for _ in range(PER_SESSION):
        streams.make("plateau", "s", 0, EVENTS)
    with pytest.raises(TooManyStreams):
        streams.make("plateau", "s", 0, EVENTS)
    for number in range(LIMIT - PER_SESSION):
        streams.make("plateau", str(number), 0, EVENTS)
    with pytest.raises(TooManyStreams):
        streams.make("plateau", "one more", 0, EVENTS)
    streams.end_session("s")
    streams.make("plateau", "one more", 0, EVENTS)
