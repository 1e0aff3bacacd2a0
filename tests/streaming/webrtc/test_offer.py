"""Which part of an offer is answered, from the offer that Chromium makes, as it is and changed.

Other programs' offers are in `offers`.
"""

import re
import time
from pathlib import Path

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from streaming.webrtc import sdp
from streaming.webrtc.offer import (
    NoCommonCodec,
    NotAnAnswer,
    NotAnOffer,
    NothingToReceive,
    Offer,
    Refusal,
    Unanswerable,
    ours,
    read_answer,
    read_offer,
)
from tests.streaming.webrtc import offers
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
    assert offer.measures  # and would like to know its round trip


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


@pytest.mark.parametrize(
    ("text", "payload_type", "profile", "resends", "sound"),
    [
        (offers.CHROME, 123, "64001f", 124, 111),
        (offers.SAFARI, 96, "640c1f", 97, 111),
        (offers.FIREFOX, 126, "42e01f", 127, 109),
        (offers.PION, 112, "64001f", 113, 111),
        (offers.LIBDATACHANNEL, 96, "42e01f", None, 111),
        (offers.GSTREAMER, 101, None, None, 96),
    ],
    ids=["chrome", "safari", "firefox", "pion", "libdatachannel", "gstreamer"],
)
def test_offers_of_many_programs_are_answered(
    text: str, payload_type: int, profile: str | None, resends: int | None, sound: int
) -> None:
    offer = read_offer(text)
    picture, *others = offer.codecs["video"]
    assert picture.payloadType == payload_type
    assert picture.parameters.get("profile-level-id") == profile
    assert [other.payloadType for other in others] == ([resends] if resends else [])
    assert [codec.payloadType for codec in offer.codecs["audio"]] == [sound]
    assert not offer.refused
    assert sorted(offer.places.values()) == [0, 1]
    assert len(SessionDescription.parse(offer.narrowed).media) == 2


@pytest.mark.parametrize("text", [without_h264(CHROMIUM), offers.FIREFOX_ESR_OF_DEBIAN])
def test_an_offer_without_h264_is_told_so(text: str) -> None:
    with pytest.raises(NoCommonCodec, match=r"H\.264.*VP8.*HLS") as refusal:
        read_offer(text)
    assert refusal.value.status == 406


@pytest.mark.parametrize(
    "text",
    [
        offers.EMPTY,
        offers.DATA_ALONE,
        CHROMIUM.replace("a=group:BUNDLE 0 1\r\n", ""),
        CHROMIUM.replace("a=rtcp-mux\r\n", ""),
        CHROMIUM.replace("packetization-mode=1", "packetization-mode=0"),
        offers.offer(offers.Section("video", "0", [offers.h264(96, "58a01e")])),
        offers.offer(offers.Section("video", "0", [offers.h264(96, "nonsense")])),
        offers.offer(offers.Section("video", "0", [offers.h264(20, "42e01f")])),
    ],
    ids=["empty", "data", "unbundled", "unmuxed", "mode 0", "extended", "nonsense", "type"],
)
def test_what_an_offer_of_ours_may_mend_says_so(text: str) -> None:
    with pytest.raises(Unanswerable) as refusal:
        read_offer(text)
    assert refusal.value.status == 406


def test_spaces_between_parameters_are_no_part_of_their_names() -> None:
    fmtp = "packetization-mode=1; profile-level-id=4d001f;  level-asymmetry-allowed=1"
    codec = offers.Codec(96, "H264/90000", fmtp)
    assert video(read_offer(offers.offer(offers.Section("video", "0", [codec])))) == "4d001f"


def test_sound_that_is_not_opus_is_told_so() -> None:
    sound = offers.Section("audio", "0", offers.OTHER_SOUNDS)
    with pytest.raises(NoCommonCodec, match="Opus"):
        read_offer(offers.offer(sound))


def answer(*pictures: offers.Codec, setup: str = "active", sound: int = 9, more: str = "") -> str:
    """What a viewer answers to our offer."""
    sections = (
        offers.Section("video", "0", list(pictures)),
        offers.Section("audio", "1", [offers.OPUS], port=sound),
    )
    text = offers.offer(*sections, head=more)
    return text.replace("a=setup:actpass", f"a=setup:{setup}")


def test_our_own_offer_has_every_profile_and_the_widest_first() -> None:
    profiles = [c.parameters["profile-level-id"] for c in ours()["video"] if c.name == "H264"]
    text = offers.offer(
        offers.Section("video", "0", [offers.h264(96 + n, str(p)) for n, p in enumerate(profiles)])
    )
    assert video(read_offer(text)) == profiles[0]
    assert {"42e01f", "640c1f"} <= set(profiles)


def test_a_viewers_answer_chooses_among_ours() -> None:
    taken = read_answer(answer(offers.h264(102, "42e01f", rtx=103), offers.h264(98, "640c1f")))
    assert video(taken) == "640c1f"
    assert taken.remote_name == offers.UFRAG
    assert set(taken.codecs) == {"video", "audio"}


