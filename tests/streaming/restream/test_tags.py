"""What is on air, as messages of RTMP."""

from streaming.ingest import amf, chunks, flv
from streaming.ingest.chunks import Chunks, Message
from streaming.packet import Packet
from streaming.restream.tags import CHUNK_SIZE, Tagger, message
from tests.streaming import studios
from tests.streaming.restream.air import START, air


def read(data: bytes) -> list[Message]:
    """What a server reads."""
    reader = Chunks(1 << 24)
    reader.push(message(2, chunks.SET_CHUNK_SIZE, 0, CHUNK_SIZE.to_bytes(4, "big")) + data)
    messages = []
    while (each := reader.next()) is not None:
        messages.append(each)
    return messages


def test_frames_pass_untouched_with_their_order() -> None:
    frames, tagger = air(b_frames=2), Tagger(7)
    pictures = []
    for codec, packet in frames:
        for told in read(tagger.write(codec, packet)):
            assert told.stream == 7
            if told.kind == chunks.VIDEO and (tag := flv.read_picture(told.body)):
                pictures.append((told.timestamp, tag))
    assert pictures[0][1].config
    assert pictures[0][1].data == frames[0][1].config
    sent = [packet for codec, packet in frames if codec == "h264"]
    assert [tag.data for _, tag in pictures[1:]] == [packet.data for packet in sent]
    assert [time for time, _ in pictures[1:]] == [
        round((packet.dts - START) * 1000) for packet in sent
    ]
    assert [tag.delay for _, tag in pictures[1:]] == [
        round((packet.pts - packet.dts) * 1000) for packet in sent
    ]


def test_sound_is_told_before_it_is_heard() -> None:
    tagger = Tagger(1)
    messages = [
        each
        for codec, packet in air(0.5)
        if codec == "aac"
        for each in read(tagger.write(codec, packet))
    ]
    assert [each.kind for each in messages[:3]] == [chunks.DATA, chunks.SOUND, chunks.SOUND]
    config = flv.read_sound(messages[1].body)
    assert config is not None
    assert config.config
    values = amf.decode(messages[0].body)
    assert values[:2] == ["@setDataFrame", "onMetaData"]
    assert isinstance(values[2], dict)
    assert values[2]["audiosamplerate"] == 48000.0


def test_new_size_is_told_where_it_begins() -> None:
    tagger = Tagger(1)
    first, second = studios.film(5, (320, 180))[0], studios.film(5, (640, 360))[0]
    tagger.write("h264", first)
    later = Packet(second.data, first.dts + 1, first.pts + 1, True, second.config)
    metadata, config, picture = read(tagger.write("h264", later))
    assert {each.timestamp for each in (metadata, config, picture)} == {1000}
    described = amf.decode(metadata.body)[2]
    assert isinstance(described, dict)
    assert (described["width"], described["height"]) == (640.0, 360.0)
    assert flv.read_picture(config.body) == flv.Tag("h264", True, second.config)


def test_times_wrap_at_32_bits_and_long_ones_are_extended() -> None:
    tagger = Tagger(1)
    key = studios.film(5)[0]
    big = bytes(3 * CHUNK_SIZE)
    tagger.write("h264", Packet(big, 0.0, 0.0, True, key.config))
    for seconds in (16777.214, 16777.215, 16777.216, 4294967.295, 4294967.296, 4294968.0):
        (told,) = read(tagger.write("h264", Packet(big, seconds, seconds, True, key.config)))
        assert told.timestamp == round(seconds * 1000) % 2**32
        assert told.body[5:] == big
