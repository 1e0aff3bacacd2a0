"""Pictures out of RTP: what `rtp.h264_payloads` packs comes back, and damage is never passed on."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from streaming.ingest.whip.units import Assembler, Picture
from streaming.webrtc.rtp import Received, h264_payloads

units = st.builds(
    lambda kind, importance, body: bytes((importance << 5 | kind,)) + body,
    st.sampled_from([1, 5, 6, 7, 8]),
    st.integers(0, 3),
    st.binary(min_size=1, max_size=60),
)
pictures = st.lists(st.lists(units, min_size=1, max_size=6), min_size=1, max_size=6)


def packets(shown: list[list[bytes]], limit: int = 30, marker: bool = True) -> list[Received]:
    made: list[Received] = []
    for index, picture in enumerate(shown):
        payloads = h264_payloads(picture, limit)
        for place, payload in enumerate(payloads):
            last = marker and place == len(payloads) - 1
            made.append(Received(96, len(made), index * 3600, 1, last, payload))
    return made


def assemble(some: list[Received | None]) -> list[Picture | None]:
    assembler = Assembler()
    return [picture for packet in some for picture in assembler.put(packet)]


@given(pictures, st.integers(16, 100))
def test_every_picture_comes_back(shown: list[list[bytes]], limit: int) -> None:
    put = assemble([*packets(shown, limit)])
    assert put == [Picture(picture, index * 3600) for index, picture in enumerate(shown)]


@given(pictures)
def test_a_sender_without_markers_is_understood_a_picture_later(shown: list[list[bytes]]) -> None:
    put = assemble([*packets(shown, marker=False)])
    assert put == [Picture(picture, i * 3600) for i, picture in enumerate(shown[:-1])]


slices = st.lists(st.binary(max_size=60), min_size=1, max_size=6).map(
    lambda bodies: [
        (b"\x41\x40" if place else b"\x41\x80") + body for place, body in enumerate(bodies)
    ]
)


@given(st.lists(slices, min_size=1, max_size=6), st.data())
def test_a_picture_that_lost_a_packet_is_left_out_and_told(
    shown: list[list[bytes]], data: st.DataObject
) -> None:
    sent = packets(shown)
    lost = data.draw(st.sets(st.sampled_from(range(len(sent))), min_size=1))
    came: list[Received | None] = [
        None if place in lost else packet for place, packet in enumerate(sent)
    ]
    whole = [Picture(picture, index * 3600) for index, picture in enumerate(shown)]
    hurt = {sent[place].timestamp for place in lost}
    put = assemble(came)
    assert None in put
    for picture in put:
        if picture is not None:
            assert picture in whole
            assert picture.timestamp not in hurt


def test_a_keyframe_right_after_a_loss_is_whole() -> None:
    first = [b"\x41\x80" + bytes(90)]
    key = [b"\x67\x42\x00\x1f", b"\x68\xce", b"\x65\x88" + bytes(90)]
    sent = packets([first, key])
    assert assemble([None, *sent[-len(h264_payloads(key, 30)) :]])[-1] == Picture(key, 3600)
    several = [b"\x41\x88" + bytes(20), b"\x41\x40" + bytes(20)]  # macroblock 0, and a later one
    assert assemble([None, *packets([several])]) == [None, Picture(several, 0)]
    assert assemble([None, *packets([several[1:]])]) == [None, None]
    assert assemble([None, *packets([key[2:]])]) == [None, None]  # its parameter sets may be new


def test_what_mode_1_does_not_have_damages_only_its_picture() -> None:
    good = Received(96, 9, 7200, 1, True, b"\x41\x9a\x01")
    for payload in (
        b"\x19\0\0\0\0\0",  # STAP-B
        b"\x1d\x85\0\0",  # FU-B
        b"\x00\x01",
        b"\x7e\x01",
        b"\xc1\x9a",  # the forbidden bit
        b"\x78\x00\x00",  # STAP-A with an empty unit
        b"\x78\x00\x09\x41",  # cut short
        b"\x7c",
        b"\x7c\x05\x01",  # a fragment without its first
    ):
        bad = Received(96, 8, 3600, 1, True, payload)
        put = assemble([bad, good])
        assert put[-1] == Picture([b"\x41\x9a\x01"], 7200), payload
        assert put[:-1] in ([None], []), payload


def test_padding_is_nothing() -> None:
    padding = Received(96, 1, 0, 1, False, b"")
    assert assemble([padding, *packets([[b"\x41\x9a"]]), padding]) == [Picture([b"\x41\x9a"], 0)]


@given(st.lists(st.builds(Received, st.just(96), st.just(0), st.integers(0, 3), st.just(1),
                          st.booleans(), st.binary(max_size=40)), max_size=60))  # fmt: skip
def test_nothing_raises(some: list[Received]) -> None:
    for picture in assemble([*some]):
        if picture is not None:
            assert all(picture.units)


def test_an_endless_picture_is_cut_off() -> None:
    assembler = Assembler()
    piece = Received(96, 0, 0, 1, False, b"\x7c\x05" + bytes(1200))
    head = piece._replace(payload=b"\x7c\x85" + bytes(1200))
    for packet in itertools.chain([head], itertools.repeat(piece, 5000)):
        assert list(assembler.put(packet)) == []
    assert sum(map(len, assembler._fragments)) < 5_000_000
