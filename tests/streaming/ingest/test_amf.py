from contextlib import suppress

import pytest
from hypothesis import given, settings
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
        b"\x11\x00",  # AMF3
    ],
)
def test_what_is_not_amf_or_too_much_of_it_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        amf.decode(data)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(values, max_size=4))
def test_values_survive_the_way_there_and_back(sent: list[amf.Value]) -> None:
    assert amf.decode(amf.encode(*sent)) == sent


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=200))
def test_any_bytes_are_values_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        amf.decode(data)
