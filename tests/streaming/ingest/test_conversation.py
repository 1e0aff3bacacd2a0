"""What RTMP publishers say, in whatever order, and what they are answered."""

import struct
from itertools import pairwise

import pytest

from streaming.errors import PublishRefused, WrongKey
from streaming.ingest import Malformed, Source, amf, chunks, replies
from streaming.ingest.amf import Value
from streaming.ingest.chunks import Chunks, Message
from streaming.ingest.conversation import Conversation, Goodbye, Refusal, read_address
from tests.streaming.ingest.films import Recorder

KEY = "plateau-p-0123456789"


class Talk:
    """A publisher's side of a conversation."""

    def __init__(self) -> None:
        self.source = Recorder()
        self.asked: list[tuple[str, str]] = []
        self.evicted = 0
        self.conversation = Conversation(self._open, self._evict, lambda: 7.0)

    def say(self, *values: Value, kind: int = chunks.COMMAND) -> list[Message]:
        return self.send(kind, amf.encode(*values))

    def send(self, kind: int, body: bytes, time: int = 0) -> list[Message]:
        """Send a message; return what is answered."""
        answer = Chunks(1 << 16)
        answer.push(self.conversation.take(Message(kind, 1, time, body)))
        said = []
        while (message := answer.next()) is not None:
            said.append(message)
        return said

    def publish(self, key: str = KEY) -> list[Message]:
        self.say("connect", 1.0, {"app": "live"})
        return self.say("publish", 5.0, None, key, "live")

    def _open(self, app: str, key: str) -> Source:
        self.asked.append((app, key))
        if key == "taken":
            raise PublishRefused("Occupé.")
        if key != KEY:
            raise WrongKey("Clé inconnue.")
        return self.source

    def _evict(self) -> None:
        self.evicted += 1


@pytest.mark.parametrize(
    "order",
    [
        ["releaseStream", "FCPublish", "createStream"],  # OBS, FMLE
        ["releaseStream", "FCPublish", "createStream", "_checkbw"],  # ffmpeg
        ["createStream"],  # what the specification asks for
        ["createStream", "releaseStream", "FCPublish", "getStreamLength"],
    ],
)
def test_each_encoder_is_answered_in_its_own_order(order: list[str]) -> None:
    talk = Talk()
    talk.say("connect", 1.0, {"app": "live", "type": "nonprivate"})
    for number, command in enumerate(order, 2):
        [answer] = talk.say(command, float(number), None, KEY)
        name, transaction, *_ = amf.decode(answer.body)
        assert (name, transaction) == ("_result", number)
    begin, started = talk.say("publish", 9.0, None, KEY, "live")
    assert (begin.kind, begin.body) == (chunks.USER_CONTROL, struct.pack(">HI", 0, 1))
    assert started.stream == 1
    assert "NetStream.Publish.Start" in str(amf.decode(started.body))
    assert talk.asked == [("live", KEY)]
    assert talk.conversation.source is talk.source


@pytest.mark.parametrize("way", ["live", "record", "append", None])
def test_however_it_is_to_be_kept_it_is_live(way: str | None) -> None:
    talk = Talk()
    talk.say("connect", 1.0, {"app": "live"})
    talk.say("publish", 2.0, None, KEY, *([way] if way else []))
    assert talk.conversation.source is talk.source


@pytest.mark.parametrize(
    ("app", "url", "name"),
    [
        ("live", "rtmp://tv.example:1935/live", KEY),
        ("live/", "rtmp://tv.example/live/", KEY),
        ("/live", "", f"/{KEY}"),
        ("live?token=1/2", "", f"{KEY}?token=1"),
        ("live", "", f" {KEY}\n"),
        ("live", "", f"live/{KEY}"),  # the app again
        (f"live/{KEY}", f"rtmp://tv.example/live/{KEY}", ""),  # all of it as the server's address
        ("live", f"rtmp://tv.example/live/{KEY}", ""),
        ("", f"rtmp://tv.example/live/{KEY}?x=y", ""),
        ("", "rtmp://tv.example/live", KEY),
    ],
)
def test_the_key_is_found_wherever_an_encoder_puts_it(app: str, url: str, name: str) -> None:
    assert read_address(app, url, name) == ("live", KEY)


def test_a_key_alone_has_no_app() -> None:
    assert read_address("", "", KEY) == ("", KEY)
    assert read_address("", "", "") == ("", "")


def test_a_publisher_without_a_name_may_have_its_key_in_the_address() -> None:
    talk = Talk()
    talk.say("connect", 1.0, {"app": "live", "tcUrl": f"rtmp://tv.example/live/{KEY}"})
    talk.say("publish", 2.0, None)
    assert talk.asked == [("live", KEY)]


def test_who_says_which_codecs_it_knows_hears_what_we_take() -> None:
    talk = Talk()
    answer = amf.decode(talk.say("connect", 1.0, {"app": "live", "fourCcList": ["hvc1"]})[-1].body)
    for facts in answer[2:]:
        assert isinstance(facts, dict)
        told = facts["fourCcList"]
        assert isinstance(told, list)
        assert {"avc1", "hvc1", "Opus"} <= {name for name in told if isinstance(name, str)}


def test_who_does_not_ask_hears_nothing_of_enhanced_rtmp() -> None:
    [*_, answer] = Talk().say("connect", 1.0, {"app": "live"})
    assert b"fourCc" not in answer.body


def test_our_chunks_are_large_since_ffmpeg_does_as_we_do() -> None:
    said = Chunks(1 << 16)
    said.push(Talk().conversation.take(Message(20, 0, 0, amf.encode("connect", 1.0, {"app": "a"}))))
    kinds = []
    while (message := said.next()) is not None:
        kinds.append(message.kind)
    assert kinds == [
        chunks.WINDOW_ACKNOWLEDGEMENT_SIZE,
        chunks.SET_PEER_BANDWIDTH,
        chunks.COMMAND,
    ]
    assert said._chunk_size == replies.CHUNK_SIZE == 65_536


