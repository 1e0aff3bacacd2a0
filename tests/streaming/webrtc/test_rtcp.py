"""What viewers report, read as they say it, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc import rtcp
from streaming.webrtc.rtcp import Reception

REFERENCE = bytes.fromhex("80cf0004 00000001 04000002 0102030405060708")

numbers = st.integers(0, 0xFFFFFFFF)
receptions = st.builds(
    Reception,
    source=numbers,
    fraction_lost=st.integers(0, 255),
    lost=st.integers(0, 0x7FFFFF),
    highest=numbers,
    jitter=numbers,
    last_report=numbers,
    delay=numbers,
)


@given(st.lists(receptions, max_size=31, unique_by=lambda each: each.source))
def test_how_streams_come_in_is_read_as_it_was_written(sent: list[Reception]) -> None:
    said = rtcp.read(rtcp.receiver_report(1, "viewer", sent))
    assert list(said.heard.values()) == sent


@given(st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=300, unique=True))
def test_what_is_asked_for_again_is_read_as_it_was_written(lost: list[int]) -> None:
    data = rtcp.receiver_report(1, "viewer") + rtcp.missing(1, 2, sorted(lost))
    assert rtcp.asks(data)
    assert set(rtcp.read(data).lost[2]) == set(lost)


def test_who_wants_to_know_its_distance_is_told_what_it_sent() -> None:
    data = rtcp.receiver_report(1, "viewer") + rtcp.missing(1, 2, [7]) + REFERENCE
    said = rtcp.read(data)
    assert said.references == {1: 0x03040506}
    assert said.lost == {2: [7]}
    told = rtcp.since_references(9, said.references)
    assert told == bytes.fromhex("80cf0005 00000009 05000003 00000001 03040506 00000000")


def test_a_report_that_all_is_well_asks_for_nothing() -> None:
    assert not rtcp.asks(rtcp.receiver_report(1, "viewer") + REFERENCE)


@given(st.integers(200, 207), st.integers(0, 31), st.binary(max_size=120))
def test_whatever_follows_the_head_is_read_or_left_out(kind: int, count: int, body: bytes) -> None:
    body += bytes(-len(body) % 4)
    head = bytes((0x80 | count, kind)) + (len(body) // 4).to_bytes(2, "big")
    rtcp.read(head + body)
    rtcp.read(head + body[: len(body) // 2])
    rtcp.read(body)