def test_a_viewer_may_refuse_our_sound() -> None:
    text = answer(offers.h264(102, "42e01f"), sound=0)
    taken = read_answer(text.replace("BUNDLE 0 1", "BUNDLE 0"))
    assert list(taken.codecs) == ["video"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bonjour",
        offers.EMPTY,
        offers.DATA_ALONE,
        CHROMIUM.replace("a=mid:1", "a=mid:2"),
        answer(offers.h264(96, "42e01f"), setup="actpass"),
    ],
)
def test_what_is_no_answer_is_told_so(text: str) -> None:
    with pytest.raises(NotAnAnswer) as refusal:
        read_answer(text)
    assert refusal.value.status == 400


def test_an_answer_that_takes_no_picture_is_told_so() -> None:
    with pytest.raises(NoCommonCodec):
        read_answer(answer(offers.Codec(96, "VP8/90000")))


@given(damaged(answer(offers.h264(96, "64001f", rtx=97))))
def test_a_damaged_answer_is_taken_or_refused(text: str) -> None:
    try:
        taken = read_answer(text)
    except Refusal:
        return
    SessionDescription.parse(taken.narrowed)


def test_sound_alone_may_be_asked_for() -> None:
    head, picture, sound = re.split(r"(?m)^(?=m=)", CHROMIUM)
    offer = read_offer(head.replace("BUNDLE 0 1", "BUNDLE 1") + sound)
    assert list(offer.codecs) == ["audio"]
    assert "m=video" in picture


def test_a_publishers_offer_asks_for_nothing() -> None:
    with pytest.raises(NothingToReceive):
        read_offer(CHROMIUM.replace("a=recvonly", "a=sendonly"))


def test_sections_that_live_in_the_bundle_only_are_answered() -> None:
    offer = read_offer(CHROMIUM.replace("m=audio 9", "m=audio 0"))
    assert set(offer.codecs) == {"video", "audio"}


def test_what_is_not_served_is_refused_in_its_place() -> None:
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=sctp-port:5000\r\n"
    head, picture, sound = re.split(r"(?m)^(?=m=)", CHROMIUM)
    offer = read_offer(head.replace("BUNDLE 0 1", "BUNDLE 2 0 1") + data + picture + sound)
    assert list(offer.refused) == [0]
    text = offer.complete("v=0\r\nm=video 9 A 1\r\na=mid:0\r\nm=audio 9 A 2\r\na=mid:1\r\n")
    assert [line for line in text.splitlines() if line.startswith("m=")] == [
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "m=video 9 A 1",
        "m=audio 9 A 2",
    ]
    assert SessionDescription.parse(text).media[0].port == 0


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
        "v=0\r\n",
        offers.EMPTY.replace("t=0 0\r\n", ""),
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


def section(*lines: str) -> str:
    made = offers.offer(offers.Section("video", "0", [offers.h264(96, "42e01f")]))
    return made + "".join(lines)


@pytest.mark.alone
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\v", "\u2028"])
@pytest.mark.parametrize(
    "lines",
    [
        ["a=rtpmap:96 H264/90000"] * 1200 + ["a=rtcp-fb:* n"] * 1200,
        ["a=rtpmap:96 H264/90000"] * 1200 + ["a=fmtp:96 a"] * 1200,
        ["a=candidate:1 1 udp 1 192.0.2.1 9 typ host"] * 1200,
        ["m=video 9 UDP/TLS/RTP/SAVPF 96"] * 1200,
        ["a=fmtp:96 " + "; " * 20_000],
        ["a=group:BUNDLE " + "0 " * 20_000],
    ],
    ids=["feedback", "fmtp", "candidates", "sections", "parameters", "group"],
)
def test_an_offer_made_to_keep_us_busy_is_refused_at_once(lines: list[str], end: str) -> None:
    text = section(*(line + end for line in lines))
    assert len(text) < sdp.SIZE_LIMIT
    began = time.process_time()
    with pytest.raises(NotAnOffer):
        read_offer(text)
    assert time.process_time() - began < 0.1


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


@pytest.mark.alone
@pytest.mark.parametrize("line", ["a=rtcp-fb:* nack\r\n", "a=fmtp:2 x=y\r\n"])
def test_codecs_without_end_cost_no_time(line: str) -> None:
    """Within the size that an offer may have; the parser's work grows with its square."""
    offer = CHROMIUM + "a=rtpmap:1 A/1\r\n" * 1700 + "a=rtpmap:2 A/1\r\n"
    offer += line * ((sdp.SIZE_LIMIT - len(offer)) // len(line))
    began = time.thread_time()
    with pytest.raises(NotAnOffer):
        read_offer(offer)
    assert time.thread_time() - began < 0.5
