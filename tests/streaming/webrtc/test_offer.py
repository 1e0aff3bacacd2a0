"""Which part of an offer is answered, from the offer that Chromium makes, as it is and changed."""

import re
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc.offer import (
    NoCommonCodec,
    NotAnOffer,
    NothingToReceive,
    Offer,
    Refusal,
    read_offer,
)
from tests.streaming.webrtc.damage import damaged

CHROMIUM = Path(__file__).with_name("chromium.sdp").read_bytes().decode()


def video(offer: Offer) -> str:
    return str(offer.codecs["video"][0].parameters["profile-level-id"])


def without_h264(text: str) -> str:
    return re.sub(r"H264/90000", "VP8/90000", text)


def profiles(text: str, *wanted: str) -> str:
    """The offer with these profiles of H.264, packetization mode 1, and no other."""
    names = iter(wanted)

    def rename(match: re.Match[str]) -> str:
        name = next(names, None)
        return match[1] + (name or "580000")

    return re.sub(r"(packetization-mode=1;profile-level-id=)[0-9a-f]{6}", rename, text)


def test_chromium_gets_one_picture_and_one_sound_with_retransmissions() -> None:
    offer = read_offer(CHROMIUM)
    assert video(offer) == "4d001f"  # Debian's Chromium offers no High
    assert [codec.name for codec in offer.codecs["video"]] == ["H264", "rtx"]
    assert offer.codecs["video"][1].parameters["apt"] == offer.codecs["video"][0].payloadType
    feedback = [(item.type, item.parameter) for item in offer.codecs["video"][0].rtcpFeedback]
    assert feedback == [("nack", None), ("nack", "pli"), ("ccm", "fir")]
    assert offer.codecs["audio"][0].parameters["stereo"] == 1
    assert not offer.refused
    assert not offer.we_are_active


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (("42e01f", "640c1f"), "640c1f"),  # Safari
        (("42001f", "42e01f", "4d001f", "64001f"), "64001f"),  # Chrome
        (("42e01f",), "42e01f"),  # Firefox
        (("42001f",), "42001f"),
    ],
)
def test_the_widest_profile_is_chosen(offered: tuple[str, ...], chosen: str) -> None:
    assert video(read_offer(profiles(CHROMIUM, *offered))) == chosen


def test_an_offer_without_h264_is_told_so() -> None:
    with pytest.raises(NoCommonCodec, match=r"H\.264") as refusal:
        read_offer(without_h264(CHROMIUM))
    assert refusal.value.status == 406


def test_sound_alone_may_be_asked_for() -> None:
    head, picture, sound = re.split(r"(?m)^(?=m=)", CHROMIUM)
    offer = read_offer(head.replace("BUNDLE 0 1", "BUNDLE 1") + sound)
    assert list(offer.codecs) == ["audio"]
    assert "m=video" in picture


def test_a_publishers_offer_asks_for_nothing() -> None:
    with pytest.raises(NothingToReceive):
        read_offer(CHROMIUM.replace("a=recvonly", "a=sendonly"))


def test_separate_transports_are_refused() -> None:
    with pytest.raises(Refusal, match="BUNDLE"):
        read_offer(CHROMIUM.replace("a=group:BUNDLE 0 1\r\n", ""))


def test_sections_that_live_in_the_bundle_only_are_answered() -> None:
    offer = read_offer(CHROMIUM.replace("m=audio 9", "m=audio 0"))
    assert set(offer.codecs) == {"video", "audio"}


def test_what_is_not_served_is_refused_in_its_place() -> None:
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=sctp-port:5000\r\n"
    head, picture, sound = re.split(r"(?m)^(?=m=)", CHROMIUM)
    offer = read_offer(head.replace("BUNDLE 0 1", "BUNDLE 2 0 1") + data + picture + sound)
    assert list(offer.refused) == [0]
    answer = offer.complete("v=0\r\nm=video 9 A 1\r\na=mid:0\r\nm=audio 9 A 2\r\na=mid:1\r\n")
    assert [line for line in answer.splitlines() if line.startswith("m=")] == [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "m=video 9 A 1",
        "m=audio 9 A 2",
    ]
    assert SessionDescription.parse(answer).media[0].port == 0


def test_only_addresses_are_tried_and_not_many() -> None:
    lines = [
        f"a=candidate:{place} 1 {protocol} 2113937151 {host} 54400 typ host\r\n"
        for place, (protocol, host) in enumerate(
            [
                ("udp", "0d3c9a5e-1111-2222-3333-444455556666.local"),
                ("tcp", "192.0.2.5"),
                ("udp", "224.0.0.1"),
                *[("udp", f"192.0.2.{number}") for number in range(10, 60)],
            ]
        )
    ]
    text = CHROMIUM.replace("a=setup:actpass\r\n", "a=setup:actpass\r\n" + "".join(lines), 1)
    media = SessionDescription.parse(read_offer(text).narrowed).media
    hosts = [candidate.ip for candidate in media[0].ice_candidates]
    assert hosts == [f"192.0.2.{number}" for number in range(10, 26)]
    assert not media[0].ice_candidates_complete


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bonjour",
        "{}",
        "v=0\r\n" + "a=x\r\n" * 20_000,
        CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "udp"),
        re.sub(r"a=ice-ufrag:.*\r\n", "", CHROMIUM),
        re.sub(r"a=ice-pwd:.*\r\n", "a=ice-pwd:short\r\n", CHROMIUM),
        re.sub(r"a=fingerprint:.*\r\n", "", CHROMIUM),
        re.sub(r"a=fingerprint:sha-256", "a=fingerprint:md5", CHROMIUM),
        re.sub(r"a=setup:.*\r\n", "", CHROMIUM),
        CHROMIUM + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 20,
    ],
)
def test_what_is_no_offer_is_told_so(text: str) -> None:
    with pytest.raises(NotAnOffer):
        read_offer(text)


@given(st.text(max_size=300))
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_offer(text)
    with pytest.raises(Refusal):
        read_offer("v=0\r\n" + text)


@given(damaged(CHROMIUM))
def test_a_damaged_offer_is_answered_or_refused(sdp: str) -> None:
    try:
        offer = read_offer(sdp)
    except Refusal:
        return
    SessionDescription.parse(offer.narrowed)
