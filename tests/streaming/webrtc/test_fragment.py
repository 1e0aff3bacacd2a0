"""SDP fragments, right ones and others."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc import fragment
from streaming.webrtc.fragment import NotAFragment

FRAGMENT = """a=group:BUNDLE 0 1\r
m=video 9 UDP/TLS/RTP/SAVPF 102\r
a=mid:0\r
a=ice-ufrag:EsAw\r
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r
a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r
a=end-of-candidates\r
"""


@given(st.integers(0, len(FRAGMENT)), st.text(max_size=30), st.integers(0, 30))
def test_a_damaged_fragment_is_read_or_refused(place: int, text: str, gone: int) -> None:
    with contextlib.suppress(NotAFragment):
        fragment.read(FRAGMENT[:place] + text + FRAGMENT[place + gone :])


def test_fragments_have_limits() -> None:
    with pytest.raises(NotAFragment):
        fragment.read("a=x\r\n" * 20_000)
    many = "".join(f"a=candidate:{n} 1 udp 1 192.0.2.1 {n} typ host\r\n" for n in range(1, 300))
    assert len(fragment.read(many).candidates) == 16


def test_ours_has_what_the_answer_had_of_the_bundle_and_our_new_credentials() -> None:
    answer = (
        "v=0\r\na=ice-options:trickle\r\na=group:BUNDLE 0 1\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
        "a=mid:0\r\na=ice-ufrag:old\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\n"
    )
    ours = fragment.write(answer, "name", "password", ["1 1 udp 5 192.0.2.1 9 typ host"])
    assert ours.splitlines() == [
        "a=ice-options:trickle",
        "a=group:BUNDLE 0 1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=mid:0",
        "a=ice-ufrag:name",
        "a=ice-pwd:password",
        "a=candidate:1 1 udp 5 192.0.2.1 9 typ host",
        "a=end-of-candidates",
    ]