def test_commands_may_come_in_a_wrapper_of_amf3() -> None:
    talk = Talk()
    connect = amf.encode("connect", 1.0) + b"\x11\x0a\x0b\x01\x07app\x06\x09live\x01"
    talk.send(chunks.COMMAND_AMF3, b"\0" + connect)
    talk.send(chunks.COMMAND_AMF3, amf.encode("publish", 2.0, None, KEY))  # without its zero
    assert talk.asked == [("live", KEY)]


@pytest.mark.parametrize("kind", [chunks.DATA, chunks.DATA_AMF3])
@pytest.mark.parametrize("named", [True, False])
def test_the_frame_rate_that_is_announced_is_noted(kind: int, named: bool) -> None:
    talk = Talk()
    talk.publish()
    facts: Value = {"width": 1920.0, "height": 1080.0, "framerate": 30.0}
    body = amf.encode(*(["@setDataFrame"] if named else []), "onMetaData", facts)
    talk.send(kind, b"\0" + body if kind == chunks.DATA_AMF3 else body)
    assert talk.source.announced_rate == 30.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x02\x00\xff",
        b"\xff\xff",
        amf.encode("onMetaData"),
        amf.encode("onMetaData", {"framerate": float("nan")}),
        amf.encode("onMetaData", {"framerate": -1.0}),
        amf.encode("onMetaData", {"framerate": 1e9}),
        amf.encode("onMetaData", {"framerate": "fast"}),
        amf.encode("@setDataFrame", {"framerate": 30.0}),
    ],
)
def test_metadata_that_makes_no_sense_harms_nobody(body: bytes) -> None:
    talk = Talk()
    talk.send(chunks.DATA, body)
    talk.publish()
    talk.send(chunks.DATA, body)
    assert talk.source.announced_rate == 0.0
    assert talk.source.closed is None


def test_a_wrong_key_waits_as_long_as_it_is_told_to() -> None:
    with pytest.raises(Refusal, match=r"Clé inconnue\.") as caught:
        Talk().publish("wrong")
    assert (caught.value.reason, caught.value.wait) == ("wrong_key", 7.0)


def test_a_right_key_for_a_place_that_is_taken_does_not_wait() -> None:
    with pytest.raises(Refusal, match=r"Occupé\.") as caught:
        Talk().publish("taken")
    assert (caught.value.reason, caught.value.wait) == ("taken", 0.0)


@pytest.mark.parametrize("last", ["FCUnpublish", "deleteStream", "closeStream"])
def test_a_publisher_that_stops_says_goodbye(last: str) -> None:
    talk = Talk()
    talk.say(last, 1.0, None, KEY)  # before: nothing to stop
    talk.publish()
    with pytest.raises(Goodbye):
        talk.say(last, 6.0, None, KEY)


@pytest.mark.parametrize(
    "values",
    [
        ["connect"],
        ["connect", 1.0, None],
        ["publish"],
        ["publish", 1.0, None, KEY],  # before "connect"
        ["play", 1.0, None, KEY],
    ],
)
def test_commands_out_of_place_are_malformed(values: list[Value]) -> None:
    with pytest.raises(Malformed):
        Talk().say(*values)


@pytest.mark.parametrize("values", [[], [1.0], ["?"], ["createStream"], ["FCPublish", None], [{}]])
def test_what_is_no_command_is_passed_over(values: list[Value]) -> None:
    assert Talk().say(*values) == []


def test_messages_of_other_kinds_are_passed_over() -> None:
    talk = Talk()
    talk.publish()
    for kind in (0, 3, 4, 6, 7, 10, 16, 19, 21, 255):
        assert talk.send(kind, b"\0\1\2") == []


def test_its_window_is_half_used_and_never_too_small() -> None:
    talk = Talk()
    assert talk.conversation.window == replies.WINDOW // 2
    talk.send(chunks.WINDOW_ACKNOWLEDGEMENT_SIZE, struct.pack(">I", 1 << 20))
    assert talk.conversation.window == 1 << 19
    for body in (b"", bytes(4)):
        talk.send(chunks.WINDOW_ACKNOWLEDGEMENT_SIZE, body)
        assert talk.conversation.window == 1 << 14


def test_samples_without_a_header_bring_their_shape() -> None:
    talk = Talk()
    talk.publish()
    talk.send(chunks.SOUND, b"\x3fsamples", 0)  # 44.1 kHz, 16 bits, stereo
    talk.send(chunks.SOUND, b"\x3bsamples", 20)  # 22 kHz
    talk.send(chunks.SOUND, b"\x2ffrom another", 40)  # MP3
    assert [(codec, packet.config) for codec, packet in talk.source.sounds] == [
        ("pcm_s16le", struct.pack(">IB", 44100, 2)),
        ("pcm_s16le", struct.pack(">IB", 22050, 2)),
        ("mp3", b""),
    ]


def test_times_go_over_the_wrap_of_32_bits() -> None:
    talk = Talk()
    talk.publish()
    talk.send(chunks.SOUND, b"\xaf\0\x12\x08")
    for index in range(4):
        talk.send(chunks.SOUND, b"\xaf\1sound", (0xFFFFFFFF - 30 + index * 20) & 0xFFFFFFFF)
    times = [packet.pts for _, packet in talk.source.sounds]
    steps = [after - before for before, after in pairwise(times)]
    assert steps == pytest.approx([0.02] * 3, abs=1e-3)
