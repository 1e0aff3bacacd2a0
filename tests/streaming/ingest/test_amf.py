from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.ingest import Malformed, amf

leaves = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=40)
containers = st.lists(leaves, max_size=4) | st.dictionaries(st.text(max_size=8), leaves, max_size=4)
values = leaves | containers | st.dictionaries(st.text(max_size=8), containers, max_size=3)


def test_connect_reads_as_librtmp_writes_it() -> None:
    written = (
        b"\x02\x00\x07connect\x00\x3f\xf0\x00\x00\x00\x00\x00\x00"
        b"\x03\x00\x03app\x02\x00\x04live\x00\x04type\x02\x00\x0anonprivate\x00\x00\x09"
    )
    assert amf.decode(written) == ["connect", 1.0, {"app": "live", "type": "nonprivate"}]


def test_answer_is_written_as_the_specification_shows() -> None:
    assert amf.encode("_result", 4.0, None, True, {"a": 1.0}) == (
        b"\x02\x00\x07_result\x00\x40\x10\x00\x00\x00\x00\x00\x00\x05\x01\x01"
        b"\x03\x00\x01a\x00\x3f\xf0\x00\x00\x00\x00\x00\x00\x00\x00\x09"
    )


def test_array_with_a_wrong_count_is_read_to_its_end() -> None:
    assert amf.decode(b"\x08\x00\x00\x00\x63\x00\x01w\x01\x01\x00\x00\x09") == [{"w": True}]


def test_rare_types_become_plain_values() -> None:
    date = b"\x0b\x40\x10\x00\x00\x00\x00\x00\x00\x00\x00"
    typed = b"\x10\x00\x01T\x00\x01a\x06\x00\x00\x09"
    assert amf.decode(date + typed + b"\x0c\x00\x00\x00\x01x" + b"\x0d") == [
        4.0,
        {"a": None},
        "x",
        None,
    ]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x00", None),
        (b"\x01", None),
        (b"\x02", False),
        (b"\x03", True),
        (b"\x04\x7f", 127.0),
        (b"\x04\x81\x00", 128.0),
        (b"\x04\xff\xff\xff\xff", -1.0),
        (b"\x04\x80\xc0\x80\x00", 2097152.0),
        (b"\x05\x40\x10\x00\x00\x00\x00\x00\x00", 4.0),
        (b"\x06\x07abc", "abc"),
        (b"\x06\x05\xc3\xa9", "é"),
        (b"\x08\x01\x40\x10\x00\x00\x00\x00\x00\x00", 4.0),
        (b"\x0b\x07<a>", "<a>"),
        (b"\x0c\x05ab", "ab"),
        (b"\x09\x05\x01\x02\x03", [False, True]),
        (b"\x09\x03\x03k\x02\x01\x03", {"k": False, "0": True}),
        # An object without a class: one fixed member, and one more, whose value is the first name.
        (b"\x0a\x1b\x01\x03a\x04\x01\x03b\x06\x00\x01", {"a": 1.0, "b": "a"}),
        # Two objects of one shape, and a reference to the first.
        (
            b"\x09\x07\x01\x0a\x13\x03T\x03w\x03\x0a\x01\x02\x0a\x02",
            [{"w": True}, {"w": False}, None],
        ),
    ],
)
def test_a_value_of_amf3_is_read_where_amf0_switches_to_it(data: bytes, value: amf.Value) -> None:
    assert amf.decode(b"\x11" + data + b"\x02\x00\x01z") == [value, "z"]


def test_what_was_sent_before_is_nothing() -> None:
    assert amf.decode(b"\x07\x00\x01\x05") == [None, None]


def test_a_text_too_long_for_two_bytes_is_a_long_string() -> None:
    assert amf.decode(amf.encode("é" * 40_000)) == ["é" * 40_000]


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\xff\xff\xff\xff",  # four thousand million values announced
        b"\x03\x00\x01a" * 1000,  # objects in objects
        b"\x05" * 10_000,
        b"\x03\x00\x01a\x05",  # no end
        b"\x02\x00\x05abc",
        b"\x11\x06\x0babc",  # AMF3: a text cut short
        b"\x11\x06\x02",  # a text that was never sent
        b"\x11\x0a\x07\x03A",  # an object that only its class can read
        b"\x11\x0a\x05",  # the shape of an object that was never sent
        b"\x11\x0d\x03\x00\x00\x00\x00\x01",  # a vector
        b"\x11\x09\xff\xff\xff\xff",  # a quarter of a thousand million values
        b"\x11\x0a\xff\xff\xff\xff\x01",
        b"\x11" + b"\x09\x03\x01" * 1000,  # arrays in arrays
    ],
)
def test_what_is_not_amf_or_too_much_of_it_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        amf.decode(data)


@given(st.lists(values, max_size=4))
def test_values_survive_the_way_there_and_back(sent: list[amf.Value]) -> None:
    assert amf.decode(amf.encode(*sent)) == sent


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x11", b"\x11\x0a", b"\x11\x09\x05\x01"]))
def test_any_bytes_are_values_or_malformed(data: bytes, start: bytes) -> None:
    with suppress(Malformed):
        amf.decode(start + data)
